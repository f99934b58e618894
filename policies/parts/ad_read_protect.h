/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ad: read_protect. While a guest cannot read a level-1 table, nobody sees the accessed and dirty bits in it, so
 * they are left to hardware, in the shadow, and no fault is taken for their sake. They are brought up to date in bulk
 * when the guest looks (the shadow2 slides' future optimisation 4: "propagate A&D bits back, in bulk, on demand").
 *
 * A table is hidden when it becomes one, and shown at the guest's first read of it. A shown table is as under
 * the part `fault`, until so many faults had to mark entries of it that hiding it anew looks worth
 * while (hide.c). Tables above level 1 are never hidden: their bits are set once, at the first walk.
 *
 * Must hold: frame_info.writable counts every mapping of a frame, and a hidden table has none.
 * hide.h says the rest.
 */
#ifndef PART_AD_H
#define PART_AD_H

#include "policy.h"

enum { AD_HIDES_TABLES = 1 };

SH_PART bool read_protect_may_map(u64 guest_entry)
{
	return guest_entry & PTE_A;
}
SH_PART bool read_protect_may_write(u64 guest_entry)
{
	return guest_entry & PTE_D;
}
SH_PART bool read_protect_unmarked(u64 all, u64 leaf, bool write)
{
	return !(all & PTE_A) || (write && !(leaf & PTE_D));
}

static const struct sh_ad ad_part = {
	.may_map = read_protect_may_map,
	.may_write = read_protect_may_write,
	.unmarked = read_protect_unmarked,
};

#endif
