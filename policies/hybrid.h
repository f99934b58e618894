/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * hybrid: a domain's shadows are `adaptive`'s while it has any, but that they are filled by the table after a time without. When it is under nested
 * paging instead, and why, is no part's decision: hv/shadow/core/paging_hybrid.c.
 */
#include "parts/prefetch_refill.h" /* in the place of adaptive's: an image has one prefetch part, the first */

#include "adaptive.h"
