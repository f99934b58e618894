#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# clang-tidy finds no fault. Only Debian 12's (14) is asked: others find other things. All of hv/, policies/, bench/, dom0/ and traces/
# is held against its list of likely bugs; Clang's analyzer, which follows paths for seconds a file, gets a sample of the programs
# by the day, each file in its turn, and the engine one recipe. TEST_DAY=<number>: that day's; PENUMBRA_LONG: all.
set -euf
cd "${srcdir:-$(dirname "$0")/../..}"
case $(clang-tidy --version 2>/dev/null) in
*' version 14.'*) ;;
*) echo "skip - clang-tidy 14, Debian 12's, is not here"; exit 77 ;;
esac
SAMPLE=15
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# Of the likely bugs are left out, since what these find here is meant:
# branch-clone                 cases of a table alike
# easily-swappable-parameters  taste
# implicit-widening...         products of small numbers
# macro-parentheses            types and lists as a macro's arguments
# misplaced-widening-cast      int to long long of what is 64 bits wide already
# narrowing-conversions        registers' parts are taken by assignment
# reserved-identifier          symbols of the linker's
# signed-char-misuse           a displacement of 8 bits is signed
# sizeof-expression            arrays of pointers
# suspicious-string-compare    strcmp() as a truth value
bugs='-*,bugprone-*'
for check in branch-clone easily-swappable-parameters implicit-widening-of-multiplication-result macro-parentheses \
	misplaced-widening-cast narrowing-conversions reserved-identifier signed-char-misuse sizeof-expression suspicious-string-compare; do
	bugs="$bugs,-bugprone-$check"
done
# Of the analyzer's:
# insecureAPI                  names functions, whatever is done with them
# Padding                      what two CPUs write is kept on lines of its own
analyzer='-*,clang-analyzer-*,-clang-analyzer-security.insecureAPI.*,-clang-analyzer-optin.performance.Padding'

# look NAME CHECKS "FILE..." OPTION...: what it finds there is shown, and that something cannot be read
failed=0
look() {
	name=$1 checks=$2 files=$3
	shift 3
	# shellcheck disable=SC2086
	clang-tidy --quiet --checks="$checks" --header-filter='(bench|dom0|hv|policies|traces)/' $files -- -std=gnu11 "$@" \
		>"$tmp/found" 2>"$tmp/messages" || echo "clang-tidy ended with $?" >>"$tmp/found"
	if grep -qE 'warning:|error:|^clang-tidy ended' "$tmp/found"; then
		failed=1
		grep -E 'warning:|error:|^clang-tidy ended' "$tmp/found" | sort -u | sed "s#^$PWD/##; s/^/not ok - /"
	else
		echo "ok - $name"
	fi
}
# Xen's headers come with a package that only a run with that peer fetches.
programs=$(find bench dom0 traces -name '*.c' ! -path dom0/peers/xen.c | sort)
# Clang keeps no variables in registers, as hv/svm/short/quick_regs.c wants.
mkdir "$tmp/pairs"
sh hv/shadow/template/mkpairs.sh "$tmp/pairs"
hypervisor=$(find hv "$tmp/pairs" -name '*.c' ! -path 'hv/host/sim/*' ! -name quick_regs.c | sort)
# shellcheck disable=SC2046
recipes=$(sh tests/day.sh 1 $(sed -n 's/^RECIPE(\([^,]*\),[^,]*, *shadow,.*/\1/p' policies/recipes.def))
# shellcheck disable=SC2086
sample=$(sh tests/day.sh $SAMPLE $programs)
[ -n "${PENUMBRA_LONG:-}" ] || echo "the engine with" $recipes, "the analyzer on" $sample: "TEST_DAY=$(sh tests/day.sh); PENUMBRA_LONG=1 takes all"

# shellcheck disable=SC2046
set -- -D_GNU_SOURCE -DPROFILE_API=4 -DPN_VERSION='""' -DPN_PKGDATADIR='""' -I. -Ihv/base -Ihv/load $(sh tests/floors.sh . bench/floors) \
	$(pkg-config --cflags jansson sqlite3 libarchive lttng-ust gsl libxml-2.0)
look "bench, dom0, traces" "$bugs" "$programs" "$@"
for f in $sample; do look "the analyzer on $f" "$analyzer" "$f" "$@"; done
for r in $recipes; do
	# shellcheck disable=SC2046
	look "hv and policies, with $r" "$bugs" "$hypervisor" -ffreestanding -mgeneral-regs-only -DRECIPE_HEADER="\"$r.h\"" \
		$(sh tests/floors.sh . hv/floors hv/host/sim)
done
exit $failed
