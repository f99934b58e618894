/* SPDX-License-Identifier: BSD-2-Clause */
/* One function a table. Shares are of what the trips chosen have in all. */
#include "trace_tables.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

#define FORMAT 1

/* Columns as "name:unit", NULL at the end. */
static json_t *begin(const char *name, const char *title, const char *const columns[])
{
	json_t *list = json_array();

	for (unsigned i = 0; columns[i]; i++) {
		const char *colon = strchr(columns[i], ':');

		json_array_append_new(
			list, json_pack("{s:s%,s:s}", "name", columns[i], (size_t)(colon - columns[i]), "unit", colon + 1));
	}
	return json_pack("{s:s,s:s,s:o,s:[]}", "name", name, "title", title, "columns", list, "rows");
}

static void add_row(json_t *table, json_t *row)
{
	json_array_append_new(json_object_get(table, "rows"), row);
}

static double share(uint64_t part, uint64_t whole)
{
	return whole ? 100. * (double)part / (double)whole : 0;
}

static json_t *whole(uint64_t n)
{
	return json_integer((json_int_t)n);
}

/* ---- costs of trips: the columns of `perf kvm stat`, with percentiles and bytes ---- */

#define COST_COLUMNS                                                                                                             \
	"count:", "share:%", "ticks:ticks", "time:%", "mean:ticks", "p5:ticks", "p50:ticks", "p95:ticks", "min:ticks",           \
		"max:ticks", "bytes:bytes"

static json_t *cost_row(const char *name, struct ta_distribution *d, const struct ta_distribution *all)
{
	return json_pack("[s,I,f,I,f,f,I,I,I,I,I]", name, (json_int_t)d->count, share(d->count, all->count), (json_int_t)d->sum,
			 share(d->sum, all->sum), ta_distribution_mean(d), (json_int_t)ta_distribution_percentile(d, 5),
			 (json_int_t)ta_distribution_percentile(d, 50), (json_int_t)ta_distribution_percentile(d, 95),
			 (json_int_t)ta_distribution_percentile(d, 0), (json_int_t)ta_distribution_percentile(d, 100));
}

static void add_cost(json_t *table, const char *name, struct ta_distribution *d, const struct ta_distribution *all)
{
	json_t *row;

	if (!d->count)
		return;
	row = cost_row(name, d, all);
	json_array_append_new(row, whole(d->bytes));
	add_row(table, row);
}

static json_t *trips_table(struct ta_tally *t)
{
	static const char *const columns[] = { "trip:", COST_COLUMNS, NULL };
	json_t *table = begin("trips", "Trips by exit reason, from exit to entry", columns);

	for (unsigned i = 0; i < TRIP_MAX; i++)
		add_cost(table, pn_trip_name(i), &t->kind[i], &t->all);
	add_cost(table, "all", &t->all, &t->all);
	return table;
}

static json_t *faults_table(struct ta_tally *t)
{
	static const char *const columns[] = { "fate:", COST_COLUMNS, NULL };
	json_t *table = begin("faults", "Page faults by what became of them", columns);

	for (unsigned i = 1; i < TA_FATES; i++)
		add_cost(table, ta_fate_name(i), &t->fate[i], &t->all);
	return table;
}

static json_t *resyncs_table(struct ta_tally *t)
{
	static const char *const columns[] = { "resyncs:", COST_COLUMNS, NULL };
	json_t *table = begin("root_loads", "CR3 loads by the tables brought back into sync in them", columns);

	for (unsigned i = 0; i <= TA_RESYNCS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "%u%s", i, i == TA_RESYNCS ? " or more" : "");
		add_cost(table, name, &t->resyncs[i], &t->all);
	}
	return table;
}

/* ---- writable mappings, bytes ---- */

static json_t *searches_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "way:", "searches:", "hit rate:%", "mappings:", "of mappings:%", NULL };
	static const char *const way[] = { "guess", "other", "fixup" };
	json_t *table = begin("writable_mappings",
			      "Searches for writable mappings: which way found them (other: reverse map, last writer or a scan)",
			      columns);
	uint64_t found = t->found[0] + t->found[1] + t->found[2];

	for (unsigned i = 0; i < 3; i++)
		add_row(table,
			json_pack("[s,I,f,I,f]", way[i], (json_int_t)t->searches_by[i], share(t->searches_by[i], t->searches),
				  (json_int_t)t->found[i], share(t->found[i], found)));
	add_row(table, json_pack("[s,I,f,I,f]", "none there", (json_int_t)t->searches_none, share(t->searches_none, t->searches),
				 (json_int_t)0, 0.));
	add_row(table, json_pack("[s,I,f,I,f]", "all", (json_int_t)t->searches, share(t->searches, t->searches),
				 (json_int_t)found, share(found, found)));
	return table;
}

static void add_bytes(json_t *table, const char *name, const struct ta_distribution *d, const struct ta_distribution *all)
{
	if (d->bytes)
		add_row(table, json_pack("[s,I,f,f]", name, (json_int_t)d->bytes, share(d->bytes, all->bytes),
					 (double)d->bytes / (double)d->count));
}

static json_t *bytes_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "cause:", "bytes:bytes", "share:%", "a trip:bytes", NULL };
	json_t *table = begin("bytes", "Bytes of page tables read and written, by cause", columns);

	for (unsigned i = 0; i < TRIP_MAX; i++)
		if (!ta_kind_is_fault(i))
			add_bytes(table, pn_trip_name(i), &t->kind[i], &t->all);
	for (unsigned i = 1; i < TA_FATES; i++)
		add_bytes(table, ta_fate_name(i), &t->fate[i], &t->all);
	add_bytes(table, "all", &t->all, &t->all);
	return table;
}

/* ---- operations ---- */

void ta_shape(const struct ta_operation *o, char *out, size_t len)
{
	size_t used = 0;

	*out = 0;
	for (unsigned i = 0; i < o->nr_steps && used < len; i++) {
		used += (size_t)snprintf(out + used, len - used, "%s%s", i ? " " : "", ta_code_name(o->step[i]));
		if (o->times[i] > 1 && used < len)
			used += (size_t)snprintf(out + used, len - used, "*%u", o->times[i]);
	}
	if (o->longer && used < len)
		snprintf(out + used, len - used, " ...");
}

static json_t *operations_table(struct ta_tally *t)
{
	static const char *const columns[] = { "operation:", COST_COLUMNS, "trips:", NULL };
	json_t *table = begin("operations", "The guest's operations, each with all its trips", columns);
	struct ta_distribution by[TA_OPS] = { { 0 } }, all = { 0 };
	uint64_t trips[TA_OPS] = { 0 };

	for (size_t i = 0; i < t->nr_ops; i++) {
		const struct ta_operation *o = &t->op[i];

		if (!o->chosen)
			continue;
		t->failed |=
			!ta_distribution_add(&by[o->kind], o->cost, o->bytes) || !ta_distribution_add(&all, o->cost, o->bytes);
		trips[o->kind] += o->trips;
	}
	for (unsigned i = 1; i < TA_OPS; i++) {
		json_t *rows = json_object_get(table, "rows");

		add_cost(table, ta_op_name(i), &by[i], &all);
		if (by[i].count)
			json_array_append_new(json_array_get(rows, json_array_size(rows) - 1),
					      json_real((double)trips[i] / (double)by[i].count));
		ta_distribution_free(&by[i]);
	}
	ta_distribution_free(&all);
	return table;
}

static int by_shape(const struct ta_operation *x, const struct ta_operation *y)
{
	int order = memcmp(x->step, y->step, sizeof(x->step));

	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (!order)
		order = memcmp(x->times, y->times, sizeof(x->times));
	return order ? order : x->longer - y->longer;
}

static int by_shape_and_time(const void *a, const void *b)
{
	const struct ta_operation *x = *(const struct ta_operation *const *)a, *y = *(const struct ta_operation *const *)b;
	int order = by_shape(x, y);

	return order ? order : (x > y) - (x < y);
}

struct shape {
	const struct ta_operation *example; /* one in the middle */
	uint64_t count, cost, bytes;
};

static int by_cost(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	return x->cost != y->cost ? (x->cost < y->cost) - (x->cost > y->cost) : by_shape(x->example, y->example);
}

/* Operations in groups of one shape, the dearest group first. The caller frees. NULL: no memory, or no operation. */
static struct shape *find_shapes(const struct ta_tally *t, size_t *nr)
{
	const struct ta_operation **sorted = malloc((t->nr_ops + 1) * sizeof(const struct ta_operation *));
	struct shape *shape = malloc((t->nr_ops + 1) * sizeof(*shape));
	size_t n = 0;

	*nr = 0;
	for (size_t i = 0; sorted && shape && i < t->nr_ops; i++)
		if (t->op[i].chosen)
			sorted[n++] = &t->op[i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_shape_and_time);
	for (size_t i = 0, first = 0; i < n; i++) {
		if (!i || by_shape(sorted[i - 1], sorted[i])) {
			shape[(*nr)++] = (struct shape){ 0 };
			first = i;
		}
		shape[*nr - 1].example = sorted[(first + i) / 2];
		shape[*nr - 1].count++;
		shape[*nr - 1].cost += sorted[i]->cost;
		shape[*nr - 1].bytes += sorted[i]->bytes;
	}
	free(sorted);
	if (*nr)
		qsort(shape, *nr, sizeof(*shape), by_cost);
	return shape;
}

#define SHAPES 40

static json_t *shapes_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "operation:",       "trips:", "count:",          "ticks:ticks", "mean:ticks",
					       "bytes each:bytes", "time:%", "for example op:", NULL };
	json_t *table = begin("shapes", "Operations by the trips that they are made of, in order; the dearest shapes", columns);
	size_t nr;
	struct shape *shape = find_shapes(t, &nr);
	uint64_t all = 0;

	for (size_t i = 0; i < nr; i++)
		all += shape[i].cost;
	for (size_t i = 0; i < nr && i < SHAPES; i++) {
		const struct shape *s = &shape[i];
		char text[256];

		ta_shape(s->example, text, sizeof(text));
		add_row(table,
			json_pack("[s,s,I,I,f,f,f,I]", ta_op_name(s->example->kind), text, (json_int_t)s->count,
				  (json_int_t)s->cost, (double)s->cost / (double)s->count, (double)s->bytes / (double)s->count,
				  share(s->cost, all), (json_int_t)(s->example - t->op + 1)));
	}
	free(shape);
	return table;
}

json_t *ta_operations_list(const struct ta_tally *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nr_ops; i++) {
		const struct ta_operation *o = &t->op[i];
		char text[256];

		if (!o->chosen)
			continue;
		ta_shape(o, text, sizeof(text));
		json_array_append_new(list, json_pack("[s,I,I,I,I,I,s,s,i]", ta_op_name(o->kind), (json_int_t)o->address,
						      (json_int_t)o->trips, (json_int_t)o->cost, (json_int_t)o->bytes,
						      (json_int_t)(o->begin - t->first), text,
						      o->region ? t->region[o->region - 1].name : "", o->region));
	}
	return list;
}

/* ---- the trace itself, and over time ---- */

static json_t *overview_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "figure:", "value:", "unit:", NULL };
	json_t *table = begin("overview", "The trace", columns);
	uint64_t events = 0, lost = 0, ops = 0;

	for (unsigned i = 0; i < PN_MAX_EVENTS; i++) {
		events += t->events[i];
		lost += t->lost[i];
	}
	for (size_t i = 0; i < t->nr_ops; i++)
		ops += t->op[i].chosen;
#define FIGURE(text, n, unit) add_row(table, json_pack("[s,I,s]", text, (json_int_t)(n), unit))
	FIGURE("records", events, "");
	FIGURE("records lost", lost, "");
	FIGURE("from the first record to the last", t->last - t->first, "ticks");
	FIGURE("trips chosen", t->all.count, "");
	FIGURE("time in them", t->all.sum, "ticks");
	FIGURE("page-table bytes in them", t->all.bytes, "bytes");
	FIGURE("operations of the guest", ops, "");
	FIGURE("dom0's trips, in no table", t->dom0_trips, "");
	FIGURE("time in dom0's trips", t->dom0_cost, "ticks");
#undef FIGURE
	return table;
}

static json_t *events_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "event:", "records:", "lost:", NULL };
	json_t *table = begin("events", "Records in the whole trace, by event", columns);

	for (unsigned i = 0; i < PN_EV_MAX; i++)
		if (t->events[i] || t->lost[i])
			add_row(table, json_pack("[s,I,I]", pn_event_name(i), (json_int_t)t->events[i], (json_int_t)t->lost[i]));
	return table;
}

static json_t *regions_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "region:", "at:ticks",       "operations:",         "guest measured:ticks",
					       "trips:",  "counted trips:", "in hypervisor:ticks", "of it:%",
					       NULL };
	json_t *table =
		begin("regions", "Measured regions: what the guest measured, and its trips as traced and as counted", columns);

	for (unsigned i = 0; i < t->nr_regions; i++) {
		const struct ta_region *g = &t->region[i];

		add_row(table, json_pack("[s,I,I,I,I,I,I,f]", g->name, (json_int_t)(g->begin - t->first), (json_int_t)g->ops,
					 (json_int_t)g->instructions, (json_int_t)g->trips, (json_int_t)g->trips_told,
					 (json_int_t)g->cost, share(g->cost, g->instructions)));
	}
	return table;
}

static json_t *intervals_table(const struct ta_tally *t)
{
	static const char *const columns[] = {
		"from:ticks", "trips:", "faults:", "in hypervisor:ticks", "busy:%", "bytes:bytes", "fills:", "resyncs:", NULL
	};
	json_t *table = begin("intervals", "Over time, in intervals of equal width", columns);
	unsigned last = TA_INTERVALS;

	while (last && !t->interval[last - 1].trips)
		last--;
	for (unsigned i = 0; i < last; i++) {
		const struct ta_interval *v = &t->interval[i];

		add_row(table,
			json_pack("[I,I,I,I,f,I,I,I]", (json_int_t)(t->origin - t->first + i * t->width), (json_int_t)v->trips,
				  (json_int_t)v->faults, (json_int_t)v->cost, share(v->cost, t->width), (json_int_t)v->bytes,
				  (json_int_t)v->fills, (json_int_t)v->syncs));
	}
	return table;
}

/* Which events, of a trip's `within`. */
static void say_within(uint64_t within, char *out, size_t len)
{
	size_t used = 0;

	*out = 0;
	for (unsigned i = 0; i < PN_EV_MAX && used < len; i++)
		if (within >> i & 1)
			used += (size_t)snprintf(out + used, len - used, "%s%s", used ? " " : "", pn_event_name(i));
}

static int by_cause_cost(const void *a, const void *b)
{
	const struct ta_cause *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? 1 : -1;
	if (x->op_kind != y->op_kind || x->code != y->code)
		return x->op_kind != y->op_kind ? x->op_kind - y->op_kind : x->code - y->code;
	return (x->within > y->within) - (x->within < y->within);
}

static json_t *causes_table(struct ta_tally *t)
{
	static const char *const columns[] = { "operation:",  "trip:",  "happened in it:", "count:",
					       "ticks:ticks", "time:%", "mean:ticks",      NULL };
	json_t *table = begin("causes", "The hypervisor's time by operation, trip, and what happened in the trip", columns);

	qsort(t->cause, t->nr_causes, sizeof(t->cause[0]), by_cause_cost);
	for (unsigned i = 0; i < t->nr_causes; i++) {
		const struct ta_cause *c = &t->cause[i];
		char within[256];

		say_within(c->within, within, sizeof(within));
		add_row(table,
			json_pack("[s,s,s,I,I,f,f]", ta_op_name(c->op_kind), ta_code_name(c->code), within, (json_int_t)c->count,
				  (json_int_t)c->cost, share(c->cost, t->all.sum), (double)c->cost / (double)c->count));
	}
	return table;
}

static json_t *timeline_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "from:ticks", "trip:", "ticks:ticks", "of the interval:%", NULL };
	json_t *table = begin("timeline", "The hypervisor's time in each interval, by trip", columns);

	json_object_set_new(table, "text", json_false());
	for (unsigned i = 0; i < TA_INTERVALS; i++)
		for (unsigned k = 0; k < TA_CODES; k++)
			if (t->interval[i].by_code[k])
				add_row(table, json_pack("[I,s,I,f]", (json_int_t)(t->origin - t->first + i * t->width),
							 ta_code_name((ta_code)k), (json_int_t)t->interval[i].by_code[k],
							 share(t->interval[i].by_code[k], t->width)));
	return table;
}

json_t *ta_points_list(const struct ta_tally *t)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < t->nr_points; i++)
		json_array_append_new(list, json_pack("[I,I,s]", (json_int_t)(t->point[i].tsc - t->first),
						      (json_int_t)t->point[i].cost, ta_code_name(t->point[i].code)));
	return list;
}

/* "fill, resync*3": what happened in the trip. */
static void say_happened(const struct ta_trip *trip, char *out, size_t len)
{
	size_t used = 0;

	*out = 0;
	for (unsigned i = 0; i < PN_EV_MAX && used < len; i++) {
		if (!trip->happened[i])
			continue;
		used += (size_t)snprintf(out + used, len - used, "%s%s", used ? " " : "", pn_event_name(i));
		if (trip->happened[i] > 1 && used < len)
			used += (size_t)snprintf(out + used, len - used, "*%u", trip->happened[i]);
	}
}

static void say_before(const struct ta_trip *trip, char *out, size_t len)
{
	size_t used = 0;

	*out = 0;
	for (unsigned i = trip->nr_before; i-- && used < len;)
		used += (size_t)snprintf(out + used, len - used, "%s%s", used ? " " : "", ta_code_name(trip->before[i]));
}

static json_t *worst_table(const struct ta_tally *t)
{
	static const char *const columns[] = { "ticks:ticks", "trip:",       "what:",           "at:ticks",   "address:hex",
					       "rip:hex",     "bytes:bytes", "happened in it:", "operation:", "trips before it:",
					       NULL };
	json_t *table = begin("worst", "The most expensive trips, and what led to them", columns);

	for (unsigned i = 0; i < t->nr_worst; i++) {
		const struct ta_trip *w = &t->worst[i];
		char happened[256], before[96];

		say_happened(w, happened, sizeof(happened));
		say_before(w, before, sizeof(before));
		add_row(table,
			json_pack("[I,I,s,I,I,I,I,s,s,s]", (json_int_t)w->r.rec.cost, (json_int_t)w->r.trip,
				  ta_code_name(ta_code_of(&w->r)), (json_int_t)(w->r.rec.tsc - t->first),
				  (json_int_t)(ta_has_address(&w->r) ? w->r.rec.payload[3] : 0), (json_int_t)w->r.rec.payload[1],
				  (json_int_t)w->r.rec.bytes, happened, ta_op_name(w->r.op_kind), before));
	}
	return table;
}

json_t *ta_report(struct ta_tally *t, uint64_t hz)
{
	return json_pack("{s:i,s:I,s:[o,o,o,o,o,o,o,o,o,o,o,o,o,o]}", "format", FORMAT, "hz", (json_int_t)hz, "tables",
			 overview_table(t), regions_table(t), trips_table(t), faults_table(t), operations_table(t),
			 shapes_table(t), causes_table(t), resyncs_table(t), searches_table(t), bytes_table(t),
			 intervals_table(t), timeline_table(t), worst_table(t), events_table(t));
}

json_t *ta_summary(struct ta_tally *t, uint64_t hz)
{
	return json_pack("{s:i,s:I,s:[o,o,o,o]}", "format", FORMAT, "hz", (json_int_t)hz, "tables", overview_table(t),
			 trips_table(t), faults_table(t), operations_table(t));
}
