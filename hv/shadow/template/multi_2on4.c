/* SPDX-License-Identifier: BSD-2-Clause */
/* The template for a guest with 2 levels on hardware with 4. */
#define GUEST_LEVELS  2
#define SHADOW_LEVELS 4
#include "multi.h"
