#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Every bare-metal workload natively in QEMU, without the hypervisor: it ends with
# success, prints well-formed results, and prints the same in a second run. Then
# what must not succeed: bad parameters, guests that break rules.
set -u
srcdir=${srcdir:-.}
list=$srcdir/workloads/workloads.def
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
command -v qemu-system-x86_64 >/dev/null || { echo "no qemu-system-x86_64"; exit 77; }
failures=0

complain() {
	echo "FAIL: $*"
	failures=$((failures + 1))
}

# run <image> <command line> <MiB> <console>: QEMU's status; 124 when it did not end
run() {
	timeout 60 qemu-system-x86_64 -accel tcg -machine q35 -cpu EPYC,+svm,+npt,-smap,-monitor -m "$3M" \
		-icount shift=0,sleep=off -seed 1 -rtc base=2024-01-01T00:00:00,clock=vm -display none -no-reboot \
		-serial "file:$4" -kernel "$1" -append "$2" -device isa-debug-exit,iobase=0xf4,iosize=0x04 2>"$tmp/qemu"
}

# workload <file> <command line> <MiB>: QEMU's status is (0 << 1) | 1 after success
workload() {
	run "workloads/$1.elf" "$2" "$3" "$tmp/first"
	status=$?
	[ $status = 1 ] || complain "$1 ended with $status: $(cat "$tmp/first")"
	grep -Eq '^@region [a-z-]+ [0-9]+ [0-9]+.?$' "$tmp/first" || complain "$1 has no result"
	grep -Evq '^@region [a-z-]{1,15} [1-9][0-9]* [1-9][0-9]*.?$' "$tmp/first" && complain "$1 prints more than results"
	run "workloads/$1.elf" "$2" "$3" "$tmp/second"
	cmp -s "$tmp/first" "$tmp/second" || complain "$1 differs between two runs: $(cat "$tmp/first" "$tmp/second")"
	awk -v w="$1" '{ printf "%-22s %-12s %8d ops %10d instructions %8.2f an op\n", w, $2, $3, $4, $4 / $3 }' "$tmp/first"
}

# expect <status> <file> <command line> <pattern that the console must have>
expect() {
	run "workloads/$2.elf" "$3" 32 "$tmp/console"
	status=$?
	[ $status = "$1" ] || complain "$2 $3 ended with $status, not $1: $(cat "$tmp/console")"
	grep -q "$4" "$tmp/console" || complain "$2 $3 does not say \"$4\": $(cat "$tmp/console")"
	grep -q 'still here' "$tmp/console" && complain "$2 survived"
}

sed -n 's/^WORKLOAD(\([^,]*\), *"[^"]*", *pvh, *"\([^"]*\)", *\([0-9]*\),.*/\1|\2|\3/p' "$list" >"$tmp/list"
[ -s "$tmp/list" ] || complain "the list is empty"
while IFS='|' read -r file cmdline mib; do
	workload "$file" "$cmdline" "$mib" </dev/null
done <"$tmp/list"

run workloads/null-exit.elf ops=1 32 "$tmp/console"
empty=$(sed -n 's/^@region empty 1 \([0-9]*\).*/\1/p' "$tmp/console")
[ "${empty:-99}" -lt 10 ] || complain "an empty region costs $empty instructions"

expect 3 null-exit opps=5 'no parameter: opps=5'
expect 3 null-exit ops=0 'not within'
expect 3 null-exit ops=1x 'no number'
expect 0 hostile/triple-fault "" 'about to'
expect 0 hostile/wild-root "" 'about to'
# hostile/wild-table is not tried: QEMU itself aborts where a table lies outside memory.
expect 1 hostile/random-tables ops=2000 'reads faulted'

[ $failures = 0 ]
