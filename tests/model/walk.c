/* SPDX-License-Identifier: BSD-2-Clause */
/* Page walks: what they need, counted by hand. Expected figures are in the comments' words before they are in the code. */
#include "tests/model/rig.h"

#define VA 0x12345678000ull /* in 4 and 5 levels */
#define PA 0x200000ull

/* A cold walk of n levels makes n references; the tables' pages are all different, so each comes from memory. */
START_TEST(one_dimension)
{
	static const struct {
		unsigned levels, references;
	} want[] = { { 2, 2 }, { 3, 2 /* PAE: the top entry is in the CPU */ }, { 4, 4 }, { 5, 5 } };
	uint64_t va = want[_i].levels < 4 ? 0x45678000 : VA;

	rig_begin(want[_i].levels);
	rig_map(want[_i].levels, rig_space.root, va, PA, 1, 0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(va, PA), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), want[_i].references);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 0);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_walk), 3 + want[_i].references * 1000);
	/* It is in the first TLB now. */
	ck_assert_uint_eq(rig_load(va + 100, PA + 100), 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_tlb_misses), 1);
	ck_assert_uint_eq(rig_asked, 1);
}
END_TEST

/* A neighbour's entries lie in the same lines: four references, all to the first cache. */
START_TEST(neighbour)
{
	rig_begin(4);
	rig_machine.value[MACHINE_l1d_kib] = 32;
	rig_map(4, rig_space.root, VA, PA, 1, 0);
	rig_map(4, rig_space.root, VA + 4096, PA + 4096, 1, 0);
	rig_model(&rig_machine, 1);
	rig_load(VA, PA);
	model_zero(rig);
	ck_assert_uint_eq(rig_load(VA + 4096, PA + 4096), 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_walk), 3 + 4 * 1);
	/* The walker's references may begin at the second cache. */
	rig_machine.value[MACHINE_walk_from_l2] = 1;
	rig_model(&rig_machine, 1);
	rig_load(VA, PA);
	model_zero(rig);
	rig_load(VA + 4096, PA + 4096);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_walk), 3 + 4 * 10);
}
END_TEST

/* A large page ends the walk a level earlier; one of 1 GiB two, and one of 4 MiB where CR4.PSE says that it is one. */
START_TEST(large_pages)
{
	rig_begin(4);
	rig_map(4, rig_space.root, VA, 0, 2, 0);
	rig_map(4, rig_space.root, VA + (1ull << 40), 0, 3, 0);
	rig_model(&rig_machine, 1);
	rig_load(VA, 0x78000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 3);
	ck_assert_uint_eq(rig_load(VA + 0x100000, 0x178000), 0);
	model_zero(rig);
	rig_load(VA + (1ull << 40), 0x78000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 2);

	rig_begin(2);
	rig_map(2, rig_space.root, 0x40000000, 0, 2, 0);
	rig_model(&rig_machine, 1);
	rig_load(0x40000000, 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 1);
	/* Without CR4.PSE that entry names a table: page 0, whose entry is 0. */
	rig_space.large = false;
	rig_model(&rig_machine, 1);
	rig_load(0x40000000, 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 2);
	ck_assert_uint_eq(rig_load(0x40000000, 0), 1);
}
END_TEST

/* A walk that ends early is not remembered; neither is one out of memory. */
START_TEST(not_there)
{
	rig_begin(4);
	rig_map(4, rig_space.root, VA, PA, 1, 0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA + (1ull << 31), PA), 1); /* the third table has no entry */
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 2);
	ck_assert_uint_eq(rig_load(VA + (1ull << 31), PA), 1);
	rig_space.root = RIG_MEMORY;
	model_cold(rig);
	rig_load(VA, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 1);
	/* Without paging there is nothing to walk. */
	rig_space.levels = 0;
	model_cold(rig);
	ck_assert_uint_eq(rig_load(PA, PA), 0);
}
END_TEST

/* ---- two dimensions ---- */

#define GUEST 0x100000ull /* host-physical, of guest-physical 0: nested tables lie below */

/* Guest memory of 2 MiB behind GUEST, nested `nested` levels of 4 KiB pages or large ones; then VA in guest tables. */
static void begin_nested(unsigned levels, unsigned nested, bool large)
{
	uint64_t root, va = levels && levels < 4 ? 0x45678000 : VA;

	rig_begin(levels);
	root = rig_space.root;
	rig_space.nested_levels = (uint8_t)nested;
	rig_space.nested_root = root;
	if (large)
		rig_map(nested, root, 0, 0x200000, 2, 0);
	for (uint64_t gpa = 0; !large && gpa < 0x200000; gpa += 4096)
		rig_map(nested, root, gpa, gpa + GUEST, 1, 0);
	rig_offset = large ? 0x200000 : GUEST;
	rig_next = rig_offset + 0x1000;
	rig_space.root = levels ? rig_page() - rig_offset : 0;
	if (levels)
		rig_map(levels, rig_space.root, va, 0x180000, 1, 0);
}

/* n levels on m: n * m nested references for the guest's tables, n of the guest's own, m for the page. */
START_TEST(two_dimensions)
{
	static const struct {
		unsigned levels, nested;
		bool large;
		unsigned guest_refs, nested_refs;
	} want[] = { { 4, 4, false, 4, 20 }, /* 24 in all */
		     { 5, 5, false, 5, 30 }, { 4, 5, false, 4, 25 },
		     { 2, 4, false, 2, 12 }, { 4, 4, true, 4, 15 }, /* nested 2 MiB pages: 3 for each of 4 + 1 addresses */
		     { 0, 4, false, 0, 4 } /* the guest's paging is off */ };
	uint64_t va = want[_i].levels == 2 ? 0x45678000 : want[_i].levels ? VA : 0x180000;

	begin_nested(want[_i].levels, want[_i].nested, want[_i].large);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(va, rig_offset + 0x180000), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), want[_i].guest_refs);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), want[_i].nested_refs);
	ck_assert_uint_eq(rig_load(va, rig_offset + 0x180000), 0);
}
END_TEST

/* The guest's tables stand in the nested TLB: a neighbour's walk has 4 hits there, 4 references, and 4 for the page itself. */
START_TEST(nested_tlb)
{
	begin_nested(4, 4, false);
	rig_map(4, rig_space.root, VA + 4096, 0x181000, 1, 0);
	rig_machine.value[MACHINE_ntlb_entries] = 16;
	rig_model(&rig_machine, 1);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 20);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_tlb_hits), 0);
	model_zero(rig);
	rig_load(VA + 4096, GUEST + 0x181000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_tlb_hits), 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 4);
	/* A guest's CR3 load leaves it; a flush of the ASID does not. */
	model_cr3_write(rig);
	model_zero(rig);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_tlb_hits), 4);
	model_flush(rig, MODEL_FLUSH_ASID, 0);
	model_zero(rig);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_tlb_hits), 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 20);
}
END_TEST

/* It has four entries for the four tables, none for a page, be it a table as well. */
START_TEST(nested_tlb_is_for_tables)
{
	begin_nested(4, 4, false);
	rig_map(4, rig_space.root, VA + 4096, rig_space.root, 1, 0);
	rig_machine.value[MACHINE_ntlb_entries] = 4;
	rig_model(&rig_machine, 1);
	rig_load(VA, GUEST + 0x180000);
	model_zero(rig);
	rig_load(VA + 4096, GUEST + rig_space.root);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_tlb_hits), 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 4);
}
END_TEST

/* A guest's large page on small nested ones is many translations; on a large one it is one. */
START_TEST(smaller_of_both)
{
	begin_nested(4, 4, false);
	rig_map(4, rig_space.root, VA + (1ull << 30), 0, 2, 0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA + (1ull << 30), GUEST + 0x78000), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 3);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 4 * 4);
	ck_assert_uint_eq(rig_load(VA + (1ull << 30) + 4096, GUEST + 0x79000), 1);
	begin_nested(4, 4, true);
	rig_map(4, rig_space.root, VA + (1ull << 30), 0, 2, 0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA + (1ull << 30), 0x278000), 1);
	ck_assert_uint_eq(rig_load(VA + (1ull << 30) + 4096, 0x279000), 0);
	/* And a small page on a large nested one is small. */
	ck_assert_uint_eq(rig_load(VA, 0x380000), 1);
	ck_assert_uint_eq(rig_load(VA + 4096, 0x381000), 1);
}
END_TEST

/* ---- walk caches ---- */

/* By physical address: of a neighbour's four references three are saved. */
START_TEST(cache_of_entries)
{
	rig_begin(4);
	rig_map(4, rig_space.root, VA, PA, 1, 0);
	rig_map(4, rig_space.root, VA + 4096, PA + 4096, 1, 0);
	rig_machine.value[MACHINE_pwc_entries] = 8;
	rig_machine.value[MACHINE_l1d_kib] = 32;
	rig_model(&rig_machine, 1);
	rig_load(VA, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	model_zero(rig);
	rig_load(VA + 4096, PA + 4096);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_cache_hits), 3);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_walk), 3 + 3 * 2 + 1);
	/* The last entry is the TLB's business: the page is walked for again, with one reference. */
	rig_machine.value[MACHINE_l1_dtlb_entries] = 1;
	rig_machine.value[MACHINE_l2_dtlb_entries] = rig_machine.value[MACHINE_l2_dtlb_ways] = 0;
	rig_model(&rig_machine, 1);
	rig_load(VA, PA);
	rig_load(VA + 4096, PA + 4096);
	model_zero(rig);
	ck_assert_uint_eq(rig_load(VA, PA), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 1);
}
END_TEST

/* By virtual address: one look-up, and the walk begins at the last table; an address 2 MiB further begins a level above. */
START_TEST(cache_of_prefixes)
{
	rig_begin(4);
	rig_map(4, rig_space.root, VA, PA, 1, 0);
	rig_map(4, rig_space.root, VA + 4096, PA + 4096, 1, 0);
	rig_map(4, rig_space.root, VA + 0x200000, PA, 1, 0);
	rig_machine.value[MACHINE_pwc_entries] = 8;
	rig_machine.value[MACHINE_pwc_skips] = 1;
	rig_machine.value[MACHINE_l1d_kib] = 32;
	rig_model(&rig_machine, 1);
	rig_load(VA, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	model_zero(rig);
	rig_load(VA + 4096, PA + 4096);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_cache_hits), 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_walk), 3 + 2 + 1);
	model_zero(rig);
	rig_load(VA + 0x200000, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 2);
	/* Another ASID's prefixes are others; INVLPG empties this one's. */
	model_enter(rig, MODEL_GUEST, 7);
	model_zero(rig);
	rig_load(VA, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	model_invlpg(rig, 7, VA);
	model_zero(rig);
	rig_load(VA, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	model_enter(rig, MODEL_GUEST, 0);
	model_zero(rig);
	rig_load(VA + 0x1000, PA + 0x1000); /* in the TLB still */
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walks), 0);
}
END_TEST

/*
 * By physical address in two dimensions, cold: five addresses (four tables, the page) lie in one nested level 1 table. The first nested walk
 * makes 4 references; the others find three of them in the cache and make one each.
 */
START_TEST(cache_in_two_dimensions)
{
	begin_nested(4, 4, false);
	rig_machine.value[MACHINE_pwc_entries] = 24;
	rig_machine.value[MACHINE_pwc_nested] = 1;
	rig_model(&rig_machine, 1);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_references), 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 4 + 4 * 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_cache_hits), 4 * 3);
	/* One that has the guest's entries only saves nothing of a cold walk. */
	rig_machine.value[MACHINE_pwc_nested] = 0;
	rig_model(&rig_machine, 1);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 20);
	/* By virtual address the nested walks begin at their last table. */
	rig_machine.value[MACHINE_pwc_nested] = rig_machine.value[MACHINE_pwc_skips] = 1;
	rig_model(&rig_machine, 1);
	rig_load(VA, GUEST + 0x180000);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_nested_references), 4 + 4 * 1);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walk_cache_hits), 4);
}
END_TEST

/* What a guest has in its tables is the guest's: whatever it is, a walk ends, with no more references than the levels make. */
START_TEST(any_tables)
{
	uint64_t present = 0;

	rig_begin(4);
	rig_machine.value[MACHINE_pwc_entries] = rig_machine.value[MACHINE_ntlb_entries] = _i ? 8 : 0;
	rig_machine.value[MACHINE_pwc_nested] = 1;
	rig_machine.value[MACHINE_pwc_skips] = _i == 2;
	rig_model(&rig_machine, 1);
	srand(_i + 5);
	for (size_t i = 0; i < RIG_MEMORY; i += 8) {
		uint64_t entry = ((uint64_t)rand() << 33 ^ (uint64_t)rand()) & (rand() % 4 ? 0x3fffff : ~0ull);

		entry |= rand() % 4 ? RIG_P : 0;
		memcpy(rig_memory + i, &entry, 8);
	}
	for (int n = 0; n < 20000; n++) {
		static const uint8_t levels[] = { 0, 2, 3, 4, 5 };
		uint64_t va = (uint64_t)rand() << 33 ^ (uint64_t)rand() << 10, refs;

		rig_space = (struct model_space){ .levels = levels[rand() % 5],
						  .large = rand() % 2,
						  .root = (uint64_t)rand() % (2 * RIG_MEMORY) & ~0x1full,
						  .nested_levels = rand() % 2 ? 4 + rand() % 2 : 0,
						  .nested_root = (uint64_t)rand() % RIG_MEMORY & ~0xfffull };
		model_zero(rig);
		rig_load(va, 0);
		refs = rig_count(MODEL_COUNT_walk_references) + rig_count(MODEL_COUNT_nested_references);
		if (refs > 35)
			ck_abort_msg("%lu references", (unsigned long)refs);
		present += refs > 4;
	}
	ck_assert_uint_gt(present, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("walk");
	TCase *t = tcase_create("walk");

	tcase_add_loop_test(t, one_dimension, 0, 4);
	tcase_add_test(t, neighbour);
	tcase_add_test(t, large_pages);
	tcase_add_test(t, not_there);
	tcase_add_loop_test(t, two_dimensions, 0, 6);
	tcase_add_test(t, nested_tlb);
	tcase_add_test(t, nested_tlb_is_for_tables);
	tcase_add_test(t, smaller_of_both);
	tcase_add_test(t, cache_of_entries);
	tcase_add_test(t, cache_of_prefixes);
	tcase_add_test(t, cache_in_two_dimensions);
	tcase_add_loop_test(t, any_tables, 0, 3);
	suite_add_tcase(s, t);
	return suite_run(s);
}
