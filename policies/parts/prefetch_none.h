/* SPDX-License-Identifier: BSD-2-Clause */
/* prefetch: none. A fault fills the one entry that it needs. */
#ifndef PART_PREFETCH_H
#define PART_PREFETCH_H

#include "policy.h"

enum { PREFETCH_LOOKS_AROUND = 0 };

static const struct sh_prefetch prefetch_part = { .window = NULL };

#endif
