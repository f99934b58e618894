/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Published figures beside ours, from figures made up: what is a hit, a miss, or lacks, to the edge of a band; that the report has misses first,
 * with a reason; and that the table of them asks only for what there is.
 */
#include <math.h>
#include <string.h>

#include "bench/model/machine.h"
#include "catalog.h"
#include "modelled.h"
#include "published.h"
#include "report.h"
#include "tests/suite.h"

static json_t *root;

static void setup(void)
{
	static const struct {
		const char *name, *kind, *base;
	} recipe[] = { { "shadow1", "shadow", "" },  { "shadow2", "shadow", "" },
		       { "shadow3", "shadow", "" },  { "vtlb", "shadow", "" },
		       { "adaptive", "shadow", "" }, { "hybrid", "hybrid", "" },
		       { "npt", "nested", "" },      { "npt-4k", "nested", "" },
		       { "native", "native", "" },   { "shadow2+clusters", "shadow", "shadow2" } };
	static const char *const workload[] = { "gups",          "chase",        "tlb-miss-and-fault",   "changing",
						"linux-process", "linux-suites", "demand-fault-windows", "null-exit" };

	root = json_pack("{s:i, s:s, s:[], s:[], s:[], s:[], s:[], s:{}}", "format", 1, "run", "r", "recipes", "workloads",
			 "items", "traces", "boots", "machine");
	for (unsigned i = 0; i < COUNT_OF(recipe); i++)
		json_array_append_new(json_object_get(root, "recipes"),
				      json_pack("{s:s, s:s, s:s, s:s}", "name", recipe[i].name, "kind", recipe[i].kind, "text",
						"t", "base", recipe[i].base));
	for (unsigned i = 0; i < COUNT_OF(workload); i++)
		json_array_append_new(json_object_get(root, "workloads"),
				      json_pack("{s:s, s:s, s:s, s:s, s:i}", "name", workload[i], "kind", "pvh", "text", "t",
						"workload", workload[i], "levels", 4));
}

static void teardown(void)
{
	json_decref(root);
}

/* Every sum and count that there can be, 0. */
static json_t *no_sums(void)
{
	json_t *count = json_object(), *cycles = json_object();

#define MODEL_CYCLES(id, text) json_object_set_new(cycles, #id, json_integer(0));
#define MODEL_COUNT(id, text)  json_object_set_new(count, #id, json_integer(0));
#include "bench/model/sums.def"
	return json_pack("{s:o, s:o}", "cycles", cycles, "count", count);
}

/* A guest of one region of ten operations. Returns the region. */
static json_t *add(const char *recipe, const char *workload, const char *phase)
{
	json_t *region = json_pack("{s:s, s:i, s:i, s:i, s:{}}", "phase", phase, "ops", 10, "instructions", 1000, "guest_levels",
				   4, "trip");

	json_array_append_new(json_object_get(root, "items"),
			      json_pack("{s:s, s:s, s:i, s:b, s:s, s:[o]}", "recipe", recipe, "workload", workload, "repetition",
					1, "traced", 0, "state", "finished", "regions", region));
	return region;
}

/* What the guest alone took there: a sum of "cycles" or "count" becomes `n`. */
static void on(json_t *region, const char *machine, const char *kind, const char *what, int n)
{
	json_t *cycles = json_object_get(region, "cycles"), *m;

	if (!cycles)
		json_object_set_new(region, "cycles", cycles = json_object());
	m = json_object_get(cycles, machine);
	if (!m) {
		m = json_pack("{s:o, s:o}", "guest", no_sums(), "hypervisor", no_sums());
		json_object_set_new(cycles, machine, m);
	}
	json_object_set_new(json_object_get(json_object_get(m, "guest"), kind), what, json_integer(n));
}

/* One that took so many cycles on that machine. */
static json_t *took(const char *recipe, const char *workload, const char *phase, const char *machine, int cycles)
{
	json_t *region = add(recipe, workload, phase);

	on(region, machine, "cycles", "instructions", cycles);
	return region;
}

/* The first line of the table whose text begins so and whose source has that. */
static const struct published *line(const char *what, const char *source)
{
	for (unsigned i = 0; i < nr_published; i++)
		if (!strncmp(published[i].what, what, strlen(what)) && strstr(published[i].source, source))
			return &published[i];
	ck_abort_msg("no line %s", what);
	return NULL;
}

static void is(const struct published *p, enum published_state state, const char *value, const char *where)
{
	struct dataset d;
	struct ours o;

	dataset_load(&d, root);
	published_judge(p, &d, &o);
	ck_assert_msg(o.state == state && !strcmp(o.value_text, value) && strstr(o.where, where), "%s: %s, %s, %s", p->what,
		      published_states[o.state], o.value_text, o.where);
	published_free(&o);
	dataset_free(&d);
}

static void lacks(const struct published *p, const char *where, const char *command)
{
	struct dataset d;
	struct ours o;

	dataset_load(&d, root);
	published_judge(p, &d, &o);
	ck_assert_int_eq(o.state, PUBLISHED_ABSENT);
	ck_assert_str_eq(o.value_text, "–");
	ck_assert_str_eq(o.where, where);
	ck_assert_str_eq(o.command, command);
	published_free(&o);
	dataset_free(&d);
}

/* ---- one figure ---- */

START_TEST(references)
{
	const struct published *p = line("References to tables of a TLB miss natively", "Patterson");
	json_t *r;

	lacks(p, "this run has no finished gups under native, phase update",
	      "./penumbra run --qemu next --cycles --machine no-walk-cache --recipe native --workload gups --repeat 1 "
	      "--no-trace");
	r = took("native", "gups", "update", "zen2-2019", 5);
	lacks(p, "this run has no modelled cycles of gups under native on no-walk-cache",
	      "./penumbra run --qemu next --cycles --machine no-walk-cache --recipe native --workload gups --repeat 1 "
	      "--no-trace");
	on(r, "no-walk-cache", "count", "walks", 100);
	on(r, "no-walk-cache", "count", "walk_references", 400);
	is(p, PUBLISHED_HIT, "4.00 references", "gups (update), native on no-walk-cache");
	on(r, "no-walk-cache", "count", "walk_references", 408); /* the band's end is in it */
	is(p, PUBLISHED_HIT, "4.08 references", "gups");
	on(r, "no-walk-cache", "count", "walk_references", 409);
	is(p, PUBLISHED_MISS, "4.09 references", "gups");
	on(r, "no-walk-cache", "count", "walk_references", 391);
	is(p, PUBLISHED_MISS, "3.91 references", "gups");
	/* References of both dimensions count together. */
	r = took("npt-4k", "gups", "update", "no-walk-cache", 5);
	on(r, "no-walk-cache", "count", "walks", 10);
	on(r, "no-walk-cache", "count", "walk_references", 40);
	on(r, "no-walk-cache", "count", "nested_references", 200);
	is(line("References to tables of a TLB miss under nested", "Patterson"), PUBLISHED_HIT, "24.0 references", "npt-4k");
	/* A run of a version that counted less. */
	json_object_del(json_object_get(json_object_get(json_object_get(json_object_get(r, "cycles"), "no-walk-cache"), "guest"),
					"count"),
			"walks");
	lacks(line("References to tables of a TLB miss under nested", "Patterson"),
	      "this run has no all counts of gups under npt-4k",
	      "./penumbra run --qemu next --cycles --machine no-walk-cache --recipe npt-4k --workload gups --repeat 1 "
	      "--no-trace");
}
END_TEST

/* One phase on two machines, and under two recipes. */
START_TEST(gain)
{
	const struct published *p = line("What a page-walk cache", "Bhargava");
	json_t *r = took("npt-4k", "tlb-miss-and-fault", "m50-u0", "opteron-2007-guest-pwc", 1250);

	lacks(p, "this run has no modelled cycles of tlb-miss-and-fault under npt-4k on opteron-2007-no-ntlb",
	      "./penumbra run --qemu next --cycles --machine opteron-2007-guest-pwc,opteron-2007-no-ntlb --recipe npt-4k "
	      "--workload "
	      "tlb-miss-and-fault --repeat 1 --no-trace");
	on(r, "opteron-2007-no-ntlb", "cycles", "walk", 1000);
	is(p, PUBLISHED_HIT, "+25.0 %",
	   "tlb-miss-and-fault (m50-u0), npt-4k on opteron-2007-guest-pwc against npt-4k on opteron-2007-no-ntlb");
	on(r, "opteron-2007-no-ntlb", "cycles", "walk", 1250);
	is(p, PUBLISHED_MISS, "+0.00 %", "npt-4k");
	on(r, "opteron-2007-no-ntlb", "cycles", "walk", 2500);
	is(p, PUBLISHED_MISS, "−50.0 %", "npt-4k");
	on(r, "opteron-2007", "cycles", "walk", 1100);
	p = line("What nested pages of 2 MiB", "Bhargava");
	lacks(p, "this run has no finished tlb-miss-and-fault under npt, phase m50-u0",
	      "./penumbra run --qemu next --cycles --machine opteron-2007 --recipe npt-4k,npt --workload tlb-miss-and-fault "
	      "--repeat 1 "
	      "--no-trace");
	took("npt", "tlb-miss-and-fault", "m50-u0", "opteron-2007", 1000);
	is(p, PUBLISHED_HIT, "+10.0 %", "npt-4k on opteron-2007 against npt");
}
END_TEST

/* All phases of a workload together; an empty one is none. */
START_TEST(whole_guests)
{
	const struct published *p = line("Elapsed time, out of sync over every write emulated, 64-bit guest", "Guida");

	took("shadow3", "linux-process", "a", "opteron-2007", 100);
	took("shadow3", "linux-process", "b", "opteron-2007", 700);
	took("shadow2", "linux-process", "a", "opteron-2007", 500);
	lacks(p, "this run has no finished linux-process under shadow2, phase b",
	      "./penumbra run --qemu next --cycles --machine opteron-2007 --recipe shadow3,shadow2 --workload linux-process "
	      "--repeat 1 "
	      "--no-trace");
	took("shadow2", "linux-process", "b", "opteron-2007", 500);
	is(p, PUBLISHED_HIT, "−20.0 %", "linux-process, shadow3 on opteron-2007 against shadow2");
}
END_TEST

START_TEST(best_of_two)
{
	const struct published *p = line("The best of both over the better one", "Gandhi");

	took("npt", "changing", "all", "zen2-2019", 1120);
	took("adaptive", "changing", "all", "zen2-2019", 3000);
	lacks(p, "this run has no finished changing under hybrid",
	      "./penumbra run --qemu next --cycles --machine zen2-2019 --recipe hybrid,npt,adaptive --workload changing --repeat "
	      "1 "
	      "--no-trace");
	took("hybrid", "changing", "all", "zen2-2019", 1000);
	is(p, PUBLISHED_HIT, "+12.0 %", "the better one is npt");
	took("native", "changing", "all", "zen2-2019", 990);
	is(line("The best of both over native", "Gandhi"), PUBLISHED_HIT, "+1.01 %", "hybrid on zen2-2019 against native");
}
END_TEST

/* The most over several workloads, of which one lacks at first. */
START_TEST(up_to)
{
	const struct published *p = line("Shadow paging behind nested paging", "Wang");

	took("npt", "linux-process", "a", "xeon-2009", 100);
	took("shadow3", "linux-process", "a", "xeon-2009", 120);
	lacks(p, "this run has no finished linux-suites under shadow3; finished linux-suites under npt",
	      "./penumbra run --qemu next --cycles --machine xeon-2009 --recipe shadow3,npt --workload "
	      "linux-process,linux-suites "
	      "--repeat 1 --no-trace");
	took("npt", "linux-suites", "pipes", "xeon-2009", 100);
	took("npt", "linux-suites", "xz", "xeon-2009", 100);
	took("shadow3", "linux-suites", "xz", "xeon-2009", 110);
	lacks(p, "this run has no finished linux-suites under shadow3, phase pipes",
	      "./penumbra run --qemu next --cycles --machine xeon-2009 --recipe shadow3,npt --workload "
	      "linux-process,linux-suites "
	      "--repeat 1 --no-trace");
	took("shadow3", "linux-suites", "pipes", "xeon-2009", 150);
	is(p, PUBLISHED_HIT, "+50.0 %", "most in linux-suites (pipes)");
}
END_TEST

START_TEST(spread)
{
	const struct published *p = line("Worst software policy", "Bae");
	static const char *const shadow[] = { "vtlb", "shadow1", "adaptive", "shadow2+clusters", "npt" };
	static const int cycles[] = { 3000, 1000, 100, 50, 10 };

	for (unsigned w = 0; w < 2; w++)
		for (unsigned i = 0; i < COUNT_OF(shadow); i++)
			took(shadow[i], w ? "linux-suites" : "linux-process", "a", "opteron-2007", cycles[i] / (w ? 1 : 10));
	/* Variants and nested paging are no policies of that kind. */
	is(p, PUBLISHED_HIT, "30.0×", "most in linux-process (a), vtlb");
}
END_TEST

START_TEST(shares_and_costs)
{
	json_t *r = took("native", "gups", "update", "xeon-2009", 60);

	on(r, "xeon-2009", "cycles", "tlb", 10);
	on(r, "xeon-2009", "cycles", "walk", 20);
	on(r, "xeon-2009", "cycles", "data", 10);
	is(line("Address translation's share of time, natively, larger", "Barr"), PUBLISHED_HIT, "30.0 %", "native on xeon-2009");
	r = took("shadow2", "demand-fault-windows", "fault", "opteron-2007", 10);
	lacks(line("An emulated write", "Xen project"), "this run has no emulated write there",
	      "./penumbra run --qemu next --cycles --machine opteron-2007 --recipe shadow2 --workload demand-fault-windows "
	      "--repeat 1 "
	      "--no-trace");
	json_object_set_new(json_object_get(json_object_get(r, "cycles"), "opteron-2007"), "trips",
			    json_pack("{s:{s:i, s:i, s:[]}}", "pf_emulate", "count", 2, "cycles", 400, "hist"));
	is(line("An emulated write", "Xen project"), PUBLISHED_MISS, "200 cycles", "shadow2 on opteron-2007");
}
END_TEST

/* Trips need no cycles. What a machine's file was given is no result, whatever it is. */
START_TEST(counts)
{
	const struct published *p = line("Trips of Windows' demand fault", "Xen project"),
			       *pairs = line("Trips that are left", "Agesen");
	json_t *two = add("shadow2", "demand-fault-windows", "fault"), *three, *clusters, *null_exit;

	json_object_set_new(two, "trips", json_integer(30));
	json_object_set_new(json_object_get(two, "trip"), "pf_emulate",
			    json_pack("{s:i, s:i, s:i}", "count", 20, "ticks", 80, "bytes", 0));
	lacks(p, "this run has no finished demand-fault-windows under shadow3, phase fault",
	      "./penumbra run --recipe shadow3,shadow2 --workload demand-fault-windows --repeat 1 --no-trace");
	three = add("shadow3", "demand-fault-windows", "fault");
	json_object_set_new(three, "trips", json_integer(20));
	is(p, PUBLISHED_HIT, "−33.3 %", "demand-fault-windows (fault), shadow3 against shadow2");
	json_object_set_new(three, "trips", json_integer(21));
	is(p, PUBLISHED_MISS, "−30.0 %", "shadow3");
	clusters = add("shadow2+clusters", "demand-fault-windows", "fault");
	json_object_set_new(json_object_get(clusters, "trip"), "pf_emulate",
			    json_pack("{s:i, s:i, s:i}", "count", 10, "ticks", 80, "bytes", 0));
	is(pairs, PUBLISHED_HIT, "−50.0 %", "shadow2+clusters against shadow2");
	null_exit = took("shadow2", "null-exit", "cpuid", "xeon-2009", 10);
	json_object_set_new(null_exit, "trips", json_integer(10));
	on(null_exit, "xeon-2009", "cycles", "world_switch", 20000);
	is(line("World switch", "SplitX"), PUBLISHED_GIVEN, "2000 cycles", "null-exit (cpuid), shadow2 on xeon-2009");
	is(line("Emulated writes that hit", "ce7887f778"), PUBLISHED_UNCOUNTED, "–", "does not count it");
}
END_TEST

/* ---- the page ---- */

static const char *after(const char *page, const char *text)
{
	const char *at = strstr(page, text);

	ck_assert_msg(at, "the page has no %s", text);
	return at;
}

/* Two hits and two misses: these are first, and each says why, or that it is not known. */
START_TEST(misses_first)
{
	const struct published *hit = line("The best of both over native", "Gandhi"),
			       *miss = line("What nested pages", "Bhargava");
	const char *section, *at;
	size_t len;
	char *page;

	took("hybrid", "changing", "all", "zen2-2019", 1010);
	took("native", "changing", "all", "zen2-2019", 1000);
	took("npt-4k", "tlb-miss-and-fault", "m50-u0", "opteron-2007", 1000);
	took("npt", "tlb-miss-and-fault", "m50-u0", "opteron-2007", 1000);
	page = report_text(root, NULL, &len);
	section = after(page, "<section id=published><h2>Published against modelled</h2>");
	after(section, "In this run: 1 missed, 1 hit, ");
	at = after(section, miss->what);
	ck_assert(at < after(section, hit->what));
	ck_assert(after(at, "✗ missed") < after(at, "<small class=soft>Why: "));
	after(section, "<code>./penumbra run --qemu next --cycles --machine opteron-2007 --recipe shadow2 --workload "
		       "demand-fault-windows ");
	free(page);
}
END_TEST

/* What only the run beside it has is held against that; the run's own counts as well. */
START_TEST(a_run_beside)
{
	json_t *modelled;
	const char *section;
	size_t len;
	char *page;

	took("hybrid", "changing", "all", "zen2-2019", 1010);
	took("native", "changing", "all", "zen2-2019", 1000);
	modelled = json_deep_copy(root);
	json_array_clear(json_object_get(root, "items"));
	page = report_text(root, NULL, &len);
	after(after(page, "<section id=published>"), "In this run: 29 not measured, 1 not counted.");
	free(page);
	page = report_text(root, modelled, &len);
	section = after(page, "<section id=published>");
	after(section, "In this run: 1 hit, 28 not measured, 1 not counted; cycles are those of the run beside it.");
	after(after(section, "The best of both over native"), "+1.00 %");
	free(page);
	json_decref(modelled);
}
END_TEST

/* ---- the table ---- */

/* The first word of a list, and what is behind it. */
static char *next_word(const char **list)
{
	char *word = xfmt("%.*s", (int)strcspn(*list, ","), *list);

	*list += strcspn(*list, ",");
	*list += **list == ',';
	return word;
}

static void all_known(const char *list, bool recipes)
{
	while (*list) {
		char *word = next_word(&list);

		ck_assert_msg(recipes ? !strcmp(word, "shadow") || recipe_find(word) : !!workload_find(word), "what is %s?",
			      word);
		free(word);
	}
}

static void read_machine(struct machine *m, const char *name)
{
	const char *srcdir = getenv("srcdir");
	char *file = xfmt("%s/bench/machines/%s.machine", srcdir ? srcdir : ".", name), why[MACHINE_WHY];

	ck_assert_msg(machine_read(m, file, why), "%s", why);
	free(file);
}

START_TEST(bands)
{
	static const struct {
		const char *what, *source, *band;
	} want[] = { { "What nested pages of 2 MiB", "Bhargava", "1.5 to 44 %" },
		     { "Elapsed time, out of sync over every write emulated, 32-bit", "Guida", "−30 to −7.5 %" },
		     { "Worst software policy", "Bae", "26.5 to 106×" },
		     { "Page faults: nested on nested", "Huang", "above 0 %" },
		     { "World switch", "SplitX", "none" } };

	for (unsigned i = 0; i < COUNT_OF(want); i++) {
		char *band = published_band(line(want[i].what, want[i].source));

		ck_assert_str_eq(band, want[i].band);
		free(band);
	}
}
END_TEST

START_TEST(the_table_asks_for_what_there_is)
{
	struct machine m;
	unsigned banded = 0;

	for (unsigned i = 0; i < nr_published; i++) {
		const struct published *p = &published[i];
		char *band = published_band(p);

		all_known(p->recipe, true);
		all_known(p->other, true);
		all_known(p->workloads, false);
		if (*p->machine)
			read_machine(&m, p->machine);
		if (*p->other_machine)
			read_machine(&m, p->other_machine);
		ck_assert_msg(p->low < p->high || !strcmp(band, "none"), "%s has no band", p->what);
		banded += strcmp(band, "none") != 0;
		free(band);
	}
	ck_assert_uint_ge(banded, 10);
}
END_TEST

/* Machines that are made for a comparison are what they say: the one that they are made from, but for the caches of walks. */
START_TEST(machines_for_comparisons)
{
	static const struct {
		const char *name, *of;
		uint32_t pwc_entries, pwc_nested, ntlb_entries;
	} made[] = { { "no-walk-cache", "zen2-2019", 0, 0, 0 },
		     { "opteron-2007-guest-pwc", "opteron-2007", 24, 0, 0 },
		     { "opteron-2007-no-ntlb", "opteron-2007", 24, 1, 0 } };

	for (unsigned i = 0; i < COUNT_OF(made); i++) {
		struct machine m, of;

		read_machine(&m, made[i].name);
		read_machine(&of, made[i].of);
		of.value[MACHINE_pwc_entries] = made[i].pwc_entries;
		of.value[MACHINE_pwc_nested] = made[i].pwc_nested;
		of.value[MACHINE_ntlb_entries] = made[i].ntlb_entries;
		ck_assert_mem_eq(m.value, of.value, sizeof(m.value));
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("published figures");
	TCase *t = tcase_create("figures");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, references);
	tcase_add_test(t, gain);
	tcase_add_test(t, whole_guests);
	tcase_add_test(t, best_of_two);
	tcase_add_test(t, up_to);
	tcase_add_test(t, spread);
	tcase_add_test(t, shares_and_costs);
	tcase_add_test(t, counts);
	tcase_add_test(t, misses_first);
	tcase_add_test(t, a_run_beside);
	suite_add_tcase(s, t);
	t = tcase_create("table");
	tcase_add_test(t, bands);
	tcase_add_test(t, the_table_asks_for_what_there_is);
	tcase_add_test(t, machines_for_comparisons);
	suite_add_tcase(s, t);
	return suite_run(s);
}
