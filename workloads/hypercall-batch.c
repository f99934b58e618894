/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * map-batch by a kernel that knows what it runs on: page-table entries are written by the
 * hypervisor, many a trip, and roots are announced and dismissed. Natively, where nobody
 * is to be asked, it writes them itself.
 *
 * Phase "map": 511 entries of each live L1 (its first entry is in use), BATCH a call, making the lists
 * included. Phase "touch": each of the pages is written to for the first time. Phase "spaces":
 * address spaces that share the tables are made by a call, pinned, loaded, used, left, and
 * unpinned. Serves: T28.
 */
#include "hypercall_abi.h"
#include "lib/batch.h"

#define BATCH  256
#define SPACES 16

KERNEL_PAGE(struct pn_mmu_update, list)
static unsigned listed;

static void submit(void)
{
	u64 pa = virt_to_phys(list());
	unsigned n = listed;

	listed = 0;
	if (!hypervisor) {
		for (unsigned i = 0; i < n; i++)
			pte_set(phys_to_virt(list()[i].entry), list()[i].value);
		return;
	}
	u32 done = hypercall(PN_HC_MMU_UPDATE, (u32)pa, (u32)(pa >> 32), n, 0);
	need(done == n, "%u of %u entries were written", done, n);
}

static inline void add(ulong entry, pte_t value)
{
	store64(&list()[listed].entry, entry);
	store64(&list()[listed].value, value);
	if (++listed == BATCH)
		submit();
}

static void map_all(void)
{
	for (ulong t = 0; t < tables; t++) {
		ulong slot = virt_to_phys(slots + t * PT_ENTRIES);
		pte_t entry = (frames + t * L1_BYTES) | PTE_USER_DATA;

		for (unsigned i = 1; i < PT_ENTRIES; i++)
			add(slot + i * sizeof(pte_t), entry + i * PAGE_SIZE);
	}
	submit();
}

/* Recipes that keep nothing for roots say so; it changes nothing. */
static void root_hint(u32 nr, u64 root)
{
	u32 answer = hypervisor ? hypercall(nr, (u32)root, (u32)(root >> 32), 0, 0) : 0;

	need(!answer || answer == PN_HC_ENOSYS, "call %u of root %llx: %x", nr, (unsigned long long)root, answer);
}

static void use_space(ulong root, ulong home)
{
	unsigned slot = pt_index(USER_BASE, PT_LEVELS);

	add(root + slot * sizeof(pte_t), pte_get((pte_t *)phys_to_virt(home) + slot));
	submit();
	root_hint(PN_HC_PIN_ROOT, root);
	write_cr3(root);
	for (unsigned i = 1; i <= 32; i++)
		poke(USER_BASE + i * PAGE_SIZE, USER_BASE + i * PAGE_SIZE);
	write_cr3(home);
	root_hint(PN_HC_UNPIN_ROOT, root);
}

void workload_main(void)
{
	ulong root = pt_new_root(), spaces[SPACES];

	batch_prepare(root);
	for (unsigned i = 0; i < SPACES; i++)
		spaces[i] = pt_new_root();
	listed = 0; /* its page is written to before anything is measured */
	batch_run(root);

	use_space(spaces[0], root);
	region_begin("spaces");
	for (unsigned i = 1; i < SPACES; i++)
		use_space(spaces[i], root);
	region_end(SPACES - 1);
}
