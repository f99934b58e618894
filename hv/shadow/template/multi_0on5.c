/* SPDX-License-Identifier: BSD-2-Clause */
/* The template for a guest with paging off on hardware with 5. */
#define GUEST_LEVELS  0
#define SHADOW_LEVELS 5
#include "multi.h"
