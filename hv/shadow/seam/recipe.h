/* SPDX-License-Identifier: BSD-2-Clause */
/* The one recipe that this compilation is for. */
#ifndef SHADOW_RECIPE_H
#define SHADOW_RECIPE_H

#include RECIPE_HEADER
#include "kept.h"
#include "policy_check.h"

#endif
