#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Runs that are killed, at any moment, and what is left of them; two runs that want one directory; files of a run's directory
# that are cut, spoilt, missing, unreadable, or no files at all. The machine is fake-qemu: no figure here is a measurement.
. "${srcdir:-.}/tests/common.sh"
command -v cpio >/dev/null || skip_all "no cpio"

fake=$tmp/build
res=$tmp/results
mkdir -p "$fake/kernels/cloud-amd64" "$fake/workloads" "$res" "$tmp/bin"
for f in penumbra-shadow2.elf kernels/cloud-amd64/vmlinuz workloads/null-exit.elf workloads/demand-fault.elf workloads/compute.elf; do
	echo x >"$fake/$f"
done
printf 'abcde' >"$fake/dom0-initramfs.cpio"
# begin <name> <options...>: a run in $res/<name>; go_on <name> <options...>; both leave their messages in $tmp/<name>.err
begin() {
	name=$1
	shift
	exec "$bench" run --build "$fake" --results "$res" --output "$res/$name" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 \
		--workload null-exit,demand-fault,compute --no-trace "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
go_on() {
	name=$1
	shift
	timeout 120 "$bench" run --build "$fake" --results "$res" --resume "$name" "$@" >"$tmp/$name.out" 2>"$tmp/$name.err"
}
# report <name>: its exit code; messages in $tmp/<name>.err
report() { timeout 60 "$bench" report --results "$res" "$1" >"$tmp/$1.out" 2>"$tmp/$1.err"; }
lines() { wc -l <"$1" | tr -d ' '; }
# until <seconds> command...: until it succeeds
until_so() {
	tries=$(($1 * 10))
	shift
	while [ $tries -gt 0 ] && ! "$@" 2>/dev/null; do
		sleep 0.1
		tries=$((tries - 1))
	done
	[ $tries -gt 0 ]
}
finished() { [ "$(grep -c ' finished' "$tmp/$1.err")" -ge "$2" ]; }

# ---- killed between two guests ----
: >"$tmp/hold"
FAKE_MODE=hold:demand-fault FAKE_STATE=$tmp/hold begin killed --repeat 2 &
pid=$!
check "killed: two guests finish" until_so 60 finished killed 2
"$bench" run --build "$fake" --results "$res" --output "$res/killed" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 --workload compute >"$tmp/second" 2>&1
is "a second run in its directory: exit code" $? 3
has "a second run in its directory: a sentence with the process" "$tmp/second" "results/killed is in use: .*process $pid"
go_on killed
is "resumed while it runs: exit code" $? 3
has "resumed while it runs: the same sentence" "$tmp/killed.err" "results/killed is in use: .*process $pid"
report killed
is "a report while it runs: exit code" $? 0
has "a report while it runs: says so" "$tmp/killed.err" 'results/killed is still being measured'
mkdir "$res/later" && : >"$res/later/results.json"
"$bench" clean --results "$res" --build "$fake" --runs >"$tmp/clean" 2>&1
is "it is cleaned while it runs" $? 0
has "and stays, with the process that has it" "$tmp/clean" "results/killed \\(process $pid is measuring it"
check "as it was" test -s "$res/killed/journal.jsonl"
rm -r "$res/later"
kill -KILL $pid
wait $pid 2>/dev/null
rm "$tmp/hold"
is "killed: it is in the index" "$(sqlite3 "$res/index.sqlite" "SELECT complete, ended FROM run WHERE name = 'killed'")" '0|'
# As it was, but that results.json, which is written now and then only, has all that the journal has.
cp -r "$res/killed" "$res/saved"
rm "$res/saved/results.json"
report saved
mv "$res/saved" "$tmp/as-it-was"
cp "$res/killed/results.csv" "$tmp/before.csv"
report killed
is "killed: a report" $? 0
is "killed: what the progress said is in it, saved or not" "$(items "$res/killed" "count(*) FILTER (WHERE $state = 'finished')")" 2
has "killed: it is not complete" "$res/killed/report.html" 'This run is incomplete'
go_on killed
is "killed, resumed: exit code" $? 0
check "killed, resumed: every row of before is there" test -z "$(grep -vxFf "$res/killed/results.csv" "$tmp/before.csv")"
is "killed, resumed: each guest has one row" "$(tail -n +2 "$res/killed/results.csv" | cut -d, -f1-6 | sort -u | wc -l), $(lines "$res/killed/results.csv")" "6, 7"
check "killed, resumed: what had finished was not run again" test "$(sed -n 's/^\[.*\/\([0-9]*\)\].*/\1/p' "$tmp/killed.err" | tail -n 1)" -eq 4
check "killed, resumed: nothing half-written stays" test -z "$(find "$res/killed" -name '*.part')"

# ---- results.json cut, missing, spoilt: made again from the journal ----
# again <name>: a fresh copy of the run as it was when it was killed
again() {
	rm -rf "${res:?}/$1"
	cp -r "$tmp/as-it-was" "$res/$1"
}
whole=$(lines "$tmp/as-it-was/results.json")
again cut
head -n $((whole / 2)) "$tmp/as-it-was/results.json" >"$res/cut/results.json"
report cut
is "cut: a report" $? 0
has "cut: says what is done" "$tmp/cut.err" 'cut/results.json is damaged: .*line'
has "cut: and from what" "$tmp/cut.err" 'made again from journal.jsonl'
is "cut: the file is whole again" "$(items "$res/cut" "count(*) FILTER (WHERE $state = 'finished')")" 2
for how in cut empty missing recipe; do
	again $how
	case $how in
	cut) head -c 5000 "$tmp/as-it-was/results.json" >"$res/$how/results.json" ;;
	empty) : >"$res/$how/results.json" ;;
	missing) rm "$res/$how/results.json" "$res/$how/results.csv" ;;
	recipe) sqlite3 :memory: "SELECT json_remove(readfile('$tmp/as-it-was/results.json'), '\$.items[0].recipe')" >"$res/$how/results.json" ;;
	esac
	go_on $how
	is "results.json $how, resumed: exit code" $? 0
	has "results.json $how, resumed: says so" "$tmp/$how.err" 'made again from journal.jsonl'
	is "results.json $how, resumed: each guest has its row" "$(lines "$res/$how/results.csv")" 7
	check "results.json $how, resumed: those of before are the same" test -z "$(grep -vxFf "$res/$how/results.csv" "$tmp/before.csv")"
done
again half
printf '{"items":{"recipe":"sha' >>"$res/half/journal.jsonl"
go_on half
is "a half line in the journal, resumed: exit code" $? 0
has "a half line in the journal, resumed: a sentence" "$tmp/half.err" 'last line of .*/half/journal.jsonl is half a line.*left out'
report half
is "a half line in the journal: it is gone then" "$(grep -c 'half a line' "$tmp/half.err")" 0
again old
rm "$res/old/journal.jsonl"
go_on old
is "a run without a journal, resumed: exit code" $? 0
check "a run without a journal, resumed: it has one now" test -s "$res/old/journal.jsonl"

# ---- neither is of use: refused with the place, not believed ----
# spoilt <what> <SQL expression on j> <word>
spoilt() {
	again spoilt
	rm "$res/spoilt/journal.jsonl"
	sqlite3 :memory: "SELECT $2 FROM (SELECT readfile('$tmp/as-it-was/results.json') AS j)" >"$res/spoilt/results.json"
	go_on spoilt
	is "resume of $1: exit code" $? 1
	has "resume of $1: says where" "$tmp/spoilt.err" "spoilt/results.json .*$3"
	has "resume of $1: and what to do" "$tmp/spoilt.err" 'start a new run'
	check "resume of $1: nothing is left behind" test ! -e "$res/spoilt/journal.jsonl"
	report spoilt
	is "report of $1: exit code" $? 1
}
spoilt "an item without a recipe" "json_remove(j, '\$.items[0].recipe')" 'items\[0\] \([a-z-]*\): "recipe" is missing'
spoilt "an item without a workload" "json_remove(j, '\$.items[0].workload')" 'items\[0\] \(shadow2\): "workload" is missing'
spoilt "regions that are text" "json_set(j, '\$.items[0].regions', 'x')" '"regions" is "x", not a list'
spoilt "too many repetitions" "json_set(j, '\$.options.repeat', 4000000000)" '"repeat" is 4000000000, not a whole number from 0 to 1000'
spoilt "a guest run that is there twice" "json_insert(j, '\$.items[#]', json_extract(j, '\$.items[0]'))" 'items\[[0-9]*\] is items\[0\] again'
spoilt "text behind the end" "j || 'x'" 'is damaged: end of file expected'
spoilt "a half" "substr(j, 1, length(j) / 2)" 'is damaged'

# ---- killed before it began: checksums take time, here as much as is wanted ----
cat >"$tmp/bin/sha256sum" <<END
#!/bin/sh
: >"$tmp/summing"
while [ -e "$tmp/hold" ]; do sleep 0.1; done
exec /usr/bin/sha256sum "\$@"
END
chmod +x "$tmp/bin/sha256sum"
# to_checksums <function that becomes the program> <name> [option...]: begun, as far as that; its process is $pid
to_checksums() {
	rm -f "$tmp/summing"
	: >"$tmp/hold"
	PATH=$tmp/bin:$PATH "$@" &
	pid=$!
	check "$2: it takes its checksums" until_so 30 test -e "$tmp/summing"
}
# end_there <signal>: its exit code
end_there() {
	kill "-$1" $pid
	rm "$tmp/hold"
	wait $pid 2>/dev/null
}
to_checksums begin unbegun --repeat 1
is "unbegun: no results yet" "$(ls "$res/unbegun")" journal.jsonl
report unbegun
is "a report of one that begins: exit code" $? 1
has "a report of one that begins: says so" "$tmp/unbegun.err" 'unbegun is only just beginning'
end_there KILL
report unbegun
is "a report of one that was killed before it began: exit code" $? 1
has "a report of one that was killed before it began: says so" "$tmp/unbegun.err" 'unbegun was killed before it began: .*--resume'
go_on unbegun
is "one that was killed before it began, resumed: exit code" $? 0
has "one that was killed before it began, resumed: says so" "$tmp/unbegun.err" 'unbegun was killed before it began: it begins now'
is "one that was killed before it began, resumed: each guest has its row" "$(lines "$res/unbegun/results.csv")" 4

to_checksums begin early --repeat 1
end_there INT
is "Ctrl-C before it began: exit code" $? 130
has "Ctrl-C before it began: a sentence" "$tmp/early.err" 'interrupted'
has "Ctrl-C before it began: how to go on" "$tmp/early.err" 'run --resume early. goes on'
is "Ctrl-C before it began: nothing was measured" "$(items "$res/early" "$state" | sort -u)" not-run
go_on early
is "Ctrl-C before it began, resumed: exit code" $? 0
is "Ctrl-C before it began, resumed: each guest has its row" "$(lines "$res/early/results.csv")" 4
# While the checksums of one that is resumed are taken: it stays as it was.
goes_on() { exec "$bench" run --build "$fake" --results "$res" --resume "$1" >"$tmp/$1.out" 2>"$tmp/$1.err"; }
again later
to_checksums goes_on later
end_there INT
is "Ctrl-C before it went on: exit code" $? 130
check "Ctrl-C before it went on: it is as it was" diff -r "$tmp/as-it-was" "$res/later"

# At any moment: what is left can be gone on with, or is said to be nothing.
for ms in 0 0.02 0.05 0.08 0.11 0.14 0.17 0.2 0.25 0.3 0.4 0.6 1; do
	begin "at-$ms" --repeat 1 --no-report &
	pid=$!
	sleep $ms
	kill -KILL $pid
	wait $pid 2>/dev/null
	went=$?
	go_on "at-$ms" --no-report
	case $?,$went in
	0,*) is "killed after $ms s, resumed: each guest has its row" "$(lines "$res/at-$ms/results.csv")" 4 ;;
	1,0) has "killed after $ms s: it had ended" "$tmp/at-$ms.err" 'nothing to resume' ;;
	*) has "killed after $ms s: there is nothing" "$tmp/at-$ms.err" 'was killed before it began|there is no run|is complete: there is nothing to resume' ;;
	esac
done

mkdir "$res/bare" "$res/touched"
: >"$res/touched/journal.jsonl"
for name in bare touched; do
	go_on $name
	is "$name, killed before its first word, resumed: exit code" $? 1
	has "$name, killed before its first word, resumed: what to do" "$tmp/$name.err" "$name was killed before it began, .*: remove it"
	report $name
	is "$name, killed before its first word: a report" $? 1
done

# ---- two at once ----
for n in 1 2; do
	"$bench" run --build "$fake" --results "$tmp/both" --output "$tmp/both/same" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 --workload compute \
		--no-report >"$tmp/both.$n" 2>&1 &
	eval "pid$n=\$!"
done
wait $pid1
one=$?
wait $pid2
two=$?
case $one,$two in
0,3 | 3,0) ok "two runs begun at once in one directory: one is told to wait" ;;
0,1 | 1,0) ok "two runs begun at once in one directory: the second came when the first had ended" ;;
*) bad "two runs begun at once in one directory: $one and $two" ;;
esac
for n in 1 2 3; do
	"$bench" run --build "$fake" --results "$tmp/named" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 --workload compute --no-report >"$tmp/named.$n" 2>&1 &
done
wait
is "three runs begun in one second: each has a directory of its own" "$(cat "$tmp"/named/*/results.csv | grep -c '^shadow2,compute')" 6
is "and a row in the index" "$(sqlite3 "$tmp/named/index.sqlite" 'SELECT count(*) FROM run WHERE complete')" 3

# ---- what is no file, or not ours to read or write ----
again odd
rm "$res/odd/results.json" "$res/odd/journal.jsonl"
mkfifo "$res/odd/results.json"
report odd
is "results.json is a pipe: nobody waits" $? 1
rm "$res/odd/results.json"
mkdir "$res/odd/results.json"
report odd
has "results.json is a directory: says so" "$tmp/odd.err" 'results.json cannot be read: Is a directory'
rmdir "$res/odd/results.json"
ln -s /dev/zero "$res/odd/results.json"
report odd
is "results.json has no end: exit code" $? 1
again odd
rm "$res/odd/journal.jsonl"
mkdir "$res/odd/journal.jsonl"
go_on odd
is "journal.jsonl is a directory, resumed: exit code" $? 1
has "journal.jsonl is a directory, resumed: says so" "$tmp/odd.err" 'journal.jsonl cannot be written: Is a directory'
report odd
is "journal.jsonl is a directory: a report" $? 0
mkfifo "$tmp/pipe"
again odd
rm "$res/odd/journal.jsonl"
mkfifo "$res/odd/journal.jsonl"
go_on odd
has "journal.jsonl is a pipe, resumed: says so" "$tmp/odd.err" 'journal.jsonl is no plain file'
name=$(printf 'a\377b')
(begin "$name" --repeat 1 --workload compute)
is "a directory whose name is no UTF-8: exit code" $? 0
is "a directory whose name is no UTF-8: its rows" "$(lines "$res/$name/results.csv")" 2
"$bench" report --results "$res" "$name" >"$tmp/report.out" 2>&1
is "a directory whose name is no UTF-8: a report" $? 0
mkdir "$tmp/broken"
head -c 4096 /dev/urandom >"$tmp/broken/index.sqlite"
"$bench" run --build "$fake" --results "$tmp/broken" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 --workload compute --no-report >"$tmp/broken.out" 2>&1
is "an index that is none: the run is none the worse" $? 0
has "an index that is none: a sentence" "$tmp/broken.out" 'index.sqlite cannot be used: .*remove it'
for seconds in 1e300 -1 "'x'" NULL 9223372036854775807; do
	sqlite3 "$res/index.sqlite" "UPDATE timing SET seconds = $seconds"
	(begin estimate --repeat 1 --no-report)
	is "an index that says $seconds s: exit code" $? 0
	check "an index that says $seconds s: the estimate is none of that" test -z "$(grep -E '[0-9]{4,} (h|s|min)' "$tmp/estimate.err")"
	rm -rf "$res/estimate"
done
rm "$fake/workloads/compute.elf"
mkdir "$fake/workloads/compute.elf"
(begin folder)
is "an image that is a directory: exit code" $? 1
has "an image that is a directory: says so" "$tmp/folder.err" 'compute is no plain file'
rmdir "$fake/workloads/compute.elf"
echo x >"$fake/workloads/compute.elf"
# As another user, where nothing stops root.
as_other() { timeout 60 "$@"; }
[ "$(id -u)" != 0 ] || as_other() { timeout 60 setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
chmod 755 "$tmp"
again closed
chmod -R go-w "$res/closed"
chmod 000 "$res/closed/results.json" "$res/closed/journal.jsonl"
if as_other test -x "$bench"; then
	[ "$(id -u)" = 0 ] || chmod a-w "$res/closed"
	as_other "$bench" report --results "$res" closed >"$tmp/closed" 2>&1
	is "files that may not be read: exit code" $? 1
	has "files that may not be read: says so" "$tmp/closed" 'results.json cannot be read: Permission denied'
	as_other "$bench" run --build "$fake" --results "$res" --resume closed >"$tmp/closed" 2>&1
	is "files that may not be written, resumed: exit code" $? 1
	has "files that may not be written, resumed: says so" "$tmp/closed" 'journal.jsonl cannot be written: Permission denied'
	chmod 644 "$res/closed/results.json" "$res/closed/journal.jsonl"
	as_other "$bench" report --results "$res" closed >"$tmp/closed" 2>&1
	is "a directory that may not be written, report: exit code" $? 1
	has "a directory that may not be written, report: says so" "$tmp/closed" 'report.html could not be written: Permission denied'
	as_other "$bench" run --build "$fake" --results "$res" --output "$res/closed/below" --qemu "$srcdir/tests/bench/fake-qemu" --recipe shadow2 \
		--workload compute >"$tmp/closed" 2>&1
	is "a directory that may not be written, a run below it: exit code" $? 1
	has "a directory that may not be written, a run below it: says so" "$tmp/closed" 'below cannot be made: Permission denied'
	[ "$(id -u)" = 0 ] || chmod u+w "$res/closed"
else
	skip "another user's files: the build directory is closed to others"
fi

# ---- numbers and names that are none ----
# refused <word> <options...>
refused() {
	word=$1
	shift
	(cd "$tmp" && timeout 10 "$bench" "$@") >"$tmp/refused" 2>&1
	is "$*: exit code" $? 2
	has "$*: says why" "$tmp/refused" "$word"
}
for n in '' ' 5' '5 ' +5 -5 ' -5' 0 1001 4000000000 4294967297 18446744073709551617 99999999999999999999999 1e3 0x10 5x 5.0 ٣; do
	refused "repeat needs a whole number from 1 to 1000, not" run --repeat="$n"
done
for n in '' 0 86401 -1 ' 1' 4294967297; do
	refused "jobs needs a whole number from 1 to 64, not" run --jobs="$n"
	refused "silence needs a whole number from 1 to 86400, not" run --silence="$n"
done
for n in '' , 2, ,2 2,,3 22 1 6 -2 2-4 ' 2'; do
	refused "levels needs numbers from 2 to 5 with commas between them" run --levels="$n"
done
refused "output needs a directory" run --output=
refused "results needs a directory" run --results=
refused "results needs a directory" report --results=
refused "build needs a directory" run --build=
refused "build needs a directory" doctor --build=
refused "resume needs a run" run --resume=
refused "and not empty" report ''
refused "no recipe" run --recipe=,
refused "no workload" run --workload=compute,,null-exit
finish
