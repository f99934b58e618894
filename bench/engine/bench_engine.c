/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command. A recipe and a workload are measured together: natively as often as asked for, which gives trips and time; once more by callgrind,
 * which gives instructions to the digit; and where the machine's CPU can count, each region by perf. All of it goes into a run's files.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compared.h"
#include "engine_command.h"
#include "engine_program.h"
#include "engine_table.h"
#include "explain.h"
#include "index.h"
#include "machine_host.h"
#include "progress.h"
#include "results.h"
#include "run.h"

#define TRIES           8
#define ORACLE_PROGRAMS 8 /* of 600 steps at most, a region */

static volatile sig_atomic_t told_to_end;

static void on_end(int sig)
{
	(void)sig;
	told_to_end = 1;
}

/* What is measured, in the order of the catalogue. */
struct bench {
	struct selection s;
	bool oracle;
	char *no_perf, *no_callgrind; /* why not; NULL: it is used */
	unsigned repeat;
	const struct paths *p;
	struct results res;
	bool bad;
};

/* ---- what is chosen ---- */

static bool has_engine(const struct recipe *r)
{
	return r->kind == RECIPE_KIND_shadow;
}

static bool choose_recipes(struct bench *b, const struct options *o)
{
	if (!select_recipes(&b->s, o->recipes, "quick"))
		return false;
	for (unsigned i = 0; i < nr_recipes; i++) {
		if (b->s.recipe[i] && o->recipes && !has_engine(&recipes[i])) {
			say("%s keeps no shadows: there is no engine of it to measure", recipes[i].name);
			return false;
		}
		b->s.recipe[i] &= has_engine(&recipes[i]) && (o->recipes || !recipes[i].base);
	}
	return true;
}

/* The names but "oracle"; the caller frees it. */
static char *without_oracle(const char *names, bool *oracle)
{
	char *all = xstrdup(names), *rest = all, *name, *others = NULL;

	while ((name = strsep(&rest, ",")))
		if (!strcmp(name, ENGINE_ORACLE))
			*oracle = true;
		else
			list_add(&others, ",", "%s", name);
	free(all);
	return others;
}

/* One CPU after the other is not what an engine of several costs. */
static bool can_be_measured(const struct workload *w)
{
	return can_be_explained(w, w->levels) && workload_vcpus(w) == 1;
}

/* With no names: the workloads that have the names of their sources. */
static bool choose_workloads(struct bench *b, const struct options *o)
{
	char *names = o->workloads ? without_oracle(o->workloads, &b->oracle) : NULL;
	bool good = true;

	if (!o->workloads)
		b->oracle = true;
	if (names)
		good = select_workloads(&b->s, names, "quick", LEVELS_DEFAULT);
	for (unsigned i = 0; good && i < nr_workloads; i++) {
		const struct workload *w = &workloads[i];

		if (names && b->s.workload[i] && !can_be_measured(w)) {
			say("%s cannot be run on the hosted engine: it needs more of a machine than page tables and a CPU. Those "
			    "that can "
			    "are %s's "
			    "(docs/explain.md), and %s",
			    w->name, "`penumbra explain`", ENGINE_ORACLE);
			good = false;
		}
		if (!o->workloads)
			b->s.workload[i] = can_be_measured(w) && !strcmp(w->name, w->file);
		else if (!names)
			b->s.workload[i] = false;
	}
	free(names);
	return good;
}

/* ---- one measurement ---- */

static char *item_name(const struct workload *w)
{
	return xfmt(ENGINE_PREFIX "%s", w ? w->name : ENGINE_ORACLE);
}

static json_t *trips_of(const json_t *kinds)
{
	json_t *all = json_object(), *count;
	const char *kind;

	json_object_foreach((json_t *)(uintptr_t)kinds, kind, count) {
		json_object_set_new(all, kind, json_pack("{s:O}", "count", count));
	}
	return all;
}

/* instructions: of all regions, by name; NULL: not counted. perf: of this one, NULL: not counted. */
static json_t *region_json(const json_t *told, const json_t *region, const json_t *instructions,
			   const uint64_t perf[HOST_FIGURES])
{
	const char *phase = json_text(region, "phase");
	json_t *counted = json_object_get(instructions, phase), *levels = json_object_get(told, "levels");
	json_t *host = json_pack("{s:O}", host_names[HOST_ns], json_object_get(region, "engine_ns"));
	json_t *j = json_pack("{s:s, s:O, s:I, s:O, s:O, s:O, s:O, s:o, s:o}", "phase", phase, "ops",
			      json_object_get(region, "ops"), "instructions", json_integer_value(counted), "trips",
			      json_object_get(region, "trips"), "bytes", json_object_get(region, "bytes"), "guest_levels", levels,
			      "shadow_levels", levels, "trip", trips_of(json_object_get(region, "kinds")), "host", host);

	for (unsigned i = 0; perf && i < HOST_FIGURES; i++)
		if (perf[i])
			json_object_set_new(host, host_names[i], json_integer((json_int_t)perf[i]));
	return j;
}

static uint64_t switches_of(const json_t *told)
{
	const json_t *region;
	uint64_t sum = 0;
	size_t i;

	json_array_foreach(json_object_get(told, "regions"), i, region)
		sum += (uint64_t)json_integer_value(json_object_get(region, "switches"));
	return sum;
}

/*
 * On a busy host others run in the midst of the engine, and their time is in its own. So it is run again where the CPU was taken away, and of
 * these runs the one counts in which that happened least. NULL, and *why.
 */
static json_t *run_undisturbed(const struct engine_program *e, char **why)
{
	json_t *best = engine_program_run(e, why);

	for (unsigned i = 1; i < TRIES && best && switches_of(best) && !told_to_end; i++) {
		json_t *told = engine_program_run(e, why);

		if (told && switches_of(told) >= switches_of(best)) {
			json_decref(told);
			continue;
		}
		json_decref(best);
		best = told;
	}
	return best;
}

/* One repetition into the results. `counted` may be NULL. */
static char *measure_once(struct bench *b, const struct engine_program *e, json_t *item, const json_t *counted)
{
	char *why = NULL;
	const double begun = now_seconds();
	json_t *told = run_undisturbed(e, &why), *region;
	size_t i;

	json_array_foreach(json_object_get(told, "regions"), i, region) {
		uint64_t perf[HOST_FIGURES] = { 0 };
		json_t *j;

		if (!b->no_perf && !engine_program_perf(e, (unsigned)i, perf, &why))
			break;
		j = region_json(told, region, counted, perf);
		if (j)
			json_array_append_new(json_object_get(item, "regions"), j);
		else
			why = xstrdup("a region is not as it must be");
		if (!j)
			break;
	}
	json_object_set_new(item, "wall_seconds", json_real(now_seconds() - begun));
	json_decref(told);
	return why;
}

static void measure(struct bench *b, const struct recipe *r, const struct workload *w)
{
	struct engine_program e;
	char *name = item_name(w), *what = xfmt("%-14s %s", r->name, w ? w->name : ENGINE_ORACLE), *why = NULL;
	json_t *counted = NULL;

	engine_program_of(&e, b->p, r, w, ORACLE_PROGRAMS);
	progress_show(what, -1);
	if (!b->no_callgrind)
		counted = engine_program_callgrind(&e, &why);
	for (unsigned rep = 1; rep <= b->repeat && !told_to_end && (rep == 1 || !why); rep++) {
		json_t *item = results_item(&b->res, r->name, name, rep, false);

		if (!why)
			why = measure_once(b, &e, item, counted);
		item_end(item, told_to_end ? "interrupted" : why ? "failed" : "finished", why);
	}
	if (!told_to_end)
		progress_done(what, why ? why : "finished");
	b->bad |= why != NULL;
	results_save_lately(&b->res);
	json_decref(counted);
	engine_program_free(&e);
	free(why);
	free(what);
	free(name);
}

/* ---- the run ---- */

static bool programs_there(const struct bench *b)
{
	bool ok = true, any = false;

	for (unsigned i = 0; i < nr_workloads; i++)
		any |= b->s.workload[i];
	for (unsigned i = 0; i < nr_recipes; i++)
		for (unsigned k = 0; b->s.recipe[i] && k < 2; k++) {
			struct engine_program e;

			if (k ? !b->oracle : !any)
				continue;
			engine_program_of(&e, b->p, &recipes[i], k ? NULL : &workloads[0], 1);
			ok = engine_program_there(&e, recipes[i].name) && ok;
			engine_program_free(&e);
		}
	return ok;
}

static void say_counters(const struct bench *b)
{
	if (b->no_perf)
		say("cycles, cache and dTLB misses are left out: %s", b->no_perf);
	if (b->no_callgrind)
		say("instructions are left out: %s", b->no_callgrind);
}

static json_t *options_json(const struct bench *b, const struct options *o)
{
	char *r = xstrdup(""), *w = xstrdup("");
	json_t *j;

	for (unsigned i = 0; i < nr_recipes; i++)
		if (b->s.recipe[i])
			list_add(&r, ",", "%s", recipes[i].name);
	for (unsigned i = 0; i < nr_workloads; i++)
		if (b->s.workload[i])
			list_add(&w, ",", ENGINE_PREFIX "%s", workloads[i].name);
	if (b->oracle)
		list_add(&w, ",", ENGINE_PREFIX ENGINE_ORACLE);
	j = json_pack("{s:s, s:s, s:b, s:b, s:i, s:s, s:i, s:b}", "recipes", r, "workloads", w, "recipes_named",
		      o->recipes != NULL, "workloads_named", o->workloads != NULL, "levels", 0, "suite", "engine", "repeat",
		      (int)b->repeat, "trace", 0);
	free(r);
	free(w);
	return j;
}

/* In the run's list of workloads: without them no row has a name. */
static void add_workload(json_t *list, const struct workload *w)
{
	char *name = item_name(w), *cmdline = w ? xstrdup(w->cmdline) : xfmt("programs=%d steps=600 seed=1", ORACLE_PROGRAMS);
	char *text = w ? xfmt("on the hosted engine: %s", w->text) : xstrdup("the oracle's random programs on the hosted engine");

	json_array_append_new(list, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:s}", "name", name, "workload", name,
					      "levels", w ? (int)w->levels : 4, "kind", "engine", "suite", "engine", "cmdline",
					      cmdline, "memory_mib", w ? (int)w->memory_mib : 4, "timeout_s", 120, "text", text));
	free(text);
	free(cmdline);
	free(name);
}

static json_t *machine_of(const struct bench *b)
{
	json_t *machine = machine_host_json(b->p);

	json_object_set_new(machine, "pmu", json_string(b->no_perf ? b->no_perf : "perf stat, user space"));
	json_object_set_new(machine, "callgrind", json_string(b->no_callgrind ? b->no_callgrind : "the engine's instructions"));
	for (unsigned i = 0; i < nr_recipes; i++)
		for (unsigned k = 0; b->s.recipe[i] && k < 2; k++) {
			struct engine_program e;

			engine_program_of(&e, b->p, &recipes[i], k ? NULL : &workloads[0], 1);
			machine_add_image(machine, e.path, b->p);
			engine_program_free(&e);
		}
	return machine;
}

static int begin(struct bench *b, const struct options *o)
{
	char *dir = o->output ? xstrdup(o->output) : new_run_dir(b->p), *slash = strrchr(dir, '/');
	int ret = EXIT_FAILED;

	if (place_is_good(dir))
		ret = results_begin(&b->res, dir, slash && slash[1] ? slash + 1 : dir, options_json(b, o));
	if (ret && !o->output)
		rmdir(dir);
	free(dir);
	if (ret)
		return ret;
	for (unsigned i = 0; i < nr_workloads; i++)
		if (b->s.workload[i])
			add_workload(json_object_get(b->res.root, "workloads"), &workloads[i]);
	if (b->oracle)
		add_workload(json_object_get(b->res.root, "workloads"), NULL);
	results_machine(&b->res, machine_of(b));
	/* The journal has the workloads that the run's beginning did not know. */
	return results_again(&b->res) ? EXIT_FAILED : EXIT_OK;
}

static unsigned planned(const struct bench *b)
{
	unsigned nr_r = 0, nr_w = b->oracle;

	for (unsigned i = 0; i < nr_recipes; i++)
		nr_r += b->s.recipe[i];
	for (unsigned i = 0; i < nr_workloads; i++)
		nr_w += b->s.workload[i];
	return nr_r * nr_w;
}

static void measure_all(struct bench *b)
{
	const double begun = now_seconds();

	progress_begin(planned(b));
	for (unsigned i = 0; i < nr_recipes; i++) {
		for (unsigned k = 0; b->s.recipe[i] && k < nr_workloads; k++)
			if (b->s.workload[k] && !told_to_end && !b->res.error)
				measure(b, &recipes[i], &workloads[k]);
		if (b->s.recipe[i] && b->oracle && !told_to_end && !b->res.error)
			measure(b, &recipes[i], NULL);
	}
	progress_end();
	json_object_set_new(b->res.root, "wall_seconds", json_real(now_seconds() - begun));
	results_finish(&b->res, !told_to_end && !b->res.error, told_to_end);
}

static int end(struct bench *b)
{
	if (b->res.error)
		say("%s", b->res.error);
	else
		engine_table(stdout, b->res.root);
	if (!make_dirs(b->p->results))
		index_add(b->p->results, &b->res);
	say("results: %s (`penumbra compare` and `penumbra history " ENGINE_PREFIX "...` read them)", b->res.dir);
	return told_to_end ? EXIT_INTERRUPTED : b->bad || b->res.error ? EXIT_FAILED : EXIT_OK;
}

int cmd_bench_engine(const struct options *o, const struct paths *p)
{
	struct bench b = { .p = p, .repeat = o->repeat ? o->repeat : ENGINE_REPEAT };
	int ret = EXIT_USAGE;

	if (choose_recipes(&b, o) && choose_workloads(&b, o))
		ret = programs_there(&b) ? EXIT_OK : EXIT_FAILED;
	if (!ret) {
		b.no_perf = o->no_perf ? xstrdup("--no-perf") : engine_no_perf();
		b.no_callgrind = o->no_valgrind ? xstrdup("--no-valgrind") : engine_no_callgrind();
		say_counters(&b);
		on_end_signals(on_end);
		ret = begin(&b, o);
	}
	if (!ret) {
		measure_all(&b);
		ret = end(&b);
	}
	results_free(&b.res);
	free(b.no_perf);
	free(b.no_callgrind);
	return ret;
}
