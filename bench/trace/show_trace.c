/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra trace`: which traces, which form. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "put_out.h"
#include "results.h"
#include "trace_command.h"
#include "trace_compare.h"
#include "trace_names.h"
#include "trace_page.h"
#include "traced.h"
#include "trace_tables.h"

static void list_traces(FILE *f, const struct traced_list *l)
{
	fputs("# The run's traces; --recipe and --workload choose\n", f);
	fprintf(f, "%-20s %-28s %12s %8s\n", "recipe", "workload", "records", "lost");
	for (unsigned i = 0; i < l->count; i++)
		fprintf(f, "%-20s %-28s %12" JSON_INTEGER_FORMAT " %8" JSON_INTEGER_FORMAT "\n", l->trace[i].recipe,
			l->trace[i].workload, json_integer_value(json_object_get(l->trace[i].trace, "written")),
			json_integer_value(json_object_get(l->trace[i].trace, "lost")));
}

/* One report after the other: in JSON a list of them, on a page a section each, elsewhere with a line above each. */
struct showing {
	FILE *f;
	const char *format;
	bool any;
};

static bool is(const struct showing *s, const char *format)
{
	return !strcmp(s->format, format);
}

/* Takes the report; false, if it is NULL. */
static bool show_one(struct showing *s, json_t *report, const char *recipe, const char *workload)
{
	char *title = xfmt("%s %s", recipe, workload);

	if (report && is(s, "page")) {
		trace_page_tables(s->f, report, title);
	} else if (report) {
		fputs(is(s, "json") ? s->any ? "," : "[" : s->any ? "\n" : "", s->f);
		if (!is(s, "json"))
			fprintf(s->f, "## %s\n\n", title);
		ta_show(s->f, report, s->format);
	}
	s->any |= report != NULL;
	free(title);
	if (!report)
		return false;
	json_decref(report);
	return true;
}

static void end_showing(const struct showing *s)
{
	if (is(s, "json"))
		fputs(s->any ? "]\n" : "[]\n", s->f);
}

static void tell_losses(const struct traced *t)
{
	if (!traced_complete(t))
		say("%s %s: records were lost on the way, so the counts are lower bounds", t->recipe, t->workload);
	if (traced_cut(t))
		say("%s %s: the trace ends before the guest, at its limit (penumbra run --trace-limit)", t->recipe, t->workload);
}

static bool show_all(struct showing *s, const struct traced_list *l, const struct trace_query *q)
{
	for (unsigned i = 0; i < l->count; i++) {
		const struct traced *t = &l->trace[i];
		json_t *report = traced_report(t, q);

		tell_losses(t);
		if (report) {
			json_object_set_new(report, "recipe", json_string(t->recipe));
			json_object_set_new(report, "workload", json_string(t->workload));
		}
		if (!show_one(s, report, t->recipe, t->workload))
			return false;
	}
	return true;
}

/* Each workload that both recipes have a trace of; the first of the recipes as they were named is the left one. */
static bool show_compared(struct showing *s, const struct traced_list *l, const struct trace_query *q, const char *recipes)
{
	size_t left = strcspn(recipes, ",");
	char *label = xfmt("%.*s and %s,", (int)left, recipes, recipes + left + 1);
	bool good = true;

	for (unsigned i = 0; i < l->count && good; i++)
		for (unsigned k = 0; k < l->count && good; k++) {
			const struct traced *a = &l->trace[i], *b = &l->trace[k];

			if (strncmp(a->recipe, recipes, left) || a->recipe[left] || strcmp(b->recipe, recipes + left + 1) ||
			    strcmp(a->workload, b->workload))
				continue;
			tell_losses(a);
			tell_losses(b);
			good = show_one(s, trace_compare(a, b, q), label, a->workload);
		}
	if (good && !s->any)
		say("no workload has a trace under both of %s", recipes);
	free(label);
	return good && s->any;
}

static bool show_perfetto(FILE *f, const struct traced_list *l, struct trace_query *q)
{
	size_t len = 0;
	char *text, *named;

	if (l->count > 1) {
		say("perfetto takes one trace, and %u are chosen: --recipe and --workload choose one", l->count);
		return false;
	}
	q->format = "perfetto";
	text = trace_graph_run(l->trace[0].dir, q, l->trace[0].recipe, traced_records(&l->trace[0]), &len);
	named = text && q->symbols ? trace_name_perfetto(text, len, q->symbols, &len) : NULL;
	if (named) {
		free(text);
		text = named;
	}
	if (!text)
		return false;
	fwrite(text, 1, len, f);
	free(text);
	return true;
}

static bool show(FILE *f, const struct traced_list *l, const struct options *o, const struct symbols *symbols)
{
	struct trace_query q = { "json", o->from, o->to, o->event, o->where, false, symbols };
	struct showing s = { f, o->format ? o->format : "text", false };
	bool good;

	if (o->compared) {
		if (is(&s, "page"))
			trace_page_begin(f);
		good = show_compared(&s, l, &q, o->compared);
		if (is(&s, "page"))
			trace_page_end(f);
	} else if (is(&s, "page")) {
		for (unsigned i = 0; i < l->count; i++)
			tell_losses(&l->trace[i]);
		return trace_page(f, l, &q);
	} else if (l->count > 1 && !o->recipes && !o->workloads && !o->format) {
		list_traces(f, l);
		return true;
	} else if (!strcmp(s.format, "perfetto")) {
		return show_perfetto(f, l, &q);
	} else {
		good = show_all(&s, l, &q);
	}
	end_showing(&s);
	return good;
}

static int trace_of(const struct options *o, const struct paths *p, const char *run, const json_t *root)
{
	char *plugin = path_trace_plugin(p), *text = NULL, *why;
	struct symbols symbols = { 0 };
	struct traced_list l;
	int ret = EXIT_FAILED;
	size_t len;
	FILE *f;

	why = o->symbols ? symbols_read(&symbols, o->symbols) : NULL;
	if (why) {
		say("%s %s", o->symbols, why);
		free(why);
		free(plugin);
		return ret;
	}
	if (traced_find(&l, run, root, o->compared ? o->compared : o->recipes, o->workloads) && trace_plugins_load(plugin)) {
		f = open_memstream(&text, &len);
		if (show(f, &l, o, o->symbols ? &symbols : NULL) && !fflush(f))
			ret = put_out(o->output, text, len);
		fclose(f);
		free(text);
		trace_plugins_free();
	}
	traced_free(&l);
	symbols_free(&symbols);
	free(plugin);
	return ret;
}

int cmd_trace(const struct options *o, const struct paths *p)
{
	char *dir = path_run(p, o->run[0]);
	json_t *root = dir ? results_load(dir, false, NULL) : NULL;
	int ret = root ? trace_of(o, p, dir, root) : EXIT_FAILED;

	json_decref(root);
	free(dir);
	return ret;
}
