/* SPDX-License-Identifier: BSD-2-Clause */
/* What a region takes by its counts: the same as what was charged, also where the costs are others than when it was counted. */
#include "bench/model/cost.h"
#include "bench/model/region_json.h"
#include "tests/model/rig.h"

#define PAGES 64
#define VA    0x40000000ull
#define PA    0x200000ull

/* Nested tables, identical, of 2 MiB pages but the first: guest tables are behind small ones. */
static void begin_nested(void)
{
	rig_begin(4);
	rig_space.nested_levels = 4;
	rig_space.nested_root = rig_page();
	for (unsigned i = 0; i < PAGES; i++)
		rig_map(4, rig_space.root, VA + i * 4096ull, PA + i * 4096ull, 1, 0);
	for (uint64_t pa = 0; pa < 0x100000; pa += 4096)
		rig_map(4, rig_space.nested_root, pa, pa, 1, 0);
	rig_map(4, rig_space.nested_root, PA, PA, 2, 0);
}

/* Something of everything that is charged for, in guest and hypervisor. */
static void drive(void)
{
	for (unsigned n = 0; n < 400; n++) {
		const unsigned page = n * 29 % PAGES, at = n * 88 % 4096;

		model_instructions(rig, n % 7);
		model_fetch(rig, VA + (n % 9) * 4096ull + at, PA + (n % 9) * 4096ull + at, 8);
		model_data(rig, VA + page * 4096ull + at, PA + page * 4096ull + at, 8, n % 3);
		if (n % 17 == 0)
			model_event(rig);
		if (n % 43 == 0)
			model_cr3_write(rig);
		if (n % 31 == 0)
			model_invlpg(rig, 0, VA + page * 4096ull);
		if (n % 13 == 0)
			model_world_switch(rig);
	}
}

static uint64_t charged(struct model_sums *s)
{
	uint64_t all = 0;

	model_sums(rig, 0, MODEL_GUEST, s);
	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++)
		all += s->cycles[i];
	return all;
}

static uint64_t driven(const struct machine *m, struct model_sums *s)
{
	begin_nested();
	rig_model(m, 1);
	drive();
	return charged(s);
}

static void machine_of(struct machine *m, unsigned kind)
{
	rig_default(m);
	m->value[MACHINE_overlap] = 35;
	m->value[MACHINE_instruction] = 77;
	if (kind == 0)
		return;
	m->value[MACHINE_pwc_entries] = 8;
	m->value[MACHINE_pwc_nested] = 1;
	m->value[MACHINE_pwc_skips] = kind == 2;
	m->value[MACHINE_ntlb_entries] = 4;
	m->value[MACHINE_walk_from_l2] = kind == 2;
	m->value[MACHINE_l3_victim] = kind == 2;
}

/* Every cost in turn is another; what is counted stays, and the cost by it is what the model charges then. */
START_TEST(as_charged)
{
	struct model_sums was, is;
	struct machine m, other;
	unsigned costs = 0;

	machine_of(&m, (unsigned)_i);
	ck_assert_uint_eq(driven(&m, &was), model_cost(&m, was.count));
	for (unsigned i = 0; i < MODEL_COUNT_MAX; i++)
		ck_assert_msg(was.count[i] || (_i == 0 && (i == MODEL_COUNT_walk_cache_hits || i == MODEL_COUNT_nested_tlb_hits)),
			      "count %u is nowhere in this", i);
	for (int k = 0; k < MACHINE_KEYS; k++) {
		if (!machine_is_cost((enum machine_key)k))
			continue;
		costs++;
		other = m;
		other.value[k] = m.value[k] * 2 + 1;
		ck_assert_uint_eq(driven(&other, &is), model_cost(&other, was.count));
		ck_assert(!memcmp(was.count, is.count, sizeof(was.count)));
	}
	ck_assert_uint_eq(costs, 14);
}
END_TEST

/* Each cost is charged somewhere in that: another value makes another sum. */
START_TEST(each_matters)
{
	struct model_sums was;
	struct machine m, other;
	uint64_t all;

	machine_of(&m, 1);
	all = driven(&m, &was);
	for (int k = 0; k < MACHINE_KEYS; k++) {
		other = m;
		other.value[k] = m.value[k] * 2 + 1;
		ck_assert_msg((model_cost(&other, was.count) != all) == machine_is_cost((enum machine_key)k), "%s",
			      machine_keys[k].name);
	}
}
END_TEST

static bool varies(const struct machine *m, enum machine_key key, bool doubled, uint32_t to)
{
	struct machine other;

	return machine_vary(m, (struct machine_variation){ key, doubled }, &other) && other.value[key] == to;
}

/* Half and twice, within the key's range; the other of two; and nothing that makes no sense. */
START_TEST(variations)
{
	struct machine m, other, all[MACHINE_VARIATIONS];

	rig_default(&m);
	m.value[MACHINE_overlap] = 60;
	ck_assert(varies(&m, MACHINE_walk, false, 1));
	ck_assert(varies(&m, MACHINE_walk, true, 6));
	ck_assert(varies(&m, MACHINE_overlap, true, 99));
	ck_assert(varies(&m, MACHINE_tlb_tags, false, 0));
	ck_assert(varies(&m, MACHINE_walk_from_l2, false, 1));
	ck_assert(!machine_vary(&m, (struct machine_variation){ MACHINE_tlb_tags, true }, &other));
	ck_assert(!machine_vary(&m, (struct machine_variation){ MACHINE_pwc_entries, true }, &other)); /* there is none */
	ck_assert(!machine_vary(&m, (struct machine_variation){ MACHINE_l1_latency, false }, &other)); /* 1 is the least */
	m.value[MACHINE_l1_latency] = 8; /* twice as much is more than the second cache's 10 */
	ck_assert(!machine_vary(&m, (struct machine_variation){ MACHINE_l1_latency, true }, &other));
	ck_assert(varies(&m, MACHINE_l1_latency, false, 4));
	m.assumed[MACHINE_walk] = m.assumed[MACHINE_l2_dtlb_entries] = m.assumed[MACHINE_tlb_tags] = true;
	ck_assert_uint_eq(machine_variations(&m, 4, all), 3); /* a cost is none of them */
	ck_assert_uint_eq(all[0].value[MACHINE_l2_dtlb_entries], 8);
	ck_assert_uint_eq(all[1].value[MACHINE_l2_dtlb_entries], 32);
	ck_assert_uint_eq(all[2].value[MACHINE_tlb_tags], 0);
	ck_assert_uint_eq(all[1].of, 5);
	ck_assert_uint_eq(all[0].value[MACHINE_tlb_tags], 1);
}
END_TEST

/* What is told of a machine has its variations' cycles, each as that machine by itself would have them. */
START_TEST(variations_are_told)
{
	struct machine all[1 + MACHINE_VARIATIONS];
	char *text = NULL, expected[120];
	struct model_sums sums;
	struct trip_costs *trips;
	uint64_t half, twice;
	unsigned n;
	size_t len;
	FILE *f;

	machine_of(&all[0], 0);
	all[0].value[MACHINE_l1_itlb_entries] = 8; /* code is in nine pages */
	all[0].assumed[MACHINE_l1_itlb_entries] = all[0].assumed[MACHINE_walk_from_l2] = true;
	n = 1 + machine_variations(&all[0], 0, &all[1]);
	ck_assert_uint_eq(n, 4);
	half = driven(&all[1], &sums);
	twice = driven(&all[2], &sums);
	ck_assert_uint_ne(half, twice);
	begin_nested();
	rig_model(all, n);
	drive();
	f = open_memstream(&text, &len);
	trips = trip_costs_new(rig);
	region_json(f, "p", rig, trips);
	trip_costs_free(trips);
	fclose(f);
	snprintf(expected, sizeof(expected), ",\"assumed\":{\"l1_itlb_entries\":[%llu,%llu],\"walk_from_l2\":[",
		 (unsigned long long)(half + 50) / 100, (unsigned long long)(twice + 50) / 100);
	ck_assert_msg(strstr(text, expected), "%s is not in %s", expected, text);
	ck_assert(strstr(text, ",-1]},\"trips\":{}}]}"));
	ck_assert_ptr_null(strstr(strstr(text, "\"machine\"") + 1, "\"machine\""));
	free(text);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cost");
	TCase *t = tcase_create("cost");

	tcase_add_loop_test(t, as_charged, 0, 3);
	tcase_add_test(t, each_matters);
	tcase_add_test(t, variations);
	tcase_add_test(t, variations_are_told);
	suite_add_tcase(s, t);
	return suite_run(s);
}
