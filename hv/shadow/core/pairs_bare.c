/* SPDX-License-Identifier: BSD-2-Clause */
/* The pairs of guest and shadow levels that hardware can use: those of the hypervisor's images. */
#define HOSTED_PAIR(guest, shadow)
#include "pairs.h"
