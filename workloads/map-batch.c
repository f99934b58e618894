/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A large range mapped in one go: mmap with MAP_POPULATE, a driver's buffer, a
 * process's image at exec. The handler-less way: entries first, touches later.
 *
 * Phase "map": 511 entries of each live L1 are written (its first entry is in
 * use). Phase "touch": each of the pages is written to for the first time. A
 * policy that traps writes pays in the first phase, one that lets the table
 * go out of sync pays in the second. Serves: T8, T12, T28.
 */
#include "lib/batch.h"
#include "lib/window.h"

static bool window;

WINDOW_INLINE void map_all_by(bool by_window)
{
	for (ulong t = 0; t < tables; t++) {
		pte_t *l1 = window_open(by_window, slots + t * PT_ENTRIES);
		ulong entry = (frames + t * L1_BYTES) | PTE_USER_DATA;

		for (unsigned i = 1; i < PT_ENTRIES; i++)
			pte_set(&l1[i], entry + i * PAGE_SIZE);
		window_close(by_window);
	}
}

static void map_all(void)
{
	if (window)
		map_all_by(true);
	else
		map_all_by(false);
}

void workload_main(void)
{
	ulong root;

	window = window_asked();
	root = pt_new_root();
	batch_prepare(root);
	batch_run(root);
}
