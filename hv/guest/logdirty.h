/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Log-dirty: which frames of a domain's memory were written since they were last clean.
 * One bit for each frame, in the order in which its memory lies in the domU pool, and one for each word of those bits that is not 0;
 * the bitmap exists only while log-dirty is on.
 *
 * Must hold while it is on: no entry that hardware uses maps a clean frame writable, and
 * whatever writes to guest memory by another way marks the frame: emulation, hypercalls,
 * accessed and dirty bits set in the guest's tables.
 */
#ifndef GUEST_LOGDIRTY_H
#define GUEST_LOGDIRTY_H

#include "vcpu.h"

/* A bitmap in which every frame is clean. False: out of memory. */
bool log_dirty_begin(struct domain *d);
void log_dirty_end(struct domain *d);

/* The frame was written. Several vCPUs may call this at once. */
void log_dirty_set(struct domain *d, mfn_t mfn);

/*
 * The bits of frames [first, first + frames), `first` a multiple of 64, into buf, lowest first, in
 * whole words of 64; bits beyond are clear. If `clean`, they are clean from now on: their write access is
 * for the caller to take. Returns how many were dirty.
 */
u64 log_dirty_read(struct domain *d, u64 first, u64 frames, void *buf, bool clean);

/* The first dirty frame from `n` on and before `end`; `end`: there is none. */
u64 log_dirty_next(const struct domain *d, u64 n, u64 end);

static inline void log_dirty_mark(struct domain *d, mfn_t mfn)
{
	if (unlikely(d->log_dirty))
		log_dirty_set(d, mfn);
}

/* Does log-dirty allow an entry that maps the frame writable? */
static inline bool log_dirty_may_write(const struct domain *d, mfn_t mfn)
{
	u64 n = mfn.n - d->first_mfn.n;

	return likely(!d->log_dirty) || d->log_dirty[n / 64] & BIT(n % 64);
}

#endif
