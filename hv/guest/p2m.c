/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and freeing the flat p2m. */
#include "p2m.h"

#include "lib.h"
#include "plat.h"

static u64 p2m_pages(u64 frames)
{
	return ALIGN_UP(frames * sizeof(u32), PAGE_SIZE) / PAGE_SIZE;
}

bool p2m_init(struct domain *d, u64 frames)
{
	d->p2m = plat_alloc_pages(p2m_pages(frames));
	if (!d->p2m)
		return false;
	d->p2m_frames = frames;
	memset(d->p2m, 0xff, frames * sizeof(u32)); /* P2M_NONE */
	return true;
}

void p2m_destroy(struct domain *d)
{
	if (d->p2m)
		plat_free_pages(d->p2m, p2m_pages(d->p2m_frames));
	d->p2m = NULL;
	d->p2m_frames = 0;
}

bool p2m_map(struct domain *d, gfn_t gfn, mfn_t mfn, u64 frames)
{
	if (gfn.n > d->p2m_frames || frames > d->p2m_frames - gfn.n)
		return false;
	if (mfn.n < d->first_mfn.n || mfn.n - d->first_mfn.n > d->nr_pages || frames > d->nr_pages - (mfn.n - d->first_mfn.n))
		return false;
	for (u64 i = 0; i < frames; i++)
		d->p2m[gfn.n + i] = (u32)(mfn.n + i);
	return true;
}
