#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The day's third of the bare-metal workloads (with PENUMBRA_LONG all), every form natively in QEMU, without the hypervisor: it
# ends with success and prints well-formed results; the 4-level form prints the same in a second run. Then what must not
# succeed: bad parameters, guests that break rules.
. "${srcdir:-.}/tests/common.sh"
command -v qemu-system-x86_64 >/dev/null || skip_all "no qemu-system-x86_64"

list=$srcdir/workloads/workloads.def
# vcpus <name>: what the list says of that workload
vcpus() { sed -n "s/^VCPUS(\"$1\", *\([0-9]*\))/\1/p" "$list" | grep . || echo 1; }

# run <image> <command line> <MiB> <console> [<CPUs>]: $status is QEMU's; 124 when it did not end
run() {
	timeout 60 qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,+la57,-smap,-monitor -m "$3M" -smp "${5:-1}" -nodefaults \
		-icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm -display none -no-reboot \
		-serial "file:$4" -kernel "$1" -append "$2" -device isa-debug-exit,iobase=0xf4,iosize=0x04 2>"$tmp/qemu"
	status=$?
}

# workload <file> <command line> <MiB> <CPUs>: QEMU's status is (0 << 1) | 1 after success
workload() {
	run "workloads/$1.elf" "$2" "$3" "$tmp/first" "$4"
	is "$1 ends with success" "$status" 1
	has "$1 prints a result" "$tmp/first" '^@region [a-z0-9-]{1,15} [1-9][0-9]* [1-9][0-9]*$'
	is "$1 prints nothing else" "$(grep -Evc '^@region [a-z0-9-]{1,15} [1-9][0-9]* [1-9][0-9]*$' "$tmp/first")" 0
	case $1 in
	*.[235]) ;;
	*)
		run "workloads/$1.elf" "$2" "$3" "$tmp/second" "$4"
		check "$1 prints the same in a second run" cmp "$tmp/first" "$tmp/second"
		;;
	esac
	awk -v w="$1" '{ printf "# %-22s %-12s %8d ops %10d instructions %8.2f an op\n", w, $2, $3, $4, $4 / $3 }' "$tmp/first"
}

# expect <status> <file> <command line> <pattern that the console must have>
expect() {
	run "workloads/$2.elf" "$3" 32 "$tmp/console"
	is "$2 $3 ends as it must" "$status" "$1"
	has "$2 $3 says why" "$tmp/console" "$4"
	is "$2 $3 does not go on" "$(grep -c 'still here' "$tmp/console")" 0
}

sed -n 's/^WORKLOAD(\([^,]*\), *"\([^"]*\)", *pvh, *\([0-9]*\), *"\([^"]*\)", *\([0-9]*\),.*/\1|\3|\4|\5|\2/p' "$list" >"$tmp/all"
nr=$(wc -l <"$tmp/all")
for line in $(sh "$srcdir/tests/day.sh" $((nr / 3 + 1)) $(seq "$nr")); do sed -n "${line}p" "$tmp/all"; done >"$tmp/list"
check "the list has workloads" test -s "$tmp/list"
while IFS='|' read -r file levels cmdline mib name; do
	for n in $(echo "$levels" | sed 's/./& /g'); do
		form=$file.$n
		[ "$n" != 4 ] || form=$file
		workload "$form" "$cmdline" "$mib" "$(vcpus "$name")" </dev/null
	done
done <"$tmp/list"

run workloads/null-exit.elf ops=1 32 "$tmp/console"
empty=$(sed -n 's/^@region empty 1 \([0-9]*\)$/\1/p' "$tmp/console")
check "an empty region costs fewer than 10 instructions: ${empty:-no result}" test "${empty:-99}" -lt 10

expect 3 null-exit opps=5 'no parameter: opps=5'
expect 3 null-exit ops=0 'not within'
expect 3 null-exit ops=1x 'no number'
expect 0 hostile/triple-fault "" 'about to'
expect 0 hostile/wild-root "" 'about to'
# hostile/wild-table is not tried: QEMU itself aborts where a table lies outside memory.
expect 1 hostile/random-tables ops=2000 'reads faulted'
expect 1 hostile/xmm "" 'what they should be'
expect 1 hostile/leftovers "" 'nothing was left over'
finish
