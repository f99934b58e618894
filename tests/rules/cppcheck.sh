#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# cppcheck finds no fault. Only Debian 12's (2.10) is asked: others find other things. The engine is read with one recipe, each day's
# another (TEST_DAY=<number>: that day's); PENUMBRA_LONG: with every one.
set -eu
cd "${srcdir:-$(dirname "$0")/../..}"
case $(cppcheck --version 2>/dev/null) in
'Cppcheck 2.10' | 'Cppcheck 2.10.'*) ;;
*) echo "skip - cppcheck 2.10, Debian 12's, is not here"; exit 77 ;;
esac
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
set -f

# What is left out, since what it says of these sources is not so:
# uninitvar                    it does not know what inline assembly writes; GCC warns of these, and tests run under Valgrind
# comparePointers              ends of what the linker or assembly lays out are symbols of their own
# arrayIndexOutOfBoundsCond    a loop that ends at a string's end or a level's is taken to go on
# varFuncNullUB                NULL is a pointer with every C library that this is compiled for
# arithOperationsOnVoidPointer is GNU C
# pointerOutOfBounds           it does not see that a block is copied only while a block is left
# nullPointerRedundantCheck    in tests: what is asserted later is no doubt about what stands before
# shiftTooManyBits             there: it does not see that a level is 1 at least
# ctunullpointer               in parts: it takes the NULL with which a search begins for one that is followed; the callee asks first
# memsetValueOutOfRange        in tests: that memset takes a byte of what it is given is tested
# unknownMacro                 where a workload asks for a page of the kernel's own, by a macro that two machines define otherwise
leave_out='uninitvar comparePointers arrayIndexOutOfBoundsCond varFuncNullUB arithOperationsOnVoidPointer
nullPointerRedundantCheck:tests/* shiftTooManyBits:hv/shadow/template/multi_fill.h ctunullpointer:policies/parts/* memsetValueOutOfRange:tests/hv/lib.c
pointerOutOfBounds:hv/base/string.c unknownMacro:workloads/hypercall-batch.c'

failed=0
# look NAME [OPTION...] FOLDER...: what it finds there is shown
look() {
	name=$1
	shift
	# shellcheck disable=SC2046,SC2086
	cppcheck --quiet --enable=warning,portability,performance $(printf -- '--suppress=%s ' $leave_out) --inline-suppr --std=c11 \
		--platform=unix64 -D_GNU_SOURCE '-D_Noreturn=__attribute__((noreturn))' -I. -Ihv/base $(sh tests/floors.sh . bench/floors) \
		$(sh tests/floors.sh . hv/floors hv/host/sim) --template='{file}:{line}: {message} [{id}]' --template-location= \
		"$@" >"$tmp/found" 2>&1 || true
	if [ -s "$tmp/found" ]; then
		failed=1
		sed 's/^/not ok - /' "$tmp/found"
	else
		echo "ok - $name"
	fi
}

look "bench, dom0, traces" bench dom0 traces
look "workloads, tests" '-DRECIPE_HEADER="shadow2.h"' -Ihv/host/sim workloads tests
mkdir "$tmp/pairs"
sh hv/shadow/template/mkpairs.sh "$tmp/pairs"
recipes=$(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' policies/recipes.def)
if [ -z "${PENUMBRA_LONG:-}" ]; then
	# shellcheck disable=SC2086
	recipes=$(sh tests/day.sh 1 $recipes)
	echo "the engine with $recipes, the recipe of TEST_DAY=$(sh tests/day.sh); PENUMBRA_LONG=1 takes every one"
fi
for r in $recipes; do
	look "hv and policies, with $r" "-DRECIPE_HEADER=\"$r.h\"" hv "$tmp/pairs"
done
exit $failed
