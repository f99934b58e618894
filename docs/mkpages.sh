#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The book and the other pages of the documentation as HTML, by pandoc: files that need no server and fetch nothing.
#
# mkpages.sh SRCDIR OUT [RUN...]   OUT/index.html is the first; OUT is made anew. BENCH names the program that makes the pages of `./penumbra explain`
#                                  commands in the book, and of `./penumbra trace` commands if one of the runs, directories, has traces
set -eu
src=$(cd "$1" && pwd)
rm -rf "$2"
mkdir -p "$2/made"
out=$(cd "$2" && pwd)
shift 2
run=''
for r; do [ ! -d "$r/traces" ] || run=$(cd "$r" && pwd); done
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$src"

# The order of reading: the book's chapters, then the reference. Each page lies where its Markdown lies in the tree; the book's contents come first.
{
	echo "docs/book/README.md index.html"
	for page in docs/book/[0-9]*.md README.md hv/TOUR.md $(ls docs/*.md) labs/README.md $(ls labs/0*/README.md) labs/teaching.md results/README.md \
		CONTRIBUTING.md CHANGELOG.md; do
		case $page in
		README.md) echo "$page penumbra.html" ;;
		*/README.md) echo "$page ${page%README.md}index.html" ;;
		*) echo "$page ${page%.md}.html" ;;
		esac
	done
} >"$tmp/pages"

# What commands make: their pages, each once, named after the command.
: >"$tmp/made"
if [ -n "${BENCH:-}" ]; then
	grep -hE '^    \./penumbra (explain|trace RUN) ' docs/book/*.md | sed 's/^    //; s/[[:space:]]*#.*//' | sort -u | while read -r command; do
		case $command in
		*' --format '* | *' --bare'*) continue ;;
		'./penumbra trace RUN'*) [ -n "$run" ] || continue ;;
		esac
		name=$(printf '%s' "${command#./penumbra }" | tr -cs 'a-z0-9.' '-').html
		# shellcheck disable=SC2086
		"$BENCH" $(printf '%s' "${command#./penumbra }" | sed "s#^trace RUN#trace ${run:-RUN}#") --format page --output "$out/made/$name" || {
			echo "mkpages.sh: $command makes no page" >&2
			exit 1
		}
		printf '%s\t%s\n' "$name" "$command"
	done >"$tmp/made"
fi

title() { sed -n 's/^# //p' "$1" | head -n 1 | tr -d '`'; }
up() { printf '%s' "$1" | sed 's#[^/]*$##; s#[^/]*/#../#g'; } # from a page to where all begins
: >"$tmp/copies"
export BOOK_PAGES="$tmp/pages" BOOK_COPIES="$tmp/copies" BOOK_MADE="$tmp/made"
previous='' n=0 count=$(wc -l <"$tmp/pages")
while read -r page to; do
	n=$((n + 1))
	set -- --variable "pagetitle=$(title "$page")" --variable "contents=$(up "$to")index.html"
	if [ -n "$previous" ]; then
		set -- "$@" --variable "previous=$(up "$to")${previous#* }" --variable "previous-title=$(title "${previous%% *}")"
	fi
	if [ "$n" -lt "$count" ]; then
		next=$(sed -n "$((n + 1))p" "$tmp/pages")
		set -- "$@" --variable "next=$(up "$to")${next#* }" --variable "next-title=$(title "${next%% *}")"
	fi
	[ "$page" = docs/book/README.md ] || [ "$(grep -c '^## ' "$page")" -lt 4 ] || set -- "$@" --toc --toc-depth 2
	mkdir -p "$(dirname "$out/$to")"
	BOOK_FILE=$page BOOK_OUT=$to pandoc --from gfm --to html5 --wrap preserve --no-highlight --template docs/book/page.html --metadata "title=-" \
		--variable "style=$(cat docs/book/page.css)" --lua-filter docs/book/page.lua "$@" --output "$out/$to" "$page"
	previous="$page $to"
done <"$tmp/pages"

# What pages link to that is no page: pictures as they are, sources as text.
sort -u "$tmp/copies" | while read -r file; do
	case $file in *.png) to=$out/$file ;; *) to=$out/$file.txt ;; esac
	mkdir -p "$(dirname "$to")"
	cp "$file" "$to"
done
