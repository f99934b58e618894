#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Xen and KVM for once: each fetched and made, booted, with bare-metal guests and Linux, whose figures are what such a hypervisor's must
# be: nested paging takes what no hypervisor takes, shadow paging much more and its two trips a fault; then with Debian's programs, with
# guests of the user's own, and with what a peer cannot do. Long: PENUMBRA_LONG.
. "${srcdir:-.}/tests/common.sh"
[ -n "${PENUMBRA_LONG:-}" ] || skip_all "PENUMBRA_LONG is not set"
need_images
make -C "$build" peers >"$tmp/make" 2>&1
is "what peers boot is made" $? 0
[ "$failed" -eq 0 ] || { tail "$tmp/make"; finish; }

bench_run "$tmp/run" --peers xen,kvm --recipe native --workload null-exit,demand-fault,true-fault,linux-process --repeat 1 --no-trace
is "the run succeeds" $? 0
[ "$failed" -eq 0 ] || cat "$tmp/run.err"
csv=$tmp/run/results.csv
is "nested paging takes what no hypervisor takes" "$(per_op "$csv" kvm-npt demand-fault fault 8)" "$(per_op "$csv" native demand-fault fault 8)"
is "and no trip" "$(per_op "$csv" kvm-npt demand-fault fault 9)" 0.00
is "a demand fault under KVM's shadows: two trips" "$(per_op "$csv" kvm-npt0 demand-fault fault 9)" 2.00
is "CPUID under KVM: one" "$(per_op "$csv" kvm-npt0 null-exit cpuid 9)" 1.00
more() { check "$1" test "$(echo "$2" | cut -d. -f1)" -gt "$3"; }
more "KVM's shadows take thousands of instructions a fault" "$(per_op "$csv" kvm-npt0 demand-fault fault 8)" 3000
if [ -s "$build/peers/xen/xen" ]; then
	for r in xen-hap0 xen-oos0; do
		more "$r takes thousands of instructions a fault" "$(per_op "$csv" $r demand-fault fault 8)" 3000
		is "$r: its trips are not counted" "$(rows "$csv" $r demand-fault fault | head -n 1 | cut -d, -f9)" ""
		is "$r runs Linux to its end" "$(rows "$csv" $r linux-process shell | wc -l | tr -d ' ')" 1
	done
else
	is "a release without that Xen says so" "$(items "$tmp/run" "$state" | grep -c not-run)" 8
	has "in its report, too" "$tmp/run/report.html" "$(head -c 20 "$build/peers/xen/xen.unavailable")"
fi
for r in kvm-npt0 kvm-npt; do
	is "$r runs Linux to its end" "$(rows "$csv" $r linux-process shell | wc -l | tr -d ' ')" 1
done

# Debian's programs, each of which checks what it made: every phase under a form of each peer, and dearer than natively.
if [ -s "$build/workloads/linux-suites.cpio" ]; then
	peers=kvm-npt0
	[ ! -s "$build/peers/xen/xen" ] || peers=kvm-npt0,xen-hap0
	bench_run "$tmp/suites" --recipe $peers,native --workload linux-suites --repeat 1 --no-trace
	is "Debian's programs run, and make what the host makes" $? 0
	csv=$tmp/suites/results.csv
	phases=$(awk -F, '$1 == "native" { print $3 }' "$csv")
	is "natively they have their phases" "$(echo "$phases" | wc -l | tr -d ' ')" 17
	for r in $(echo $peers | tr , ' '); do
		is "$r has the same phases" "$(awk -F, -v r=$r '$1 == r { print $3 }' "$csv")" "$phases"
		for phase in $phases; do
			check "$r: $phase costs more than natively" awk -v a="$(rows "$csv" native linux-suites $phase | cut -d, -f8)" \
				-v b="$(rows "$csv" $r linux-suites $phase | cut -d, -f8)" 'BEGIN { exit !(b > a && a > 0) }'
		done
	done
	is "KVM counts the trips of each" "$(awk -F, '$1 == "kvm-npt0" && $9 > 0' "$csv" | wc -l | tr -d ' ')" 17
	is "Xen counts none" "$(awk -F, '$1 == "xen-hap0" && $9 != ""' "$csv" | wc -l | tr -d ' ')" 0
else
	skip "Debian's programs: $(cat "$build/workloads/linux-suites.cpio.unavailable" 2>/dev/null)"
fi

# The user's own: hello.S of docs/own-guest.md, whose life ends in a halt with interrupts off.
block() { awk -v f="<!-- file $1 -->" '$0 == f { want = 1; next } want && /^```/ { if (inside) exit; inside = 1; next } inside' "$srcdir/docs/own-guest.md"; }
block hello.S >"$tmp/hello.S"
block hello.lds >"$tmp/hello.lds"
(cd "$tmp" && gcc -m32 -c hello.S -o hello.o && ld -m elf_i386 -T hello.lds -o hello.elf hello.o) || bad "the guest does not build"
printf 'module text\n' >"$tmp/module"
echo "I am no kernel" >"$tmp/text"
truncate -s 1M "$tmp/disk"
bench_run "$tmp/own" --recipe kvm-npt0,xen-hap0,shadow2 --no-trace --repeat 1 \
	--guest "$tmp/hello.elf" --initrd "$tmp/module" \
	--guest "$tmp/hello.elf" --from begin --to "work is done" \
	--guest "$tmp/hello.elf" --memory 4000 \
	--guest "$tmp/hello.elf" --from nothing \
	--guest "$tmp/text" \
	--guest "$tmp/hello.elf" --disk "$tmp/disk" \
	--guest "$tmp/hello.elf" --vcpus 2
is "own guests: what cannot be run makes the run fail" $? 1
csv=$tmp/own/results.csv
items "$tmp/own" "$recipe || ': ' || $workload || ': ' || $state || ': ' || $reason" >"$tmp/why"
for r in kvm-npt0 xen-hap0; do
	[ $r != xen-hap0 ] || [ -s "$build/peers/xen/xen" ] || continue
	life=$(per_op "$csv" $r hello life 8) part=$(per_op "$csv" $r hello-2 life 8)
	check "$r: its life is measured" awk -v a="$life" -v b="$part" 'BEGIN { exit !(b > 200000 && b < a && a < 20000000) }'
	has "$r: its module is there" "$tmp/own/consoles/$r/hello.0.txt" '^module text'
	has "$r: too much memory" "$tmp/why" "^$r: hello-3: failed: .*memory"
	has "$r: a text that never comes" "$tmp/why" "^$r: hello-4: failed: it never printed .nothing., which was to begin"
	has "$r: no kernel" "$tmp/why" "^$r: text: failed: .*neither a bzImage"
	has "$r: no disk" "$tmp/why" "^$r: hello-5: not-run: .*no disk"
	has "$r: no second CPU" "$tmp/why" "^$r: hello-6: not-run: .*one CPU"
done
is "KVM counts trips of a life" "$(rows "$csv" kvm-npt0 hello-2 life | cut -d, -f9)" "$(rows "$csv" shadow2 hello-2 life | cut -d, -f9)"
finish
