/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Each claim's judge, made to give each verdict that it can give, on made-up
 * rows; and the targets the same. A verdict that no figures can change would fail here.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "claims.h"
#include "figures.h"
#include "abi/control_abi.h"
#include "tests/suite.h"

static json_t *root;

/* The recipes of the made-up runs: variants of shadow2 with one part exchanged. */
static const char recipes_text[] =
	"[{'name':'shadow1','kind':'shadow'},{'name':'shadow2','kind':'shadow'},{'name':'shadow3','kind':'shadow'},"
	"{'name':'vtlb','kind':'shadow'},{'name':'kvm','kind':'shadow'},{'name':'npt','kind':'nested'},{'name':'native','kind':'"
	"native'},"
	"{'name':'shadow2+flags','kind':'shadow','base':'shadow2','axis':'spare','parts':'guest_flags'},"
	"{'name':'shadow2+flags','kind':'shadow','base':'shadow2','axis':'spare','parts':'guest_flags_mmio'},"
	"{'name':'shadow2+rmap','kind':'shadow','base':'shadow2','axis':'wrmap','parts':'rmap'},"
	"{'name':'shadow2+last','kind':'shadow','base':'shadow2','axis':'wrmap','parts':'last_writer+guess+scan'},"
	"{'name':'shadow2-guess','kind':'shadow','base':'shadow2','axis':'wrmap','parts':'scan'},"
	"{'name':'shadow2+batch','kind':'shadow','base':'shadow2','axis':'reclaim','parts':'batch+clock'},"
	"{'name':'shadow2+early','kind':'shadow','base':'shadow2','axis':'reclaim','parts':'early+clock'},"
	"{'name':'shadow2+direct','kind':'shadow','base':'shadow2','axis':'super','parts':'direct'},"
	"{'name':'shadow2+readprotect','kind':'shadow','base':'shadow2','axis':'ad','parts':'read_protect'}]";

static void begin(void)
{
	char text[sizeof(recipes_text)];

	for (unsigned i = 0; i < sizeof(text); i++)
		text[i] = recipes_text[i] == '\'' ? '"' : recipes_text[i];
	root = json_pack("{s:o, s:[], s:[]}", "recipes", json_loads(text, 0, NULL), "workloads", "items");
	ck_assert_ptr_nonnull(root);
}

static void end(void)
{
	json_decref(root);
}

static void add_workload(const char *name)
{
	json_array_append_new(json_object_get(root, "workloads"), json_pack("{s:s, s:s}", "name", name, "kind", "pvh"));
}

/* The hypervisor's cycles were spent in trips of the row's one kind. */
static json_t *trips_of(const json_t *region, long cycles)
{
	json_t *trips = json_object(), *trip;
	const char *kind;

	json_object_foreach(json_object_get(region, "trip"), kind, trip) {
		json_object_set_new(trips, kind,
				    json_pack("{s:O, s:I, s:[]}", "count", json_object_get(trip, "count"), "cycles",
					      (json_int_t)cycles, "hist"));
	}
	return trips;
}

/* What the model says of the region on a machine: cycles of the guest; of the hypervisor, beside its world switches, and of these. */
static void add_machine(json_t *region, const char *machine, const long v[3])
{
	json_t *all = json_object_get(region, "cycles");

	if (!all)
		json_object_set_new(region, "cycles", all = json_object());
	json_object_set_new(all, machine,
			    json_pack("{s:{s:{s:I}, s:{}}, s:{s:{s:I, s:I}, s:{}}, s:o}", "guest", "cycles", "instructions",
				      (json_int_t)v[0], "count", "hypervisor", "cycles", "data", (json_int_t)v[1], "world_switch",
				      (json_int_t)v[2], "count", "trips", trips_of(region, v[1])));
}

/*
 * "pf_fixed=count:ticks:bytes", "@figure of what dom0 did to it", "#counter=value" of the whole life, "~machine=cycles" as in claims.def, anything
 * else a figure of the region.
 */
static void add_value(json_t *region, json_t *counters, json_t *exercise, const char *word)
{
	char name[64];
	long v[3] = { 0 };
	int n = sscanf(word, "%63[^=]=%ld:%ld:%ld", name, &v[0], &v[1], &v[2]);

	ck_assert_msg(n >= 2, "no name=value: %s", word);
	if (name[0] == '@')
		json_object_set_new(exercise, name + 1, json_integer(v[0]));
	else if (name[0] == '#')
		json_object_set_new(counters, name + 1, json_integer(v[0]));
	else if (name[0] == '~')
		add_machine(region, name + 1, v);
	else if (!strncmp(name, "pf_", 3))
		json_object_set_new(json_object_get(region, "trip"), name,
				    json_pack("{s:I, s:I, s:I}", "count", (json_int_t)v[0], "ticks", (json_int_t)v[1], "bytes",
					      (json_int_t)v[2]));
	else
		json_object_set_new(region, name, json_integer(v[0]));
}

/* A finished guest with one region, from a row as tests/bench/claims.def has it. */
static void add_run(const char *row, int repetition, bool traced)
{
	char *copy = strdup(row), *rest = copy, *word;
	const char *recipe = strsep(&rest, " "), *workload = strsep(&rest, " "), *phase = strsep(&rest, " ");
	json_t *region = json_pack("{s:s, s:i, s:i, s:i, s:{}}", "phase", phase, "ops", 1000, "guest_levels", 4, "shadow_levels",
				   4, "trip");
	json_t *counters = json_object(), *exercise = json_object(), *item;

	while ((word = strsep(&rest, " ")))
		add_value(region, counters, exercise, word);
	item = json_pack("{s:s, s:s, s:i, s:b, s:s, s:i, s:[o], s:{s:o}}", "recipe", recipe, "workload", workload, "repetition",
			 repetition, "traced", (int)traced, "state",
			 json_object_get(exercise, "ended") ? "timed-out" : "finished", "audit",
			 (int)json_integer_value(json_object_get(counters, "audit")), "regions", region, "stat", "counter",
			 counters);
	if (json_object_get(exercise, "steps")) {
		json_object_set_new(exercise, "answer", json_string(json_object_get(exercise, "failed") ? "inval" : "ok"));
		json_object_set(item, "exercise", exercise);
	}
	json_array_append_new(json_object_get(root, "items"), item);
	json_decref(exercise);
	free(copy);
}

static void add(const char *row)
{
	add_run(row, 1, false);
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

static const struct example {
	const char *id;
	enum verdict_kind kind;
	const char *row[18];
} examples[] = {
#define EXAMPLE(id, kind, ...) { #id, kind, { __VA_ARGS__ } },
#include "tests/bench/claims.def"
#undef EXAMPLE
};

static bool has_text(const char *path, const char *text)
{
	char *all = read_file(path, NULL);
	bool has = all && strstr(all, text);

	free(all);
	return has;
}

/* A judge that asks for a phase which no workload measures would never be heard: so no example may be of such a one. */
START_TEST(the_phases_are_the_workloads_own)
{
	const struct example *e = &examples[_i];
	const char *src = getenv("srcdir") ? getenv("srcdir") : ".";

	for (unsigned i = 0; i < COUNT_OF(e->row) && e->row[i]; i++) {
		char name[64], phase[64];
		const struct workload *w;

		ck_assert_int_eq(sscanf(e->row[i], "%*s %63s %63s", name, phase), 2);
		w = workload_find(name);
		ck_assert_msg(w != NULL, "%s", e->row[i]);
		char *quoted = xfmt("\"%s\"", phase), *own = xfmt("%s/workloads/%s.c", src, w->file);
		char *batch = xfmt("%s/workloads/lib/batch.h", src), *demand = xfmt("%s/workloads/lib/demand.h", src);

		ck_assert_msg(workload_is_linux(w) || has_text(own, quoted) || has_text(batch, quoted) ||
				      has_text(demand, quoted),
			      "workload %s measures no phase %s", name, phase);
		free(quoted);
		free(own);
		free(batch);
		free(demand);
	}
}
END_TEST

START_TEST(verdicts_follow_from_the_figures)
{
	const struct example *e = &examples[_i];

	for (unsigned i = 0; i < COUNT_OF(e->row) && e->row[i]; i++)
		add(e->row[i]);
	add_workload("linux-process");
	ck_assert_msg(judge(e->id) == e->kind, "example %d: %s is %s, not %s", _i, e->id, verdict_names[judge(e->id)],
		      verdict_names[e->kind]);
}
END_TEST

START_TEST(every_verdict_has_an_example)
{
	static const enum verdict_kind all[] = { NOT_MEASURED, CONFIRMED, REFUTED, DIFFERS };

	for (unsigned i = 0; i < nr_claims; i++)
		for (unsigned k = 0; k < COUNT_OF(all); k++) {
			unsigned n = 0;

			for (unsigned e = 0; e < COUNT_OF(examples); e++)
				n += !strcmp(examples[e].id, claims[i].id) && examples[e].kind == all[k];
			ck_assert_msg(n > 0, "%s: no example is %s", claims[i].id, verdict_names[all[k]]);
		}
}
END_TEST

START_TEST(nothing_measured_is_no_verdict)
{
	for (unsigned i = 0; i < nr_claims; i++)
		ck_assert_int_eq(judge(claims[i].id), NOT_MEASURED);
}
END_TEST

START_TEST(what_is_lacking_is_named_with_a_command)
{
	struct dataset d;
	struct verdict v;

	add("shadow2 compute steady trips=0");
	dataset_load(&d, root);
	for (unsigned i = 0; i < nr_claims; i++) {
		if (strcmp(claims[i].id, "T20"))
			continue;
		claim_judge(&claims[i], &d, &v);
		ck_assert_str_eq(v.because,
				 "this run has no finished context-switch under vtlb; finished context-switch under shadow2");
		ck_assert_str_eq(v.command, "./penumbra run --recipe vtlb,shadow2 --workload context-switch");
		verdict_free(&v);
	}
	dataset_free(&d);
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
	static const char instructions[] = "demand fault under shadow2, instructions",
			  trips[] = "demand fault under shadow2, trips";

	ck_assert_int_eq(met_of(instructions), MET_UNKNOWN);
	add("shadow2 demand-fault fault instructions=700000 trips=2000");
	ck_assert_int_eq(met_of(instructions), MET);
	ck_assert_int_eq(met_of(trips), MET);
	/* The worst repetition counts. */
	add_run("shadow2 demand-fault fault instructions=701000 trips=2010", 2, false);
	ck_assert_int_eq(met_of(instructions), MISSED);
	ck_assert_int_eq(met_of(trips), MISSED);
}
END_TEST

static void best_of(const char *what, enum met met, const char *recipe)
{
	struct dataset d;
	unsigned n;
	bool found = false;

	dataset_load(&d, root);
	struct figure *f = figures_best(&d, &n);

	for (unsigned i = 0; i < n; i++)
		if (!strcmp(f[i].what, what)) {
			found = true;
			ck_assert_int_eq(f[i].met, met);
			if (recipe)
				ck_assert_str_eq(f[i].recipe, recipe);
			else
				ck_assert_ptr_null(f[i].recipe);
		}
	ck_assert_msg(found, "no figure %s", what);
	figures_free(f, n);
	dataset_free(&d);
}

START_TEST(the_best_recipe_has_the_fewest_instructions_within_the_trips)
{
	best_of("demand fault", MET_UNKNOWN, NULL);
	/* The baselines do not count. */
	add("native demand-fault fault instructions=43000");
	add("npt demand-fault fault instructions=43000");
	best_of("demand fault", MET_UNKNOWN, NULL);
	add("shadow2 demand-fault fault instructions=449000 trips=3000");
	best_of("demand fault", MISSED, "shadow2");
	add("shadow3 demand-fault fault instructions=460000 trips=2000");
	best_of("demand fault", MISSED, "shadow3");
	add("vtlb demand-fault fault instructions=450000 trips=2001");
	best_of("demand fault", MET, "vtlb");
	/* The worst repetition counts. */
	add_run("vtlb demand-fault fault instructions=451000 trips=2001", 2, false);
	best_of("demand fault", MISSED, "vtlb");
}
END_TEST

START_TEST(repetitions_must_be_identical)
{
	static const char what[] = "repetitions of a bare-metal";

	add_workload("demand-fault");
	add("shadow2 demand-fault fault instructions=500000 trips=2000");
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	add_run("shadow2 demand-fault fault instructions=500000 trips=2000", 2, false);
	ck_assert_int_eq(met_of(what), MET);
	/* Where dom0 is at work on it nobody expects it. */
	add_workload("pool-resized");
	add("shadow2 pool-resized round instructions=500000 trips=2000");
	add_run("shadow2 pool-resized round instructions=500000 trips=2001", 2, false);
	ck_assert_int_eq(met_of(what), MET);
	/* With several CPUs they do: the hypervisor gives them turns. */
	add_workload("smp-shootdown");
	add("shadow2 smp-shootdown unmap instructions=500000 trips=2000");
	add_run("shadow2 smp-shootdown unmap instructions=500000 trips=2000", 2, false);
	ck_assert_int_eq(met_of(what), MET);
	add_run("shadow2 smp-shootdown unmap instructions=500001 trips=2000", 3, false);
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

START_TEST(npt_is_compared_where_it_has_no_exits)
{
	static const char what[] = "npt against native";

	add_workload("compute");
	add_workload("null-exit");
	add("native null-exit fault instructions=5000");
	add("npt null-exit fault instructions=90000 trips=1000");
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	add("native compute fault instructions=100000");
	add("npt compute fault instructions=100900");
	ck_assert_int_eq(met_of(what), MET);
	add("npt compute other instructions=102000");
	add("native compute other instructions=100000");
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

START_TEST(a_record_costs_what_tracing_adds)
{
	static const char what[] = "a trace record";

	add_workload("demand-fault");
	add("shadow2 demand-fault fault instructions=500000 trips=2000");
	ck_assert_int_eq(met_of(what), MET_UNKNOWN);
	add_run("shadow2 demand-fault fault instructions=600000 trips=2000 trace_written=2000", 1, true);
	ck_assert_int_eq(met_of(what), MET);
	json_array_remove(json_object_get(root, "items"), 1);
	add_run("shadow2 demand-fault fault instructions=640000 trips=2000 trace_written=2000", 1, true);
	ck_assert_int_eq(met_of(what), MISSED);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: claims and targets");
	TCase *t = tcase_create("verdicts");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_loop_test(t, verdicts_follow_from_the_figures, 0, (int)COUNT_OF(examples));
	tcase_add_loop_test(t, the_phases_are_the_workloads_own, 0, COUNT_OF(examples));
	tcase_add_test(t, every_verdict_has_an_example);
	tcase_add_test(t, what_is_lacking_is_named_with_a_command);
	tcase_add_test(t, nothing_measured_is_no_verdict);
	tcase_add_test(t, targets_are_met_or_missed);
	tcase_add_test(t, the_best_recipe_has_the_fewest_instructions_within_the_trips);
	tcase_add_test(t, repetitions_must_be_identical);
	tcase_add_test(t, npt_is_compared_where_it_has_no_exits);
	tcase_add_test(t, a_record_costs_what_tracing_adds);
	suite_add_tcase(s, t);
	return suite_run(s);
}
