/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * spare: guest_flags. Entries remember the guest's present and writable bits, so that a
 * fault which is the guest's own is propagated without a look at its tables (the shadow2 slides'
 * future optimisation 2, after Virtual Iron). guest_flags.h says what must hold.
 */
#ifndef PART_SPARE_H
#define PART_SPARE_H

#include "guest_flags.h"

enum { SPARE_NEEDS_SYNC = 1 };

SH_PART u64 flags_absent(u64 guest_entry, enum sh_absent why)
{
	return why == SH_ABSENT_GUEST ? FLAG_ABSENT : 0;
}

static const struct sh_spare spare_part = {
	.absent = flags_absent,
	.flags = guest_flags_present,
	.answer = guest_flags_answer,
};

#endif
