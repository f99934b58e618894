/* SPDX-License-Identifier: BSD-2-Clause */
/* Names checked against what is there; tables of the run's own counters beside the trace's. */
#include "traced.h"

#include <stdlib.h>
#include <string.h>

#include "trace_names.h"
#include "trace_tables.h"

static const char *text_of(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

static uint64_t number_of(const json_t *object, const char *key)
{
	return (uint64_t)json_integer_value(json_object_get(object, key));
}

uint64_t traced_records(const struct traced *t)
{
	return number_of(t->trace, "emitted");
}

uint64_t traced_cut(const struct traced *t)
{
	return number_of(t->trace, "cut");
}

bool traced_complete(const struct traced *t)
{
	return !number_of(t->trace, "lost") && number_of(t->trace, "emitted") + traced_cut(t) == number_of(t->trace, "written");
}

static const json_t *item_of(const json_t *root, const char *recipe, const char *workload)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(root, "items"), i, item)
		if (json_is_true(json_object_get(item, "traced")) && !strcmp(text_of(item, "recipe"), recipe) &&
		    !strcmp(text_of(item, "workload"), workload))
			return item;
	return NULL;
}

/* "a, b" of what the run's traces have under `key`, each once. The caller frees. */
static char *names_there(const json_t *traces, const char *key)
{
	char *all = xstrdup("");
	const json_t *t;
	size_t i;

	json_array_foreach(traces, i, t) {
		const char *name = text_of(t, key);
		bool again = false;

		for (size_t k = 0; k < i; k++)
			again |= !strcmp(text_of(json_array_get(traces, k), key), name);
		if (!again)
			list_add(&all, ", ", "%s", name);
	}
	return all;
}

/* Every name of the list must be among them. */
static bool names_known(const char *run, const json_t *traces, const char *key, const char *list)
{
	for (const char *s = list; s;) {
		size_t n = strcspn(s, ","), i;
		const json_t *t;
		bool known = false;

		json_array_foreach(traces, i, t)
			known |= strlen(text_of(t, key)) == n && !strncmp(text_of(t, key), s, n);
		if (!known) {
			char *there = names_there(traces, key);

			say("%s has no trace of the %s \"%.*s\": it has those of %s", run, key, (int)n, s, there);
			free(there);
			return false;
		}
		s = s[n] ? s + n + 1 : NULL;
	}
	return true;
}

bool traced_find(struct traced_list *l, const char *run, const json_t *root, const char *recipes, const char *workloads)
{
	const json_t *traces = json_object_get(root, "traces"), *t;
	size_t i;

	*l = (struct traced_list){ 0 };
	if (!json_array_size(traces)) {
		say("%s has no traces: they are made unless --no-trace is given, of the workloads that docs/trace.md names", run);
		return false;
	}
	if (!names_known(run, traces, "recipe", recipes) || !names_known(run, traces, "workload", workloads))
		return false;
	l->trace = xcalloc(json_array_size(traces), sizeof(*l->trace));
	json_array_foreach(traces, i, t) {
		const char *r = text_of(t, "recipe"), *w = text_of(t, "workload");

		if ((!recipes || list_has(recipes, ',', r)) && (!workloads || list_has(workloads, ',', w)))
			l->trace[l->count++] =
				(struct traced){ r, w, t, item_of(root, r, w), xfmt("%s/traces/%s/%s", run, r, w) };
	}
	if (!l->count)
		say("%s has no trace of that workload under that recipe", run);
	return l->count;
}

void traced_free(struct traced_list *l)
{
	for (unsigned i = 0; i < l->count; i++)
		free(l->trace[i].dir);
	free(l->trace);
	*l = (struct traced_list){ 0 };
}

/* ---- what the run counted ---- */

/* The count of the row with that name in its first column; 0: there is none. */
static uint64_t count_in(const json_t *table, const char *name)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(table, "rows"), i, row)
		if (!strcmp(json_string_value(json_array_get(row, 0)), name))
			return (uint64_t)json_integer_value(json_array_get(row, 1));
	return 0;
}

static void compare_count(json_t *table, const char *name, uint64_t trace, uint64_t counted)
{
	if (trace || counted)
		tp_row(table,
		       json_pack("[s,I,I,s]", name, (json_int_t)trace, (json_int_t)counted, trace == counted ? "yes" : "no"));
}

/* EVENT(event, the counter that counts it, another that counts the rest or nothing). */
#define COUNTED_EVENTS(EVENT)                                                                                                    \
	EVENT(promote, promote, )                                                                                                \
	EVENT(demote, demote, )                                                                                                  \
	EVENT(reclaim, reclaim, )                                                                                                \
	EVENT(dump, dump, )                                                                                                      \
	EVENT(fill, fill, super_direct)                                                                                          \
	EVENT(revoke, wrmap_revoke, )                                                                                            \
	EVENT(emulate, emulate_ok, )                                                                                             \
	EVENT(unsync, unsync, )                                                                                                  \
	EVENT(resync, resync, )                                                                                                  \
	EVENT(pull_through, pull_through, )                                                                                      \
	EVENT(cluster, cluster, )

static json_t *counted_table(const json_t *report, const json_t *item)
{
	static const char *const columns[] = { "of:", "in the trace:", "counted:", "equal:", NULL };
	json_t *table = tp_begin("counted", "The trace's counts against the hypervisor's own counters", columns);
	const json_t *stat = json_object_get(item, "stat"), *counter = json_object_get(stat, "counter");
	const json_t *trips = ta_table(report, "trips"), *events = ta_table(report, "events");

#define TRIP(id, text, paging)                                                                                                   \
	compare_count(table, #id, count_in(trips, #id), number_of(json_object_get(json_object_get(stat, "trip"), #id), "count"));
#include "abi/trips.def"
#undef TRIP
#define EVENT(event, one, other)                                                                                                 \
	compare_count(table, #event, count_in(events, #event), number_of(counter, #one) + number_of(counter, #other));
	COUNTED_EVENTS(EVENT)
#undef EVENT
	return table;
}

static void add_way(json_t *table, const char *name, uint64_t hits, uint64_t misses)
{
	if (hits || misses)
		tp_row(table, json_pack("[s,I,I,f]", name, (json_int_t)hits, (json_int_t)misses, tp_share(hits, hits + misses)));
}

static json_t *ways_table(const json_t *item)
{
	static const char *const columns[] = { "way:", "found:", "found nothing:", "hit rate:%", NULL };
	json_t *table =
		tp_begin("writable_mappings_counted", "Ways to find writable mappings, as the hypervisor counted them", columns);
	const json_t *c = json_object_get(json_object_get(item, "stat"), "counter");

	add_way(table, "last writer", number_of(c, "wrmap_last_hit"), number_of(c, "wrmap_last_miss"));
	add_way(table, "reverse map", number_of(c, "wrmap_rmap_hit"), 0);
	add_way(table, "guess", number_of(c, "wrmap_guess_hit"), number_of(c, "wrmap_guess_miss"));
	add_way(table, "fixup", number_of(c, "wrmap_fixup_hit"), number_of(c, "wrmap_fixup_miss"));
	add_way(table, "scan of every shadow", number_of(c, "wrmap_scan"), 0);
	return table;
}

json_t *traced_report(const struct traced *t, const struct trace_query *q)
{
	char *label = xfmt("%s %s", t->recipe, t->workload), *text;
	size_t len = 0;
	json_t *report = NULL;

	text = trace_graph_run(t->dir, q, label, traced_records(t), &len);
	if (text)
		report = json_loadb(text, len, 0, NULL);
	if (report && q->symbols)
		trace_name_tables(report, q->symbols);
	if (report && t->item) {
		json_array_append_new(json_object_get(report, "tables"), ways_table(t->item));
		if (!q->from && !q->to && !q->event && !q->where)
			json_array_append_new(json_object_get(report, "tables"), counted_table(report, t->item));
	}
	free(text);
	free(label);
	return report;
}
