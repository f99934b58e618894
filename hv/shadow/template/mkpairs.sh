#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The template's sources, one for each pair of shadow/core/pairs.def: <dir>/multi_<guest>on<shadow>.c.
#   mkpairs.sh <dir>             makes them
#   mkpairs.sh --images | --hosted   says the names of the images', or of those that only hosted builds have
set -eu
list=$(dirname "$0")/../core/pairs.def
case $1 in
--images) sed -n 's/^PAIR(\(.\), \(.\)).*/multi_\1on\2.c/p' "$list" ;;
--hosted) sed -n 's/^HOSTED_PAIR(\(.\), \(.\)).*/multi_\1on\2.c/p' "$list" ;;
*)
	sed -n 's/^\(HOSTED_\)\{0,1\}PAIR(\(.\), \(.\)).*/\2 \3/p' "$list" | while read -r guest shadow; do
		cat >"$1/multi_${guest}on$shadow.c" <<-END
			/* Made by shadow/template/mkpairs.sh: the template for a guest with $guest levels on hardware with $shadow. */
			#define GUEST_LEVELS  $guest
			#define SHADOW_LEVELS $shadow
			#include "multi.h"
		END
	done
	;;
esac
