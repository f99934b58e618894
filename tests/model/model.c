/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches, TLBs, flushes and costs, against answers worked out by hand. */
#include "tests/model/rig.h"

#define VA 0x40000000ull
#define PA 0x300000ull

/* Pages of VA, one behind the other, at PA. The odd ones are global. */
static void begin_pages(unsigned n)
{
	rig_begin(4);
	for (unsigned i = 0; i < n; i++)
		rig_map(4, rig_space.root, VA + i * 4096ull, PA + i * 4096ull, 1, i % 2 ? RIG_G : 0);
}

static uint64_t load_page(unsigned i)
{
	return rig_load(VA + i * 4096ull, PA + i * 4096ull);
}

/* The cycles that a load takes in data caches; its walk does not disturb: there is none. */
static uint64_t latency(uint64_t pa)
{
	uint64_t before = rig_cycles(MODEL_CYCLES_data);

	model_data(rig, pa, pa, 4, false);
	return rig_cycles(MODEL_CYCLES_data) - before;
}

/* Data of 1 KiB in sets of 2 (8 sets of lines), 4 KiB of 4 (16 sets), 64 KiB of 16 (64 sets). */
START_TEST(caches)
{
	rig_begin(0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(latency(0), 1000);
	ck_assert_uint_eq(latency(60), 0);
	ck_assert_uint_eq(latency(0x200), 1000); /* the same set of the first cache */
	ck_assert_uint_eq(latency(0), 0);
	ck_assert_uint_eq(latency(0x400), 1000); /* 0x200 goes, which was used before 0 */
	ck_assert_uint_eq(latency(0), 0);
	ck_assert_uint_eq(latency(0x200), 10);
	/* Four more of one set of the second cache: 0 and 0x400 go from both, and the third has them. */
	for (uint64_t pa = 0x1000; pa <= 0x4000; pa += 0x1000)
		ck_assert_uint_eq(latency(pa), 1000);
	ck_assert_uint_eq(latency(0), 100);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_loads), 12);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 9);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l2_misses), 8);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l3_misses), 7);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walks), 0);
}
END_TEST

/* A victim cache has what the second one gave up: nothing at first, and no longer what went back. */
START_TEST(victim_cache)
{
	rig_begin(0);
	rig_machine.value[MACHINE_l3_victim] = 1;
	rig_machine.value[MACHINE_l2_kib] = 1; /* 4 sets of 4 */
	rig_machine.value[MACHINE_l3_kib] = 1; /* one set of 16 */
	rig_model(&rig_machine, 1);
	for (uint64_t pa = 0; pa < 5 * 0x400; pa += 0x400)
		ck_assert_uint_eq(latency(pa), 1000);
	ck_assert_uint_eq(latency(0), 100); /* and 0x400 goes there for it */
	ck_assert_uint_eq(latency(0x400), 100);
	/* Cold again: the third has 0 and 0x400; 0x400 leaves it for 0x800, and with 14 of another set's it is full and has 0 still. */
	model_cold(rig);
	for (uint64_t pa = 0; pa < 6 * 0x400; pa += 0x400)
		ck_assert_uint_eq(latency(pa), 1000);
	ck_assert_uint_eq(latency(0x400), 100);
	for (uint64_t pa = 0x10040; pa < 0x10040 + 18 * 0x100; pa += 0x100)
		ck_assert_uint_eq(latency(pa), 1000);
	ck_assert_uint_eq(latency(0), 100);
}
END_TEST

/* A load over a line's end is two; what lies beyond its page is left out. Overlap hides a share of each miss. */
START_TEST(lines_and_overlap)
{
	rig_begin(0);
	rig_machine.value[MACHINE_overlap] = 25;
	rig_model(&rig_machine, 1);
	model_data(rig, 62, 62, 4, true);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 2);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_stores), 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_data), 2 * 750);
	model_data(rig, 4094, 4094, 4, false);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 3);
	/* Fetches have a cache of their own, and share those behind it. */
	model_fetch(rig, 0, 0, 128);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 5);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l2_misses), 3);
	ck_assert_uint_eq(rig_sums().cycles[MODEL_CYCLES_fetch], 2 * 10 * 75);
	ck_assert_uint_eq(rig_sums().cycles[MODEL_CYCLES_instructions], 0);
	model_instructions(rig, 7);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_instructions), 7);
}
END_TEST

/* Four entries in the first TLB, 16 in sets of 4 in the second. */
START_TEST(two_tlbs)
{
	begin_pages(5);
	rig_model(&rig_machine, 1);
	for (unsigned i = 0; i < 5; i++)
		ck_assert_uint_eq(load_page(i), 1);
	ck_assert_uint_eq(load_page(0), 0); /* the second one has it */
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_tlb), 7);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_tlb_misses), 6);
	ck_assert_uint_eq(load_page(4), 0);
	ck_assert_uint_eq(load_page(0), 0); /* and has given it to the first */
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_tlb), 7);
	/* Those of instructions know nothing of it, but for a second one that is unified. */
	model_fetch(rig, VA, PA, 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walks), 6);
	rig_machine.value[MACHINE_l2_tlb_unified] = 1;
	rig_model(&rig_machine, 1);
	load_page(0);
	model_fetch(rig, VA, PA, 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_walks), 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_tlb), 7);
}
END_TEST

/* A large page: one entry for all of it where TLBs hold such, else an entry a 4 KiB page, and none in a second TLB without them. */
START_TEST(large_pages)
{
	rig_begin(4);
	rig_map(4, rig_space.root, VA, 0x200000, 2, 0);
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA, 0x200000), 1);
	ck_assert_uint_eq(rig_load(VA + 0x1ff000, 0x3ff000), 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_tlb_misses), 1);
	rig_machine.value[MACHINE_l1_dtlb_shared] = 0;
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA, 0x200000), 1);
	ck_assert_uint_eq(rig_load(VA + 8, 0x200008), 0);
	ck_assert_uint_eq(rig_load(VA + 0x1ff000, 0x3ff000), 0);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_tlb), 7);
	rig_machine.value[MACHINE_l2_dtlb_shared] = 0;
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA, 0x200000), 1);
	ck_assert_uint_eq(rig_load(VA + 0x1ff000, 0x3ff000), 1);
	/* Entries of its own: as many large pages as that. */
	rig_machine.value[MACHINE_l1_dtlb_large_entries] = 1;
	rig_model(&rig_machine, 1);
	ck_assert_uint_eq(rig_load(VA, 0x200000), 1);
	ck_assert_uint_eq(rig_load(VA + 0x1ff000, 0x3ff000), 0);
	/* INVLPG of any address takes it. */
	model_invlpg(rig, 0, VA + 0x100000);
	ck_assert_uint_eq(rig_load(VA, 0x200000), 1);
}
END_TEST

/* Pages 0 and 2 are not global, 1 and 3 are: of each the number of walks that a load takes. */
static void expect_walks(unsigned w0, unsigned w1, unsigned w2, unsigned w3)
{
	ck_assert_uint_eq(load_page(0), w0);
	ck_assert_uint_eq(load_page(1), w1);
	ck_assert_uint_eq(load_page(2), w2);
	ck_assert_uint_eq(load_page(3), w3);
}

START_TEST(flushes)
{
	begin_pages(4);
	rig_model(&rig_machine, 1);
	model_enter(rig, MODEL_GUEST, 1);
	expect_walks(1, 1, 1, 1);
	model_enter(rig, MODEL_GUEST, 2);
	expect_walks(1, 1, 1, 1); /* another's entries are none of its */
	model_cr3_write(rig);
	expect_walks(1, 0, 1, 0);
	model_invlpg(rig, 2, VA + 4096);
	expect_walks(0, 1, 0, 0);
	model_flush(rig, MODEL_FLUSH_ASID_LOCAL, 2);
	expect_walks(1, 0, 1, 0);
	model_flush(rig, MODEL_FLUSH_ASID, 2);
	expect_walks(1, 1, 1, 1);
	/* All the time nothing of the other's went. Both have room: 8 of 16, 4 sets of 4, and the first TLB's hits count alike. */
	model_enter(rig, MODEL_GUEST, 1);
	expect_walks(0, 0, 0, 0);
	model_flush(rig, MODEL_FLUSH_ALL, 0);
	expect_walks(1, 1, 1, 1);
	model_enter(rig, MODEL_GUEST, 2);
	expect_walks(1, 1, 1, 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_flush), 50 + 40);
}
END_TEST

START_TEST(world_switch)
{
	struct model_sums there;

	begin_pages(4);
	rig_model(&rig_machine, 1);
	model_enter(rig, MODEL_GUEST, 1);
	expect_walks(1, 1, 1, 1);
	model_world_switch(rig);
	expect_walks(0, 0, 0, 0);
	rig_machine.value[MACHINE_tlb_tags] = 0;
	rig_model(&rig_machine, 1);
	model_enter(rig, MODEL_GUEST, 1);
	expect_walks(1, 1, 1, 1);
	model_world_switch(rig);
	expect_walks(1, 1, 1, 1);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_world_switch), 1500);
	model_enter(rig, MODEL_HYPERVISOR, 0);
	model_event(rig);
	model_instructions(rig, 5);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_event), 0);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_instructions), 0);
	model_sums(rig, 0, MODEL_HYPERVISOR, &there);
	ck_assert_uint_eq(there.cycles[MODEL_CYCLES_event], 30000);
	ck_assert_uint_eq(there.cycles[MODEL_CYCLES_instructions], 500);
	ck_assert_uint_eq(there.count[MODEL_COUNT_events], 1);
	model_zero(rig);
	ck_assert_uint_eq(rig_cycles(MODEL_CYCLES_world_switch), 0);
	model_enter(rig, MODEL_GUEST, 1);
	expect_walks(0, 0, 0, 0);
	model_cold(rig);
	expect_walks(1, 1, 1, 1);
}
END_TEST

/* The line used last is used last no more when a fetch's page walk went through its set: of 2 ways, by 4 references. */
START_TEST(walk_between)
{
	rig_begin(4);
	rig_map(4, rig_space.root, 0, PA, 1, 0);
	rig_map(4, rig_space.root, 1ull << 39, PA + 4096, 1, 0);
	rig_model(&rig_machine, 1);
	rig_load(0, PA);
	rig_load(8, PA + 8);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 1);
	model_fetch(rig, 1ull << 39, PA + 4096, 4);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 2);
	rig_load(0, PA);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 3);
	/* What lies behind the last line is another one, and so is what only begins there. */
	rig_load(64, PA + 64);
	rig_load(124, PA + 124);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 4);
	rig_load(126, PA + 126);
	ck_assert_uint_eq(rig_count(MODEL_COUNT_l1_misses), 5);
}
END_TEST

/* Each has what it has alone, and the tables are asked for once. */
START_TEST(two_machines)
{
	struct machine both[2];
	struct model_sums one[2], two[2];

	begin_pages(64);
	both[0] = both[1] = rig_machine;
	both[1].value[MACHINE_l2_dtlb_entries] = 64;
	both[1].value[MACHINE_world_switch] = 9;
	for (unsigned k = 0; k < 3; k++) {
		rig_model(k == 2 ? both : both + k, k == 2 ? 2 : 1);
		ck_assert_uint_eq(model_machines(rig), k == 2 ? 2 : 1);
		rig_asked = 0;
		for (unsigned n = 0; n < 3; n++)
			for (unsigned i = 0; i < 64; i++)
				load_page(i);
		model_world_switch(rig);
		if (k < 2)
			model_sums(rig, 0, MODEL_GUEST, &one[k]);
	}
	ck_assert_uint_eq(rig_asked, 3 * 64);
	for (unsigned i = 0; i < 2; i++) {
		model_sums(rig, i, MODEL_GUEST, &two[i]);
		ck_assert(!memcmp(&one[i], &two[i], sizeof(one[i])));
	}
	ck_assert_uint_eq(two[0].count[MODEL_COUNT_walks], 3 * 64);
	ck_assert_uint_eq(two[1].count[MODEL_COUNT_walks], 64);
	ck_assert_uint_eq(model_machine(rig, 1)->value[MACHINE_world_switch], 9);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("model");
	TCase *t = tcase_create("model");

	tcase_add_test(t, caches);
	tcase_add_test(t, victim_cache);
	tcase_add_test(t, lines_and_overlap);
	tcase_add_test(t, two_tlbs);
	tcase_add_test(t, large_pages);
	tcase_add_test(t, flushes);
	tcase_add_test(t, world_switch);
	tcase_add_test(t, walk_between);
	tcase_add_test(t, two_machines);
	suite_add_tcase(s, t);
	return suite_run(s);
}
