#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The teaching labs: the files that a student begins with do not pass, the model solution gets every point; two labs a day in turn, all with
# PENUMBRA_LONG. And what is handed in may be anything: each bad submission of a class gets its sentence, and the others go on. No QEMU.
. "${srcdir:-.}/tests/common.sh"
export PENUMBRA_BUILD="$build" PENUMBRA_ROOT="$srcdir"
[ -s labs.config ] || { bad "what the labs are judged with is there: make labs"; finish; }
lab() { "$bench" lab "$@" >"$tmp/out" 2>"$tmp/err"; }
# graded <file> <jq program>
graded() { jq -r "$2" "$1" 2>&1; }

check "the list of labs" lab
is "each lab is in it, with points" "$(grep -c ' points, ' "$tmp/out")" "$(ls "$srcdir"/labs/0*/lab.def | wc -l)"

# Those of other days, too: whoever changes what a lab breaks, or a figure's name, learns of it now.
for n in 1 2 3 4 5 6; do
	check "lab $n begins" lab "$n" "$tmp/lab-$n"
	has "lab $n: its tasks are shown" "$tmp/out" '^Tasks, [0-9]+ points, [0-9]+ to pass:$'
done
for change in "$srcdir"/labs/solutions/04/*/*.patch; do
	file=${change#"$srcdir/labs/solutions/04/"}
	check "lab 4: the model change of ${file%.patch} applies" patch -s -o "$tmp/mended" "$tmp/lab-4/${file%.patch}" "$change"
done

# In this order no day has two for which whole engines are compiled.
for n in $(sh "$srcdir/tests/day.sh" 2 1 2 4 3 5 6); do
	cp -r "$tmp/lab-$n" "$tmp/before"
	check "lab $n: its text again" lab "$n" "$tmp/lab-$n"
	check "lab $n: what is there is left as it is" diff -r "$tmp/before" "$tmp/lab-$n"
	rm -r "$tmp/before"
	lab "$n" --check --json "$tmp/lab-$n"
	is "lab $n: the skeleton does not pass" "$? $(graded "$tmp/out" '.submissions[0] | "\(.passed) \([.tasks[] | select(.points < .of) | has("hint")] | all)"')" "1 false true"
	lab "$n" --check --json "$srcdir/labs/solutions/0$n"
	is "lab $n: the model solution" "$? $(graded "$tmp/out" '.submissions[0] | "\(.passed) \(.of - .points)"')" "0 true 0"
	is "lab $n: more points than are needed can be had" "$(graded "$tmp/out" '.submissions[0].of > .pass and .pass > 0')" true
done

# A class: bad submissions beside a good one. Engine a of lab 4 takes one file to compile.
mkdir "$tmp/class"
submit() { mkdir -p "$tmp/class/$1/a"; sed "/^void sh_promote(/,/^}/ s|^{|{ $3|; s|^void sh_promote(|$2\n&|" "$srcdir/hv/shadow/core/shadow.c" >"$tmp/class/$1/a/shadow.c"; }
submit crash 'int where;' '*(volatile int *)(8ul + where) = 1;'
submit ends 'void _exit(int);' '_exit(0);'
submit hangs 'int on = 1;' 'while (*(volatile int *)\&on) ;'
submit no-c 'this is no C' ''
submit writes 'int open(const char *, int, ...);' "open(\"$tmp/class/written\", 0101, 0666);"
submit forks 'int fork(void);' 'for (;;) fork();'
submit prints 'int puts(const char *);' 'for (;;) puts("no end");'
submit starts 'int system(const char *);' "system(\"touch $tmp/class/started\");"
mkdir -p "$tmp/class/by-change/lab-4/a" "$tmp/class/nothing" "$tmp/class/odd/a"
cp "$srcdir"/labs/solutions/04/a/* "$tmp/class/by-change/lab-4/a"
printf 'a-rule = flush \377\nb-rule=link # so\n = \nno line\n' >"$tmp/class/odd/answers"
mkfifo "$tmp/class/odd/a/shadow.c"
echo 'no folder' >"$tmp/class/notes"
lab 4 --check --json --class "$tmp/class" --output "$tmp/class.json"
is "a class in which not all pass" "$?" 1
said() { graded "$tmp/class.json" ".submissions[] | select(.name == \"$1\") | .tasks[] | select(.task == \"$2\") | .said"; }
is "every folder is a submission, in order" "$(graded "$tmp/class.json" '[.submissions[].name] | join(" ")')" "by-change crash ends forks hangs no-c nothing odd prints starts writes"
is "a change is as good as the file" "$(said by-change a-guest)" "the guest that failed gets what it must"
echo "$(said crash a-guest)" >"$tmp/said"; has "one that crashes the engine" "$tmp/said" 'crashed the engine: signal 11'
is "one that ends the oracle" "$(said ends a-guest), $(said ends a-all)" "it ended the oracle before all was tried, it ended the oracle before all was tried"
is "one that hangs" "$(said hangs a-guest)" "it did not come to an end within 10 s of CPU time"
echo "$(said no-c a-all)" >"$tmp/said"; has "one that does not compile" "$tmp/said" '^a/shadow.c: it does not compile: .*shadow.c:[0-9]*:[0-9]*: error: '
is "one that is not there" "$(said nothing a-guest)" "a/shadow.c: a/shadow.c is not there"
is "no answers" "$(said nothing a-rule)" "answers is not there"
is "an answer that is no text" "$(said odd a-rule)" "there is no answer"
is "an answer with a note behind it" "$(said odd b-rule)" "link: yes"
is "a file that is none" "$(said odd a-guest)" "a/shadow.c: a/shadow.c is no plain file that can be read"
is "one that prints without an end" "$(said prints a-guest)" "it was stopped: it printed without an end"
watched=$(! grep -q 'no seccomp' "$tmp/err" && echo writes forks starts)
[ -n "$watched" ] || skip "what was handed in is not watched: $(cat "$tmp/err")"
for s in $watched; do
	echo "$(said $s a-guest)" >"$tmp/said"; has "one that $s" "$tmp/said" 'it was stopped: it tried to write outside its folder, to start a program'
done
[ -z "$watched" ] || check "nothing was written, nothing started" [ ! -e "$tmp/class/written" -a ! -e "$tmp/class/started" ]
check "nothing is left of them" sh -c '! ls "$1"/lab-work/* >/dev/null 2>&1' - "$build"

# Interrupted, nothing of it goes on.
"$bench" lab 4 --check "$tmp/class/hangs" >"$tmp/out" 2>"$tmp/err" &
pid=$!
for i in $(seq 600); do
	no_process "$build/lab-work/.*/oracle" || break
	sleep 0.1
done
kill -TERM $pid
wait $pid
is "interrupted" "$?" 130
check "nothing of it runs" no_process "$build/lab-work/"
check "nothing of it is left" sh -c '! ls "$1"/lab-work/* >/dev/null 2>&1' - "$build"

# What is not built is no fault of the student's.
mkdir "$tmp/unbuilt"
lab 3 --check --build "$tmp/unbuilt" "$srcdir/labs/solutions/03"; is "nothing is built" "$? $(wc -c <"$tmp/out")" "1 0"
has "it says what makes it" "$tmp/err" 'make labs'

# Those who ask wrongly.
lab 7; is "no such lab" "$?" 2
lab 1 --json; is "--json without --check" "$?" 2
lab 1 --check "$tmp/none"; is "no such folder" "$?" 1
has "it says so" "$tmp/err" 'none is no folder: .penumbra lab 1 .*none. makes it'
lab 1 "$tmp/class.json"; is "a file is no folder to begin in" "$? $(wc -c <"$tmp/out")" "1 0"
has "it says so, too" "$tmp/err" 'class.json is no folder'
(ulimit -f 0; trap '' XFSZ; "$bench" lab 2 "$tmp/full") >/dev/null 2>&1; is "a disk without room for the files" "$?" 1
check "a folder that cannot be filled is not left half made" [ ! -e "$tmp/full" ]
lab 1 --check --class "$tmp/lab-none"; is "no such class" "$?" 1
# What --output names and is no plain file stays what it is; what cannot be written is told.
mkfifo "$tmp/pipe"
timeout 60 cat "$tmp/pipe" >"$tmp/piped" &
"$bench" lab 1 --check --json --output "$tmp/pipe" "$srcdir/labs/solutions/01"; is "--output to a pipe" "$?" 0
wait $!
check "it stays one" [ -p "$tmp/pipe" ]
is "and has all of it" "$(graded "$tmp/piped" '.submissions[0].passed')" true
ln -s linked.json "$tmp/link"
: >"$tmp/linked.json"
lab 1 --check --json --output "$tmp/link" "$srcdir/labs/solutions/01"; is "--output to a link" "$?" 0
check "the file that it leads to has it" cmp "$tmp/piped" "$tmp/linked.json"
if [ -c /dev/full ]; then
	"$bench" lab >/dev/full 2>"$tmp/err"; is "no room for the list" "$?" 1
	has "that is told, too" "$tmp/err" 'standard output could not be written: No space left'
fi
PENUMBRA_ROOT='' lab 1; is "no tree" "$?" 1
finish
