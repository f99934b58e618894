#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# `make coverage`, from the build directory: builds the hosted programs with gcov in coverage/, runs all of them, and prints lines
# and branches of each folder of hv/ and of policies/, with what is wanted of them. Fails where a program fails, or where a
# source is neither measured nor in the list of what cannot be. Without optimisation: a branch is one that the source has.
# Nothing is left out by marks. gcovr counts a header's line once, executed where any program that includes it executes it.
#
#   coverage/lines.txt, coverage/branches.txt   what was never executed, by file
#   coverage/run/                               what each program printed
set -eu
src=$(cd "${srcdir:?run by make coverage}" && pwd) # gcovr compares names: without "build/.." in them
command -v gcovr >/dev/null || { echo "gcovr is missing: apt-get install gcovr" >&2; exit 1; }
jobs=$(nproc)
# A function that is inlined always would have branches in each place.
FLAGS="-g -O0 --coverage -Dalways_inline="

# Lines and branches that are wanted, of a hundred.
wanted() {
	cat <<-END
		hv/svm 90 0
		hv/shadow 90 90
		hv/paging 90 90
		policies 90 0
		hv/emul 90 0
		hv/guest 90 0
		hv/domain 90 0
	END
}

# Sources that no program can execute, and why.
unmeasured() {
	cat <<-END
		hv/svm/entry.S VMRUN and what surrounds it: tests/svm/quick.S stands for it
		hv/boot/head.S the first instructions of the machine
		hv/host/bare/exceptions.S the hypervisor's own exceptions
		hv/boot/trampoline.S real mode
		hv/boot/main.c from loader to dom0, on a machine that is just powered on
		hv/boot/multiboot.c reads what the loader left in memory
		hv/boot/smp.c wakes the other CPUs
		hv/host/bare/idt.c the hypervisor's own exceptions
		hv/host/bare/apic.c the pCPU's own APIC
		hv/host/bare/log.c COM1, and a ring: tests/svm/machine.c stands for it
		hv/host/bare/ending.c the machine's end
		hv/host/bare/memory.c host memory as the loader tells it: tests/svm/machine.c stands for it
	END
}

# say WHAT: one line that a terminal overwrites; elsewhere a line of its own now and then.
said=0
say() {
	if [ -t 2 ]; then
		printf '\r\033[K%.110s' "$1" >&2
	elif [ "$(date +%s)" -ge $((said + 20)) ]; then
		said=$(date +%s)
		echo "$1" >&2
	fi
}
done_saying() { [ ! -t 2 ] || printf '\r\033[K' >&2; }

configure_it() {
	[ ! -e config.status ] || [ "$src/configure" -nt config.status ] || return 0
	say "coverage: configuring"
	"$src/configure" --disable-boot-tests CC="$CC" CFLAGS="$FLAGS" LDFLAGS=--coverage >log 2>&1 || { tail log >&2; exit 1; }
}

# Sanitizers have branches of their own, but for the address sanitizer, which comes after the counters.
make_it() {
	"${MAKE:-make}" -j"$jobs" ENGINE_TSAN_RECIPES= ENGINE_OPT= HOSTED_EXTRA="$FLAGS" HOSTED_SANITIZE=-fsanitize=address "$@"
}

build() {
	{ make_it coverage-programs 2>&1 || echo failed >failed; } | {
		n=0
		while read -r line; do
			n=$((n + 1))
			echo "$line" >>log
			say "coverage: building, $n: $line"
		done
	}
	[ ! -e failed ] || { tail -n 25 log >&2; exit 1; }
}

# What a program is run with: a sample where more than its suites are asked for.
arguments() {
	case $1 in
	tests/oracle/oracle_*) echo "--seed 1 --programs 60 --shrink 0" ;;
	tests/engine/suites/access_*) echo "-s 211" ;;
	tests/engine/suites/threads_*) echo "1000 1" ;;
	tests/svm/fuzz_*) echo "--seed 1 --runs 20000" ;;
	esac
}

# Each test that is a process writes its counts out: the engine's, which are thousands, share one.
run_one() {
	case $1 in tests/engine/*) fork=no ;; *) fork=yes ;; esac
	# shellcheck disable=SC2046
	out=run/$(echo "${1#tests/}" | tr / _)
	if CK_FORK=$fork "./$1" $(arguments "$1") >"$out" 2>&1; then echo "$1"; else echo "$1 FAILED: $PWD/$out"; fi
}

# Several at a time: gcov locks the files that it counts in.
run() {
	rm -rf run
	mkdir run
	nr=$(echo $programs | wc -w)
	for j in $(seq "$jobs"); do
		k=0
		for p in $programs; do
			k=$((k + 1))
			[ $((k % jobs + 1)) -ne "$j" ] || run_one "$p"
		done &
	done | {
		n=0
		while read -r line; do
			n=$((n + 1))
			case $line in *FAILED*) done_saying; echo "$line" >&2; touch failed ;; esac
			say "coverage: ran $n of $nr: $line"
		done
	}
}

report() {
	say "coverage: counting"
	gcovr -j "$jobs" --root "$src" --object-directory . --filter "$src/hv/" --filter "$src/policies/" --no-markers --json all.json 2>>log
	for kind in lines branches; do
		gcovr --root "$src" --add-tracefile all.json --txt $kind.txt $([ $kind = lines ] || echo --branches) 2>>log
	done
	gcovr --root "$src" --add-tracefile all.json --csv files.csv 2>>log
}

# filename,line_total,line_covered,line_percent,branch_total,branch_covered,branch_percent,...
table() {
	wanted >wanted
	awk -F, '
	function percent(part, all) { return all ? 100 * part / all : 100 }
	function row(name, l, lc, b, bc, want) {
		printf "%-18s %6d %6.1f %%   %6d %6.1f %%   %s\n", name, l, percent(lc, l), b, percent(bc, b), want
	}
	FILENAME == "wanted" { split($0, w, " "); lines[w[1]] = w[2]; branches[w[1]] = w[3]; next }
	FNR == 1 { next }
	{
		folder = $1
		if (folder ~ /^policies/) folder = "policies"; else sub(/\/[^\/]*$/, "", folder)
		l[folder] += $2; lc[folder] += $3; b[folder] += $5; bc[folder] += $6
		L += $2; LC += $3; B += $5; BC += $6
	}
	END {
		printf "%-18s %15s   %17s   %s\n", "folder", "lines", "branches", "wanted"
		n = asorti_plain(l, order)
		for (i = 1; i <= n; i++) {
			f = order[i]
			want = ""
			if (f in lines) want = lines[f] " % of lines" (branches[f] > 0 ? ", " branches[f] " % of branches" : "")
			if (f in lines && (percent(lc[f], l[f]) < lines[f] || percent(bc[f], b[f]) < branches[f])) want = want ": FALLS SHORT"
			row(f, l[f], lc[f], b[f], bc[f], want)
		}
		row("all", L, LC, B, BC, "")
	}
	function asorti_plain(from, to,   k, n, i, t) {
		for (k in from) to[++n] = k
		for (i = 2; i <= n; i++) for (k = i; k > 1 && to[k] < to[k - 1]; k--) { t = to[k]; to[k] = to[k - 1]; to[k - 1] = t }
		return n
	}' wanted files.csv
}

# Each source with code is measured or is listed. One that was compiled here and has no line in the report has no code: a table, or
# headers that are put together. Newer versions of gcovr name those, too.
all_named() {
	(cd "$src" && find hv policies -name '*.[cS]') | sort >sources
	{
		cut -d, -f1 files.csv
		unmeasured | cut -d' ' -f1
		find . -name '*.c.gcno' | sed -n 's#^.*/\(hv/.*\.c\)\.gcno$#\1#p'
	} | sort -u >named
	comm -23 sources named | sed 's/$/ is neither measured nor listed as what cannot be/' >&2
	[ -z "$(comm -23 sources named)" ]
}

[ "$(cat coverage/flags 2>/dev/null)" = "$FLAGS" ] || rm -rf coverage
mkdir -p coverage
cd coverage
echo "$FLAGS" >flags
rm -f failed
: >log
export srcdir="$src" CK_VERBOSITY=minimal
configure_it
build
find . -name '*.gcda' -delete
programs=$(make_it -s --no-print-directory coverage-list)
run
report
done_saying
table
echo
echo "Not measured, since no program can execute it:"
unmeasured | sed 's/ /: /; s/^/  /'
all_named || touch failed
[ ! -e failed ]
