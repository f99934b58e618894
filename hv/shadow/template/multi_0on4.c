/* SPDX-License-Identifier: BSD-2-Clause */
/* The template for a guest with paging off on hardware with 4. */
#define GUEST_LEVELS  0
#define SHADOW_LEVELS 4
#include "multi.h"
