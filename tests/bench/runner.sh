#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The runner against a stand-in for QEMU (fake-qemu): what it makes of good boots, of boots that die, hang,
# refuse or talk nonsense, of Ctrl-C and of a full disk; and what the command line refuses. No figure here is a measurement.
. "${srcdir:-.}/tests/common.sh"
command -v cpio >/dev/null || skip_all "no cpio"

fake=$tmp/build
mkdir -p "$fake/kernels/cloud-amd64" "$fake/workloads"
for f in penumbra-shadow2.elf penumbra-vtlb.elf penumbra-npt.elf kernels/cloud-amd64/vmlinuz \
	workloads/null-exit.elf workloads/demand-fault.elf workloads/compute.elf; do
	echo x >"$fake/$f"
done
printf 'abcde' >"$fake/dom0-initramfs.cpio" # five bytes: the suite must begin at the eighth
res=$tmp/results
# run <name> <options...>: into $res/<name>, messages in $tmp/<name>.err; returns the exit code
run() {
	name=$1
	shift
	"$bench" run --build "$fake" --results "$res" --output "$res/$name" --qemu "$srcdir/tests/bench/fake-qemu" \
		--workload null-exit,demand-fault,compute "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
lines() { wc -l <"$1" | tr -d ' '; }

run good --recipe shadow2,vtlb --repeat 3
is "a good run succeeds" $? 0
is "a row for each measured region, and a head" "$(lines "$res/good/results.csv")" 19
is "the head" "$(head -n 1 "$res/good/results.csv")" \
	"recipe,workload,phase,guest_levels,shadow_levels,repetition,ops,instructions,trips,bytes_touched"
is "repetitions count from 1" "$(rows "$res/good/results.csv" vtlb compute fault | cut -d, -f6 | tr '\n' ' ')" "1 2 3 "
for f in results.json machine.json report.html textbook.html consoles/shadow2/compute-0.txt traces/vtlb/compute/metadata \
	logs/shadow2-dom0.log logs/shadow2-hypervisor.log; do
	check "$f is there" test -s "$res/good/$f"
done
is "which QEMU" "$(sqlite3 -separator ' ' :memory: "SELECT json_extract(m, '\$.qemu'), json_extract(m, '\$.qemu_program'), json_extract(m, '\$.qemu_sha256') \
	FROM (SELECT readfile('$res/good/machine.json') AS m)")" "fake QEMU, for tests $(readlink -f "$srcdir/tests/bench/fake-qemu") $(sha256sum <"$srcdir/tests/bench/fake-qemu" | cut -d' ' -f1)"
has "the report says on which" "$res/good/report.html" 'on QEMU fake QEMU, for tests'
has "figures of another QEMU are marked" "$res/good/report.html" 'class=warn>This run was made with QEMU fake QEMU.*the reference run with qemu-system-x86 '
has "the run is complete" "$res/good/results.json" '"complete": true'
is "one row in the index" "$(sqlite3 "$res/index.sqlite" 'SELECT name, complete, guests, finished FROM run')" "good|1|24|24"
has "progress counts" "$tmp/good.err" '^\[24/24\]'
check "no temporary files stay" no_leftovers
run good --recipe shadow2
is "a directory that holds a run is refused" $? 1
check "report again" "$bench" report --results "$res" good
check "the newest report again" "$bench" report --results "$res"

run beside --recipe shadow2 --no-trace --repeat 1 --modelled
is "a run whose QEMU carries no model has none beside it" $? 0
has "says so" "$tmp/beside.err" 'no modelled cycles beside this run: .*penumbra-model.so'
check "and leaves nothing of it" test ! -e "$res/beside/modelled"

# One ended before that: --resume knows that it was asked for, and that it was not.
for asked in --modelled --no-modelled; do
	name=asked$asked
	: >"$tmp/held"
	FAKE_MODE=hold:demand-fault FAKE_STATE=$tmp/held run "$name" --recipe shadow2 --no-trace --repeat 1 "$asked" &
	pid=$!
	until grep -q 'null-exit  *finished' "$tmp/$name.err" || ! kill -0 $pid 2>/dev/null; do sleep 0.1; done
	kill -INT "$(pgrep -P $pid penumbra-bench || echo $pid)"
	wait $pid
	rm "$tmp/held"
	"$bench" run --build "$fake" --results "$res" --resume "$name" 2>"$tmp/$name.err"
	is "a run with $asked is gone on with" $? 0
done
has "one that was to have another beside it tries to" "$tmp/asked--modelled.err" 'no modelled cycles beside this run'
is "one that was not does not" "$(grep -c 'modelled cycles' "$tmp/asked--no-modelled.err")" 0

# One whose QEMU can, ended in the midst of the run beside it: --resume goes on with that, and the report has it.
for f in penumbra-model.so penumbra-shadow3.elf penumbra-adaptive.elf penumbra-hybrid.elf; do
	echo x >"$fake/$f"
done
cp -r "$srcdir/bench/machines" "$fake/"
for w in tlb-miss-and-fault changing gups alloc-touch-free fork-cow exec-exit context-switch; do
	echo x >"$fake/workloads/$w.elf"
done
: >"$tmp/held"
FAKE_MODE=hold:gups FAKE_STATE=$tmp/held run halfway --recipe shadow2 --no-trace --repeat 1 --modelled --profile &
pid=$!
until grep -q 'exec-exit-local  *finished' "$tmp/halfway.err" || ! kill -0 $pid 2>/dev/null; do sleep 0.1; done
kill -INT "$(pgrep -P $pid penumbra-bench || echo $pid)"
wait $pid
is "ended in the run beside it" $? 130
has "the run itself is complete" "$res/halfway/results.json" '"complete": true'
has "its time is without the other's" "$tmp/halfway.out" \
	"^$(sqlite3 :memory: "SELECT printf('%.1f', json_extract(readfile('$res/halfway/results.json'), '\$.wall_seconds'))") seconds, "
has "and how the other goes on is by the run's own name" "$tmp/halfway.err" 'run --resume halfway. goes on with it'
check "not by another's" sh -c '! grep -q "resume .*modelled" "$1"' - "$tmp/halfway.err"
has "its report says so" "$res/halfway/report.html" '<b>That run is incomplete</b>|Guest runs finished'
rm "$tmp/held"
"$bench" run --build "$fake" --results "$res" --resume halfway 2>"$tmp/halfway.err"
has "--resume goes on with it" "$res/halfway/modelled/results.json" '"resumed"'
has "to its end" "$res/halfway/modelled/results.json" '"complete": true'
has "the report begins with it" "$res/halfway/report.html" 'a smaller run beside this one'
is "the index has the run itself alone" "$(sqlite3 "$res/index.sqlite" "SELECT name FROM run WHERE name IN ('halfway', 'modelled')")" halfway
"$bench" run --build "$fake" --results "$res" --resume halfway 2>"$tmp/halfway.err"
has "then there is nothing to resume" "$tmp/halfway.err" 'halfway is complete: there is nothing to resume'

run uncounted --recipe hybrid --no-trace --repeat 1
is "a recipe that goes by a counter is run without one" $? 0
has "and what it is then is said" "$tmp/uncounted.err" '^penumbra: hybrid has no counter to go by without cycles, and is adaptive in this run'
has "in the report, too" "$res/uncounted/report.html" 'This run had no such counter'
check "of no other recipe" sh -c '! grep -q "no counter to go by" "$1"' - "$tmp/halfway.err"
mkdir "$tmp/other" && cp "$fake/machines/zen2-2019.machine" "$tmp/other/"
run called --recipe hybrid --no-trace --repeat 1 --cycles --machine "zen2-2019,$tmp/other/zen2-2019.machine"
is "two machines of one name end the run" $? 1
has "in a sentence" "$tmp/called.err" '--machine: two files are called zen2-2019.machine'
run counted --recipe hybrid --no-trace --repeat 1 --cycles --machine zen2-2019
check "with cycles nothing is said of a counter" sh -c '! grep -q "counter" "$1"' - "$tmp/counted.err"

run untraced --recipe shadow2 --no-trace --repeat 1
is "without the traced pass" "$(grep -c '"traced": true' "$res/untraced/results.json")" 0

FAKE_MODE=die:demand-fault FAKE_STATE=$tmp/died run died --recipe shadow2 --repeat 2
is "a machine that dies fails the run" $? 1
has "the guest that it died in is crashed" "$res/died/results.json" '"state": "crashed"'
has "with the hypervisor's last word" "$res/died/results.json" '"reason": "the hypervisor panicked: fake"'
has "and the guest's" "$res/died/results.json" '"words": "@fail it is so"'
has "both while it runs" "$tmp/died.err" 'demand-fault +crashed: the hypervisor panicked: fake; its last words: @fail it is so'
has "and in the report" "$res/died/report.html" 'the hypervisor panicked: fake; its last words: @fail it is so'
is "what was saved of its console" "$(cat "$res/died/consoles/shadow2/demand-fault.0.txt")" "$(printf 'hello\n@fail it is so\nbye')"
check "nobody waited for it" test "$(sqlite3 :memory: "SELECT json_extract(readfile('$res/died/results.json'), '\$.boots[0].wall_seconds') < 3")" = 1
is "the others are measured in another boot" "$(tail -n +2 "$res/died/results.csv" | cut -d, -f2,6 | sort | tr '\n' ' ')" \
	"compute,1 compute,2 demand-fault,2 null-exit,1 null-exit,2 "

FAKE_MODE=stand:demand-fault FAKE_STATE=$tmp/stood run stood --recipe shadow2 --repeat 1 --no-trace
is "a hypervisor that stands fails the run" $? 1
has "for the same reason" "$res/stood/results.json" '"reason": "the hypervisor panicked: fake"'

FAKE_MODE=fail:demand-fault run failing --recipe shadow2 --repeat 1 --no-trace
is "a guest that fails fails the run" $? 1
has "and says why" "$tmp/failing.err" 'demand-fault +failed: exit code 1; its last words: @fail 2 < 1'
has "in the report, too" "$res/failing/report.html" 'exit code 1; its last words: @fail 2 &lt; 1'

FAKE_MODE=hang:demand-fault FAKE_STATE=$tmp/hung run hung --recipe shadow2 --repeat 1 --silence 2
is "a machine that hangs fails the run" $? 1
has "the guest that it hung in is timed-out" "$res/hung/results.json" '"state": "timed-out"'
is "and has no row" "$(grep -c demand-fault "$res/hung/results.csv")" 0
is "the guest behind it was measured" "$(rows "$res/hung/results.csv" shadow2 compute fault | wc -l)" 1
has "and what was seen of it" "$tmp/hung.err" 'demand-fault +timed-out: killed: QEMU neither said nor did anything for 2 s'

FAKE_MODE=crawl:demand-fault run crawled --recipe shadow2 --repeat 1 --no-trace --silence 2
is "one that is slow is left alone" $? 0
check "and it was slow" test "$(sqlite3 :memory: "SELECT json_extract(readfile('$res/crawled/results.json'), '\$.boots[0].wall_seconds') > 4")" = 1
FAKE_MODE=spin:demand-fault FAKE_STATE=$tmp/spun run spun --recipe shadow2 --repeat 1 --silence 2
is "a machine that computes and prints for ever fails the run" $? 1
has "the guest in which it did is timed-out, by its CPU time" "$tmp/spun.err" \
	"demand-fault +timed-out: killed: it got no further in 2 s of QEMU's CPU time"
is "only that one" "$(items "$res/spun" "$workload, $state" | grep -vc finished)" 1
check "it took the CPU time, and not much more" \
	test "$(sqlite3 :memory: "SELECT json_extract(readfile('$res/spun/results.json'), '\$.boots[0].cpu_seconds') BETWEEN 1.9 AND 20")" = 1

FAKE_MODE=unborn run unborn --recipe shadow2,vtlb --jobs 1
is "a hypervisor that does not start fails the run" $? 1
has "with its own reason" "$tmp/unborn.err" 'cannot run here: no kernel in the first module'
is "no rows" "$(lines "$res/unborn/results.csv")" 1
is "the other recipe was not started" "$(grep -c '"label"' "$res/unborn/results.json")" 1
FAKE_MODE=unborn run going --recipe shadow2,vtlb --jobs 1 --keep-going
is "unless told to keep going" "$(grep -c '"label"' "$res/going/results.json")" 2

FAKE_MODE=damaged run damaged --recipe shadow2 --repeat 1
is "damaged lines do not stop a run" "$(lines "$res/damaged/results.csv")" 4
has "they are counted" "$res/damaged/results.json" '"damaged_lines": 24'
FAKE_MODE=flood run flood --recipe shadow2 --repeat 1
is "noise does not stop a run" "$(lines "$res/flood/results.csv")" 4

FAKE_MODE=evil run evil --recipe shadow2 --repeat 1
has "a path that leads out is refused" "$tmp/evil.err" 'escaped.*left out'
has "a link is refused" "$tmp/evil.err" '"link" is left out'
is "nothing got out" "$(find "$tmp" -name 'escaped*' -o -type l | wc -l | tr -d ' ')" 0

: >"$tmp/stopped.err"
FAKE_MODE=slow run stopped --recipe shadow2,vtlb --repeat 2 &
pid=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
	sleep 0.5
	[ "$(grep -c finished "$tmp/stopped.err")" -ge 2 ] && break
done
kill -INT "$(pgrep -P $pid penumbra-bench || echo $pid)"
wait $pid
is "interrupted: exit code" $? 130
has "interrupted: the run says so" "$res/stopped/results.json" '"interrupted": true'
has "interrupted: what ran" "$res/stopped/results.json" '"state": "interrupted"'
check "interrupted: what is finished stays" test "$(lines "$res/stopped/results.csv")" -ge 3
check "interrupted: there is a report" grep -q "This run is incomplete" "$res/stopped/report.html"
check "interrupted: no temporary files stay" no_leftovers
has "interrupted: how to go on" "$tmp/stopped.err" 'penumbra run --resume stopped. goes on'
is "interrupted: no process stays" "$(pgrep -f "$tmp/build/penumbra" | wc -l | tr -d ' ')" 0
# Resuming: what is finished stays as it is, the rest is measured, and the whole is as if nothing had happened.
cp "$res/stopped/results.csv" "$tmp/before.csv"
# Without a word about QEMU: the run's own is taken.
resume() { "$bench" run --build "$fake" --results "$res" --resume "$@" >"$tmp/resumed.out" 2>"$tmp/resumed.err"; }
resume stopped --repeat 3
is "resume with other options: exit code" $? 1
has "resume with other options: says which" "$tmp/resumed.err" 'not begun with --repeat 3'
resume stopped --recipe vtlb
has "resume with other recipes" "$tmp/resumed.err" 'begun with the recipes shadow2,vtlb, not vtlb'
echo changed >>"$fake/penumbra-vtlb.elf"
resume stopped
is "resume with another image: exit code" $? 1
has "resume with another image: says which" "$tmp/resumed.err" 'penumbra-vtlb.elf is not the image'
echo x >"$fake/penumbra-vtlb.elf"
# One run, one QEMU: of another version, and another of the same version.
sed 's/fake QEMU, for tests/fake QEMU, another/' "$srcdir/tests/bench/fake-qemu" >"$tmp/other-qemu"
{ cat "$srcdir/tests/bench/fake-qemu"; echo; } >"$tmp/patched-qemu"
chmod +x "$tmp/other-qemu" "$tmp/patched-qemu"
for other in other patched; do
	"$bench" run --build "$fake" --results "$res" --qemu "$tmp/$other-qemu" --resume stopped >"$tmp/resumed.out" 2>"$tmp/resumed.err"
	is "resume with the $other QEMU: exit code" $? 1
	has "resume with the $other QEMU: says which" "$tmp/resumed.err" "begun with fake QEMU, for tests .*tests/bench/fake-qemu.*, and this is fake QEMU.*$other-qemu.*: one run, one QEMU"
done
PENUMBRA_QEMU=$tmp/other-qemu "$bench" run --build "$fake" --results "$res" --resume stopped >"$tmp/resumed.out" 2>"$tmp/resumed.err"
has "resume with the environment's QEMU: says which" "$tmp/resumed.err" 'this is fake QEMU, another'
is "a refused resume changes nothing" "$(cmp "$res/stopped/results.csv" "$tmp/before.csv" && echo same)" same
resume stopped
is "resume: exit code" $? 0
check "resume: every finished row is still there" test -z "$(grep -vxFf "$res/stopped/results.csv" "$tmp/before.csv")"
is "resume: every guest has its row now" "$(lines "$res/stopped/results.csv")" 13
has "resume: fewer were run than planned" "$tmp/resumed.err" '^\[ *[0-9]+/(1[0-7]|[0-9])\]'
has "resume: the run is complete" "$res/stopped/results.json" '"complete": true'
is "resume: nothing was measured twice" "$(tail -n +2 "$res/stopped/results.csv" | cut -d, -f1-6 | sort | uniq -d | wc -l | tr -d ' ')" 0
is "resume: one row in the index" "$(sqlite3 "$res/index.sqlite" "SELECT complete, guests, finished FROM run WHERE name = 'stopped'")" "1|18|18"
resume stopped
is "a complete run is not resumed" $? 1
has "a complete run: says so" "$tmp/resumed.err" 'nothing to resume'

mkdir -p "$fake/kernels/686"
: >"$fake/kernels/686/vmlinuz"
echo "apt knows no such package" >"$fake/kernels/686/vmlinuz.unavailable"
run without --recipe shadow2 --repeat 1 --no-trace --workload linux-process.2,compute
is "a guest whose packages cannot be had is no failure" $? 0
has "it is named with the reason" "$tmp/without.err" 'linux-process.2 is left out: apt knows no such package'
is "it is kept as not run" "$(items "$res/without" "$workload,$state,$reason" | head -n 1)" "linux-process.2|not-run|apt knows no such package"
is "the other is measured" "$(tail -n +2 "$res/without/results.csv" | cut -d, -f2)" compute

# Peers: their own machine, what they cannot do, and packages that cannot be had.
refused_run() { # <what> <word> <options...>: before anything is started
	what=$1 word=$2
	shift 2
	"$bench" run --build "$fake" --results "$res" --output "$tmp/none" --workload compute "$@" >"$tmp/refused" 2>&1
	is "$what: exit code" $? "$code"
	has "$what: says why" "$tmp/refused" "$word"
}
code=1 refused_run "a peer that was not made" "make peers-kvm.* in the build directory" --recipe kvm-npt0
code=2 refused_run "an unknown peer" 'no peer "bochs": --peers takes names of kvm, xen' --peers bochs
mkdir -p "$fake/peers"
printf 'abcde' >"$fake/peers/kvm-initramfs.cpio.zst"
run peers --recipe shadow2 --peers kvm --repeat 1 --no-trace
is "a run with a peer succeeds" $? 0
is "a row for each of its ways" "$(tail -n +2 "$res/peers/results.csv" | cut -d, -f1 | sort | uniq -c | tr -s ' ' | tr '\n' ';')" \
	" 3 kvm-npt; 3 kvm-npt0; 3 shadow2;"
is "levels are the guest's as the list has them" "$(rows "$res/peers/results.csv" kvm-npt0 compute fault | cut -d, -f4)" 4
check "its host's log" test -s "$res/peers/logs/kvm-npt0-host.log"
has "its command line tells which way" "$res/peers/results.json" '"command": .*-smp 1 .*peer=kvm-npt0'
check "its images are in machine.json" test "$(grep -c '"name": "peers/kvm-initramfs.cpio.zst"' "$res/peers/machine.json")" = 1
check "no temporary files stay" no_leftovers
echo x >"$fake/workloads/context-switch.elf"
echo x >"$fake/workloads/compute.5.elf"
mkdir -p "$fake/peers/xen" "$fake/kernels/amd64"
printf 'abcde' >"$fake/peers/xen-initramfs.cpio.zst"
echo "xen-hypervisor 1" >"$fake/peers/xen/package"
for f in peers/xen/xen kernels/amd64/vmlinuz; do echo x >"$fake/$f"; done
run xen --recipe xen-hap0,kvm-npt0 --repeat 1
is "a run with Xen succeeds" $? 0
has "what Xen does not count is no figure" "$res/xen/results.csv" '^xen-hap0,compute,fault,4,4,1,1000,[0-9]*,,$'
has "what KVM counts is one" "$res/xen/results.csv" '^kvm-npt0,compute,fault,4,4,1,1000,[0-9]*,2000,$'
has "and the report says so" "$res/xen/report.html" 'trips not counted'
has "which Xen" "$res/xen/machine.json" '"peer_xen": "xen-hypervisor 1'
has "what has not been measured is the reference run's, and marked" "$res/xen/report.html" 'title="not measured in this run">[0-9].*[*] <br>'
has "with what it was measured on" "$res/xen/report.html" '<li>[*] kvm-npt: the reference run of 20.*, on qemu-system-x86 '
run xen5 --recipe xen-hap0 --repeat 1 --workload compute.5,compute
is "five levels are not for Xen" "$(items "$res/xen5" "$workload,$state,$reason" | grep 5)" \
	"compute.5|not-run|Xen gives its guests no five levels"
run cannot --recipe kvm-npt0 --repeat 1 --workload pool-tight,compute
is "a guest that a peer cannot run is no failure" $? 0
is "it is kept as not run, with the reason" "$(items "$res/cannot" "$workload,$state,$reason" | grep pool)" \
	"pool-tight|not-run|its shadow's size or shape is set page by page, which no peer lets be set"
has "and in the report" "$res/cannot/report.html" 'which no peer lets be set'
echo kernel >"$tmp/mine.elf"
run own_peer --recipe kvm-npt0 --repeat 1 --workload compute --guest "$tmp/mine.elf" --guest "$tmp/mine.elf" --disk "$tmp/mine.elf" \
	--guest "$tmp/mine.elf" --vcpus 2
is "guests of the user's own under a peer, and what it cannot give them" "$(items "$res/own_peer" "$workload,$state,$reason" | grep mine | sort | tr '\n' ';')" \
	"mine-2|not-run|peers' guests have no disk here;mine-3|not-run|peers' guests have one CPU here;mine|finished|;"
FAKE_MODE=hang:demand-fault FAKE_STATE=$tmp/peer_hung run peer_hung --recipe kvm-npt0 --repeat 1 --silence 2
is "a peer that hangs fails the run" $? 1
is "the guest that it hung in is timed-out, the others are measured" "$(items "$res/peer_hung" "$workload,$state" | sort | tr '\n' ' ')" \
	"compute|finished demand-fault|timed-out null-exit|finished "
: >"$tmp/peer_stopped.err"
FAKE_MODE=hang:demand-fault FAKE_STATE=$tmp/peer_stopped_state run peer_stopped --recipe kvm-npt0 --repeat 1 &
pid=$!
for _ in $(seq 120); do
	sleep 0.5
	[ -e "$tmp/peer_stopped_state" ] && break
done
kill -INT "$(pgrep -P $pid penumbra-bench || echo $pid)"
wait $pid
is "interrupted in a peer's boot: exit code" $? 130
is "interrupted in a peer's boot: what is finished stays" "$(items "$res/peer_stopped" "$workload,$state" | sort | head -n 3 | tr '\n' ' ')" \
	"compute|not-run demand-fault|interrupted null-exit|finished "
resume peer_stopped
is "and the rest is measured when it is resumed" "$? $(items "$res/peer_stopped" "$state" | sort | uniq -c | tr -s ' ')" "0  3 finished"
: >"$fake/peers/kvm-initramfs.cpio.zst"
echo "the archive has no such peer" >"$fake/peers/kvm-initramfs.cpio.zst.unavailable"
run peerless --recipe shadow2 --peers kvm --repeat 1 --no-trace --workload compute
is "a peer whose packages cannot be had is no failure" $? 0
has "it is named with the reason" "$tmp/peerless.err" 'kvm-npt0 is left out: the archive has no such peer'
is "it is kept as not run" "$(items "$res/peerless" "$recipe,$state,$reason" | sort | tr '\n' ';')" \
	"kvm-npt0|not-run|the archive has no such peer;kvm-npt|not-run|the archive has no such peer;shadow2|finished|;"
run nothing_left --recipe kvm-npt --repeat 1
is "alone it is nothing to run" $? 1
rm -r "$fake/peers"

refused() {
	what=$1 code=$2 word=$3
	shift 3
	"$bench" "$@" >"$tmp/refused" 2>&1
	is "$what: exit code" $? "$code"
	has "$what: says why" "$tmp/refused" "$word"
}
refused "no command" 2 "which command"
refused "unknown command" 2 "no command" fly
refused "unknown recipe" 2 'did you mean "shadow2"' run --recipe shadow
refused "unknown workload" 2 'did you mean "demand-fault"' run --workload demand-falt
refused "a workload like none" 2 'no workload "qxzj": penumbra list' run --workload qxzj
refused "empty choice" 2 "no workload" run --workload ''
refused "modelled beside cycles" 2 "modelled is for a run without" run --modelled --cycles
refused "repeat 0" 2 "from 1 to" run --repeat 0
refused "repeat words" 2 "not \"many\"" run --repeat many
refused "repeat negative" 2 "from 1 to" run --repeat=-3
refused "jobs" 2 "from 1 to" run --jobs 1000
refused "levels" 2 "from 2 to 5" run --levels 2,6
refused "levels in words" 2 "from 2 to 5" run --levels four
refused "no such form" 2 "no form of these levels" run --workload flood --levels 2
refused "suite" 2 "quick, full or peers" run --suite huge
refused "resume elsewhere" 2 "leave --output out" run --resume x --output y
refused "resume nothing" 1 'no run "nothing"' run --results "$res" --resume nothing
refused "stray argument" 2 "did you mean --workload" run demand-fault
refused "two runs" 2 "one run" report a b
refused "no such run" 1 'no run "nothing": .*in .*/nothing,' report --results "$res" nothing
refused "compare with nothing" 2 "needs two runs" compare a
refused "compare three" 2 "two runs, and .c. is one too many" compare a b c
refused "a threshold in words" 2 "percentage from 0 to 100" compare a b --threshold some
refused "a threshold above all" 2 "percentage from 0 to 100" compare a b --threshold 101
refused "an unknown form" 2 'one of text, markdown, page, json, junit, not "pdf"' compare a b --format pdf
refused "compare with no run" 1 'no run "nothing"' compare --results "$res" nothing nothing
refused "no baseline" 1 'no run "nothing"' run --results "$res" --baseline nothing --workload compute
refused "history of nothing" 2 "which workload" history
refused "history of what never ran" 1 "no run in .* has the workload flight" history --results "$res" flight
refused "no results at all" 1 "holds no run yet" history --results "$tmp/nowhere" compute
refused "no such table" 1 "no table .flight." export --results "$res" good --table flight
refused "a table and all" 2 "one or the other" export --table rows --all
refused "a guest without its disk" 1 'workloads/linux-long.ext4 is not there: .make linux-long' \
	run --build "$fake" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 --workload linux-compile,linux-stress --output "$res/no-disk"
is "it is said once" "$(grep -c 'is not there' "$tmp/refused")" 1
refused "keep nothing" 2 "from 1 to" clean --keep 0
refused "keep and all" 2 "one or the other" clean --keep 1 --all
"$bench" export --results "$res" good --table rows >"$tmp/rows.csv"
is "a table for other programs" $? 0
is "has a line for each row of the report" "$(wc -l <"$tmp/rows.csv" | tr -d ' ')" "$(wc -l <"$res/good/results.csv" | tr -d ' ')"
"$bench" compare --results "$res" good good >"$tmp/compared"
is "a run compared with itself" $? 0
has "is the same" "$tmp/compared" 'figures compared: [0-9]+ the same, 0 within 1 %, 0 better, 0 worse'
check "a full disk is told" sh -c '! "$0" compare --results "$1" good good >/dev/full 2>"$2"' "$bench" "$res" "$tmp/full"
has "with a sentence" "$tmp/full" 'standard output could not be written: No space left'
refused "no newer QEMU" 1 "make qemu-next" run --build "$fake" --qemu next --workload compute
refused "a QEMU without a name" 2 "needs a program" run --qemu ''
refused "no QEMU" 1 "qemu-system-x86" run --build "$fake" --qemu /nonexistent --workload compute
refused "no image" 1 "run .make. in the build directory" run --build "$tmp/nowhere" --recipe shadow2
: >"$fake/penumbra-npt.elf"
refused "an empty image" 1 "is empty" run --build "$fake" --recipe npt --workload compute
mkdir "$res/garbage" && echo '{"format": 1, "items": 3}' >"$res/garbage/results.json"
refused "a damaged results file" 1 'no results file of this version .*: "run" is missing' report "$res/garbage"
echo '{' >"$res/garbage/results.json"
refused "a cut results file" 1 "is damaged: .*line 2" report "$res/garbage"
echo x >"$tmp/file"
refused "a place that is a file" 1 "cannot be made" run --build "$fake" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 \
	--workload compute --output "$tmp/file/run"
refused "a variant that is not built: what makes it" 1 'shadow2\+rmap first$' run --build "$fake" --results "$res" --recipe shadow2,shadow2+rmap \
	--workload compute --qemu "$srcdir/tests/bench/fake-qemu"
refused "variants of the full suite that are not built: how many, and what makes them" 1 'make variants. in the build directory.* install' run --build "$fake" \
	--results "$res" --suite full --qemu "$srcdir/tests/bench/fake-qemu"
# `penumbra check` over a make of its own: each way a test can end, told on the console.
mkdir -p "$tmp/suite/tests"
cat >"$tmp/suite/Makefile" <<'END'
result = printf ':test-result: %s\n:copy-in-global-log: no\n'
list-tests:
	@echo tests/good.sh tests/bad.sh tests/suite tests/died tests/unbuilt
check: good bad suite died unbuilt
good:
	@printf 'ok fine\nnoise of the good\n' >tests/good.sh.log; $(result) PASS >tests/good.sh.trs
bad:
	@{ echo 'ok before'; echo 'not ok the sum: "3", not "4"'; echo 'its second line'; seq -f 'ok then %g' 99; seq -f 'last %g' 20; \
		printf 'esc\033[2J\n'; } >tests/bad.sh.log; $(result) FAIL >tests/bad.sh.trs
suite:
	@printf '50%%: Checks: 2, Failures: 1, Errors: 0\na.c:7:F:Core:sums:0: 3 != 4\nb.c:9:P:Core:other:0: Passed\n' >tests/suite.log; \
		$(result) FAIL >tests/suite.trs
died:
	@seq -f 'not ok number %g' 40 >tests/died.log; $(result) ERROR >tests/died.trs
unbuilt:
	@echo "x.c:1: error: the flux is missing"; exit 1
END
"$bench" check --build "$tmp/suite" >"$tmp/check.out" 2>&1
is "check: exit code" $? 1
# told <test> <pattern>: how often it stands below the test's line
told() { sed -n "/  *$(echo "$1" | sed 's,/,\\/,g') /,/^\[\|FAIL  /p" "$tmp/check.out" | grep -c "$2"; }
is "check: totals" "$(tail -n 1 "$tmp/check.out")" "102 passed, 43 failed, 0 skipped"
is "check: nothing of a test that passed" "$(grep -c 'noise of the good' "$tmp/check.out")" 0
is "check: a script's failure" "$(told tests/bad.sh '^ *| not ok the sum: "3", not "4"$')" 1
is "check: its second line" "$(told tests/bad.sh '| its second line$')" 1
is "check: its log's last lines" "$(told tests/bad.sh '| last ')" 14
is "check: no lines that passed" "$(grep -c '| ok ' "$tmp/check.out")" 0
is "check: nothing that moves the cursor" "$(told tests/bad.sh '| esc\[2J$')" 1
is "check: a Check suite's failure" "$(told tests/suite 'a.c:7:F:Core:sums:0: 3 != 4$')" 1
is "check: not its success" "$(told tests/suite 'b.c:9:P')" 0
is "check: many failures are cut" "$(told tests/died '| not ok')" 30
is "check: and counted" "$(told tests/died '| ... and 10 more lines of failures$')" 1
has "check: what was not built" "$tmp/check.out" 'FAIL  tests/unbuilt .*did not run'
has "check: with the build's error" "$tmp/check.out" '\| x.c:1: error: the flux is missing$'

# Told to end, it leaves nothing behind: no test, and nothing that a test has put into a group or a session of its own.
mkdir -p "$tmp/endless/tests"
cat >"$tmp/endless/Makefile" <<END
list-tests:
	@echo tests/done tests/plain tests/apart tests/deaf
check: done deaf plain apart
done:
	@echo ok >tests/done.log; printf ':test-result: PASS\n:copy-in-global-log: no\n' >tests/done.trs
plain:
	@timeout 600 sleep 600.$$; echo went on >tests/plain.log
apart:
	@(setsid sleep 600.$$ &) ; sleep 600.$$
deaf:
	@[ ! -e tests/deafness ] || sh -c 'trap "" TERM HUP; sleep 600.$$; sleep 600.$$'
END
for sig in TERM HUP INT; do
	[ $sig != INT ] || : >"$tmp/endless/tests/deafness"
	"$bench" check --build "$tmp/endless" >"$tmp/ended.out" 2>"$tmp/ended.err" &
	pid=$!
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
		sleep 0.5
		grep -q 'tests/done' "$tmp/ended.out" && pgrep -f "sleep 600.$$" >/dev/null && break
	done
	is "check, SIG$sig: tests run" "$(pgrep -f "sleep 600.$$" >/dev/null && echo yes)" yes
	kill -$sig $pid
	wait $pid
	is "check, SIG$sig: exit code" $? 130
	is "check, SIG$sig: no process stays" "$(pgrep -fc "sleep 600.$$|make .*$tmp/endless")" 0
	is "check, SIG$sig: what it knows by then" "$(tail -n 1 "$tmp/ended.out")" "1 passed, 0 failed, 0 skipped"
	check "check, SIG$sig: no test went on" test ! -e "$tmp/endless/tests/plain.log"
done

# What `penumbra clean` takes and what it leaves.
mkdir -p "$tmp/old/build/apt" "$tmp/old/build/suites-full" "$tmp/old/build/workloads" "$tmp/old/build/lab-work/03-kept"
echo x >"$tmp/old/build/apt/lists"
: >"$tmp/old/build/workloads/linux-long.ext4"
for n in 1 2 3 4; do
	cp -r "$res/good" "$tmp/old/2026-01-0$n"
done
: >"$tmp/old/index.sqlite"
clean() { "$bench" clean --build "$tmp/old/build" --results "$tmp/old" "$@" >"$tmp/clean" 2>&1; }
left() { (cd "$tmp/old" && echo 2* build/apt index.sqlite); }
clean
is "clean: without a word nothing goes" "$(left)" "2026-01-01 2026-01-02 2026-01-03 2026-01-04 build/apt index.sqlite"
has "but it tells what each takes" "$tmp/clean" '^takes +[0-9.]+ KiB +.*/2026-01-01'
clean --runs --dry-run
is "nor in a rehearsal" "$(left)" "2026-01-01 2026-01-02 2026-01-03 2026-01-04 build/apt index.sqlite"
clean --keep 2
is "the newest stay" "$(left)" "2026-01-03 2026-01-04 build/apt index.sqlite"
clean --packages
is "packages, and what was made of them" "$(cd "$tmp/old" && echo build/* build/workloads/*)" 'build/lab-work build/workloads build/workloads/*'
clean --labs
is "what labs left" "$(cd "$tmp/old" && echo build/* 2*)" 'build/workloads 2026-01-03 2026-01-04'
clean --all
is "all runs, and the index" "$(cd "$tmp/old" && echo *)" build

check "help needs no build" "$bench" run --help >/dev/null
check "list" "$bench" list >/dev/null
"$bench" doctor --build "$tmp/nowhere" >"$tmp/doctor" 2>&1
is "doctor finds what is missing" $? 1
has "doctor says what to do" "$tmp/doctor" '-> run .make.'
has "doctor names a missing image" "$tmp/doctor" 'MISSING hypervisors.* ([0-9]+) of \1, such as .*/nowhere/penumbra-.*elf'
check "doctor fits on a screen" test "$(lines "$tmp/doctor")" -le 30
"$bench" doctor --build "$fake" >"$tmp/doctor" 2>&1
has "doctor says which guests cannot be had, and why" "$tmp/doctor" 'no guest linux-process.2 +apt knows no such package'
has "doctor tells how to get the newer QEMU" "$tmp/doctor" 'run --qemu next +not fetched: .*make qemu-next'
PENUMBRA_QEMU=$srcdir/tests/bench/fake-qemu "$bench" doctor --build "$fake" >"$tmp/doctor-qemu" 2>&1
has "doctor names the QEMU that would run" "$tmp/doctor-qemu" 'ok +QEMU, by .PENUMBRA_QEMU +fake QEMU, for tests'
has "doctor counts what is missing" "$tmp/doctor" 'MISSING guests, in every form +[0-9]+ of [0-9]+, such as .*null-exit.2.elf'
has "doctor finds what is there" "$tmp/doctor" '^ok +dom0: kernel'
finish
