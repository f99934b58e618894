#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# optional.sh FILE COMMAND...: makes FILE by the command. Where that cannot be done, FILE is empty, FILE.unavailable says
# why, and the build goes on: what needs the file is skipped with that reason. `rm FILE` and make try again.
set -u
file=$1
shift
mkdir -p "$(dirname "$file")"
rm -f "$file.unavailable"
log=$("$@" 2>&1) && [ -s "$file" ] && exit 0
: >"$file"
echo "$log" | grep -v '^[[:space:]]*$' | tail -n 1 >"$file.unavailable"
echo "optional: $file cannot be made, and the build goes on without it:" >&2
echo "$log" >&2
