/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The fence: what a guest reaches that hardware lets point CR3 at tables of its own (plat_cr3_unseen).
 *
 * Under shadow paging a guest's CR3 is never hardware's, and the shadows map nothing but the domain's memory. A 32-bit
 * guest's hardware task switch loads CR3 from a TSS: where the machine has no intercept of it, the guest then names the tables
 * itself. So there a vCPU outside of long mode, which has no task switches, runs with nested paging on, over a
 * table that maps to themselves the frames that the p2m names and hardware's half of the shadow pool
 * (pool.h), and nothing else. Hardware counts its walks as writes, so that half is writable, and a guest that has
 * gone wild may rewrite its shadows: the engine reads none of it.
 *
 * Must hold before a vCPU runs behind it: a frame is mapped if and only if the p2m names it or the pool has it there.
 * What leaves is followed by a TLB flush of all vCPUs, the caller's affair.
 */
#ifndef PAGING_FENCE_H
#define PAGING_FENCE_H

#include "nested.h"
#include "p2m.h"

/* Put up a fence around the p2m's frames, by 2 MiB where they lie so. The machine must need one. False: out of memory. */
bool fence_init(struct domain *d);
void fence_destroy(struct domain *d);

/* Has the domain a fence? */
static inline bool fence_is_up(const struct domain *d)
{
	return d->fence_root.n;
}

/* Frames of the pool come, all or (false: out of memory) none; and go. */
bool fence_add(struct domain *d, mfn_t first, u64 frames);
void fence_remove(struct domain *d, mfn_t first, u64 frames);

/*
 * A frame of the domain's whose place in the p2m changes. Before: an entry of its own, so that the change cannot fail; false: out of
 * memory. After: as the p2m has it now. Where no fence is up there is nothing to do.
 */
bool fence_prepare(struct domain *d, mfn_t mfn);
void fence_follow(struct domain *d, mfn_t mfn);

#endif
