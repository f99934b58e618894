/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of the trace itself, over time, and of places: what there is, when it was, and where. */
#include "names.h"
#include "table_parts.h"

json_t *tp_overview(const struct ta_tally *t)
{
	static const char *const columns[] = { "figure:", "value:", "unit:", NULL };
	json_t *table = tp_begin("overview", "The trace", columns);
	uint64_t events = 0, lost = 0, ops = 0;

	for (unsigned i = 0; i < PN_MAX_EVENTS; i++) {
		events += t->events[i];
		lost += t->lost[i];
	}
	for (size_t i = 0; i < t->nr_ops; i++)
		ops += t->op[i].chosen;
#define FIGURE(text, n, unit) tp_row(table, json_pack("[s,I,s]", text, (json_int_t)(n), unit))
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

json_t *tp_events(const struct ta_tally *t)
{
	static const char *const columns[] = { "event:", "records:", "lost:", NULL };
	json_t *table = tp_begin("events", "Records in the whole trace, by event", columns);

	for (unsigned i = 0; i < PN_EV_MAX; i++)
		if (t->events[i] || t->lost[i])
			tp_row(table, json_pack("[s,I,I]", pn_event_name(i), (json_int_t)t->events[i], (json_int_t)t->lost[i]));
	return table;
}

json_t *tp_regions(const struct ta_tally *t)
{
	static const char *const columns[] = { "region:", "at:ticks",       "operations:",         "guest measured:ticks",
					       "trips:",  "counted trips:", "in hypervisor:ticks", "of it:%",
					       NULL };
	json_t *table =
		tp_begin("regions", "Measured regions: what the guest measured, and its trips as traced and as counted", columns);

	for (unsigned i = 0; i < t->nr_regions; i++) {
		const struct ta_region *g = &t->region[i];

		tp_row(table, json_pack("[s,I,I,I,I,I,I,f]", g->name, (json_int_t)(g->begin - t->first), (json_int_t)g->ops,
					(json_int_t)g->instructions, (json_int_t)g->trips, (json_int_t)g->trips_told,
					(json_int_t)g->cost, tp_share(g->cost, g->instructions)));
	}
	return table;
}

json_t *tp_intervals(const struct ta_tally *t)
{
	static const char *const columns[] = {
		"from:ticks", "trips:", "faults:", "in hypervisor:ticks", "busy:%", "bytes:bytes", "fills:", "resyncs:", NULL
	};
	json_t *table = tp_begin("intervals", "Over time, in intervals of equal width", columns);
	unsigned last = TA_INTERVALS;

	while (last && !t->interval[last - 1].trips)
		last--;
	for (unsigned i = 0; i < last; i++) {
		const struct ta_interval *v = &t->interval[i];

		tp_row(table,
		       json_pack("[I,I,I,I,f,I,I,I]", (json_int_t)(t->origin - t->first + i * t->width), (json_int_t)v->trips,
				 (json_int_t)v->faults, (json_int_t)v->cost, tp_share(v->cost, t->width), (json_int_t)v->bytes,
				 (json_int_t)v->fills, (json_int_t)v->syncs));
	}
	return table;
}

json_t *tp_timeline(const struct ta_tally *t)
{
	static const char *const columns[] = { "from:ticks", "trip:", "ticks:ticks", "of the interval:%", NULL };
	json_t *table = tp_begin("timeline", "The hypervisor's time in each interval, by trip", columns);

	json_object_set_new(table, "text", json_false());
	for (unsigned i = 0; i < TA_INTERVALS; i++)
		for (unsigned k = 0; k < TA_CODES; k++)
			if (t->interval[i].by_code[k])
				tp_row(table, json_pack("[I,s,I,f]", (json_int_t)(t->origin - t->first + i * t->width),
							ta_code_name((ta_code)k), (json_int_t)t->interval[i].by_code[k],
							tp_share(t->interval[i].by_code[k], t->width)));
	return table;
}

#define PLACES 20

/* The dearest; a key is shown shifted to the left by so many bits. */
static json_t *places_table(const struct ta_tally *t, struct ta_enumeration *e, const char *name, const char *title,
			    const char *const columns[], unsigned shift)
{
	json_t *table = tp_begin(name, title, columns);
	size_t n = ta_enumeration_rank(e, PLACES);

	for (size_t i = 0; i < n; i++) {
		const struct ta_entry *p = &e->entry[i];

		tp_row(table,
		       json_pack("[o,I,f,I,f,f]", tp_hex(p->key << shift), (json_int_t)p->count, tp_share(p->count, t->all.count),
				 (json_int_t)p->cost, tp_share(p->cost, t->all.sum), (double)p->cost / (double)p->count));
	}
	return table;
}

#define PLACE_COLUMNS "count:", "share:%", "ticks:ticks", "time:%", "mean:ticks", NULL

json_t *tp_vcpus(struct ta_tally *t)
{
	static const char *const columns[] = { "domain and vCPU:hex", PLACE_COLUMNS };

	return places_table(t, &t->vcpus, "vcpus", "Trips by vCPU, its domain's number above the last two digits", columns, 0);
}

json_t *tp_rips(struct ta_tally *t)
{
	static const char *const columns[] = { "rip:hex", PLACE_COLUMNS };

	return places_table(t, &t->rips, "rips", "Where the guest was: the instructions whose trips took most", columns, 0);
}

json_t *tp_pages(struct ta_tally *t)
{
	static const char *const columns[] = { "page:hex", PLACE_COLUMNS };

	return places_table(t, &t->pages, "pages", "Which pages: page faults and INVLPG by address, those that took most",
			    columns, 12);
}

json_t *tp_spaces(struct ta_tally *t)
{
	static const char *const columns[] = { "root:hex", PLACE_COLUMNS };

	return places_table(
		t, &t->spaces, "spaces",
		"Address spaces: trips by the root of the guest's tables; 0: before its first load of CR3 in the trace", columns,
		0);
}

/* For the picture of the guest: as many as it can show. */
json_t *tp_places(struct ta_tally *t)
{
	static const char *const columns[] = { "root:hex", "rip:hex", "count:", "ticks:ticks", NULL };
	json_t *table = tp_begin("places", "Where the guest was, by address space", columns);
	const size_t n = ta_enumeration_rank(&t->places, 1024);

	json_object_set_new(table, "text", json_false());
	for (size_t i = 0; i < n; i++) {
		const struct ta_entry *p = &t->places.entry[i];

		tp_row(table,
		       json_pack("[o,o,I,I]", tp_hex(p->within), tp_hex(p->key), (json_int_t)p->count, (json_int_t)p->cost));
	}
	return table;
}

/* "fill resync*3": what happened in the trip. */
static void say_happened(const struct ta_trip *trip, char *out, size_t len)
{
	*out = 0;
	for (unsigned i = 0; i < PN_EV_MAX; i++)
		if (trip->happened[i])
			tp_word(out, len, pn_event_name(i), trip->happened[i]);
}

static void say_before(const struct ta_trip *trip, char *out, size_t len)
{
	*out = 0;
	for (unsigned i = trip->nr_before; i--;)
		tp_word(out, len, ta_code_name(trip->before[i]), 1);
}

json_t *tp_worst(const struct ta_tally *t)
{
	static const char *const columns[] = { "ticks:ticks", "trip:",       "what:",           "at:ticks",   "address:hex",
					       "rip:hex",     "bytes:bytes", "happened in it:", "operation:", "trips before it:",
					       "root:hex",    NULL };
	json_t *table = tp_begin("worst", "The most expensive trips, and what led to them", columns);

	for (unsigned i = 0; i < t->nr_worst; i++) {
		const struct ta_trip *w = &t->worst[i];
		char happened[256], before[96];

		say_happened(w, happened, sizeof(happened));
		say_before(w, before, sizeof(before));
		tp_row(table, json_pack("[I,I,s,I,o,o,I,s,s,s,o]", (json_int_t)w->r.rec.cost, (json_int_t)w->r.trip,
					ta_code_name(ta_code_of(&w->r)), (json_int_t)(w->r.rec.tsc - t->first),
					ta_has_address(&w->r) ? tp_hex(w->r.rec.payload[3]) : json_string(""),
					tp_hex(w->r.rec.payload[1]), (json_int_t)w->r.rec.bytes, happened,
					ta_op_name(w->r.op_kind), before, tp_hex(w->root)));
	}
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
