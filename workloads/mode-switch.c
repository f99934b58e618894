/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guests that change their paging mode: boot loaders, BIOS calls, suspend. Two-level guests visit PAE, PAE guests two-level
 * paging, 64-bit guests PAE.
 *
 * Phases, an operation is one round trip: "toggle": paging off and on; "visit": to the other mode, where one page is read,
 * and back; "shared": the same, and before it the entry of that page is changed. It stands in an L1 that is a table of
 * both modes at once, each of which must see the change. Serves: T22, T26.
 */
#include "lib/mode.h"

#define CR4_PSE  0x10
#define CR4_PAE  0x20
#define CR4_LA57 0x1000
#define THERE_VA 0x40000000 /* where the other mode has the page: entry 0 of the shared L1 */
#define FLAGS    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

static ulong root, there, frames[2];
static pte_t *shared; /* entry 0 of the L1 that both modes use */

/* Here, the code has its physical address as well. */
static void map_code(void)
{
	ulong pa = virt_to_phys(mode_code) & ~(PAGE_SIZE - 1ul);

	need((pa ^ virt_to_phys(mode_code + MODE_CODE_BYTES - 1)) < PAGE_SIZE, "the code crosses a page");
	pt_map(pt_populate(root, pa, 1), pa, 1, FLAGS);
}

/* The other mode's tables, of 4-byte or of 8-byte entries: code and the shared L1. Both lie in the first entry of their tables. */
static void there_two_level(ulong code)
{
	u32 *table = phys_to_virt(there), *l1;
	ulong pa = pages_alloc(1);

	l1 = phys_to_virt(pa);
	table[code >> 22] = pa | FLAGS;
	l1[code >> 12 & 1023] = code | FLAGS;
	table[THERE_VA >> 22] = (virt_to_phys(shared) & ~(PAGE_SIZE - 1ul)) | FLAGS;
}

static void there_pae(ulong code)
{
	u64 *table = phys_to_virt(there), *l1, *l2;
	ulong low = pages_alloc(1), data = pages_alloc(1), pa = pages_alloc(1);

	table[0] = low | PTE_P;
	table[THERE_VA >> 30] = data | PTE_P;
	l2 = phys_to_virt(low);
	l2[code >> 21] = pa | FLAGS;
	l1 = phys_to_virt(pa);
	l1[code >> 12 & 511] = code | FLAGS;
	l2 = phys_to_virt(data);
	l2[0] = (virt_to_phys(shared) & ~(PAGE_SIZE - 1ul)) | FLAGS;
}

static void prepare(struct mode_trip *t)
{
	ulong code = virt_to_phys(mode_code) & ~(PAGE_SIZE - 1ul);

	root = pt_new_root();
	there = pages_alloc(1);
	shared = pt_populate(root, USER_BASE, 1);
	for (unsigned i = 0; i < 2; i++) {
		frames[i] = pages_alloc(1);
		*(u32 *)phys_to_virt(frames[i]) = 0x1000 + i;
	}
	pt_map(shared, frames[0], 1, FLAGS);
	map_code();
	if (PT_LEVELS == 3)
		there_two_level(code);
	else
		there_pae(code);
	write_cr3(root);
	t->here_cr3 = root;
	t->here_cr4 = read_cr4();
	t->there_cr3 = there;
	t->there_cr4 = (t->here_cr4 & ~(ulong)(CR4_PAE | CR4_LA57)) | (PT_LEVELS == 3 ? CR4_PSE : CR4_PAE);
	t->va = THERE_VA;
}

static ulong toggle(ulong ops)
{
	ulong wrong = 0;

	for (ulong i = 0; i < ops; i++) {
		mode_toggle();
		wrong += peek32(USER_BASE) != 0x1000;
	}
	return wrong;
}

static ulong visit(const struct mode_trip *t, ulong ops)
{
	ulong wrong = 0;

	for (ulong i = 0; i < ops; i++)
		wrong += mode_trip(t) != 0x1000;
	return wrong;
}

static ulong share(const struct mode_trip *t, ulong ops)
{
	ulong wrong = 0;

	for (ulong i = 0; i < ops; i++) {
		unsigned other = ~i & 1;

		pte_set(shared, frames[other] | FLAGS);
		wrong += mode_trip(t) != 0x1000 + other;
		wrong += peek32(USER_BASE) != 0x1000 + other;
	}
	return wrong;
}

void workload_main(void)
{
	ulong ops = param("ops", 100, 1, 100000), wrong;
	struct mode_trip t;

	prepare(&t);
	wrong = toggle(1) + visit(&t, 1) + share(&t, 2);
	pte_set(shared, frames[0] | FLAGS);
	write_cr3(root);

	region_begin("toggle");
	wrong += toggle(ops);
	region_end(ops);

	region_begin("visit");
	wrong += visit(&t, ops);
	region_end(ops);

	region_begin("shared");
	wrong += share(&t, ops);
	region_end(ops);
	need(!wrong, "%lu reads went to another page", wrong);
}
