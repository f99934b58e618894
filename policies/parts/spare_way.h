/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spare: way. Not-present shadow entries remember nothing, but the tables down to a device's entry are shadowed, so
 * that faults there, like those that are the guest's own, are answered from one entry of the guest's: by
 * instructions that is less than keeping a memory of it in step.
 */
#ifndef PART_SPARE_H
#define PART_SPARE_H

#include "policy.h"

enum { SPARE_NEEDS_SYNC = 0 };

SH_PART u64 way_absent(u64 guest_entry, enum sh_absent why)
{
	return 0;
}

static const struct sh_spare spare_part = { .absent = way_absent, .keeps_mmio = true };

#endif
