/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra trace`: which traces, which form. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "paths.h"
#include "put_out.h"
#include "results.h"
#include "trace_command.h"
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

/* In JSON every report says whose it is; elsewhere a line above it does. */
static bool show_one(FILE *f, const struct traced *t, const struct trace_query *q, const char *format, bool first)
{
	json_t *report = traced_report(t, q);
	bool json = !strcmp(format, "json");

	if (!report)
		return false;
	if (!traced_complete(t))
		say("%s %s: records were lost on the way, so the counts are lower bounds", t->recipe, t->workload);
	json_object_set_new(report, "recipe", json_string(t->recipe));
	json_object_set_new(report, "workload", json_string(t->workload));
	fputs(first ? "" : json ? "," : "\n", f);
	if (!json)
		fprintf(f, "## %s %s\n\n", t->recipe, t->workload);
	ta_show(f, report, format);
	json_decref(report);
	return true;
}

static bool show_all(FILE *f, const struct traced_list *l, const struct trace_query *q, const char *format)
{
	bool json = !strcmp(format, "json");

	fputs(json ? "[" : "", f);
	for (unsigned i = 0; i < l->count; i++)
		if (!show_one(f, &l->trace[i], q, format, !i))
			return false;
	fputs(json ? "]\n" : "", f);
	return true;
}

static bool show_perfetto(FILE *f, const struct traced_list *l, struct trace_query *q)
{
	size_t len = 0;
	char *text;

	if (l->count > 1) {
		say("perfetto takes one trace, and %u are chosen: --recipe and --workload choose one", l->count);
		return false;
	}
	q->format = "perfetto";
	text = trace_graph_run(l->trace[0].dir, q, l->trace[0].recipe, traced_records(&l->trace[0]), &len);
	if (!text)
		return false;
	fwrite(text, 1, len, f);
	free(text);
	return true;
}

static bool show(FILE *f, const struct traced_list *l, const struct options *o)
{
	struct trace_query q = { "json", o->from, o->to, o->event, o->where, false };
	const char *format = o->format ? o->format : "text";

	if (l->count > 1 && !o->recipes && !o->workloads && !o->format) {
		list_traces(f, l);
		return true;
	}
	return strcmp(format, "perfetto") ? show_all(f, l, &q, format) : show_perfetto(f, l, &q);
}

static int trace_of(const struct options *o, const struct paths *p, const char *run, const json_t *root)
{
	char *plugin = path_trace_plugin(p), *text = NULL;
	struct traced_list l;
	int ret = EXIT_FAILED;
	size_t len;
	FILE *f;

	if (traced_find(&l, run, root, o->recipes, o->workloads) && trace_plugins_load(plugin)) {
		f = open_memstream(&text, &len);
		if (show(f, &l, o) && !fflush(f))
			ret = put_out(o->output, text, len);
		fclose(f);
		free(text);
		trace_plugins_free();
	}
	traced_free(&l);
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
