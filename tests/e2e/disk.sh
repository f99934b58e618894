#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# A disk that is full before a run, and one that fills up in the middle of it: told clearly, nothing finished is lost.
. "${srcdir:-.}/tests/common.sh"
need_images
mkdir "$tmp/small" "$tmp/results"
mount -t tmpfs -o size=12m tmpfs "$tmp/small" 2>/dev/null || skip_all "mounting a small disk is not permitted"
trap 'umount "$tmp/small"; rm -rf "$tmp"' EXIT

head -c 9000000 /dev/zero >"$tmp/small/fill"
"$bench" run --results "$tmp/results" --output "$tmp/small/full" --recipe native >"$tmp/full" 2>&1
is "a full disk is refused at once" $? 1
has "with the room that there is" "$tmp/full" 'only .* are free'
rm "$tmp/small/fill"

# fills <name> <recipe>: the disk fills up once three guests have finished
fills() {
	: >"$tmp/$1.err"
	"$bench" run --results "$tmp/results" --output "$tmp/small/$1" --recipe "$2" --workload demand-fault,compute,null-exit --repeat 40 \
		>"$tmp/$1.out" 2>>"$tmp/$1.err" &
	pid=$!
	n=0
	while [ "$(grep -c ' finished' "$tmp/$1.err")" -lt 3 ] && [ $n -lt 240 ]; do
		sleep 0.5
		n=$((n + 1))
	done
	cat /dev/zero >"$tmp/small/fill" 2>/dev/null
	wait $pid
	is "$1: exit code" $? 1
	has "$1: it says why" "$tmp/$1.err" 'the disk is full'
	has "$1: and what to do" "$tmp/$1.err" 'make room'
	rm "$tmp/small/fill"
	check "$1: what was finished is kept" test "$(items "$tmp/small/$1" "count(*) FILTER (WHERE $state = 'finished')")" -ge 2
	check "$1: rows are whole" test "$(tail -n +2 "$tmp/small/$1/results.csv" | grep -Evc '^[a-z0-9]+(,[a-z-]+){2}(,[0-9]+){7}$')" -eq 0
	check "$1: no half-written files" test "$(find "$tmp/small" -name '*.part' | wc -l)" -eq 0
	check "$1: no temporary files" no_leftovers
	rm -rf "${tmp:?}/small/$1"
}
fills natively native
fills shadowed shadow2
finish
