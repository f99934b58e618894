/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits in which a leaf shadow entry remembers what its guest entry says, for the
 * parts guest_flags and guest_flags_mmio. Software may use bits 9 to 11 of a present entry, and all
 * but bit 0 of an absent one: hardware looks at none of them, whatever the paging mode. (Xen gives its
 * entries reserved bits instead, so that the error code tells; 32-bit tables have none
 * to give, and what walks the shadow finds the entry in one more load.)
 *
 * Must hold in a page that is in sync, or the guest is told a fault that is not its own:
 *  - an entry with FLAG_ABSENT stands for a guest entry that is not present;
 *  - a present entry with FLAG_READ_ONLY stands for one without PTE_RW;
 *  - an entry with FLAG_MMIO has frame, rights, accessed and dirty bit of a guest entry that
 *    maps no memory.
 * An entry of zero says nothing.
 */
#ifndef PART_GUEST_FLAGS_H
#define PART_GUEST_FLAGS_H

#include "policy.h"

#define FLAG_ABSENT    BIT(9)
#define FLAG_READ_ONLY BIT(10)
#define FLAG_MMIO      BIT(11)

SH_PART u64 guest_flags_present(u64 guest_entry)
{
	return guest_entry & PTE_RW ? 0 : FLAG_READ_ONLY;
}

SH_PART enum sh_answer guest_flags_answer(u64 entry, u32 pfec)
{
	if (!(pfec & PFEC_P) && entry == FLAG_ABSENT)
		return SH_ANSWER_ABSENT;
	if (pfec & PFEC_P && pfec & PFEC_W && (entry & (PTE_P | FLAG_READ_ONLY)) == (PTE_P | FLAG_READ_ONLY))
		return SH_ANSWER_READ_ONLY;
	return SH_ANSWER_NONE;
}

#endif
