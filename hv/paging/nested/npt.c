/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and freeing the nested page table. Its pages come one by one from plat_alloc_pages. */
#include "npt.h"

/* Can the 2 MiB from gfn on be one entry? */
static bool is_large(const struct domain *d, gfn_t gfn)
{
	u32 mfn = d->p2m[gfn.n];

	if (!npt_large_entries || gfn.n % NESTED_LARGE_FRAMES || mfn % NESTED_LARGE_FRAMES ||
	    gfn.n + NESTED_LARGE_FRAMES > d->p2m_frames)
		return false;
	for (u32 i = 1; i < NESTED_LARGE_FRAMES; i++)
		if (d->p2m[gfn.n + i] != mfn + i)
			return false;
	return true;
}

bool npt_build(struct domain *d)
{
	void *root = plat_alloc_pages(1);

	if (!root)
		return false;
	d->npt_root = plat_virt_to_mfn(root);
	for (u64 g = 0; g < d->p2m_frames; g++) {
		bool large;
		u64 *e;

		if (d->p2m[g] == P2M_NONE)
			continue;
		large = is_large(d, GFN(g));
		e = nested_entry(d->npt_root, g, large ? 2 : 1);
		if (!e) {
			npt_destroy(d);
			return false;
		}
		*e = mfn_to_hpa(MFN(d->p2m[g])) | NPT_RIGHTS | (large ? PTE_PS : 0);
		g += large ? NESTED_LARGE_FRAMES - 1 : 0;
	}
	return true;
}

/* ---- single frames: log-dirty, and a p2m that changes ---- */

bool npt_set(struct domain *d, gfn_t gfn, bool write)
{
	u64 *e = nested_small_entry(d->npt_root, gfn.n);
	u32 mfn = d->p2m[gfn.n];

	if (e)
		*e = mfn == P2M_NONE ? 0 : mfn_to_hpa(MFN(mfn)) | (write ? NPT_RIGHTS : NPT_RIGHTS & ~PTE_RW);
	if (e && write && d->log_dirty)
		*nested_entry(d->npt_root, gfn.n, 2) |= NPT_LOGGED;
	return e;
}

bool npt_split(struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (d->p2m[g] != P2M_NONE && !nested_small_entry(d->npt_root, g))
			return false;
	return true;
}

/* A level-1 table. *left: does it map others writable? */
static u64 protect_table(u64 *table, mfn_t first, u64 frames, bool *left)
{
	u64 n = 0;

	*left = false;
	for (u32 i = 0; i < NESTED_LARGE_FRAMES; i++) {
		if (!(table[i] & PTE_RW))
			continue;
		if (pte_mfn(table[i]).n - first.n >= frames) {
			*left = true;
			continue;
		}
		table[i] &= ~PTE_RW;
		n++;
	}
	return n;
}

u64 npt_protect(struct domain *d, mfn_t first, u64 frames, bool all)
{
	u64 n = 0;

	for (u64 g = 0; g < d->p2m_frames; g += NESTED_LARGE_FRAMES) {
		u64 *e = nested_present(d->npt_root, g, 2);
		bool left;

		if (!e || !*e || !(all || *e & NPT_LOGGED))
			continue;
		n += protect_table(nested_table(*e), first, frames, &left);
		if (!left)
			*e &= ~(u64)NPT_LOGGED;
	}
	return n;
}

void npt_merge(struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++) {
		u64 *e;

		if (d->p2m[g] == P2M_NONE)
			continue;
		if (!is_large(d, GFN(g))) {
			*nested_entry(d->npt_root, g, 1) |= PTE_RW; /* there already: takes no memory */
			continue;
		}
		e = nested_entry(d->npt_root, g, 2);
		if (!(*e & PTE_PS))
			plat_free_pages(nested_table(*e), 1);
		*e = mfn_to_hpa(MFN(d->p2m[g])) | NPT_RIGHTS | PTE_PS;
		g += NESTED_LARGE_FRAMES - 1;
	}
}

void npt_destroy(struct domain *d)
{
	if (mfn_valid(d->npt_root) && d->npt_root.n)
		nested_free(d->npt_root);
	d->npt_root = INVALID_MFN;
}

bool npt_maps(const struct domain *d, gfn_t gfn)
{
	return nested_lookup(d->npt_root, gfn.n);
}
