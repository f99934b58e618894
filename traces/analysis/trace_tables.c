/* SPDX-License-Identifier: BSD-2-Clause */
/* A report, and its tables by kind of trip. Shares are of what the trips chosen have in all. */
#include <inttypes.h>
#include <string.h>

#include "names.h"
#include "table_parts.h"

#define FORMAT 1

static void add_column(json_t *table, const char *name, size_t len, const char *unit)
{
	json_array_append_new(json_object_get(table, "columns"), json_pack("{s:s%,s:s}", "name", name, len, "unit", unit));
}

json_t *tp_begin(const char *name, const char *title, const char *const columns[])
{
	json_t *table = json_pack("{s:s,s:s,s:[],s:[]}", "name", name, "title", title, "columns", "rows");

	for (unsigned i = 0; columns && columns[i]; i++) {
		const char *colon = strchr(columns[i], ':');

		add_column(table, columns[i], (size_t)(colon - columns[i]), colon + 1);
	}
	return table;
}

void tp_column(json_t *table, const char *name, const char *unit)
{
	add_column(table, name, strlen(name), unit);
}

void tp_row(json_t *table, json_t *row)
{
	json_array_append_new(json_object_get(table, "rows"), row);
}

json_t *tp_hex(uint64_t n)
{
	return json_sprintf("%#" PRIx64, n);
}

double tp_share(uint64_t part, uint64_t whole)
{
	return whole ? 100. * (double)part / (double)whole : 0;
}

void tp_word(char *out, size_t len, const char *word, unsigned times)
{
	size_t used = strlen(out);

	used += (size_t)snprintf(out + used, len - used, "%s%s", used ? " " : "", word);
	if (times > 1 && used < len)
		snprintf(out + used, len - used, "*%u", times);
}

json_t *ta_table(const json_t *report, const char *name)
{
	json_t *t;
	size_t i;

	json_array_foreach(json_object_get(report, "tables"), i, t)
		if (!strcmp(json_string_value(json_object_get(t, "name")), name))
			return t;
	return NULL;
}

/* ---- costs of trips: the columns of `perf kvm stat`, with percentiles and bytes ---- */

json_t *tp_cost(json_t *table, const char *name, struct ta_distribution *d, const struct ta_distribution *all)
{
	json_t *row;

	if (!d->count)
		return NULL;
	row = json_pack("[s,I,f,I,f,f,I,I,I,I,I,I]", name, (json_int_t)d->count, tp_share(d->count, all->count),
			(json_int_t)d->sum, tp_share(d->sum, all->sum), ta_distribution_mean(d),
			(json_int_t)ta_distribution_percentile(d, 5), (json_int_t)ta_distribution_percentile(d, 50),
			(json_int_t)ta_distribution_percentile(d, 95), (json_int_t)ta_distribution_percentile(d, 0),
			(json_int_t)ta_distribution_percentile(d, 100), (json_int_t)d->bytes);
	tp_row(table, row);
	return row;
}

static json_t *trips_table(struct ta_tally *t)
{
	static const char *const columns[] = { "trip:", COST_COLUMNS, NULL };
	json_t *table = tp_begin("trips", "Trips by exit reason, from exit to entry", columns);

	for (unsigned i = 0; i < TRIP_MAX; i++)
		tp_cost(table, pn_trip_name(i), &t->kind[i], &t->all);
	tp_cost(table, "all", &t->all, &t->all);
	return table;
}

static json_t *faults_table(struct ta_tally *t)
{
	static const char *const columns[] = { "fate:", COST_COLUMNS, NULL };
	json_t *table = tp_begin("faults", "Page faults by what became of them", columns);

	for (unsigned i = 1; i < TA_FATES; i++)
		tp_cost(table, ta_fate_name(i), &t->fate[i], &t->all);
	return table;
}

static json_t *resyncs_table(struct ta_tally *t)
{
	static const char *const columns[] = { "resyncs:", COST_COLUMNS, NULL };
	json_t *table = tp_begin("root_loads", "CR3 loads by the tables brought back into sync in them", columns);

	for (unsigned i = 0; i <= TA_RESYNCS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u%s", i, i == TA_RESYNCS ? " or more" : "");
		tp_cost(table, name, &t->resyncs[i], &t->all);
	}
	return table;
}

/* ---- writable mappings, bytes ---- */

static void add_searches(json_t *table, const char *way, uint64_t n, uint64_t all, uint64_t found, uint64_t all_found)
{
	tp_row(table,
	       json_pack("[s,I,f,I,f]", way, (json_int_t)n, tp_share(n, all), (json_int_t)found, tp_share(found, all_found)));
}

static json_t *searches_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "way:", "searches:", "hit rate:%", "mappings:", "of mappings:%", NULL };
	static const char *const way[TA_WAYS] = { "guess", "other", "fixup" };
	json_t *table = tp_begin(
		"writable_mappings",
		"Searches for writable mappings: which way found them (other: reverse map, last writer or a scan)", columns);
	const struct ta_searches *s = &t->searches;
	const uint64_t all = t->nr_searches, found = s->found[TA_WAY_guess] + s->found[TA_WAY_other] + s->found[TA_WAY_fixup];

	for (unsigned i = 0; i < TA_WAYS; i++)
		add_searches(table, way[i], s->by[i], all, s->found[i], found);
	add_searches(table, "none there", s->none, all, 0, found);
	add_searches(table, "all", all, all, found, found);
	return table;
}

static void add_bytes(json_t *table, const char *name, const struct ta_distribution *d, const struct ta_distribution *all)
{
	if (d->bytes)
		tp_row(table, json_pack("[s,I,f,f]", name, (json_int_t)d->bytes, tp_share(d->bytes, all->bytes),
					(double)d->bytes / (double)d->count));
}

static json_t *bytes_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "cause:", "bytes:bytes", "share:%", "a trip:bytes", NULL };
	json_t *table = tp_begin("bytes", "Bytes of page tables read and written, by cause", columns);

	for (unsigned i = 0; i < TRIP_MAX; i++)
		if (!ta_kind_is_fault(i))
			add_bytes(table, pn_trip_name(i), &t->kind[i], &t->all);
	for (unsigned i = 1; i < TA_FATES; i++)
		add_bytes(table, ta_fate_name(i), &t->fate[i], &t->all);
	add_bytes(table, "all", &t->all, &t->all);
	return table;
}

/* ---- the report ---- */

json_t *ta_report(struct ta_tally *t, uint64_t hz)
{
	return json_pack("{s:i,s:I,s:[o,o,o,o,o,o,o,o,o,o,o,o,o,o,o,o,o,o,o]}", "format", FORMAT, "hz", (json_int_t)hz, "tables",
			 tp_overview(t), tp_regions(t), trips_table(t), faults_table(t), tp_operations(t), tp_shapes(t),
			 tp_causes(t), resyncs_table(t), searches_table(t), bytes_table(t), tp_intervals(t), tp_timeline(t),
			 tp_worst(t), tp_vcpus(t), tp_rips(t), tp_pages(t), tp_spaces(t), tp_places(t), tp_events(t));
}

json_t *ta_summary(struct ta_tally *t, uint64_t hz)
{
	return json_pack("{s:i,s:I,s:[o,o,o,o]}", "format", FORMAT, "hz", (json_int_t)hz, "tables", tp_overview(t),
			 trips_table(t), faults_table(t), tp_operations(t));
}
