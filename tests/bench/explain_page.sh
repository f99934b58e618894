#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The page of `penumbra explain` in a real browser, at the width of a desktop and of a phone: it tests itself (bench/explain/explain.html), and
# the browser says what became of it. And what is said where the page cannot be made.
. "${srcdir:-.}/tests/common.sh"
export PENUMBRA_BUILD="$build"
browser=$(command -v chromium || command -v chromium-browser || command -v google-chrome) || browser=
page() { "$bench" explain "$@" --format page --output "$tmp/page.html" >"$tmp/out" 2>"$tmp/err"; }

check "a page is made" page demand-fault-windows
is "with one script and one set of data" "$(grep -c '^<script>$' "$tmp/page.html") $(grep -c 'id="data">' "$tmp/page.html")" "1 1"
is "the data cannot end their element" "$(sed -n 's/.*id="data">\(.*\)<\/script>.*/\1/p' "$tmp/page.html" | grep -c '<')" 0
is "and are what --format json gives" "$(sed -n 's/.*id="data">\(.*\)<\/script>.*/\1/p' "$tmp/page.html" | jq -cS . | cksum)" \
	"$("$bench" explain demand-fault-windows --format json | jq -cS . | cksum)"
mkdir "$tmp/other"
for r in shadow1 shadow2 shadow3; do ln -s "$build/penumbra-explain-$r" "$tmp/other/"; done
echo '<html>' >"$tmp/other/explain.html"
check "a foreign page is refused" sh -c '! "$1" explain demand-fault --format page --build "$2" >"$2/out" 2>"$2/err"' - "$bench" "$tmp/other"
has "with a sentence" "$tmp/other/err" 'it has no place for the data'
rm "$tmp/other/explain.html"
check "so is none" sh -c '! "$1" explain demand-fault --format page --build "$2" >"$2/out" 2>"$2/err"' - "$bench" "$tmp/other"
has "with a sentence" "$tmp/other/err" 'the page of explain cannot be read'

[ -n "$browser" ] || { skip "no browser here: apt-get install chromium"; [ "$failed" -eq 0 ] && exit 77; finish; }
# look <width>: the self-test's lines
look() {
	timeout 120 "$browser" --headless --no-sandbox --disable-gpu --user-data-dir="$tmp/browser" --window-size="$1",900 --virtual-time-budget=5000 --dump-dom \
		"file://$tmp/page.html#selftest" 2>/dev/null | sed -n '/<pre id="selftest">/,/<\/pre>/p' | sed 's/<[^>]*>//g' >"$tmp/look"
}
for width in 1280 390; do
	look $width
	grep -v '^ok\|, 0 failed$' "$tmp/look" | sed 's/^/not ok /'
	has "the page finds itself in order at $width pixels" "$tmp/look" '^selftest: [0-9]+ passed, 0 failed$'
done
page fork-cow --recipe shadow1,shadow2,shadow3,xi,kvm,adaptive,vtlb,shadow2-fast --levels 3
look 390
has "eight recipes and three phases on a phone" "$tmp/look" '^selftest: [0-9]+ passed, 0 failed$'
page smp-shootdown --recipe shadow2,shadow3
look 390
has "two CPUs" "$tmp/look" '^selftest: [0-9]+ passed, 0 failed$'
# A page whose data disagree says so: the test can fail.
sed -i 's/"operation_trips":[0-9]*/"operation_trips":77/' "$tmp/page.html"
look 1280
has "wrong data are seen" "$tmp/look" '^not ok .*: the running total is the sum'
finish
