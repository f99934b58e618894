#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# docs/hardware.md with its table of limits as abi/limits.def has them.
#
# mklimits.sh [SRCDIR] >hardware.md
set -eu
cd "${1:-$(dirname "$0")/..}"

awk '
	function text(s) { match(s, /"[^"]*"\)$/); return substr(s, RSTART + 1, RLENGTH - 3) }
	FILENAME == ARGV[1] {
		if (/^LIMIT\(/) {
			split($0, part, ", *")
			sub(/LIMIT\(/, "", part[1])
			gsub(/"/, "", part[3])
			row[++n] = "| `" part[1] "` | " part[2] " " part[3] " | " text($0) " |"
		} else if (/^LIMIT_MEMORY\(/) {
			split($0, part, ", *")
			sub(/LIMIT_MEMORY\(/, "", part[1])
			row[++n] = "| `" part[1] "` | memory | " text($0) " |"
		}
		next
	}
	/^<!-- limits/ {
		print
		print "| limit | at most | of what |"
		print "| --- | --- | --- |"
		for (i = 1; i <= n; i++) print row[i]
		skip = 1
	}
	/^<!-- end/ { skip = 0 }
	!skip
' abi/limits.def docs/hardware.md
