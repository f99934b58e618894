#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs in dom0 (tests/e2e/control.sh puts it there): penumbra-ctl against the real hypervisor, with a guest that does what is
# typed on its console. Lines "selftest: ok ..." and "selftest: not ok ..." are what came of it.
cd /tmp
ctl=penumbra-ctl
ok() { echo "selftest: ok $*"; }
bad() { echo "selftest: not ok $*"; }
check() { what=$1; shift; if "$@"; then ok "$what"; else bad "$what"; fi; }
is() { if [ "$2" = "$3" ]; then ok "$1"; else bad "$1: \"$2\", not \"$3\""; fi; }
recipe=$($ctl info --json | sed -n 's/.*"recipe": "\(.*\)".*/\1/p')
nested=no
[ "$recipe" != npt ] || nested=yes

# start <name> <image>: a running domain, $id
start() {
	id=$($ctl create "$1" --memory 32 --regions) && $ctl load "$id" "$2" && $ctl start "$id"
}
# wait_for <pattern>: until the guest's console has it as a line
wait_for() {
	n=0
	until $ctl console "$id" >>console && grep -q "$1" console; do
		n=$((n + 1))
		[ $n -lt 200 ] || { bad "the guest says $1: $(tail -n 3 console)"; return 1; }
		sleep 0.05
	done
}
# guest <letter>: typed, and done
guest() {
	: >console
	$ctl input "$id" "$1"
	wait_for "^done $1"
}
# pages: what logdirty printed, a page a line
pages() { awk -F- '/of/ { next } { for (i = $1; i <= (NF > 1 ? $2 : $1); i++) print i }'; }
# in_region: of these, those of the guest's region, counted from its beginning
in_region() { awk -v f="$first" -v n="$pages" '$1 >= f && $1 < f + n { print $1 - f }'; }
every() { awk -v k="$1" -v n="$pages" 'BEGIN { for (i = 0; i < n; i += k) print i }'; }
audit() {
	$ctl pause "$id" && $ctl audit "$id" >audit.txt && $ctl unpause "$id"
	is "$1: audit" "$(tail -n 1 audit.txt)" "0 faults"
}
trips() { $ctl stat "$id" | awk '$1 == "pf_fixed" || $1 == "pf_emulate" || $1 == "pf_retry" { n += $2 } END { print n + 0 }'; }

if [ $nested = no ]; then
	check "a pool below the least" sh -c "! $ctl create small --memory 32 --pool 3 2>err && grep -q 'fewer shadow pages' err"
fi
: >console
start control /selftest/control.elf
wait_for '^region' || exit
first=$(sed -n 's/^region \([0-9]*\) .*/\1/p' console)
pages=$(sed -n 's/^region [0-9]* \([0-9]*\)$/\1/p' console)
guest r
guest s

# Log-dirty: the pages that were written, page by page.
check "peek is refused while it is off" sh -c "! $ctl logdirty $id peek 2>err"
$ctl logdirty "$id" on >on.txt
echo "selftest: figure logdirty-on: $(cat on.txt)"
guest 3
$ctl logdirty "$id" peek >peek.txt
is "every third page was written" "$(pages <peek.txt | in_region)" "$(every 3)"
guest r
$ctl logdirty "$id" peek | pages | in_region >again.txt
is "reading writes nothing" "$(cat again.txt)" "$(every 3)"
$ctl logdirty "$id" clean | pages | in_region >clean.txt
is "clean tells the same" "$(cat clean.txt)" "$(every 3)"
is "and begins anew" "$($ctl logdirty "$id" peek | pages | in_region)" ""
guest 5
guest 7
is "every fifth and seventh" "$($ctl logdirty "$id" peek | pages | in_region)" "$({ every 5; every 7; } | sort -nu)"
guest s
audit "log-dirty"
$ctl logdirty "$id" off >/dev/null
check "it is off" sh -c "! $ctl logdirty $id clean 2>err"
guest 2
guest s

# The pool: sizes that cannot be, then many while the guest uses more shadows than fit.
if [ $nested = yes ]; then
	check "there is no pool" sh -c "! $ctl pool $id 100 2>err && grep -q 'cannot do it' err"
else
	least=$($ctl pool "$id" --json | sed -n 's/.*"least": \([0-9]*\).*/\1/p')
	check "too small a pool" sh -c "! $ctl pool $id $((least - 1)) 2>err && grep -q 'needs $least' err"
	check "a pool larger than memory" sh -c "! $ctl pool $id 10000000 2>err"
	: >console
	$ctl input "$id" u
	for size in $least 300 $((least + 9)) $((least + 1)) "$least" 500; do
		$ctl pool "$id" "$size" >/dev/null || bad "pool of $size"
		sleep 0.1
		set -- $($ctl pool "$id" --json | tr -dc '0-9 ')
		check "under load: $1 pages, $3 in use" test "$1" -eq "$size" -a "$3" -le "$size"
	done
	$ctl top "$id" --interval 100 --count 3 >top.txt </dev/null
	is "top, under load: views" "$(grep -c '^domain' top.txt)" 3
	check "and what the guest is about" grep -Eq '^(pf_[a-z]+|cr3) +[0-9.]+ +[0-9.]+% +[0-9]+ +[0-9.]+% +[0-9.]+$' top.txt
	sed -n '1,5s/^/selftest: figure top: /p' top.txt
	$ctl input "$id" x
	wait_for '^done u'
	audit "pools under load"
	for size in 400 250 100 50 "$least"; do
		$ctl pool "$id" "$size" >/dev/null
		guest s
		before=$(trips)
		guest s
		echo "selftest: figure sweep: $size pages, $(($(trips) - before)) trips a round"
	done
	audit "sweep"
fi

# Two at once: each gets whole answers.
for who in a b; do
	(for i in 1 2 3 4 5 6; do $ctl list --json; done >"list.$who") &
done
wait
is "two at once" "$(cat list.a list.b | grep -c '"name": "control"')" 12

# What is not dom0's: the image, books, shadow tables and free memory from end to end, and the running guest's memory.
$ctl log >log.txt
set -- $(sed -n 's/.*memory: private \([0-9a-f]*\)-\([0-9a-f]*\).*/\1 \2/p' log.txt)
check "the log says where memory is" test $# -eq 2
offset=$($ctl list --json | sed -n 's/.*"memory_offset": \([0-9]*\).*/\1/p')
guest_at=$((0x$1 + offset + first * 4096))
reach=$(printf '%x ' $((0x$1)) $((0x$1 + 0x1000)) $((0x$1 + 0x200000)) $((0x$1 + 0x800000)) $((0x$1 + 0x4000000)) \
	$((0x$1 + 0x10000000)) $guest_at $((0x$2 - 0x1000)))
check "dom0 reaches nothing: $(/selftest/dom0_reach $reach)" /selftest/dom0_reach $reach
guest r
guest s
audit "after dom0 tried"

$ctl input "$id" q
n=0
until $ctl list --json | grep -q '"state": "exited"' || [ $n -gt 100 ]; do n=$((n + 1)); sleep 0.05; done
check "the guest ends well" sh -c "$ctl list --json | grep -q '\"exit_code\": 0'"
$ctl console "$id" | grep @fail && bad "the guest found damage"
$ctl destroy "$id"

# Random commands; then a guest measures what it measures on a machine that was left alone.
finish() {
	start good /selftest/good.elf --cmdline ops=200
	n=0
	until $ctl list --json | grep -q '"state": "exited"' || [ $n -gt 400 ]; do n=$((n + 1)); sleep 0.05; done
	$ctl regions "$id"
	$ctl destroy "$id"
}
finish >before.txt
for seed in 1 2; do
	$ctl fuzz --seed $seed --count 1500 --image /selftest/control.elf >fuzz.txt 2>&1
	check "fuzz, seed $seed: $(head -n 1 fuzz.txt)" grep -q 'all answered' fuzz.txt
done
finish >after.txt
check "the next guest is measured: $(cat before.txt)" grep -q 'ops' before.txt
is "and is the same afterwards" "$(cat after.txt)" "$(cat before.txt)"
echo "selftest: done"
