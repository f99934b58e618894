/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hybrid: a domain's shadows are `adaptive`'s while it has any. When it is under nested paging instead, and why, is no part's decision:
 * hv/shadow/core/paging_hybrid.c.
 */
#include "adaptive.h"
