/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A large range taken away in one go: munmap, or a process that dies.
 *
 * Phase "unmap": every entry of each L1 is cleared, one by one, as the pages
 * were in use. Phase "reload": the CR3 load that makes it so; its operations are
 * the cleared entries, so that work put off until then is seen an entry.
 * Serves: T8, T9.
 */
#include "lib/window.h"

static void clear_all(pte_t *slots, ulong n)
{
	for (ulong i = 0; i < n; i++)
		pte_clear(&slots[i]);
}

static void clear_all_window(pte_t *slots, ulong n)
{
	for (; n; n -= PT_ENTRIES, slots += PT_ENTRIES) {
		clear_all(window_open(true, slots), PT_ENTRIES);
		window_close(true);
	}
}

void workload_main(void)
{
	void (*const clear)(pte_t *, ulong) = window_asked() ? clear_all_window : clear_all;
	ulong tables = param("tables", 2, 1, 64), pages = tables * PT_ENTRIES;
	ulong frames = pages_alloc(pages), root = pt_new_root();
	pte_t *slots = pt_populate(root, USER_BASE, pages);

	pt_map(slots, frames, pages, PTE_USER_DATA);
	write_cr3(root);
	for (ulong i = 0; i < pages; i++)
		poke(USER_BASE + i * PAGE_SIZE, i);

	region_begin("unmap");
	clear(slots, pages);
	region_end(pages);

	region_begin("reload");
	write_cr3(root);
	region_end(pages);

	for (ulong i = 0; i < pages; i++) {
		need(read_faults(USER_BASE + i * PAGE_SIZE), "page %lu is still there", i);
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == i, "page %lu lost what was written", i);
	}
}
