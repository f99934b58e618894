/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest frames to machine frames: one flat array a domain, d->p2m. An entry is
 * a machine frame inside [first_mfn, first_mfn + nr_pages) or P2M_NONE, which
 * means that no memory is there (a device or nothing).
 *
 * The domain builder calls p2m_init once, then p2m_map for every range, and only
 * then paging_domain_init. Later changes go through paging_remove_frame and paging_add_frame.
 */
#ifndef GUEST_P2M_H
#define GUEST_P2M_H

#include "vcpu.h"

/* Room for `frames` guest frames, none of them backed. False: out of memory. */
bool p2m_init(struct domain *d, u64 frames);
void p2m_destroy(struct domain *d);

/* Back `frames` guest frames from `gfn` on by machine frames from `mfn` on. False: a frame lies outside p2m or the
 * domain's memory. */
bool p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, u64 frames);

/* The machine frame behind a guest frame, INVALID_MFN if there is none. */
static inline mfn_t p2m_lookup(const struct domain *d, gfn_t gfn)
{
	u32 m;

	if (unlikely(gfn.n >= d->p2m_frames))
		return INVALID_MFN;
	m = d->p2m[gfn.n];
	return unlikely(m == P2M_NONE) ? INVALID_MFN : MFN(m);
}

#endif
