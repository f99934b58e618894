/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ad: fault. The first access to a page and the first write to it fault, so that the
 * engine sets the guest's accessed and dirty bits: no shadow entry exists before the
 * first, none is writable before the second.
 */
#ifndef PART_AD_H
#define PART_AD_H

#include "policy.h"

enum { AD_HIDES_TABLES = 0 };

SH_PART bool fault_may_map(u64 guest_entry)
{
	return guest_entry & PTE_A;
}
SH_PART bool fault_may_write(u64 guest_entry)
{
	return guest_entry & PTE_D;
}
SH_PART bool fault_unmarked(u64 all, u64 leaf, bool write)
{
	return !(all & PTE_A) || (write && !(leaf & PTE_D));
}

static const struct sh_ad ad_part = {
	.may_map = fault_may_map,
	.may_write = fault_may_write,
	.unmarked = fault_unmarked,
};

#endif
