/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pair of guest and shadow levels that the template can make: those of hosted builds. */
#define HOSTED_PAIR(guest, shadow) PAIR(guest, shadow)
#include "pairs.h"
