/* SPDX-License-Identifier: BSD-2-Clause */
/* The fence: an identity map of what a domain may reach. Two guest frames may have the same machine frame. */
#include "fence.h"

static u64 identity(u64 mfn)
{
	return mfn_to_hpa(MFN(mfn)) | NPT_RIGHTS;
}

/* Do the 2 MiB from gfn on lie in one aligned piece? */
static bool is_large(const struct domain *d, u64 gfn)
{
	u32 mfn = d->p2m[gfn];

	if (mfn == P2M_NONE || mfn % NESTED_LARGE_FRAMES || gfn + NESTED_LARGE_FRAMES > d->p2m_frames)
		return false;
	for (u32 i = 1; i < NESTED_LARGE_FRAMES; i++)
		if (d->p2m[gfn + i] != mfn + i)
			return false;
	return true;
}

static bool map_large(struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++) {
		u64 *e;

		if (!is_large(d, g))
			continue;
		e = nested_entry(d->fence_root, d->p2m[g], 2);
		if (!e)
			return false;
		*e = identity(d->p2m[g]) | PTE_PS;
		g += NESTED_LARGE_FRAMES - 1;
	}
	return true;
}

static bool map_small(struct domain *d, u64 mfn)
{
	u64 *e = nested_small_entry(d->fence_root, mfn);

	if (e)
		*e = identity(mfn);
	return e;
}

static bool map_rest(struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (d->p2m[g] != P2M_NONE && !nested_lookup(d->fence_root, d->p2m[g]) && !map_small(d, d->p2m[g]))
			return false;
	return true;
}

bool fence_init(struct domain *d)
{
	void *root = plat_alloc_pages(1);

	if (!root)
		return false;
	d->fence_root = plat_virt_to_mfn(root);
	if (map_large(d) && map_rest(d))
		return true;
	fence_destroy(d);
	return false;
}

void fence_destroy(struct domain *d)
{
	if (fence_is_up(d))
		nested_free(d->fence_root);
	d->fence_root = MFN(0);
}

bool fence_add(struct domain *d, mfn_t first, u64 frames)
{
	for (u64 i = 0; i < frames; i++)
		if (!map_small(d, first.n + i)) {
			fence_remove(d, first, i);
			return false;
		}
	return true;
}

void fence_remove(struct domain *d, mfn_t first, u64 frames)
{
	for (u64 i = 0; i < frames; i++)
		*nested_small_entry(d->fence_root, first.n + i) = 0; /* there: takes no memory */
}

bool fence_prepare(struct domain *d, mfn_t mfn)
{
	return !fence_is_up(d) || nested_small_entry(d->fence_root, mfn.n);
}

static bool is_named(const struct domain *d, mfn_t mfn)
{
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (d->p2m[g] == mfn.n)
			return true;
	return false;
}

void fence_follow(struct domain *d, mfn_t mfn)
{
	if (fence_is_up(d))
		*nested_small_entry(d->fence_root, mfn.n) = is_named(d, mfn) ? identity(mfn.n) : 0;
}
