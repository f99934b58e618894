/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of pairs, for pairs_bare.c and pairs_all.c: each says what becomes of a HOSTED_PAIR, and includes this. */
#include "engine.h"

#define PAIR(guest, shadow) extern const struct sh_mode sh_mode_##guest##on##shadow;
#include "pairs.def"
#undef PAIR

const struct sh_mode *const sh_pairs[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
#define PAIR(guest, shadow) [guest][shadow] = &sh_mode_##guest##on##shadow,
#include "pairs.def"
};
