/* SPDX-License-Identifier: BSD-2-Clause */
/* The template for a guest with paging off on hardware with 3. */
#define GUEST_LEVELS  0
#define SHADOW_LEVELS 3
#include "multi.h"
