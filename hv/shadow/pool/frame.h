/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine knows of each frame of a domain's memory. d->frame is indexed
 * by machine frame number, so that a frame is found from a shadow entry and from the p2m
 * alike, without a second table. Only the domain's own frames have room there: the
 * pointer is biased by its first.
 *
 * Must hold whenever no fault is being handled:
 *  - writable is the number of leaf shadow entries that map the frame with PTE_RW;
 *  - shadows lists every shadow page that is kept in step with the frame as a guest table;
 *  - a frame whose sync part forbids the guest to write it has writable == 0.
 */
#ifndef SHADOW_FRAME_H
#define SHADOW_FRAME_H

#include "plat.h"

struct sh_page;

struct frame_info {
	struct sh_page *shadows; /* linked by sh_page.same_frame */
	u32 writable;
	u32 seen; /* the audit's own count */
};

/* For a frame that p2m or a shadow entry of this domain names. */
static inline struct frame_info *frame_of(const struct domain *d, mfn_t mfn)
{
	return &d->frame[mfn.n];
}

#endif
