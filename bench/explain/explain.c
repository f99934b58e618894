/* SPDX-License-Identifier: BSD-2-Clause */
/* The command: which workload, which recipes, and in which form. */
#include "explain.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bare.h"
#include "from_trace.h"
#include "put_out.h"
#include "say.h"

#define STANDARD_RECIPES "shadow1,shadow2,shadow3"
#define STANDARD_LEVELS  4

static const struct {
	const char *file, *levels;
} sources[] = {
#define OPERATION(file, name, levels) { name, #levels },
#include "explained.def"
#undef OPERATION
};

bool can_be_explained(const struct workload *w, unsigned levels)
{
	for (unsigned i = 0; i < COUNT_OF(sources) && !strcmp(w->kind, "pvh"); i++)
		if (!strcmp(sources[i].file, w->file))
			return !levels || strchr(sources[i].levels, (int)('0' + levels));
	return false;
}

static char *all_operations(void)
{
	char *all = xstrdup("");

	for (unsigned i = 0; i < COUNT_OF(sources); i++)
		list_add(&all, ", ", "%s", sources[i].file);
	return all;
}

/* The form of that name, or of that workload with so many levels. NULL after a message. */
static const struct workload *find_workload(const char *name, unsigned levels)
{
	const struct workload *w = workload_find(name), *any = w;
	char *all;

	if (w && levels && w->levels != levels)
		w = NULL;
	for (unsigned i = 0; i < nr_workloads; i++) {
		const struct workload *form = &workloads[i];

		if (strcmp(form->base, name))
			continue;
		any = form;
		if (form->levels == (levels ? levels : STANDARD_LEVELS))
			w = form;
	}
	if (w && can_be_explained(w, w->levels))
		return w;
	all = all_operations();
	if (!any)
		say("there is no operation \"%s\": it is one of %s, or a form of theirs that `penumbra list` shows", name, all);
	else if (!can_be_explained(any, 0))
		say("%s cannot be explained: what it does is not seen step by step. It is one of %s, or a form of theirs", name,
		    all);
	else
		say("%s has no form that can be explained with %u levels of page tables", name,
		    levels ? levels : STANDARD_LEVELS);
	free(all);
	return NULL;
}

static bool take_recipe(struct explained *e, const char *name)
{
	const struct recipe *r = recipe_find(name);
	struct selection unknown;

	if (!r)
		return select_recipes(&unknown, name, "quick"); /* says what was likely meant */
	if (r->kind == RECIPE_KIND_hybrid) {
		say("%s is switched by what it measures on the machine, of which nothing is here: --run tells what a run's trace "
		    "has of it",
		    r->name);
		return false;
	}
	if (r->kind != RECIPE_KIND_shadow) {
		say("%s has no shadow tables, and so nothing to explain here: name a recipe that is neither a baseline nor a "
		    "peer. --run tells what a "
		    "run's trace has of nested paging",
		    r->name);
		return false;
	}
	for (unsigned i = 0; i < e->nr; i++)
		if (e->recipe[i] == r)
			return true;
	if (e->nr == EXPLAIN_RECIPES) {
		say("%u recipes side by side are the most, and \"%s\" is one too many", EXPLAIN_RECIPES, name);
		return false;
	}
	e->recipe[e->nr++] = r;
	return true;
}

static bool take_recipes(struct explained *e, const char *names)
{
	char *copy = xstrdup(names), *rest = copy, *name;
	bool ok = true;

	while (ok && (name = strsep(&rest, ",")))
		ok = take_recipe(e, name + strspn(name, " "));
	free(copy);
	return ok;
}

static bool phase_is_wanted(const struct explained *e, const json_t *phase)
{
	return !e->phase || !strcmp(e->phase, text_of(phase, "phase"));
}

/* Phases that nobody asked for go. False after a message: none is left. */
static bool keep_phases(struct explained *e, unsigned r)
{
	json_t *phases = json_object_get(e->told[r], "phases"), *phase;
	char *all = xstrdup("");

	for (size_t i = 0; i < json_array_size(phases);) {
		phase = json_array_get(phases, i);
		list_add(&all, ", ", "%s", text_of(phase, "phase"));
		if (phase_is_wanted(e, phase)) {
			say_phase(phase);
			i++;
		} else {
			json_array_remove(phases, i);
		}
	}
	if (!json_array_size(phases))
		say("%s has no phase \"%s\": it has %s", e->workload ? e->workload->base : e->name, e->phase ? e->phase : "",
		    *all ? all : "none");
	free(all);
	return json_array_size(phases);
}

static void write_json(FILE *f, const struct explained *e)
{
	json_t *all = explain_json(e);

	json_dumpf(all, f, JSON_INDENT(1));
	fputc('\n', f);
	json_decref(all);
}

static int put(const struct explained *e, const struct options *o, const struct paths *p)
{
	const bool terminal = !o->output && isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	const char *format = o->format ? o->format : "text";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool told = true;
	int ret;

	if (!strcmp(format, "json"))
		write_json(f, e);
	else if (!strcmp(format, "page"))
		told = explain_page(f, e, p);
	else
		explain_text(f, e, !strcmp(format, "markdown") ? EXPLAIN_MARKDOWN : terminal ? EXPLAIN_COLOUR : EXPLAIN_PLAIN);
	fclose(f);
	ret = told ? put_out(o->output, text, len) : EXIT_FAILED;
	free(text);
	return ret;
}

/* What is hosted of it, and with --bare what the hypervisor does. EXIT_OK, or after a message. */
static int tell(struct explained *e, const struct options *o, const struct paths *p)
{
	int ret = EXIT_OK;

	e->workload = find_workload(o->row[0], o->levels);
	if (!e->workload || !take_recipes(e, o->recipes ? o->recipes : STANDARD_RECIPES))
		return EXIT_USAGE;
	e->name = xstrdup(e->workload->name);
	e->text = xstrdup(e->workload->text);
	e->levels = e->workload->levels;
	for (unsigned r = 0; r < e->nr && ret == EXIT_OK; r++) {
		e->told[r] = explain_record(p, e->recipe[r], e->workload, o->nth, false);
		if (!e->told[r])
			ret = EXIT_FAILED;
	}
	return ret;
}

int cmd_explain(const struct options *o, const struct paths *p)
{
	struct explained e = { .phase = o->phase };
	int ret = o->run[0] && !o->bare ? explain_from_traces(&e, o, p) : tell(&e, o, p);

	for (unsigned r = 0; r < e.nr && ret == EXIT_OK; r++)
		if (!keep_phases(&e, r))
			ret = EXIT_USAGE;
	if (ret == EXIT_OK) {
		const int agreed = o->bare ? explain_bare(&e, o, p) : EXIT_OK;

		ret = agreed == EXIT_INTERRUPTED ? agreed : put(&e, o, p);
		ret = ret == EXIT_OK ? agreed : ret;
	}
	for (unsigned r = 0; r < e.nr; r++)
		json_decref(e.told[r]);
	free(e.name);
	free(e.text);
	return ret;
}
