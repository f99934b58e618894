#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The book and the pages beside it: figures and explanations are what they are now; each link leads somewhere, in the tree and in the HTML that
# pandoc makes; sources that the book names are there, with the functions that it names in them; and commands that pages show have options, recipes and
# workloads that there are. Hosted: nothing is booted.
. "${srcdir:-.}/tests/common.sh"
export PENUMBRA_BUILD="$build" PENUMBRA_ROOT="$srcdir"

pages() { # of the tree DIR, relative to it
	(cd "$1" && ls README.md CONTRIBUTING.md CHANGELOG.md hv/TOUR.md docs/*.md docs/book/*.md labs/*.md labs/0*/README.md results/README.md 2>/dev/null)
}
# links DIR: "PAGE: LINK" for each link in its pages that leads nowhere. Headings become anchors as GitHub makes them.
links() {
	(cd "$1" && pages . | xargs awk '
		function there(path) {
			if (!(path in known))
				known[path] = system("test -e \"" path "\"") == 0
			return known[path]
		}
		function resolved(base, path,    part, n, i, out, m) {
			n = split(base "/" path, part, "/")
			for (i = 1; i <= n; i++)
				if (part[i] == "..")
					m--
				else if (part[i] != "" && part[i] != ".")
					out[++m] = part[i]
			path = ""
			for (i = 1; i <= m; i++)
				path = path (i > 1 ? "/" : "") out[i]
			return path == "" ? "." : path
		}
		FNR == 1 { code = 0; base = FILENAME; sub(/[^\/]*$/, "", base) }
		/^```/ { code = !code }
		code || /^    / { next }
		/^#+ / {
			slug = tolower($0)
			sub(/^#+ /, "", slug)
			gsub(/[^a-z0-9 _-]/, "", slug)
			gsub(/ /, "-", slug)
			anchor = FILENAME "#" slug
			sub(/^\.\//, "", anchor)
			if (anchor in anchors)
				anchor = anchor "-" anchors[anchor]++
			anchors[anchor] = 1
		}
		{
			line = $0
			gsub(/`[^`]*`/, "", line)
			while (match(line, /\]\([^)]*\)/)) {
				target = substr(line, RSTART + 2, RLENGTH - 3)
				line = substr(line, RSTART + RLENGTH)
				if (target ~ /^[a-z]+:/)
					continue
				path = target
				sub(/#.*/, "", path)
				path = path == "" ? FILENAME : resolved(base, path)
				if (!there(path))
					print FILENAME ": " target
				else if (target ~ /#/) {
					wanted[++n] = path substr(target, index(target, "#"))
					from[n] = FILENAME ": " target
				}
			}
		}
		END {
			for (i = 1; i <= n; i++)
				if (!(wanted[i] in anchors))
					print from[i]
		}')
}
# sources DIR: what the book names in code type that looks like a source, and is none; "NAME in FILE" where no NAME is.
sources() {
	(cd "$1" && for page in docs/book/*.md; do
		grep -v '^    ' "$page" | grep -o '`[A-Za-z0-9_./-]*\.\(c\|h\|S\|def\|sh\|awk\|lua\|list\)`' | tr -d '`' | sort -u | while read -r file; do
			[ -e "$file" ] || [ -e "hv/$file" ] || [ -e "policies/parts/$file" ] || echo "$page: $file"
		done
		grep -o '`[a-z0-9_]*` \(in\|of\) \[[^]]*\]([^)#]*)' "$page" | sed 's/^`\([^`]*\)` [a-z]* \[[^]]*\](\([^)]*\))/\1 \2/' | while read -r name file; do
			grep -q "\b$name\b" "docs/book/$file" 2>/dev/null || echo "$page: $name in $file"
		done
	done)
}
for command in $(sed -n 's/^COMMAND(\([^,]*\),.*/\1/p' "$srcdir/bench/data/commands.def" | tr _ -); do "$bench" "$command" --help >"$tmp/help.$command" 2>&1; done
{
	sed -n 's/^\(RECIPE\|VARIANT\|PEER\)([^,]*, *"\([^"]*\)".*/\2/p' "$srcdir/policies/recipes.def"
	sed -n 's/^WORKLOAD([^,]*, *"\([^"]*\)".*/\1/p' "$srcdir/workloads/workloads.def"
	sed -n 's/^OPERATION([^,]*, *"\([^"]*\)".*/\1/p' "$srcdir/workloads/explained.def"
	echo oracle # bench-engine's
} >"$tmp/names"
# commands DIR: commands in its pages that the program would refuse. Names in capitals stand for something, and docs/adding.md adds its own.
commands() {
	(cd "$1" && for page in $(pages .); do
		sed -n 's/^    \(\.\/penumbra .*\)/\1/p' "$page" | sed 's/[[:space:]]#.*//; s/ |.*//' | while read -r line; do
			# shellcheck disable=SC2086
			set -f; set -- $line; set +f
			command=${2:-}
			case $command in --yes | --help) continue ;; esac
			[ -e "$tmp/help.$command" ] || { echo "$page: $line: there is no $command"; continue; }
			shift 2
			[ "$command" != explain ] || [ $# -eq 0 ] || grep -qx -e "$(echo "$1" | sed 's/-\(local\|window\)$//')" "$tmp/names" || case $1 in
			OPERATION | -*) ;;
			*) case " $* " in *' --run '*) continue ;; esac # a guest of the user's own
				echo "$page: $line: nothing explains $1" ;;
			esac
			while [ $# -gt 0 ]; do
				option=${1%%=*}
				value=${2:-}
				case $1 in --*=*) value=${1#*=} ;; esac
				shift
				case $option in
				--recipe | -r | --workload | -w | --compare) ;;
				--*) grep -qe "[ ,]$option\b" "$tmp/help.$command" || echo "$page: $line: $command has no $option"; continue ;;
				*) continue ;;
				esac
				grep -qe "[ ,]$option\b" "$tmp/help.$command" || echo "$page: $line: $command has no $option"
				case $page in docs/adding.md | docs/own-guest.md) continue ;; esac
				for name in $(echo "$value" | tr ',' ' '); do
					case $name in *[!a-z0-9_.+-]* | ' ') continue ;; esac
					grep -qxF -e "$(echo "$name" | sed 's/\.[2345]$//')" "$tmp/names" || echo "$page: $line: there is no $name"
				done
			done
		done
	done)
}
nothing() { # "what" DIR checker
	"$3" "$2" >"$tmp/found" 2>&1
	if [ -s "$tmp/found" ]; then sed 's/^/not ok - /' "$tmp/found"; bad "$1"; else ok "$1"; fi
}

# What the chapters show.
check "the chapters are filled" env BENCH="$bench" sh "$srcdir/docs/mkbook.sh" "$srcdir" "$tmp/book"
for file in "$tmp"/book/*.md "$tmp"/book/reference.csv "$tmp"/book/pictures/*; do
	name=${file#"$tmp/book/"}
	cmp -s "$file" "$srcdir/docs/book/$name" && ok "$name is current" || bad "docs/book/$name is not what its figures and explanations are now: make docs"
done
for page in README.md docs/future-optimisations.md; do
	cmp -s "$tmp/book/tree/$page" "$srcdir/$page" && ok "$page is current" || bad "$page does not have the figures of docs/book/reference.csv: make docs"
done
is "no picture is left over" "$(ls "$srcdir/docs/book/pictures" | wc -l)" "$(ls "$tmp/book/pictures" | wc -l)"
# unmeasured DIR: rows of its reference.csv that none of the runs of its reference.sh has.
unmeasured() {
	awk '
		FILENAME == ARGV[1] && /--recipe [a-z]/ { sub(/.*--recipe /, ""); sub(/ .*/, ""); n = split($0, recipe, ",") }
		FILENAME == ARGV[1] && /--workload [a-z]/ {
			sub(/.*--workload /, "")
			m = split($0, workload, ",")
			for (i = 1; i <= n; i++)
				for (j = 1; j <= m; j++)
					has[recipe[i] "," workload[j]] = 1
		}
		FILENAME == ARGV[1] || /^#/ || /^recipe,/ { next }
		{ split($0, cell, ","); if (!((cell[1] "," cell[2]) in has)) print cell[1] "," cell[2] }' "$1/docs/book/reference.sh" "$1/docs/book/reference.csv" | sort -u
}
nothing "what the book shows is what reference.sh measures" "$srcdir" unmeasured
nothing "links lead somewhere" "$srcdir" links
nothing "sources and functions that the book names are there" "$srcdir" sources
nothing "commands are such as there are" "$srcdir" commands

# In HTML.
if command -v pandoc >/dev/null; then
	check "pages are made" env BENCH="$bench" sh "$srcdir/docs/mkpages.sh" "$srcdir" "$tmp/html"
	is "one for each" "$(find "$tmp/html" -name '*.html' ! -path '*/made/*' | wc -l)" "$(pages "$srcdir" | wc -l)"
	cd "$tmp/html" || exit 99
	find . -name '*.html' ! -path './made/*' | sed 's#^\./##' >"$tmp/html.pages"
	# Each link with its page, then each page's anchors.
	while read -r page; do
		grep -o ' \(href\|src\)="[^"]*"' "$page" | sed 's/^[^"]*"//; s/"$//' | grep -v '^https\?:' | while read -r target; do
			path=${target%%#*}
			case $target in '#'*) path=${page##*/} ;; esac
			file=$(cd "$(dirname "$page")" && realpath -q -e "$path") || { echo "$page: $target"; continue; }
			case $target in
			*'#'*) grep -qF "id=\"${target#*#}\"" "$file" || echo "$page: $target" ;;
			esac
		done
	done <"$tmp/html.pages" >"$tmp/found"
	[ ! -s "$tmp/found" ] && ok "links lead somewhere in HTML" || { sed 's/^/not ok - /' "$tmp/found"; bad "links lead somewhere in HTML"; }
	# Nothing is fetched: the one address in a page is one that a reader may follow.
	xargs grep -lE '<(script|link|iframe)|url\(|src="https?:|@import' <"$tmp/html.pages" >"$tmp/found"
	[ ! -s "$tmp/found" ] && ok "pages fetch nothing" || { sed 's/^/not ok - /' "$tmp/found"; bad "pages fetch nothing"; }
	while read -r page; do sed '/<pre>/,/<\/pre>/d' "$page" | grep -H --label="$page" '`\|\*\*\|](' ; done <"$tmp/html.pages" >"$tmp/found"
	[ ! -s "$tmp/found" ] && ok "no Markdown is left in HTML" || { sed 's/^/not ok - /' "$tmp/found" | cut -c1-200; bad "no Markdown is left in HTML"; }
	check "each has a way back to the contents" sh -c '! grep -L ">Contents</a>" $(cat "$1") | grep .' - "$tmp/html.pages"
	is "each explanation in the book has its page" "$(ls made | grep -c '^explain-')" \
		"$(grep -hE '^    \./penumbra explain ' "$srcdir"/docs/book/*.md | grep -v -e --format -e --bare | sed 's/[[:space:]]*#.*//' | sort -u | wc -l)"
	is "and leads to it" "$(grep -oh 'href="[^"]*made/explain-[^"]*"' docs/book/*.html | sed 's/.*made/made/; s/"//' | sort -u | xargs ls | wc -l)" "$(ls made | grep -c '^explain-')"
	cd "$build" || exit 99
else
	skip "no pandoc here: apt-get install pandoc"
fi

# These tests can fail.
mkdir -p "$tmp/wrong/docs/book" "$tmp/wrong/hv" "$tmp/wrong/results"
wrong() { printf '%s\n' "$@" >"$tmp/wrong/docs/book/01.md"; }
echo '# Tour' >"$tmp/wrong/hv/TOUR.md"
wrong '# One' '[a](../../hv/TOUR.md#tour) [b](#one) [c](02.md) [d](../../hv/TOUR.md#elsewhere) [e](#two) `[f](no)`'
is "links that lead nowhere are found" "$(links "$tmp/wrong" | sort | paste -sd' ')" "docs/book/01.md: #two docs/book/01.md: ../../hv/TOUR.md#elsewhere docs/book/01.md: 02.md"
wrong '`hv/absent.c` and `absent` in [tour](../../hv/TOUR.md), `Tour` and' '`tour` in [x](../../hv/TOUR.md)'
is "so are sources" "$(sources "$tmp/wrong" | paste -sd';')" "docs/book/01.md: hv/absent.c;docs/book/01.md: absent in ../../hv/TOUR.md;docs/book/01.md: tour in ../../hv/TOUR.md"
wrong '    ./penumbra rum' '    ./penumbra run --recipes shadow2' '    ./penumbra run --recipe shadow2,shadow4 --workload demand-fault.2' '    ./penumbra explain demand-fautl' \
	'    ./penumbra trace RUN --where "x"'
is "so are commands" "$(commands "$tmp/wrong" | sed 's/.*: //' | paste -sd';')" "there is no rum;run has no --recipes;there is no shadow4;nothing explains demand-fautl"
mkdir -p "$tmp/wrong/docs/book/pictures"
cp "$srcdir/docs/book/fill.awk" "$tmp/wrong/docs/book/"
printf '%s\n' '# commit: abc' 'recipe,workload,phase,ops,trips,instructions' 'a,w,p,10,20,1000' 'b,w,p,10,30,985' >"$tmp/wrong/docs/book/reference.csv"
printf '%s\n' 'x --recipe a,b \' ' --workload v' 'x --recipe a \' ' --workload w' >"$tmp/wrong/docs/book/reference.sh"
is "so are rows that are measured no more" "$(unmeasured "$tmp/wrong")" "b,w"
wrong 'It takes <!--= trips w/p b -->2<!--/--> trips, <!--= trips w/p b over a --><!--/--> and <!--= instructions w/p b less a --><!--/--> of <!--= about commit --><!--/-->.' \
	'<!-- figures: trips, instructions of a b' 'w/p: it' '-->' 'old' '<!-- end -->'
check "figures are filled in" sh "$srcdir/docs/mkbook.sh" "$tmp/wrong" "$tmp/wrong.out"
has "one" "$tmp/wrong.out/01.md" '^It takes <!--= trips w/p b -->3<!--/--> trips, .*a -->1\.5<!--/--> and .*a -->1\.50<!--/--> of .*-->abc<!--/-->\.$'
has "a table" "$tmp/wrong.out/01.md" '^\| it \| 2; 100 \| 3; 98\.5 \|$'
check "without what was there" sh -c '! grep -q ^old "$1"' - "$tmp/wrong.out/01.md"
wrong 'It is <!--= trips w/p c --><!--/-->'
check "a figure that there is not is refused" sh -c '! sh "$1/docs/mkbook.sh" "$2" "$2.out" 2>"$2.err"' - "$srcdir" "$tmp/wrong"
has "with a sentence" "$tmp/wrong.err" '01\.md:1: no figures of c in w/p'
finish
