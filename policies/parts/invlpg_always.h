/* SPDX-License-Identifier: BSD-2-Clause */
/* invlpg: always. Each INVLPG of the guest's exits, as in every hypervisor of the recipes' time. */
#ifndef PART_INVLPG_H
#define PART_INVLPG_H

enum { INVLPG_EXITS_ALWAYS = 1 };

#endif
