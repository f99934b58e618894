/* SPDX-License-Identifier: BSD-2-Clause */
/* Building and freeing the nested page table. Its pages come one by one from plat_alloc_pages. */
#include "npt.h"

#include "plat.h"

#define LARGE_FRAMES 512u

static u64 *table_of(u64 e)
{
	return plat_map(pte_mfn(e));
}
static u32 slot_of(gfn_t gfn, u32 level)
{
	return gfn.n >> 9 * (level - 1) & 511;
}

/* The entry for gfn at `level`, with the tables above it; NULL: out of memory. */
static u64 *entry_for(struct domain *d, gfn_t gfn, u32 level)
{
	u64 *t = plat_map(d->npt_root);

	for (u32 l = 4; l > level; l--) {
		u64 *e = &t[slot_of(gfn, l)];

		if (!*e) {
			void *page = plat_alloc_pages(1);
			if (!page)
				return NULL;
			*e = mfn_to_hpa(plat_virt_to_mfn(page)) | NPT_RIGHTS;
		}
		t = table_of(*e);
	}
	return &t[slot_of(gfn, level)];
}

/* Can the 2 MiB from gfn on be one entry? */
static bool is_large(const struct domain *d, gfn_t gfn)
{
	u32 mfn = d->p2m[gfn.n];

	if (gfn.n % LARGE_FRAMES || mfn % LARGE_FRAMES || gfn.n + LARGE_FRAMES > d->p2m_frames)
		return false;
	for (u32 i = 1; i < LARGE_FRAMES; i++)
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
		e = entry_for(d, GFN(g), large ? 2 : 1);
		if (!e) {
			npt_destroy(d);
			return false;
		}
		*e = mfn_to_hpa(MFN(d->p2m[g])) | NPT_RIGHTS | (large ? PTE_PS : 0);
		g += large ? LARGE_FRAMES - 1 : 0;
	}
	return true;
}

/* ---- single frames: log-dirty, and a p2m that changes ---- */

/* The level-1 entry for gfn, the large entry above it split. NULL: out of memory. */
static u64 *small_entry(struct domain *d, gfn_t gfn)
{
	u64 *e = entry_for(d, gfn, 2);

	if (!e)
		return NULL;
	if (*e & PTE_PS) {
		u64 *t = plat_alloc_pages(1), large = *e & ~PTE_PS;

		if (!t)
			return NULL;
		for (u64 i = 0; i < LARGE_FRAMES; i++)
			t[i] = large + i * PAGE_SIZE;
		*e = mfn_to_hpa(plat_virt_to_mfn(t)) | NPT_RIGHTS;
	}
	return entry_for(d, gfn, 1);
}

bool npt_set(struct domain *d, gfn_t gfn, bool write)
{
	u64 *e = small_entry(d, gfn);
	u32 mfn = d->p2m[gfn.n];

	if (e)
		*e = mfn == P2M_NONE ? 0 : mfn_to_hpa(MFN(mfn)) | (write ? NPT_RIGHTS : NPT_RIGHTS & ~PTE_RW);
	return e;
}

bool npt_split(struct domain *d)
{
	for (u64 g = 0; g < d->p2m_frames; g++)
		if (d->p2m[g] != P2M_NONE && !small_entry(d, GFN(g)))
			return false;
	return true;
}

u64 npt_protect(struct domain *d, mfn_t first, u64 frames)
{
	u64 n = 0;

	for (u64 g = 0; g < d->p2m_frames; g++) {
		u64 *e;

		if (d->p2m[g] == P2M_NONE || d->p2m[g] - first.n >= frames)
			continue;
		e = small_entry(d, GFN(g)); /* split already: takes no memory */
		n += (*e & PTE_RW) != 0;
		*e &= ~PTE_RW;
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
			*entry_for(d, GFN(g), 1) |= PTE_RW; /* there already: takes no memory */
			continue;
		}
		e = entry_for(d, GFN(g), 2);
		if (!(*e & PTE_PS))
			plat_free_pages(table_of(*e), 1);
		*e = mfn_to_hpa(MFN(d->p2m[g])) | NPT_RIGHTS | PTE_PS;
		g += LARGE_FRAMES - 1;
	}
}

static void free_table(u64 *t, u32 level)
{
	for (u32 i = 0; level > 1 && i < 512; i++)
		if (t[i] && !(t[i] & PTE_PS))
			free_table(table_of(t[i]), level - 1);
	plat_free_pages(t, 1);
}

void npt_destroy(struct domain *d)
{
	if (mfn_valid(d->npt_root) && d->npt_root.n)
		free_table(plat_map(d->npt_root), 4);
	d->npt_root = INVALID_MFN;
}

bool npt_maps(const struct domain *d, gfn_t gfn)
{
	const u64 *t = plat_map(d->npt_root);

	for (u32 level = 4; level > 0; level--) {
		u64 e = t[slot_of(gfn, level)];

		if (!e || level == 1 || e & PTE_PS)
			return e;
		t = table_of(e);
	}
	return false;
}
