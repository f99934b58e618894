#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs in dom0 (tests/e2e/limits.sh puts it there), on a machine of 4 GiB, 2 of them above 4 GiB, and 256 MiB dom0's.
# Lines "selftest: ok ..." and "selftest: not ok ..." are what came of it.
cd /tmp
ctl=penumbra-ctl
ok() { echo "selftest: ok $*"; }
bad() { echo "selftest: not ok $*"; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: \"$2\", not \"$3\""; fi; }
# number <key>: of the JSON that comes in, the first
number() { sed -n "s/.*\"$1\": \([0-9]*\).*/\1/p" | head -n 1; }
# refused <what> <word> <options...>: a domU that cannot be, and why
refused() {
	what=$1 word=$2
	shift 2
	if $ctl create no "$@" >/dev/null 2>why; then bad "$what: it was created"; return; fi
	if grep -q -- "$word" why; then ok "$what: $(sed 's/penumbra-ctl: create: //' why)"; else bad "$what: $(cat why)"; fi
}
free_mib() { echo $(($($ctl info --json | number "$1") >> 20)); }

total=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
if [ "$total" -lt 256 ] && [ "$total" -gt 128 ]; then ok "dom0 has $total MiB"; else bad "dom0 has $total MiB"; fi
before=$(free_mib free_bytes)
if [ "$before" -gt 3700 ]; then ok "$before MiB are free for domUs"; else bad "$before MiB are free for domUs"; fi
echo "selftest: figure $($ctl info | sed -n 2p)"

# run <levels> <shadow's levels> <image>: a guest whose frames are above 4 GiB, to its end; its tables are audited.
run() {
	id=$($ctl create "levels$1" --memory 16 --regions) && $ctl load "$id" "/selftest/$3" --cmdline ops=100 && $ctl start "$id" || bad "$1 levels: it starts"
	$ctl list --json | number memory_offset >offset
	if [ "$(cat offset)" -ge $((3 << 30)) ]; then ok "$1 levels: memory at 4 GiB or above"; else bad "$1 levels: memory at $(cat offset)"; fi
	n=0
	until $ctl list --json | grep -q '"state": "\(exited\|crashed\)"' || [ $n -gt 400 ]; do n=$((n + 1)); sleep 0.05; done
	is "$1 levels: it ends well" "$($ctl list --json | sed -n 's/.*"state": "\(.*\)".*/\1/p')" exited
	is "$1 levels: its shadows' levels" "$($ctl regions "$id" --json | number shadow_levels)" "$2"
	$ctl audit "$id" >audit.txt
	is "$1 levels: audit" "$(tail -n 1 audit.txt)" "0 faults"
	$ctl destroy "$id"
}
run 2 3 demand-fault.2.elf
run 3 3 demand-fault.3.elf
run 4 4 demand-fault.elf

# A pool that no fixed heap would have; it grows and shrinks too, and all comes back.
id=$($ctl create large --memory 1900 --pool 20000) || bad "a pool of 20,000 pages"
is "a pool of 20,000 pages" "$($ctl pool "$id" --json | number pages)" 20000
$ctl pool "$id" 30000 >/dev/null
is "and one of 30,000" "$($ctl pool "$id" --json | number pages)" 30000
$ctl destroy "$id"
is "all comes back" "$(free_mib free_bytes)" "$before"

refused "too little memory" 'limit least_memory' --memory 2
refused "too much memory" 'limit memory' --memory 70000
refused "more than there is" 'limit domu_memory' --memory 3000
refused "more vCPUs than a domU can have" 'limit vcpus' --vcpus 65
refused "more than there are pCPUs" 'limit pcpus' --vcpus 2
refused "too large a pool" 'limit pool' --memory 16 --pool 5000
refused "a pool that does not fit below 4 GiB" 'a pool of 450000 pages needs [0-9]* MiB below 4 GiB; [0-9]* MiB are free there (limit heap)' --memory 1900 --pool 450000
refused "several vCPUs with much memory" 'limit smp_memory' --memory 4000 --vcpus 2
is "and nothing is gone" "$(free_mib free_bytes)" "$before"
echo "selftest: done"
