# SPDX-License-Identifier: BSD-2-Clause
# The figures of a chapter, from those of a run (docs/mkbook.sh makes their file). What a chapter asks for stands in comments:
#
#   <!--= FIELD WORKLOAD/PHASE RECIPE -->...<!--/-->               one figure, an operation's, in the middle of a sentence
#   <!--= FIELD WORKLOAD/PHASE RECIPE over RECIPE -->...<!--/-->   how many times as much; `more`, `less`: by how many per cent; `minus`
#   <!--= about KEY -->...<!--/-->                                 what the file's head says of the run
#   <!-- figures: FIELD[, FIELD] of RECIPE...  and lines  WORKLOAD/PHASE: what it is -->    a table
#   <!-- bars NAME: FIELD[+FIELD] of WORKLOAD/PHASE... by RECIPE... -->                     a picture; FIELD over RECIPE: that recipe's being 1
#   <!-- map NAME: FIELD of WORKLOAD, RECIPE over RECIPE -->                                a picture of mixtures mN-uN
#
# A table's and a picture's lines are those down to <!-- end -->. awk -f fill.awk -v pictures=DIR -v used=FILE FIGURES.csv CHAPTER.md;
# `used` gets the rows that were asked for. What there is no figure of ends it with a sentence.

function fail(text) {
	print "fill.awk: " FILENAME ":" FNR ": " text >"/dev/stderr"
	failed = 1
	exit 1
}
# An operation's; of the most that there was at once (_peak), that.
function figure(field, place, recipe,    key) {
	key = recipe "," place
	sub(/\//, ",", key)
	if (!(key in row))
		fail("no figures of " recipe " in " place)
	if (!(field in column))
		fail("no field " field)
	if (used)
		print row[key] >>used
	split(row[key], cell, ",")
	if (cell[column[field]] == "")
		fail("no " field " of " recipe " in " place)
	return cell[column[field]] / (field ~ /_peak$/ ? 1 : cell[column["ops"]])
}
function number(x) {
	if (x >= 99.5 || (x - int(x + 0.5)) ^ 2 < (x >= 9.95 ? 0.0025 : 0.000025))
		return sprintf("%.0f", x)
	return sprintf(x >= 10 ? "%.1f" : "%.2f", x)
}
function said(what,    part, n, a, b) {
	n = split(what, part, " ")
	if (part[1] == "about") {
		if (!(part[2] in about))
			fail("nothing is known of " part[2])
		return about[part[2]]
	}
	a = figure(part[1], part[2], part[3])
	if (n == 3)
		return number(a)
	b = figure(part[1], part[2], part[5])
	if (part[4] == "over")
		return sprintf(a / b >= 9.95 ? "%.0f" : "%.1f", a / b)
	if (part[4] == "more")
		return number(sprintf("%.1f", 100 * (a / b - 1)))
	if (part[4] == "less")
		return number(sprintf("%.1f", 100 * (1 - a / b)))
	if (part[4] == "minus")
		return number(a - b)
	fail("`" what "` is none of this file's")
}
# The line with each figure in it as the run has it.
function filled(line,    at, end, out, what) {
	while ((at = index(line, "<!--= "))) {
		out = out substr(line, 1, at - 1)
		line = substr(line, at)
		end = index(line, " -->")
		what = substr(line, 7, end - 7)
		out = out substr(line, 1, end + 3) said(what) "<!--/-->"
		end = index(line, "<!--/-->")
		if (!end)
			fail("a figure does not end")
		line = substr(line, end + 8)
	}
	return out line
}
function meaning(field) {
	return field in means ? means[field] : field
}
# "a,b": once each, in their order.
function joined(list, n,    i, out, seen) {
	for (i = 1; i <= n; i++)
		if (!(list[i] in seen)) {
			seen[list[i]] = 1
			out = out (out == "" ? "" : ",") list[i]
		}
	return out
}
# How a reader measures the same.
function how(recipes, workloads, modelled) {
	print ""
	print "Measured by `./penumbra run " (modelled ? "--qemu next --cycles --machine " modelled " " : "") "--recipe " recipes " --workload " workloads "`."
}
function machine_of(field) {
	sub(/:.*/, "", field)
	return field == "zen2-2019" || field == "nested-cloud" ? field : ""
}
function escaped(text) {
	gsub(/&/, "\\&amp;", text)
	gsub(/</, "\\&lt;", text)
	return text
}

# ---- tables ----

function table(head, lines, n,    fields, nf, recipes, nr, places, i, j, k, out, place, text, modelled, base) {
	i = index(head, " of ")
	nf = split(substr(head, 1, i - 1), fields, ", *")
	nr = split(substr(head, i + 4), recipes, " ")
	out = "| " meaning(fields[1])
	for (k = 2; k <= nf; k++)
		out = out "; " meaning(fields[k])
	for (k = 1; k <= nf; k++)
		if (machine_of(fields[k]) != "")
			modelled = modelled (modelled != "" ? "," : "") machine_of(fields[k])
	out = out " |"
	for (j = 1; j <= nr; j++) { # a variant behind its recipe by what it has more
		if (base != "" && index(recipes[j], base "+") == 1)
			out = out " " substr(recipes[j], length(base) + 1) " |"
		else {
			base = recipes[j]
			out = out " " base " |"
		}
	}
	print out
	out = "| --- |"
	for (j = 1; j <= nr; j++)
		out = out " ---: |"
	print out
	for (i = 1; i <= n; i++) {
		place = lines[i]
		sub(/:.*/, "", place)
		text = substr(lines[i], length(place) + 3)
		places[i] = place
		sub(/\/.*/, "", places[i])
		out = "| " text " |"
		for (j = 1; j <= nr; j++)
			for (k = 1; k <= nf; k++)
				out = out (k > 1 ? "; " : " ") number(figure(fields[k], place, recipes[j])) (k == nf ? " |" : "")
		print out
	}
	how(joined(recipes, nr), joined(places, n), modelled)
}

# ---- pictures ----

function svg(file, height, title) {
	print "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 480 " height "\" role=\"img\" class=\"picture\">" >file
	print "<title>" escaped(title) "</title>" >file
	print "<style>.picture{font:13px system-ui,'DejaVu Sans',sans-serif}.picture .t{fill:#1b1f24}.picture .s{fill:#57606a}" >file
	print "@media screen and (prefers-color-scheme:dark){.picture .t{fill:#e4e8ed}.picture .s{fill:#9aa5b1}}</style>" >file
}
function text_at(file, x, y, anchor, class, text) {
	printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\" class=\"%s\">%s</text>\n", x, y, anchor, class, escaped(text) >file
}
function unit(field) {
	return machine_of(field) != "" ? "modelled cycles on " machine_of(field) : field ~ /^(instructions|bytes)$/ ? meaning(field) : "trips"
}
# Groups whose values are of one size have one scale.
function scales(np, nr, one,    i, j, least, greatest) {
	for (i = 1; i <= np; i++) {
		scale[i] = 0
		for (j = 1; j <= nr; j++)
			scale[i] = total[i, j] > scale[i] ? total[i, j] : scale[i]
		least = i == 1 || scale[i] < least ? scale[i] : least
		greatest = scale[i] > greatest ? scale[i] : greatest
	}
	if (greatest > 4 * least && !one)
		return "each group has its own scale"
	for (i = 1; i <= np; i++)
		scale[i] = greatest
	return ""
}
function bars(name, asked,    file, fields, nf, places, np, recipes, nr, i, j, k, at, sum, x, y, w, alt, workloads, one, note) {
	at = index(asked, " of ")
	nf = split(substr(asked, 1, at - 1), fields, "+")
	asked = substr(asked, at + 4)
	if ((at = index(fields[nf], " over "))) { # relative to a recipe's
		one = substr(fields[nf], at + 6)
		fields[nf] = substr(fields[nf], 1, at - 1)
	}
	at = index(asked, " by ")
	np = split(substr(asked, 1, at - 1), places, " ")
	nr = split(substr(asked, at + 4), recipes, " ")
	for (i = 1; i <= np; i++) {
		workloads[i] = places[i]
		sub(/\/.*/, "", workloads[i])
		alt = alt (i > 1 ? "; " : "") places[i] ":"
		for (j = 1; j <= nr; j++) {
			sum = 0
			for (k = 1; k <= nf; k++)
				sum += figure(fields[k], places[i], recipes[j]) / (one != "" ? figure(fields[k], places[i], one) : 1)
			total[i, j] = sum
			alt = alt (j > 1 ? "," : "") " " recipes[j] " " number(sum)
		}
	}
	note = scales(np, nr, one != "")
	file = pictures "/" name ".svg"
	y = 4
	svg(file, 4 + (np > 1 ? 26 * np : 0) + 24 * np * nr + 24 + (note != "" ? 19 : 0) + (nf > 1 ? 19 * nf : 0), alt)
	for (i = 1; i <= np; i++) {
		if (np > 1) {
			text_at(file, 0, y + 16, "start", "t", places[i])
			y += 26
		}
		for (j = 1; j <= nr; j++) {
			text_at(file, 104, y + 14, "end", "t", recipes[j])
			x = 110
			for (k = 1; k <= nf; k++) {
				w = 310 * (one != "" ? total[i, j] : figure(fields[k], places[i], recipes[j])) / scale[i]
				if (w > 0)
					printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"18\" fill=\"%s\"/>\n", x, y, w, colour[(k - 1) % 8 + 1] >file
				x += w
			}
			text_at(file, x + 5, y + 14, "start", "t", number(total[i, j]))
			y += 24
		}
	}
	text_at(file, 110, y + 14, "start", "s", unit(fields[1]) (one != "" ? ", " one " being 1" : ", an operation"))
	y += 19
	if (note != "") {
		text_at(file, 110, y + 14, "start", "s", note)
		y += 19
	}
	for (k = 1; nf > 1 && k <= nf; k++) {
		printf "<rect x=\"110\" y=\"%.1f\" width=\"11\" height=\"11\" fill=\"%s\"/>\n", y + 4, colour[(k - 1) % 8 + 1] >file
		text_at(file, 127, y + 14, "start", "s", meaning(fields[k]))
		y += 19
	}
	print "</svg>" >file
	close(file)
	print "![" alt "](pictures/" name ".svg)"
	how(joined(recipes, nr), joined(workloads, np), machine_of(fields[1]))
}
# A field for each mixture of TLB misses and changed entries, coloured by who is faster.
function map(name, asked,    file, part, i, j, m, u, q, place, x, y, shade, alt, misses, updates) {
	split(asked, part, /,? /) # FIELD of WORKLOAD, RECIPE over RECIPE
	m = split("0 10 50 200 500", misses, " ")
	u = split("0 1 5 20 50", updates, " ")
	file = pictures "/" name ".svg"
	alt = part[4] " over " part[6] ", " meaning(part[1])
	svg(file, 38 * u + 66, alt)
	text_at(file, 0, 14, "start", "s", "changed entries for 1000 instructions")
	for (j = 1; j <= u; j++) {
		y = 22 + 38 * (u - j)
		text_at(file, 34, y + 23, "end", "t", updates[j] / 10)
		alt = alt (j > 1 ? ";" : ":") " " updates[j] / 10 " changes:"
		for (i = 1; i <= m; i++) {
			place = part[3] "/m" misses[i] "-u" updates[j]
			q = figure(part[1], place, part[4]) / figure(part[1], place, part[6])
			x = 42 + 87 * (i - 1)
			shade = q < 0.99 ? "#b7e0c2" : q <= 1.01 ? "#e3e6ea" : q < 1.5 ? "#fbe3b4" : q < 5 ? "#f6c08a" : "#ee9a8a"
			printf "<rect x=\"%.1f\" y=\"%.1f\" width=\"85\" height=\"36\" fill=\"%s\"/>\n", x, y, shade >file
			printf "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\" fill=\"#1b1f24\">%s</text>\n", x + 42, y + 23, sprintf(q >= 9.95 ? "%.0f" : "%.2f", q) >file
			alt = alt " " sprintf(q >= 9.95 ? "%.0f" : "%.2f", q)
		}
	}
	for (i = 1; i <= m; i++)
		text_at(file, 42 + 87 * (i - 1) + 42, 38 * u + 40, "middle", "t", misses[i] / 10)
	text_at(file, 42 + 43.5 * m, 38 * u + 60, "middle", "s", "TLB misses for 1000 instructions")
	print "</svg>" >file
	close(file)
	print "![" alt "](pictures/" name ".svg)"
	how(part[6] "," part[4], part[3], machine_of(part[1]))
}

BEGIN {
	split("#4c78c8 #e08a3c #5aa469 #b85c8e #8a7fc7 #c9a227 #4aa3a3 #8c8c8c", colour, " ")
	means["pf_guest"] = "the guest's own faults, reflected"
	means["pf_emulate"] = "writes to page tables, emulated"
	means["pf_fixed"] = "faults mended in the shadow"
	means["cr3"] = "loads of CR3"
	means["guest_tables_peak"] = "most guest tables shadowed at once"
	means["shadow_peak"] = "most shadow pages at once"
	means["bytes"] = "bytes of page tables read and written"
	means["zen2-2019"] = "modelled cycles on zen2-2019"
	means["nested-cloud"] = "modelled cycles on nested-cloud"
	means["zen2-2019:executing"] = "instructions, exceptions, flushes"
	means["zen2-2019:caches"] = "instruction and data caches"
	means["zen2-2019:walks"] = "second TLB and page walks"
	means["zen2-2019:nested"] = "the nested dimension of page walks"
	means["zen2-2019:switches"] = "world switches"
}
FNR == NR && /^# / {
	key = $2
	sub(/:$/, "", key)
	about[key] = substr($0, length($2) + 4)
	next
}
FNR == NR && !("ops" in column) {
	n = split($0, name, ",")
	for (i = 1; i <= n; i++)
		column[name[i]] = i
	next
}
FNR == NR {
	split($0, cell, ",")
	if (!((cell[1] "," cell[2] "," cell[3]) in row)) # of several runs the first that has it
		row[cell[1] "," cell[2] "," cell[3]] = $0
	next
}
/^<!-- end -->/ {
	skip = 0
}
skip {
	next
}
/^<!-- (figures|bars|map)/ || asking {
	print
	asking = 1
	if ($0 !~ /-->$/) { # a table's head, or one of its lines
		if (/^<!-- figures: /)
			head = substr($0, 15)
		else
			lines[++nr_lines] = $0
		next
	}
	asking = 0
	skip = 1
	text = $0
	sub(/ -->$/, "", text)
	if (text ~ /^<!-- bars /) {
		name_of = text
		sub(/^<!-- bars /, "", name_of)
		sub(/:.*/, "", name_of)
		sub(/^[^:]*: /, "", text)
		bars(name_of, text)
	} else if (text ~ /^<!-- map /) {
		name_of = text
		sub(/^<!-- map /, "", name_of)
		sub(/:.*/, "", name_of)
		sub(/^[^:]*: /, "", text)
		map(name_of, text)
	} else {
		if ($0 != "-->")
			fail("a table's comment ends with a line of its own")
		table(head, lines, nr_lines)
		nr_lines = 0
	}
	next
}
/^ *<!--= / { # which would be a block of HTML, with all of its line
	fail("a line begins with a figure")
}
{
	print filled($0)
}
END {
	if (!failed && (skip || asking)) {
		print "fill.awk: a table or picture does not end" >"/dev/stderr"
		exit 1
	}
	exit failed
}
