/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pair of guest and shadow levels that the template can make: those of hosted builds. */
#include "engine.h"

extern const struct sh_mode sh_mode_0on2, sh_mode_0on3, sh_mode_0on4, sh_mode_0on5, sh_mode_2on2, sh_mode_2on3, sh_mode_2on4,
	sh_mode_2on5, sh_mode_3on3, sh_mode_3on4, sh_mode_3on5, sh_mode_4on4, sh_mode_4on5, sh_mode_5on5;

const struct sh_mode *const sh_pairs[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
	[0][2] = &sh_mode_0on2, [0][3] = &sh_mode_0on3, [0][4] = &sh_mode_0on4, [0][5] = &sh_mode_0on5, [2][2] = &sh_mode_2on2,
	[2][3] = &sh_mode_2on3, [2][4] = &sh_mode_2on4, [2][5] = &sh_mode_2on5, [3][3] = &sh_mode_3on3, [3][4] = &sh_mode_3on4,
	[3][5] = &sh_mode_3on5, [4][4] = &sh_mode_4on4, [4][5] = &sh_mode_4on5, [5][5] = &sh_mode_5on5,
};
