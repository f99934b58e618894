/* SPDX-License-Identifier: BSD-2-Clause */
/* The pairs of guest and shadow levels that hardware can use: those of the hypervisor's images. */
#include "engine.h"

extern const struct sh_mode sh_mode_0on2, sh_mode_0on3, sh_mode_2on2, sh_mode_2on3, sh_mode_3on3, sh_mode_4on4, sh_mode_5on5;

const struct sh_mode *const sh_pairs[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
	[0][2] = &sh_mode_0on2, [0][3] = &sh_mode_0on3, [2][2] = &sh_mode_2on2, [2][3] = &sh_mode_2on3,
	[3][3] = &sh_mode_3on3, [4][4] = &sh_mode_4on4, [5][5] = &sh_mode_5on5,
};
