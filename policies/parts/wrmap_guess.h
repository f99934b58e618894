/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * wrmap: guess. Operating systems map all of their memory, or all of their tables,
 * at addresses that are known: look there. The addresses are data, linear_maps.def.
 *
 * Must hold: a guess is only ever believed when the shadow entry at that address
 * maps the very frame.
 */
#ifndef PART_WRMAP_GUESS_H
#define PART_WRMAP_GUESS_H

#include "policy.h"

enum { WRMAP_GUESS_FINDS_ALL = 0 };

struct linear_map {
	u8 guest_levels, table_level; /* table_level 0: by guest physical address */
	u8 shift;
	u64 base, end;
};

#define LINEAR_GPA(levels, base, end, whose)               { levels, 0, 0, base, end },
#define LINEAR_VA(levels, table_level, base, shift, whose) { levels, table_level, shift, base, 0 },
static const struct linear_map linear_maps[] __attribute__((unused)) = {
#include "linear_maps.def"
};
#undef LINEAR_GPA
#undef LINEAR_VA

/* Bits of the address that index tables: what is above them is sign or nothing. */
SH_PART u64 guess_address_bits(u32 guest_levels)
{
	return guest_levels == 4 ? BIT(48) - 1 : BIT(32) - 1;
}

SH_PART void guess_revoke(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va)
{
	u32 levels = ROLE_GUEST_LEVELS(table->role);
	gpa_t gpa = gfn_to_gpa(GFN(table->gfn));

	if (levels != v->guest_levels) /* another vCPU's table: its addresses mean nothing below this one's root */
		return;
	va &= guess_address_bits(levels);
	for (u32 i = 0; i < ARRAY_SIZE(linear_maps) && f->writable; i++) {
		const struct linear_map *m = &linear_maps[i];

		if (m->guest_levels != levels)
			continue;
		if (m->table_level ? m->table_level != ROLE_LEVEL(table->role) : gpa >= m->end)
			continue;
		v->bytes += 8 * levels;
		if (sh_revoke_at(v, m->base + (m->table_level ? va >> m->shift : gpa), mfn))
			COUNT(v->domain, wrmap_guess_hit);
		else
			COUNT(v->domain, wrmap_guess_miss);
	}
}

static const struct sh_wrmap wrmap_guess = { .revoke = guess_revoke };

#endif
