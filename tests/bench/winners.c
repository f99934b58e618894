/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The report of a run with cycles: who is said to win where, and whether that is said to hang on an assumed value, from figures made up for it.
 * On the machine `m` a world switch (assumed) is 1000 cycles, a reference from memory (assumed) 200, one instruction (known) 1.
 */
#include <string.h>

#include "bench/model/cost.h"
#include "contest.h"
#include "report.h"
#include "table.h"
#include "tests/suite.h"
#include "tree.h"

static json_t *root;

static void name_all(const char *list, const char *const names[], const char *const kinds[], unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		json_array_append_new(json_object_get(root, list),
				      json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", names[i], "kind", kinds[i], "text", "t",
						"workload", names[i], "levels", 4));
}

/* Every other value is the least with which a machine makes sense, and nothing is charged by it. */
static const struct {
	enum machine_key key;
	int value;
} set[] = { { MACHINE_world_switch, 1000 }, { MACHINE_memory_latency, 200 }, { MACHINE_instruction, 100 },
	    { MACHINE_l1i_kib, 1 },         { MACHINE_l1d_kib, 1 },          { MACHINE_l1_dtlb_entries, 1 },
	    { MACHINE_l1_itlb_entries, 1 }, { MACHINE_pwc_entries, 8 },      { MACHINE_walk, 4 } };

static json_t *machine_values(void)
{
	json_t *values = json_object(), *assumed = json_array();

	for (int k = 0; k < MACHINE_KEYS; k++) {
		int value = (int)machine_keys[k].least;

		for (unsigned i = 0; i < COUNT_OF(set); i++)
			value = (int)set[i].key == k ? set[i].value : value;
		json_object_set_new(values, machine_keys[k].name, json_integer(value));
		if (k == MACHINE_world_switch || k == MACHINE_memory_latency || k == MACHINE_walk || k == MACHINE_pwc_entries)
			json_array_append_new(assumed, json_string(machine_keys[k].name));
	}
	return json_pack("{s:s, s:o, s:o}", "title", "a machine", "values", values, "assumed", assumed);
}

static void setup(void)
{
	static const char *const recipes[] = { "shadow2", "shadow3", "npt", "native", "hybrid", "adaptive" };
	static const char *const kinds[] = { "shadow", "shadow", "nested", "native", "hybrid", "shadow" };
	static const char *const workloads[] = { "gups", "compute", "demand-fault", "smp-compute", "tlb-miss-and-fault" };
	static const char *const pvh[] = { "pvh", "pvh", "pvh", "pvh", "pvh" };

	root = json_pack("{s:i, s:s, s:[], s:[], s:[], s:[], s:[], s:{s:{s:o}}}", "format", 1, "run", "r", "recipes", "workloads",
			 "items", "traces", "boots", "machine", "modelled", "m", machine_values());
	name_all("recipes", recipes, kinds, 6);
	name_all("workloads", workloads, pvh, 5);
}

static void teardown(void)
{
	json_decref(root);
}

static json_t *zeros(const char *const *names, unsigned n)
{
	json_t *o = json_object();

	for (unsigned i = 0; i < n; i++)
		json_object_set_new(o, names[i], json_integer(0));
	return o;
}

static json_t *sums(int instructions, int references, int switches)
{
	static const char *const counts[] = {
#define MODEL_CYCLES(id, text)
#define MODEL_COUNT(id, text) #id,
#include "bench/model/sums.def"
	};
	json_t *count = zeros(counts, COUNT_OF(counts)), *cycles = zeros(modelled_part_names, MODEL_CYCLES_MAX);

	json_object_set_new(count, "instructions", json_integer(instructions));
	json_object_set_new(count, "nested_references", json_integer(references));
	json_object_set_new(count, "memory_references", json_integer(references));
	json_object_set_new(count, "world_switches", json_integer(switches));
	json_object_set_new(cycles, "instructions", json_integer(instructions));
	json_object_set_new(cycles, "walk_nested", json_integer(200 * references));
	json_object_set_new(cycles, "world_switch", json_integer(1000 * switches));
	return json_pack("{s:o, s:o}", "cycles", cycles, "count", count);
}

/* A guest with one region; instructions below 0: it was not modelled. */
static void add(const char *recipe, const char *workload, const char *phase, int instructions, int references, int switches)
{
	json_t *region = json_pack("{s:s, s:i, s:i, s:i, s:{}}", "phase", phase, "ops", 10, "instructions",
				   instructions < 0 ? -instructions : instructions, "guest_levels", 4, "trip");

	if (instructions >= 0)
		json_object_set_new(region, "cycles",
				    json_pack("{s:{s:o, s:o}}", "m", "guest", sums(instructions, references, 0), "hypervisor",
					      sums(0, 0, switches)));
	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:[o]}", "recipe", recipe, "workload", workload, "repetition",
					1, "traced", 0, "state", "finished", "regions", region));
}

/* A table of the page as CSV without its head; NULL: there is none. */
static char *rows_of(const char *name)
{
	char *page, *text = NULL, *rows = NULL;
	const struct table *t;
	struct tables all;
	size_t len;
	FILE *f;

	page = report_text(root, NULL, &len);
	ck_assert(tables_read(&all, page, len));
	t = tables_find(&all, name);
	if (t) {
		f = open_memstream(&text, &len);
		table_show(f, t, "csv");
		fclose(f);
		rows = strdup(strchr(text, '\n') + 1);
		free(text);
	}
	tables_free(&all);
	free(page);
	return rows;
}

static void rows_are(const char *name, const char *expected)
{
	char *rows = rows_of(name);

	ck_assert_msg(rows, "no table %s", name);
	ck_assert_str_eq(rows, expected);
	free(rows);
}

static bool page_has(const char *text)
{
	size_t len;
	char *page = report_text(root, NULL, &len);
	bool has = strstr(page, text);

	free(page);
	return has;
}

/* Each place in the page that it links to is there. */
static void links_lead_somewhere(const char *page)
{
	for (const char *at = page; (at = strstr(at, "href=\"#"));) {
		char *name, *quoted, *plain;

		at += strlen("href=\"#");
		name = xfmt("%.*s", (int)strcspn(at, "\""), at);
		quoted = xfmt(" id=\"%s\"", name);
		plain = xfmt(" id=%s>", name);
		ck_assert_msg(strstr(page, quoted) || strstr(page, plain), "nothing has the name %s", name);
		free(name);
		free(quoted);
		free(plain);
	}
}

static void add_all(void)
{
	/* 100,000 and of npt 20,000 for 100 references: shadow paging is faster, and all of it. */
	add("native", "gups", "update", 100000, 0, 0);
	add("shadow2", "gups", "update", 100000, 0, 0);
	add("shadow3", "gups", "update", 101000, 0, 0);
	add("npt", "gups", "update", 100000, 100, 0);
	/* npt 100,000 with 200 references; shadow3 5 per cent more with 45 switches. */
	add("native", "compute", "run", 50000, 0, 0);
	add("shadow2", "compute", "run", 60000, 0, 90);
	add("shadow3", "compute", "run", 60000, 0, 45);
	add("npt", "compute", "run", 60000, 200, 0);
	/* Two phases together. */
	add("shadow2", "demand-fault", "a", 10000, 0, 50);
	add("npt", "demand-fault", "a", 10000, 0, 0);
	add("shadow2", "demand-fault", "b", 10000, 0, 100);
	add("npt", "demand-fault", "b", 10000, 0, 0);
	add("shadow2", "smp-compute", "run", -1000, 0, 0);
	add("npt", "smp-compute", "run", -900, 0, 0);
}

START_TEST(who_wins)
{
	add_all();
	/* A switch half as dear makes shadow3 the winner of compute, and so does memory twice as dear. */
	rows_are("summary", "gups,shadow2 shadow3,1.00×,npt,20.0 %,0.83×,holds\n"
			    "compute,npt,2.00×,shadow3,5.0 %,1.05×,hangs on 2\n"
			    "demand-fault,npt,–,shadow2,8.5 times,8.50×,holds\n"
			    "smp-compute,\"no cycles: the model has one CPU, and the guest has several\",,,,,\n");
	ck_assert(page_has("Nested paging is faster in<b>2 of 3</b>"));
	ck_assert(page_has("Shadow paging is faster in<b>1 of 3</b>"));
	ck_assert(page_has("Even in<b>0 of 3</b>"));
	/* The targets are no longer what a visitor meets first. */
	ck_assert(!page_has("Targets met"));
}
END_TEST

/* What goes from shadow to nested paging and back wins for itself: which of the two is ahead is as without it. */
START_TEST(hybrid_is_on_no_side)
{
	add("native", "gups", "update", 80000, 0, 0);
	add("shadow2", "gups", "update", 100000, 0, 0);
	add("npt", "gups", "update", 110000, 0, 0);
	add("hybrid", "gups", "update", 100100, 0, 0);
	add("native", "compute", "run", 50000, 0, 0);
	add("shadow2", "compute", "run", 110000, 0, 0);
	add("npt", "compute", "run", 100000, 0, 0);
	add("hybrid", "compute", "run", 90000, 0, 0);
	rows_are("summary", "gups,shadow2 hybrid,1.25×,npt,10.0 %,0.91×,holds\n"
			    "compute,hybrid,1.80×,npt,11.1 %,1.10×,holds\n");
	ck_assert(page_has("Nested paging is faster in<b>1 of 2</b>"));
	ck_assert(page_has("Shadow paging is faster in<b>1 of 2</b>"));
	ck_assert(page_has("Even in<b>0 of 2</b>"));
}
END_TEST

/* One of the two alone is ahead of nobody. */
START_TEST(without_the_other)
{
	size_t len;
	char *page;

	add("shadow2", "gups", "update", 100000, 0, 0);
	add("shadow3", "gups", "update", 110000, 0, 0);
	ck_assert(!page_has(" is faster in<b>"));
	rows_are("summary", "gups,shadow2,–,shadow3,10.0 %,–,holds\n");
	add("adaptive", "gups", "update", -110000, 0, 0);
	json_object_set_new(json_array_get(json_object_get(root, "items"), 2), "state", json_string("failed"));
	page = report_text(root, NULL, &len);
	links_lead_somewhere(page);
	free(page);
	add("npt", "gups", "update", 120000, 0, 0);
	ck_assert(page_has("Shadow paging is faster in<b>1 of 1</b>"));
}
END_TEST

/* Fields of the map by side: from even to either; a workload by recipe. */
START_TEST(what_hangs_on_assumed_values)
{
	add_all();
	add("shadow2", "tlb-miss-and-fault", "m5-u1", 100000, 0, 30);
	add("shadow3", "tlb-miss-and-fault", "m5-u1", 100000, 0, 20);
	add("npt", "tlb-miss-and-fault", "m5-u1", 100000, 100, 0);
	rows_are("assumed",
		 "memory_latency,\"a load from memory, in cycles\",200,100: the map's m5-u1 to nested,"
		 "400: compute to shadow3; the map's m5-u1 to shadow\n"
		 "world_switch,\"out of the guest and back, in cycles\",1000,500: compute to shadow3; the map's m5-u1 to "
		 "shadow,2000: the map's m5-u1 to nested\n");
	ck_assert(page_has("by halving or doubling any of the others: walk."));
	ck_assert(page_has("Not tried in this run: pwc_entries. "));
}
END_TEST

/* A run of a version that kept no machines, or counted less: who wins is said, what that hangs on is not. */
START_TEST(older_runs)
{
	json_t *modelled = json_object_get(json_object_get(root, "machine"), "modelled");

	add_all();
	json_object_del(json_object_get(json_object_get(modelled, "m"), "values"), "walk");
	rows_are("summary", "gups,shadow2 shadow3,1.00×,npt,20.0 %,0.83×,not known\n"
			    "compute,npt,2.00×,shadow3,5.0 %,1.05×,not known\n"
			    "demand-fault,npt,–,shadow2,8.5 times,8.50×,not known\n"
			    "smp-compute,\"no cycles: the model has one CPU, and the guest has several\",,,,,\n");
	ck_assert_ptr_null(rows_of("assumed"));
	ck_assert(page_has("This run did not keep what that needs"));
}
END_TEST

/* Bars, with instructions and trips beside them; a recipe without cycles says why. */
START_TEST(a_workloads_bars)
{
	add("native", "gups", "update", 100000, 0, 0);
	add("shadow2", "gups", "update", 100000, 0, 100);
	add("npt", "gups", "update", -100000, 0, 0);
	rows_are("cycles-gups",
		 "update,shadow2,,20000,2.00×,10000,0\n"
		 ",npt,\"no cycles: the model found no such region (docs/model.md, what it leaves out)\",,,10000,0\n"
		 ",native,,10000,1.00×,10000,0\n");
	ck_assert(page_has("width:50.00%"));
}
END_TEST

/* Without cycles the report is that of instructions, and says how to have cycles. */
START_TEST(without_cycles)
{
	add("native", "gups", "update", -100000, 0, 0);
	add("shadow2", "gups", "update", -120000, 0, 0);
	ck_assert(!page_has("Who wins where"));
	ck_assert(!page_has("class=choice"));
	ck_assert(page_has("./penumbra run --qemu next --cycles"));
	ck_assert(page_has("<h3>At a glance</h3>"));
	ck_assert(!page_has("id=instructions"));
}
END_TEST

/* A choice among machines only where there are several; what is of one of them has its name. */
START_TEST(a_choice_of_machines)
{
	json_t *modelled = json_object_get(json_object_get(root, "machine"), "modelled"), *cycles;

	add("shadow2", "gups", "update", 1000, 0, 0);
	ck_assert(!page_has("class=choice"));
	json_object_set(modelled, "m2", json_object_get(modelled, "m"));
	cycles = json_object_get(json_array_get(json_object_get(json_array_get(json_object_get(root, "items"), 0), "regions"), 0),
				 "cycles");
	json_object_set(cycles, "m2", json_object_get(cycles, "m"));
	ck_assert(page_has("<option value=\"m\">m: a machine"));
	ck_assert(page_has("<option value=\"m2\" selected>"));
	ck_assert(page_has("<div data-machine=\"m2\"><h2>Who wins where: m2"));
}
END_TEST

/* Cycles of the last row, were there so many entries in the page-walk cache; -1: not modelled. */
static void add_varied(int half, int twice)
{
	json_t *items = json_object_get(root, "items"), *item = json_array_get(items, json_array_size(items) - 1);
	json_t *region = json_array_get(json_object_get(item, "regions"), 0);

	json_object_set_new(json_object_get(json_object_get(region, "cycles"), "m"), "assumed",
			    json_pack("{s:[i, i]}", "pwc_entries", half, twice));
}

/* A size: by what was modelled with it, where all contenders were. */
START_TEST(sizes_that_were_modelled)
{
	add("shadow2", "gups", "update", 100000, 0, 0);
	add_varied(100000, 100000);
	add("npt", "gups", "update", 100000, 100, 0);
	add_varied(150000, 90000);
	add("shadow2", "compute", "run", 10000, 0, 0);
	add("npt", "compute", "run", 20000, 0, 0);
	rows_are("summary", "gups,shadow2,–,npt,20.0 %,0.83×,hangs on 1\n"
			    "compute,shadow2,–,npt,2.0 times,0.50×,holds\n");
	rows_are("assumed", "pwc_entries,\"page-walk cache; 0: there is none, in entries\",8,4: none,16: gups to npt\n");
	ck_assert(!page_has("Not tried in this run"));
	/* One of the two was not: nothing is said. */
	add_varied(-1, -1);
	json_array_remove(json_object_get(root, "items"), 1);
	add("npt", "gups", "update", 100000, 100, 0);
	ck_assert_ptr_null(rows_of("assumed"));
	ck_assert(page_has("Not tried in this run: pwc_entries. What is counted"));
	json_object_set_new(root, "options", json_pack("{s:b}", "sensitivity", 1));
	ck_assert(page_has("Not tried in this run: pwc_entries. They cannot be halved"));
}
END_TEST

/* Cycles of the run beside it: its winners are in the page's front, with ways to its page; the rest is the run's own. */
START_TEST(a_run_beside)
{
	json_t *modelled;
	size_t len;
	char *page;

	add("npt", "gups", "update", 1000, 0, 0);
	add("shadow2", "gups", "update", 3000, 0, 0);
	modelled = json_deep_copy(root);
	json_array_clear(json_object_get(root, "items"));
	add("shadow2", "compute", "steady", -1000, 0, 0);
	page = report_text(root, modelled, &len);
	ck_assert_ptr_nonnull(strstr(page, "<h1>Shadow or nested paging"));
	ck_assert_ptr_nonnull(strstr(page, "a smaller run beside this one"));
	ck_assert_ptr_nonnull(strstr(page, "href=\"modelled/report.html#w-gups\""));
	ck_assert_ptr_nonnull(strstr(page, "<section id=instructions>"));
	ck_assert_ptr_nonnull(strstr(page, "<section id=\"w-compute\">"));
	ck_assert_ptr_null(strstr(page, "<section id=\"w-gups\">"));
	ck_assert_ptr_nonnull(strstr(page, "<b>That run is incomplete</b>"));
	ck_assert_ptr_nonnull(strstr(page, "href=\"textbook.html\""));
	links_lead_somewhere(page);
	free(page);
	json_object_set_new(modelled, "complete", json_true());
	page = report_text(root, modelled, &len);
	ck_assert_ptr_null(strstr(page, "<b>That run is incomplete</b>"));
	free(page);
	/* One that has none is as if it were not there. */
	page = report_text(modelled, root, &len);
	ck_assert_ptr_nonnull(strstr(page, "href=\"#w-gups\""));
	ck_assert_ptr_null(strstr(page, "a smaller run"));
	links_lead_somewhere(page);
	free(page);
	json_decref(modelled);
}
END_TEST

/* The recipe that switches beside the better of the others: all phases of a workload together, and natively is none of them. */
START_TEST(hybrid_beside_the_better)
{
	add_all();
	ck_assert(!page_has("#hybrid"));
	add("hybrid", "gups", "update", 101500, 0, 0);
	add("hybrid", "compute", "run", 60000, 0, 43);
	add("hybrid", "demand-fault", "a", 9000, 0, 0);
	ck_assert(page_has("within the 2 % in <b>1 of 2</b>")); /* of the third a phase is lacking */
	add("hybrid", "demand-fault", "b", 10000, 0, 0);
	add("hybrid", "smp-compute", "run", -800, 0, 0);
	ck_assert(page_has("within the 2 % in <b>2 of 3</b>") && !page_has("had no such counter"));
	rows_are("hybrid", "gups,✓ +1.5 %,shadow2,100000,101500,0\n"
			   "compute,✗ +3.0 %,npt,100000,103000,0\n"
			   "demand-fault,✓ -5.0 %,npt,20000,19000,0\n");
	ck_assert(!page_has("more it did not finish"));
	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:s, s:[]}", "recipe", "hybrid", "workload",
					"tlb-miss-and-fault", "repetition", 1, "traced", 0, "state", "crashed", "reason", "why",
					"regions"));
	ck_assert(page_has(" In 1 more it did not finish."));
}
END_TEST

/* Without cycles it is another recipe, and the page says so; not where nothing ran to its end, nor where a domain was switched. */
START_TEST(hybrid_without_a_counter)
{
	json_t *item;

	add("shadow2", "gups", "update", -100000, 0, 0);
	ck_assert(!page_has("id=hybrid"));
	add("hybrid", "gups", "update", -100000, 0, 0);
	ck_assert(page_has("<a href=\"#hybrid\">") && page_has("<b>This run had no such counter</b>"));
	item = json_array_get(json_object_get(root, "items"), 1);
	json_object_set_new(item, "stat", json_pack("{s:{s:i}}", "counter", "to_nested", 1));
	ck_assert(!page_has("id=hybrid"));
	json_object_del(item, "stat");
	json_object_set_new(item, "state", json_string("crashed"));
	ck_assert(!page_has("id=hybrid"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("winners");
	TCase *c = tcase_create("winners");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, who_wins);
	tcase_add_test(c, hybrid_is_on_no_side);
	tcase_add_test(c, hybrid_beside_the_better);
	tcase_add_test(c, hybrid_without_a_counter);
	tcase_add_test(c, without_the_other);
	tcase_add_test(c, a_run_beside);
	tcase_add_test(c, what_hangs_on_assumed_values);
	tcase_add_test(c, older_runs);
	tcase_add_test(c, a_workloads_bars);
	tcase_add_test(c, without_cycles);
	tcase_add_test(c, a_choice_of_machines);
	tcase_add_test(c, sizes_that_were_modelled);
	suite_add_tcase(s, c);
	return suite_run(s);
}
