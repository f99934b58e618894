/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operation costs as what there is grows: the same few operations among so many address spaces, mappings of a frame, or
 * tables. In an engine that searches for nothing, each costs the same whatever their number. The command line names what is
 * measured and how much of it there is; docs/growth.md compares sizes.
 *
 * spaces=N: "switch": N address spaces in turn, one page touched in each. The domain's pool has pages for four fifths of them, so that
 * each switch takes pages away from another.
 * aliases=N: one frame mapped N times. "unalias": the mappings go in the order in which they were made, an INVLPG after each;
 * "unalias-back": in reverse; "promote": the frame becomes a page table, which is used, and CR3 is loaded: by then, none of its mappings
 * may be written through unseen.
 * tables=N: level-1 tables in use. "in-turn": one entry written in each, several times round, nothing loaded meanwhile, an operation a
 * write; "resync": one entry written in each, then CR3; "touched": the same with a CR3 load after each. An operation is a table.
 */
#include "lib/guest.h"

#define L1_BYTES (PT_ENTRIES * PAGE_SIZE)
#define ROUNDS   4 /* of "switch" and "in-turn" */

/* ---- spaces ---- */

struct space {
	ulong root, frame;
};

static struct space *space;

static void space_init(struct space *s)
{
	s->root = pt_new_root();
	s->frame = pages_alloc(1);
	pt_map(pt_populate(s->root, USER_BASE, 1), s->frame, 1, PTE_USER_DATA);
}

static void round_of_spaces(ulong n, ulong value)
{
	for (ulong i = 0; i < n; i++) {
		write_cr3(space[i].root);
		poke(USER_BASE, value + i);
	}
}

static void measure_spaces(ulong n)
{
	ulong boot = read_cr3();

	space = phys_to_virt(pages_alloc(n * sizeof(*space) / PAGE_SIZE + 1));
	for (ulong i = 0; i < n; i++)
		space_init(&space[i]);
	round_of_spaces(n, 0);

	region_begin("switch");
	for (ulong round = 1; round <= ROUNDS; round++)
		round_of_spaces(n, round * n);
	region_end(ROUNDS * n);

	write_cr3(boot);
	for (ulong i = 0; i < n; i++) {
		ulong value = *(ulong *)phys_to_virt(space[i].frame);

		need(value == ROUNDS * n + i, "space %lu holds %lu", i, value);
	}
}

/* ---- aliases ---- */

static pte_t *alias; /* the slots that map the frame */

static inline ulong alias_va(ulong i)
{
	return USER_BASE + i * PAGE_SIZE;
}

/* Every mapping is used in its order, so that the hypervisor knows them in that order. Values are even: as entries, not present. */
static void map_aliases(ulong n, ulong frame, ulong root)
{
	for (ulong i = 0; i < n; i++)
		pt_map(&alias[i], frame, 1, PTE_USER_DATA);
	write_cr3(root);
	for (ulong i = 0; i < n; i++)
		poke(alias_va(i) + i % PT_ENTRIES * sizeof(pte_t), 2 * i);
}

static inline void unalias(ulong i)
{
	pte_clear(&alias[i]);
	invlpg(alias_va(i));
}

static void verify_unaliased(ulong n, ulong frame)
{
	const pte_t *words = phys_to_virt(frame);
	ulong first = n > PT_ENTRIES ? n - PT_ENTRIES : 0;

	for (ulong i = 0; i < n; i++)
		need(read_faults(alias_va(i)), "mapping %lu is still there", i);
	for (ulong i = first; i < n; i++)
		need((ulong)words[i % PT_ENTRIES] == 2 * i, "what was written by mapping %lu is lost", i);
}

/* The last entry of the frame is written through mapping i, as one to `page`. */
static void link_page(ulong i, ulong page)
{
	pte_set((pte_t *)(alias_va(i) + (PT_ENTRIES - 1) * sizeof(pte_t)), page | PTE_USER_DATA);
}

/* The frame as a table, and a page that it maps. A writable mapping that was left would show: what it writes, nobody would follow. */
static void promote(ulong n, ulong frame, ulong root, pte_t *link, ulong va)
{
	ulong pages = pages_alloc(n);

	for (ulong i = 0; i < n; i++)
		*(ulong *)phys_to_virt(pages + i * PAGE_SIZE) = ~i;
	link_page(0, pages);

	region_begin("promote");
	pte_set(link, frame | PTE_TABLE);
	peek(va);
	write_cr3(root);
	region_end(n);

	for (ulong i = 0; i < n; i++) {
		need(peek(va) == ~i, "page %lu is not there", i);
		link_page((i + 1) % n, pages + (i + 1) % n * PAGE_SIZE);
		write_cr3(root);
	}
}

/* Where the L2 has its entry for va. */
static pte_t *l2_slot(ulong root, ulong va)
{
	pte_t *t = phys_to_virt(root);

	for (unsigned level = PT_LEVELS; level > 2; level--)
		t = phys_to_virt(pte_get(&t[pt_index(va, level)]) & PTE_FRAME);
	return &t[pt_index(va, 2)];
}

static void measure_aliases(ulong n)
{
	ulong root = pt_new_root(), frame = pages_alloc(1), tables = (n + PT_ENTRIES - 1) / PT_ENTRIES;
	ulong linked = USER_BASE + tables * L1_BYTES, va = linked + (PT_ENTRIES - 1) * PAGE_SIZE;

	alias = pt_populate(root, USER_BASE, n);
	/* Gives the L2 its place in the shadow as well; the entry is the frame's later. */
	pt_map(pt_populate(root, va, 1), frame, 1, PTE_USER_DATA);

	map_aliases(n, frame, root);
	peek(va);
	pte_clear(l2_slot(root, va));
	write_cr3(root);

	region_begin("unalias");
	for (ulong i = 0; i < n; i++)
		unalias(i);
	region_end(n);
	verify_unaliased(n, frame);

	map_aliases(n, frame, root);
	region_begin("unalias-back");
	for (ulong i = n; i--;)
		unalias(i);
	region_end(n);
	verify_unaliased(n, frame);

	map_aliases(n, frame, root);
	promote(n, frame, root, l2_slot(root, va), va);
}

/* ---- tables ---- */

static pte_t **table; /* each one's entry 0, which is in use */
static ulong pages;   /* two frames a table, which that entry maps by turns */

static inline ulong table_va(ulong t)
{
	return USER_BASE + t * L1_BYTES;
}

static inline void point(ulong t, ulong which)
{
	pte_set(table[t], (pages + (2 * t + which) * PAGE_SIZE) | PTE_USER_DATA);
}

static void verify_tables(ulong n, ulong which)
{
	for (ulong t = 0; t < n; t++) {
		ulong seen = peek(table_va(t));

		need(seen == 2 * t + which, "table %lu shows %lu", t, seen);
	}
}

static void measure_tables(ulong n)
{
	ulong root = pt_new_root();

	pages = pages_alloc(2 * n);
	for (ulong i = 0; i < 2 * n; i++)
		*(ulong *)phys_to_virt(pages + i * PAGE_SIZE) = i;
	table = phys_to_virt(pages_alloc(n * sizeof(*table) / PAGE_SIZE + 1));
	for (ulong t = 0; t < n; t++) {
		table[t] = pt_populate(root, table_va(t), 1);
		point(t, 0);
	}
	write_cr3(root);
	for (ulong round = 0; round < 2; round++) {
		verify_tables(n, round);
		for (ulong t = 0; t < n; t++)
			point(t, !round);
		write_cr3(root);
	}
	verify_tables(n, 0);

	region_begin("in-turn");
	for (ulong i = 1; i <= ROUNDS; i++)
		for (ulong t = 0; t < n; t++)
			point(t, i & 1);
	region_end(ROUNDS * n);
	write_cr3(root);
	verify_tables(n, ROUNDS & 1);

	region_begin("resync");
	for (ulong t = 0; t < n; t++)
		point(t, 1);
	write_cr3(root);
	region_end(n);
	verify_tables(n, 1);

	region_begin("touched");
	for (ulong t = 0; t < n; t++) {
		point(t, 0);
		write_cr3(root);
	}
	region_end(n);
	verify_tables(n, 0);
}

void workload_main(void)
{
	ulong spaces = param("spaces", 0, 0, 4096), aliases = param("aliases", 0, 0, 4096), tables = param("tables", 0, 0, 4096);

	if (spaces)
		measure_spaces(spaces);
	if (aliases)
		measure_aliases(aliases);
	if (tables)
		measure_tables(tables);
}
