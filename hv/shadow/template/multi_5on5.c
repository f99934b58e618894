/* SPDX-License-Identifier: BSD-2-Clause */
/* The template for a guest with 5 levels on hardware with 5. */
#define GUEST_LEVELS  5
#define SHADOW_LEVELS 5
#include "multi.h"
