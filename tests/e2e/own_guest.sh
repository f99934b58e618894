#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A guest that is not of this project, as docs/own-guest.md has it: a Multiboot kernel in assembly with a linker script of its own,
# measured; and guests that cannot be run, each with its sentence, while the others go on.
. "${srcdir:-.}/tests/common.sh"
need_images

# block <file>: from the page, what follows "<!-- file FILE -->"
block() { awk -v f="<!-- file $1 -->" '$0 == f { want = 1; next } want && /^```/ { if (inside) exit; inside = 1; next } inside' "$srcdir/docs/own-guest.md"; }
block hello.S >"$tmp/hello.S"
block hello.lds >"$tmp/hello.lds"
check "the page has the guest" test -s "$tmp/hello.S"
(cd "$tmp" && gcc -m32 -c hello.S -o hello.o && ld -m elf_i386 -T hello.lds -o hello.elf hello.o) || bad "the guest does not build"

# Bad ones beside it: each fails with a sentence of its own.
echo "I am no kernel" >"$tmp/text"
printf 'module text\n' >"$tmp/module"
(yes "much of it" | head -n 400; echo "end of the second") >"$tmp/module2"
truncate -s 1M "$tmp/disk"
: >"$tmp/empty"
bench_run "$tmp/one" --recipe shadow2 \
	--guest "$tmp/hello.elf" --initrd "$tmp/module" --initrd "$tmp/module2" --initrd "$tmp/module" --disk "$tmp/disk" --keep-disk --repeat 2 \
	--guest "$tmp/text" \
	--guest "$tmp/hello.elf" --from begin --to "work is done" --traced \
	--guest "$tmp/hello.elf" --memory 4000 \
	--guest "$tmp/hello.elf" --from nothing \
	--guest "$tmp/hello.elf" --to nothing \
	--guest "$tmp/hello.elf" --memory 1
is "what cannot be run makes the run fail" $? 1
csv=$tmp/one/results.csv
is "its life is measured" "$(rows "$csv" shadow2 hello life | wc -l | tr -d ' ')" 2
is "and the same both times" "$(rows "$csv" shadow2 hello life | cut -d, -f8- | sort -u | wc -l | tr -d ' ')" 1
is "and what lies between two texts" "$(rows "$csv" shadow2 hello-2 life | wc -l | tr -d ' ')" 2
check "which is less" awk -v a="$(per_op "$csv" shadow2 hello life 8)" -v b="$(per_op "$csv" shadow2 hello-2 life 8)" 'BEGIN { exit !(b > 100000 && b < a) }'
# Told from its trace: what it does there is write to a page, once mapped and then without trips, and to the serial line.
"$bench" explain hello-2 --run "$tmp/one" --format json >"$tmp/told"
is "its operations are told from its trace" "$(jq -c '[.traced, .recipes[0].recipe, .recipes[0].phases[0].phase, (.recipes[0].phases[0].operation_trips > 0)]' "$tmp/told")" \
	'[true,"shadow2","life",true]'
is "by sentences" "$(jq '.recipes[0].phases[0].steps | all((.says | startswith("The guest")) and (.trips[0].ticks_sum > 0))' "$tmp/told")" true
"$bench" explain hello --run "$tmp/one" >"$tmp/told" 2>&1
is "one that was not traced is not" $? 1
has "with a sentence" "$tmp/told" 'has no trace of the workload "hello": it has those of hello-2'
is "its modules are there, in their order" "$(grep -n '^module text\|^end of the second' "$tmp/one/consoles/shadow2/hello.0.txt" | tr -d '\r' | tr '\n' ' ')" \
	"2:module text 403:end of the second 404:module text "
check "its disk is kept" cmp "$tmp/disk" "$tmp/one/disks/shadow2/hello.1.img"
items "$tmp/one" "$workload || ': ' || $state || ': ' || $reason" >"$tmp/why"
has "no kernel" "$tmp/why" '^text: failed: .*neither a bzImage, nor an ELF file with a PVH entry, nor Multiboot'
has "too much memory" "$tmp/why" '^hello-3: failed: create: .*4000 MiB'
has "a text that never comes begins nothing" "$tmp/why" '^hello-4: failed: it never printed "nothing", which was to begin'
has "and ends nothing" "$tmp/why" '^hello-5: failed: it never printed "nothing", which was to end'
has "too little memory" "$tmp/why" '^hello-6: failed: create: .*4 MiB at least'

# A script: its exit code is the result, regions of its own are rows of their own, and its disk is what it made of it.
for program in mke2fs debugfs; do command -v $program >/dev/null || PATH=$PATH:/usr/sbin; done
mkdir "$tmp/files" && seq 1 1000 >"$tmp/files/given"
mke2fs -q -t ext4 -d "$tmp/files" "$tmp/fs" 4m 2>/dev/null
cat >"$tmp/good.sh" <<'END'
set -e
tac /mnt/given >/mnt/made
penumbra-region begin sorting
sort -n /mnt/made >/tmp/sorted
penumbra-region end 1000
penumbra-region wrap compare -- cmp /tmp/sorted /mnt/given
! penumbra-region end
# A disk that is full is an error in the guest, and what was there stays.
! dd if=/dev/zero of=/mnt/fill bs=64k 2>/tmp/filled
grep -q 'No space left' /tmp/filled
rm /mnt/fill
cmp /mnt/given /tmp/sorted
END
printf 'echo it goes wrong\nprintf "\\1\\377\\0binary\\n"\nexit 3\n' >"$tmp/bad.sh"
bench_run "$tmp/two" --recipe shadow2,native --script "$tmp/good.sh" --disk "$tmp/fs" --keep-disk --script "$tmp/bad.sh"
is "a script that fails makes the run fail" $? 1
csv=$tmp/two/results.csv
for r in shadow2 native; do
	check "$r: its region has its operations" test "$(rows "$csv" $r good sorting | cut -d, -f7)" -eq 1000
	check "$r: and a command is one" test "$(rows "$csv" $r good compare | cut -d, -f7)" -eq 1
done
items "$tmp/two" "$recipe || ': ' || $workload || ': ' || $state || ': ' || $reason" >"$tmp/why"
has "its exit code is told" "$tmp/why" '^shadow2: bad: failed: exit code 3'
has "natively, too" "$tmp/why" '^native: bad: failed: the guest reports failure 3'
has "what it printed is kept" "$tmp/two/consoles/shadow2/bad.0.txt" 'it goes wrong'
is "binary and all" "$(LC_ALL=C tr -dc '\001\377' <"$tmp/two/consoles/shadow2/bad.0.txt" | od -An -tx1 | tr -d ' ')" 01ff
debugfs -R "dump made $tmp/made" "$tmp/two/disks/shadow2/good.0.img" 2>/dev/null
check "its disk has what it wrote" sh -c "tac '$tmp/files/given' | cmp - '$tmp/made'"
debugfs -R "dump made $tmp/none" "$tmp/fs" 2>/dev/null
check "the file stays as it was" test ! -s "$tmp/none"

# Debian's programs for a script; without a network there are none.
mkguest="$srcdir/workloads/linux/mkguest.sh --build $build"
check "a package that there is not" sh -c "! $mkguest --packages nonsuchpackage $tmp/none.gz 2>$tmp/mk && grep -q 'no package nonsuchpackage' $tmp/mk"
if $mkguest --packages sqlite3 "$tmp/sqlite.gz" >"$tmp/mk" 2>&1; then
	cat >"$tmp/db.sh" <<'END'
sqlite3 /tmp/db 'create table t(a); with recursive n(i) as (select 1 union all select i + 1 from n where i < 1000) insert into t select i from n;'
test "$(sqlite3 /tmp/db 'select sum(a) from t')" = 500500
END
	bench_run "$tmp/three" --recipe shadow2 --script "$tmp/db.sh" --initrd "$tmp/sqlite.gz" --memory 256
	is "a script has Debian's programs" $? 0
	is "and its row" "$(rows "$tmp/three/results.csv" shadow2 db life | wc -l | tr -d ' ')" 1
else
	skip "packages cannot be had: $(tail -n 1 "$tmp/mk")"
fi

# What is refused before anything runs.
refused() { # WHAT PATTERN OPTION...
	what=$1 pattern=$2
	shift 2
	bench_run "$tmp/refused" "$@"
	check "$what: refused" test $? -ne 0
	has "$what: it says why" "$tmp/refused.err" "$pattern"
	check "$what: nothing is left behind" test ! -e "$tmp/refused/results.json"
}
refused "no such file" 'none: No such file' --guest "$tmp/none"
refused "a directory" 'no plain file' --guest "$tmp"
refused "a second initrd that is not there" 'none: No such file' --guest "$tmp/hello.elf" --initrd "$tmp/module" --initrd "$tmp/none"
refused "nine modules" 'more than 8 times --initrd' --guest "$tmp/hello.elf" $(for i in 1 2 3 4 5 6 7 8 9; do echo "--initrd $tmp/module"; done)
refused "two initrds of a script" 'one --initrd' --script "$tmp/good.sh" --initrd "$tmp/module" --initrd "$tmp/module"
refused "an empty disk" 'is empty' --guest "$tmp/hello.elf" --disk "$tmp/empty"
refused "an option of nobody's" 'comes first' --memory 32 --guest "$tmp/hello.elf"
refused "an end for a script" 'a beginning and an end' --script "$tmp/good.sh" --to bye
refused "a long text" 'text of 1 to 64' --guest "$tmp/hello.elf" --to "$(printf '%065d' 0)"
check "no temporary files" no_leftovers
finish
