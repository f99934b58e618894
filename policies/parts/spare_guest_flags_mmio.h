/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spare: guest_flags_mmio. As guest_flags, and a third bit marks an entry whose guest entry maps
 * a device: the frame stands in the entry itself (the shadow2 slides: "by putting a page's MMIO
 * status in the third spare bit, we can also fast-path faults to MMIO space"). guest_flags.h says what
 * must hold; the engine asks the p2m besides, so an entry that outlives a change of it misleads nobody.
 */
#ifndef PART_SPARE_H
#define PART_SPARE_H

#include "guest_flags.h"

enum { SPARE_NEEDS_SYNC = 1 };

SH_PART u64 flags_mmio_absent(u64 guest_entry, enum sh_absent why)
{
	if (why == SH_ABSENT_GUEST)
		return FLAG_ABSENT;
	if (why == SH_ABSENT_MMIO)
		return (guest_entry & (PTE_ADDR | PTE_RW | PTE_US | PTE_A | PTE_D)) | FLAG_MMIO;
	return 0;
}

SH_PART enum sh_answer flags_mmio_answer(u64 entry, u32 pfec)
{
	if (!(pfec & PFEC_P) && (entry & (PTE_P | FLAG_MMIO)) == FLAG_MMIO)
		return SH_ANSWER_MMIO;
	return guest_flags_answer(entry, pfec);
}

static const struct sh_spare spare_part = {
	.absent = flags_mmio_absent,
	.flags = guest_flags_present,
	.answer = flags_mmio_answer,
	.keeps_mmio = true,
};

#endif
