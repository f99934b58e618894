/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: mine, the model solution. In a guest whose root maps itself, as 64-bit Windows' does, the entry for va stands at BASE + (va >> 12) * 8, the
 * entry for that address at the same of that address, and so on up: a table of level n appears after n such steps, and the root, which is a table of
 * every level, after more of them. The frame was zeroed before, in the kernel's own map of all memory.
 *
 * Must hold: write access is only taken from a shadow entry that maps the very frame (sh_revoke_at sees to that).
 */
#ifndef PART_WRMAP_MINE_H
#define PART_WRMAP_MINE_H

#include "policy.h"

/* By levels of the guest's tables: where the entries of all pages begin, where all memory does, and the bits of an address that are translated. */
static const struct {
	u64 entries, memory, bits;
} mine_maps[] = {
	[4] = { 0xfffff68000000000, 0xffff888000000000, BIT(48) - 1 },
	[5] = { 0xffed000000000000, 0xff11000000000000, BIT(57) - 1 },
};

SH_PART void mine_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	const u32 levels = ROLE_GUEST_LEVELS(table->role);
	gva_t at = va;

	if (levels < 4 || levels != v->guest_levels) /* another vCPU's table: its addresses mean nothing below this one's root */
		return;
	v->bytes += 8 * levels;
	sh_revoke_at(v, mine_maps[levels].memory + gfn_to_gpa(GFN(table->gfn)), mfn);
	for (u32 level = 1; level <= levels && f->writable; level++) {
		at = mine_maps[levels].entries + ((at & mine_maps[levels].bits) >> 12) * 8;
		v->bytes += 8 * levels;
		if (level >= ROLE_LEVEL(table->role))
			sh_revoke_at(v, at, mfn);
	}
}

static const struct sh_wrmap wrmap_mine = { .revoke = mine_revoke };

#endif
