/* SPDX-License-Identifier: BSD-2-Clause */
/* prefetch: none. A fault fills the one entry that it needs. */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "policy.h"

enum { PREFETCH_READS_TABLES = 0 };

SH_PART void none_filled(struct vcpu *v, struct sh_page *leaf, u32 slot) {}

static const struct sh_prefetch prefetch_part = { .filled = none_filled };

#endif
