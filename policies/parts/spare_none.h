/* SPDX-License-Identifier: BSD-2-Clause */
/* spare: none. A not-present shadow entry is zero and remembers nothing. */
#ifndef PART_SPARE_H
#define PART_SPARE_H

#include "policy.h"

enum { SPARE_NEEDS_SYNC = 0 };

SH_PART u64 none_absent(u64 guest_entry, enum sh_absent why)
{
	return 0;
}

static const struct sh_spare spare_part = { .absent = none_absent };

#endif
