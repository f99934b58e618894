/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each claim's judge, made to give each verdict that it can give, on made-up
 * rows; and the targets the same. A verdict that no figures can change would fail here.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/claims.h"
#include "bench/figures.h"
#include "hv/include/control_abi.h"

/* One region of one finished guest. Totals are of 1000 operations. */
struct made {
	const char *recipe, *workload, *phase;
	long instructions, trips, bytes;
	long guest, emulated, fixed; /* trips by kind */
	long guest_ticks, guest_bytes, emulated_ticks;
	long shadow_peak, guest_tables_peak;
};

static json_t *root;

static void begin(void)
{
	root = json_pack("{s:[{s:s,s:s},{s:s,s:s},{s:s,s:s},{s:s,s:s}], s:[], s:[]}", "recipes", "name", "shadow2", "kind", "shadow", "name",
			 "vtlb", "kind", "shadow", "name", "npt", "kind", "nested", "name", "native", "kind", "native", "workloads", "items");
}

static void end(void)
{
	json_decref(root);
}

static void add_workload(const char *name)
{
	json_array_append_new(json_object_get(root, "workloads"), json_pack("{s:s, s:s}", "name", name, "kind", "pvh"));
}

static json_t *trips_of(const struct made *m)
{
	return json_pack("{s:{s:I,s:I,s:I}, s:{s:I,s:I,s:I}, s:{s:I}}", "pf_guest", "count", (json_int_t)m->guest, "ticks",
			 (json_int_t)m->guest_ticks, "bytes", (json_int_t)m->guest_bytes, "pf_emulate", "count", (json_int_t)m->emulated,
			 "ticks", (json_int_t)m->emulated_ticks, "bytes", (json_int_t)0, "pf_fixed", "count", (json_int_t)m->fixed);
}

static void add_run(const struct made *m, int repetition, bool traced, long written)
{
	json_t *region = json_pack("{s:s, s:i, s:I, s:I, s:I, s:i, s:i, s:o, s:I}", "phase", m->phase ? m->phase : "fault", "ops", 1000,
				   "instructions", (json_int_t)m->instructions, "trips", (json_int_t)m->trips, "bytes",
				   (json_int_t)m->bytes, "guest_levels", 4, "shadow_levels", 4, "trip", trips_of(m), "trace_written",
				   (json_int_t)written);
	json_t *stat = json_pack("{s:{s:I, s:I}}", "counter", "shadow_peak", (json_int_t)m->shadow_peak, "guest_tables_peak",
				 (json_int_t)m->guest_tables_peak);

	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:[o], s:o}", "recipe", m->recipe, "workload", m->workload, "repetition",
					repetition, "traced", (int)traced, "state", "finished", "regions", region, "stat", stat));
}

static void add(const struct made *m)
{
	add_run(m, 1, false, 0);
}

static enum verdict_kind judge(const char *id)
{
	enum verdict_kind kind = NOT_MEASURED;
	bool found = false;

	for (unsigned i = 0; i < nr_claims; i++) {
		struct dataset d;
		struct verdict v;

		if (strcmp(claims[i].id, id))
			continue;
		found = true;
		dataset_load(&d, root);
		claim_judge(&claims[i], &d, &v);
		kind = v.kind;
		ck_assert_ptr_nonnull(v.measured);
		ck_assert_uint_gt(strlen(v.because), 0);
		ck_assert(v.kind == NOT_MEASURED || strchr(v.measured, '.') || strpbrk(v.measured, "0123456789"));
		verdict_free(&v);
		dataset_free(&d);
	}
	ck_assert(found);
	return kind;
}

#define FAULT .recipe = "shadow2", .workload = "demand-fault"

static const struct example {
	const char *id;
	enum verdict_kind kind;
	struct made made[2];
} examples[] = {
	{ "T3", NOT_MEASURED, { { .recipe = "vtlb", .workload = "demand-fault", .trips = 2000 } } },
	{ "T3", CONFIRMED, { { FAULT, .trips = 2000, .bytes = 100000 } } },
	{ "T3", REFUTED, { { FAULT, .trips = 3000, .bytes = 100000 } } },
	{ "T3", DIFFERS, { { FAULT, .trips = 2200, .bytes = 100000 } } },
	{ "T3", DIFFERS, { { FAULT, .trips = 2000, .bytes = 12288000 } } },
	{ "T4", CONFIRMED, { { .recipe = "shadow2", .workload = "demand-fault-windows", .trips = 3000, .guest = 1000, .emulated = 2000 } } },
	{ "T4", DIFFERS, { { .recipe = "shadow2", .workload = "demand-fault-windows", .trips = 3000, .guest = 2000, .emulated = 1000 } } },
	{ "T4", REFUTED, { { .recipe = "shadow2", .workload = "demand-fault-windows", .trips = 2000, .guest = 1000, .emulated = 1000 } } },
	{ "T4", NOT_MEASURED, { { FAULT, .trips = 3000 } } },
	{ "T7", NOT_MEASURED, { { FAULT, .emulated = 0 } } },
	{ "T7", CONFIRMED, { { FAULT, .emulated = 1000, .emulated_ticks = 7000000 } } },
	{ "T7", REFUTED, { { FAULT, .emulated = 1000, .emulated_ticks = 300000 } } },
	{ "T7", DIFFERS, { { FAULT, .emulated = 1000, .emulated_ticks = 1500000 } } },
	{ "T7", DIFFERS, { { FAULT, .emulated = 1000, .emulated_ticks = 90000000 } } },
	{ "T13", CONFIRMED, { { .recipe = "shadow2", .workload = "true-fault", .guest = 1000, .guest_ticks = 100000, .guest_bytes = 32000 } } },
	{ "T13", REFUTED, { { .recipe = "shadow2", .workload = "true-fault", .guest = 1000, .guest_ticks = 100000, .guest_bytes = 0 } } },
	{ "T13", NOT_MEASURED, { { .recipe = "shadow2", .workload = "true-fault", .guest = 0 } } },
	{ "T18", CONFIRMED, { { FAULT, .shadow_peak = 100, .guest_tables_peak = 100 } } },
	{ "T18", REFUTED, { { FAULT, .shadow_peak = 10, .guest_tables_peak = 100 } } },
	{ "T18", DIFFERS, { { FAULT, .shadow_peak = 150, .guest_tables_peak = 100 } } },
	{ "T18", NOT_MEASURED, { { FAULT } } },
	{ "T19", CONFIRMED, { { .recipe = "native", .workload = "compute", .instructions = 14000000 },
			      { .recipe = "vtlb", .workload = "compute", .instructions = 14000100 } } },
	{ "T19", REFUTED, { { .recipe = "native", .workload = "compute", .instructions = 14000000 },
			    { .recipe = "vtlb", .workload = "compute", .instructions = 19000000 } } },
	{ "T19", DIFFERS, { { .recipe = "native", .workload = "compute", .instructions = 14000000 },
			    { .recipe = "vtlb", .workload = "compute", .instructions = 14500000 } } },
	{ "T19", NOT_MEASURED, { { .recipe = "shadow2", .workload = "compute", .instructions = 14000000 } } },
	{ "T19", NOT_MEASURED, { { .recipe = "native", .workload = "compute", .instructions = 14000000 } } },
	{ "T20", CONFIRMED, { { .recipe = "vtlb", .workload = "context-switch", .fixed = 32000 },
			      { .recipe = "shadow2", .workload = "context-switch", .fixed = 0 } } },
	{ "T20", REFUTED, { { .recipe = "vtlb", .workload = "context-switch", .fixed = 100 },
			    { .recipe = "shadow2", .workload = "context-switch", .fixed = 200 } } },
	{ "T20", DIFFERS, { { .recipe = "vtlb", .workload = "context-switch", .fixed = 32000 },
			    { .recipe = "shadow2", .workload = "context-switch", .fixed = 16000 } } },
	{ "T20", NOT_MEASURED, { { .recipe = "vtlb", .workload = "context-switch", .fixed = 32000 } } },
};

START_TEST(verdicts_follow_from_the_figures)
{
	const struct example *e = &examples[_i];

	for (unsigned i = 0; i < 2; i++)
		if (e->made[i].recipe)
			add(&e->made[i]);
	ck_assert_msg(judge(e->id) == e->kind, "example %d: %s is %s, not %s", _i, e->id, verdict_names[judge(e->id)], verdict_names[e->kind]);
}
END_TEST

START_TEST(nothing_measured_is_no_verdict)
{
	ck_assert_uint_eq(nr_claims, 7);
	for (unsigned i = 0; i < nr_claims; i++)
		ck_assert_int_eq(judge(claims[i].id), NOT_MEASURED);
}
END_TEST

static enum met met_of(const char *what)
{
	enum met met = MET_UNKNOWN;
	struct dataset d;
	unsigned n;
	bool found = false;

	dataset_load(&d, root);
	struct figure *f = figures_all(&d, &n);

	for (unsigned i = 0; i < n; i++)
		if (!strncmp(f[i].what, what, strlen(what))) {
			met = f[i].met;
			found = true;
		}
	ck_assert_msg(found, "no figure %s", what);
	figures_free(f, n);
	dataset_free(&d);
	return met;
}

START_TEST(targets_are_met_or_missed)
{
	static const char instructions[] = "demand fault under shadow2, instructions", trips[] = "demand fault under shadow2, trips";

	ck_assert_int_eq(met_of(instructions), MET_UNKNOWN);
	add(&(struct made){ FAULT, .instructions = 700000, .trips = 2000 });
	ck_assert_int_eq(met_of(instructions), MET);
	ck_assert_int_eq(met_of(trips), MET);
	/* The worst repetition counts. */
	add_run(&(struct made){ FAULT, .instructions = 701000, .trips = 2010 }, 2, false, 0);
	ck_assert_int_eq(met_of(instructions), MISSED);
	ck_assert_int_eq(met_of(trips), MISSED);
}
END_TEST

START_TEST(repetitions_must_be_identical)
{
	static const char what[] = "repetitions of a bare-metal";

	add_workload("demand-fault");
	add(&(struct made){ FAULT, .instructions = 500000, .trips = 2000 });
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	add_run(&(struct made){ FAULT, .instructions = 500000, .trips = 2000 }, 2, false, 0);
	ck_assert_int_eq(met_of(what), MET);
	add_run(&(struct made){ FAULT, .instructions = 500001, .trips = 2000 }, 3, false, 0);
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

START_TEST(npt_is_compared_where_it_has_no_exits)
{
	static const char what[] = "npt against native";

	add_workload("compute");
	add_workload("null-exit");
	add(&(struct made){ .recipe = "native", .workload = "null-exit", .instructions = 5000 });
	add(&(struct made){ .recipe = "npt", .workload = "null-exit", .instructions = 90000, .trips = 1000 });
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	add(&(struct made){ .recipe = "native", .workload = "compute", .instructions = 100000 });
	add(&(struct made){ .recipe = "npt", .workload = "compute", .instructions = 100900 });
	ck_assert_int_eq(met_of(what), MET);
	add_run(&(struct made){ .recipe = "npt", .workload = "compute", .phase = "other", .instructions = 102000 }, 1, false, 0);
	add_run(&(struct made){ .recipe = "native", .workload = "compute", .phase = "other", .instructions = 100000 }, 1, false, 0);
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

START_TEST(a_record_costs_what_tracing_adds)
{
	static const char what[] = "a trace record";
	struct made m = { FAULT, .instructions = 500000, .trips = 2000 };

	add_workload("demand-fault");
	add(&m);
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	m.instructions = 600000;
	add_run(&m, 1, true, 2000);
	ck_assert_int_eq(met_of(what), MET);
	json_array_remove(json_object_get(root, "items"), 1);
	m.instructions = 640000;
	add_run(&m, 1, true, 2000);
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: claims and targets");
	TCase *t = tcase_create("verdicts");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, verdicts_follow_from_the_figures, 0, (int)(sizeof(examples) / sizeof(examples[0])));
	tcase_add_test(t, nothing_measured_is_no_verdict);
	tcase_add_test(t, targets_are_met_or_missed);
	tcase_add_test(t, repetitions_must_be_identical);
	tcase_add_test(t, npt_is_compared_where_it_has_no_exits);
	tcase_add_test(t, a_record_costs_what_tracing_adds);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
