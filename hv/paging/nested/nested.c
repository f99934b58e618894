/* SPDX-License-Identifier: BSD-2-Clause */
/* Nested page tables: finding entries, splitting large ones, freeing. */
#include "nested.h"

static u32 slot_of(u64 frame, u32 level)
{
	return frame >> 9 * (level - 1) & 511;
}

u64 *nested_entry(mfn_t root, u64 frame, u32 level)
{
	u64 *t = plat_map(root);

	for (u32 l = 4; l > level; l--) {
		u64 *e = &t[slot_of(frame, l)];

		if (!*e) {
			void *page = plat_alloc_pages(1);
			if (!page)
				return NULL;
			*e = mfn_to_hpa(plat_virt_to_mfn(page)) | NPT_RIGHTS;
		}
		t = nested_table(*e);
	}
	return &t[slot_of(frame, level)];
}

u64 *nested_present(mfn_t root, u64 frame, u32 level)
{
	u64 *t = plat_map(root);

	for (u32 l = 4; l > level; l--) {
		const u64 e = t[slot_of(frame, l)];

		if (!e)
			return NULL;
		t = nested_table(e);
	}
	return &t[slot_of(frame, level)];
}

u64 *nested_small_entry(mfn_t root, u64 frame)
{
	u64 *e = nested_entry(root, frame, 2);

	if (!e)
		return NULL;
	if (*e & PTE_PS) {
		u64 *t = plat_alloc_pages(1), large = *e & ~PTE_PS;

		if (!t)
			return NULL;
		for (u64 i = 0; i < NESTED_LARGE_FRAMES; i++)
			t[i] = large + i * PAGE_SIZE;
		*e = mfn_to_hpa(plat_virt_to_mfn(t)) | NPT_RIGHTS;
	}
	return nested_entry(root, frame, 1);
}

u64 nested_lookup(mfn_t root, u64 frame)
{
	const u64 *t = plat_map(root);

	for (u32 level = 4; level > 0; level--) {
		u64 e = t[slot_of(frame, level)];

		if (!e || level == 1 || e & PTE_PS)
			return e;
		t = nested_table(e);
	}
	return 0;
}

static void free_table(u64 *t, u32 level)
{
	for (u32 i = 0; level > 1 && i < 512; i++)
		if (t[i] && !(t[i] & PTE_PS))
			free_table(nested_table(t[i]), level - 1);
	plat_free_pages(t, 1);
}

void nested_free(mfn_t root)
{
	free_table(plat_map(root), 4);
}
