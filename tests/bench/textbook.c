/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The page of the textbook's questions, from made-up figures: each answer is the run's figure, and what a run lacks is said with the command
 * that measures it.
 */
#include <string.h>

#include "bench/model/model.h"
#include "catalog.h"
#include "textbook.h"
#include "tests/suite.h"
#include "util.h"

static json_t *root, *beside;

static void setup(void)
{
	static const struct {
		const char *name, *kind, *base;
	} recipe[] = { { "shadow2", "shadow", "" },
		       { "shadow3", "shadow", "" },
		       { "npt", "nested", "" },
		       { "npt-4k", "nested", "" },
		       { "native", "native", "" },
		       { "kvm-npt0", "peer", "" },
		       { "shadow2+rmap", "shadow", "shadow2" } };

	root = json_pack("{s:i, s:s, s:[], s:[], s:[], s:[], s:[], s:{}}", "format", 1, "run", "a<b", "recipes", "workloads",
			 "items", "traces", "boots", "machine");
	for (unsigned i = 0; i < COUNT_OF(recipe); i++)
		json_array_append_new(json_object_get(root, "recipes"),
				      json_pack("{s:s, s:s, s:s, s:s}", "name", recipe[i].name, "kind", recipe[i].kind, "text",
						"t", "base", recipe[i].base));
	json_array_append_new(json_object_get(root, "workloads"),
			      json_pack("{s:s, s:s, s:i}", "name", "gups", "workload", "gups", "levels", 4));
}

static void teardown(void)
{
	json_decref(root);
	json_decref(beside);
	beside = NULL;
}

static json_t *add(const char *recipe, const char *workload, const char *phase, int trips)
{
	json_t *region = json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:{}}", "phase", phase, "ops", 10, "instructions", 1230,
				   "trips", trips, "bytes", 4560, "guest_levels", 4, "trip");

	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:[o]}", "recipe", recipe, "workload", workload, "repetition",
					1, "traced", 0, "state", "finished", "regions", region));
	return region;
}

static void on(json_t *region, const char *machine, const char *kind, const char *what, int n)
{
	json_t *cycles = json_object_get(region, "cycles"), *m, *count;

	if (!cycles)
		json_object_set_new(region, "cycles", cycles = json_object());
	m = json_object_get(cycles, machine);
	if (!m) {
		count = json_object();
#define MODEL_CYCLES(id, text)
#define MODEL_COUNT(id, text) json_object_set_new(count, #id, json_integer(0));
#include "bench/model/sums.def"
		m = json_pack("{s:{s:{}, s:o}, s:{s:{}, s:o}}", "guest", "cycles", "count", count, "hypervisor", "cycles",
			      "count", json_deep_copy(count));
		json_object_set_new(cycles, machine, m);
	}
	json_object_set_new(json_object_get(json_object_get(m, "guest"), kind), what, json_integer(n));
}

/* A hundred walks of gups on that machine, and what they took. */
static void walks(const char *recipe, const char *machine, int own, int nested, int cycles)
{
	json_t *r = add(recipe, "gups", "update", 0);

	on(r, machine, "count", "walks", 100);
	on(r, machine, "count", "walk_references", own);
	on(r, machine, "count", "nested_references", nested);
	on(r, machine, "cycles", "walk", cycles);
}

static void fault(const char *recipe, const char *machine, int cycles)
{
	on(add(recipe, "demand-fault-local", "fault", strncmp(recipe, "shadow", 6) ? 0 : 20), machine, "cycles", "instructions",
	   cycles);
}

static bool page_has(const char *section, const char *text)
{
	size_t len;
	char *page = textbook_text(root, beside, &len), *from = strstr(page, section), *end, *found;
	bool has;

	ck_assert_msg(from, "no %s", section);
	end = strstr(from, "</section>");
	found = strstr(from, text);
	has = found && (!end || found < end);
	free(page);
	return has;
}

/* A run of nothing: every section says what measures it, and all of these commands can be given. */
START_TEST(nothing)
{
	static const char *const section[] = { "<section id=process>", "<section id=fault>",      "<section id=switch>",
					       "<section id=miss>",    "<section id=references>", "<section id=metrics>" };

	for (unsigned i = 0; i < COUNT_OF(section); i++) {
		ck_assert_msg(page_has(section[i], "<p class=soft>This run has no "), "%s", section[i]);
		ck_assert(page_has(section[i], "<code>./penumbra run --qemu next --cycles "));
	}
	ck_assert(page_has("<section id=process>",
			   "--recipe native,shadow3,npt,npt-4k --workload exec-exit-local --repeat 1 --no-trace</code>"));
	ck_assert(page_has("<h1>", "run a&lt;b"));
}
END_TEST

static unsigned words(const char *text, const char *key, bool recipes)
{
	unsigned n = 0;

	for (const char *at = text; (at = strstr(at, key)); n++) {
		at += strlen(key);
		while (*at && *at != ' ' && *at != '<') {
			char *word = xfmt("%.*s", (int)strcspn(at, ", <"), at);

			ck_assert_msg(recipes ? !!recipe_find(word) : !!workload_find(word), "what is %s?", word);
			at += strlen(word);
			at += *at == ',';
			free(word);
		}
	}
	return n;
}

START_TEST(commands_name_what_there_is)
{
	size_t len;
	char *page = textbook_text(root, beside, &len);

	ck_assert_uint_ge(words(page, "--recipe ", true), 7);
	ck_assert_uint_ge(words(page, "--workload ", false), 7);
	free(page);
}
END_TEST

/* Trips, instructions and bytes per operation; without cycles that is half an answer. Neither variants nor peers are shown. */
START_TEST(a_fault)
{
	add("native", "demand-fault-local", "fault", 0);
	add("shadow3", "demand-fault-local", "fault", 20);
	ck_assert(page_has("<section id=fault>",
			   "This run has no figures of this under shadow paging, nested paging and natively"));
	add("npt", "demand-fault-local", "fault", 0);
	add("shadow2+rmap", "demand-fault-local", "fault", 30);
	add("kvm-npt0", "demand-fault-local", "fault", 40);
	ck_assert(page_has("<section id=fault>", "This run has no modelled cycles of this"));
	ck_assert(page_has("<section id=fault>",
			   "<th scope=row>shadow3</th><td>shadow</td><td class=n>2</td><td class=n>123</td><td "
			   "class=n>456</td>"));
	ck_assert(page_has("<section id=fault>", "<th scope=row>npt</th><td>nested</td><td class=n>0</td>"));
	ck_assert(!page_has("<section id=fault>", "<th scope=row>shadow2+rmap</th>"));
	ck_assert(!page_has("<section id=fault>", "<th scope=row>kvm-npt0</th>"));
}
END_TEST

START_TEST(cycles_of_a_fault)
{
	fault("native", "m", 1000);
	fault("shadow3", "m", 4000);
	fault("npt", "m", 1100);
	ck_assert(page_has("<section id=fault>", "<td class=n>400<br><small class=soft>4.00×</small></td>"));
	ck_assert(page_has("<section id=fault>", "<td class=n>110<br><small class=soft>1.10×</small></td>"));
	ck_assert(page_has("<section id=fault>", "<p class=soft>To measure it: <code>"));
	ck_assert(!page_has("<section id=fault>", "This run has no"));
}
END_TEST

START_TEST(references_of_a_miss)
{
	walks("native", "no-walk-cache", 400, 0, 2000);
	ck_assert(page_has("<section id=references>", "This run has no walks without caches, natively and under nested paging"));
	walks("npt", "no-walk-cache", 400, 1500, 9500);
	walks("npt-4k", "no-walk-cache", 400, 2000, 12000);
	ck_assert(page_has("<section id=references>", "<td class=n>4.00<br><small class=soft>20 cycles"));
	ck_assert(page_has("<section id=references>", "<td class=n>19.00<br><small class=soft>4.00 + 15.00 nested<br>95 cycles"));
	ck_assert(
		page_has("<section id=references>", "<td class=n>24.00<br><small class=soft>4.00 + 20.00 nested<br>120 cycles"));
	ck_assert(!page_has("<section id=references>", "This run has no"));
}
END_TEST

/* A miss is 10 cycles dearer under npt, a fault 300 cheaper: even at 30 misses for each fault. The cheaper of two shadow recipes counts. */
START_TEST(which_metric)
{
	static const char *const recipe[] = { "native", "shadow2", "shadow3", "npt" };
	static const int faults[] = { 1000, 9000, 4000, 1000 }, walk[] = { 2000, 2000, 2000, 3000 };

	for (unsigned i = 0; i < COUNT_OF(recipe); i++) {
		fault(recipe[i], "m", faults[i]);
		ck_assert(page_has("<section id=metrics>", "This run has no"));
		walks(recipe[i], "m", 400, 0, walk[i]);
	}
	ck_assert(page_has("<section id=metrics>",
			   "<tr><th scope=row>m</th><td>shadow3</td><td class=n>20</td><td class=n>20</td><td "
			   "class=n>30</td><td class=n>100</td><td class=n>400</td><td class=n>100</td><td "
			   "class=n>30</td></tr>"));
	ck_assert(!page_has("<section id=metrics>", "This run has no"));
}
END_TEST

START_TEST(never_even)
{
	static const char *const recipe[] = { "native", "shadow3", "npt" };
	static const int faults[] = { 1000, 4000, 1000 };

	for (unsigned i = 0; i < COUNT_OF(recipe); i++) {
		fault(recipe[i], "m", faults[i]);
		walks(recipe[i], "m", 400, 0, 2000);
	}
	ck_assert(page_has("<section id=metrics>", "<td>never: nested paging is always ahead</td>"));
}
END_TEST

START_TEST(what_helps)
{
	walks("npt-4k", "m", 400, 2000, 1000);
	walks("npt", "m", 400, 1500, 900);
	ck_assert(page_has("<section id=helps>", "<td class=n>100 → 90<br><small class=soft>−10.0 %</small></td>"));
	on(add("npt", "gups-large", "update", 0), "m", "cycles", "walk", 1350);
	ck_assert(page_has("<section id=helps>", "<td class=n>90 → 135<br><small class=soft>+50.0 %</small></td>"));
}
END_TEST

/* A run without cycles has them from the one beside it, and what happens as well where that one measured it. */
START_TEST(a_run_beside)
{
	const char *sentence = "href=\"modelled/report.html\">the smaller run beside it</a>";

	fault("native", "m", 1000);
	fault("shadow3", "m", 4000);
	fault("npt", "m", 1100);
	walks("native", "m", 400, 0, 2000);
	walks("npt", "m", 400, 1500, 9500);
	ck_assert(!page_has("<h1>", sentence));
	beside = json_deep_copy(root);
	json_array_clear(json_object_get(root, "items"));
	add("shadow3", "context-switch-local", "switch", 20);
	ck_assert(page_has("<h1>", sentence));
	ck_assert(page_has("<section id=fault>", "<td class=n>400<br><small class=soft>4.00×</small></td>"));
	ck_assert(page_has("<section id=references>", "<td class=n>4.00<br><small class=soft>20 cycles"));
	ck_assert(page_has("<section id=switch>", "<th scope=row>shadow3</th><td>shadow</td><td class=n>2</td>"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("the textbook's questions");
	TCase *t = tcase_create("page");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing);
	tcase_add_test(t, commands_name_what_there_is);
	tcase_add_test(t, a_fault);
	tcase_add_test(t, cycles_of_a_fault);
	tcase_add_test(t, references_of_a_miss);
	tcase_add_test(t, which_metric);
	tcase_add_test(t, never_even);
	tcase_add_test(t, what_helps);
	tcase_add_test(t, a_run_beside);
	suite_add_tcase(s, t);
	return suite_run(s);
}
