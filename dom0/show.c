/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of 64 bits become JSON integers; none of them reaches 2^63 in practice, and one that does is clamped there.
 */
#include "show.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

static json_t *number(uint64_t n)
{
	return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static void add(json_t *object, const char *name, uint64_t n)
{
	json_object_set_new(object, name, number(n));
}

json_t *show_text(const char *text, size_t bytes)
{
	json_t *value = json_stringn(text, bytes);
	char *clean;

	if (value)
		return value;
	clean = malloc(bytes + 1);
	for (size_t i = 0; clean && i < bytes; i++)
		clean[i] = isascii((unsigned char)text[i]) && text[i] ? text[i] : '?';
	value = clean ? json_stringn(clean, bytes) : json_null();
	free(clean);
	return value;
}

json_t *show_info(const struct pn_domain_info *info)
{
	json_t *o = json_object();

	add(o, "id", info->id);
	json_object_set_new(o, "name", show_text(info->name, strnlen(info->name, PN_NAME)));
	json_object_set_new(o, "state", json_string(pn_state_name(info->state)));
	add(o, "exit_code", info->exit_code);
	json_object_set_new(o, "reason", show_text(info->reason, strnlen(info->reason, PN_REASON)));
	add(o, "vcpus", info->nr_vcpus);
	add(o, "memory_bytes", info->memory_bytes);
	add(o, "memory_offset", info->memory_offset);
	add(o, "ticks", info->run_ticks);
	add(o, "trips", info->trips);
	add(o, "console_pending", info->console_pending);
	return o;
}

static json_t *trip_entry(uint64_t count, uint64_t ticks, uint64_t bytes)
{
	json_t *o = json_object();

	add(o, "count", count);
	add(o, "ticks", ticks);
	add(o, "bytes", bytes);
	return o;
}

static json_t *counters(const uint64_t counter[PN_CNT_MAX])
{
	json_t *o = json_object();

	for (unsigned i = 0; i < PN_CNT_MAX; i++)
		if (counter[i])
			add(o, pn_counter_name(i), counter[i]);
	return o;
}

static json_t *stat_trips(const struct pn_stat *stat)
{
	json_t *trips = json_object();

	for (unsigned i = 0; i < TRIP_MAX; i++) {
		const struct pn_trip_stat *t = &stat->trip[i];
		json_t *hist = json_array(), *o;

		for (unsigned b = 0; b < PN_HIST_BUCKETS; b++)
			json_array_append_new(hist, json_integer(t->hist[b]));
		if (!t->count) {
			json_decref(hist);
			continue;
		}
		o = trip_entry(t->count, t->ticks, t->bytes);
		json_object_set_new(o, "hist", hist);
		json_object_set_new(trips, pn_trip_name(i), o);
	}
	return trips;
}

/* Kinds whose time may be waiting: for an interrupt, for another's region, for a console's line, for all others to stand still. */
static bool is_wait(unsigned trip)
{
	return trip == TRIP_hlt || trip == TRIP_interrupt || trip == TRIP_io || trip == TRIP_hypercall;
}

uint64_t show_longest_of(const struct pn_trip_stat *t)
{
	for (unsigned b = PN_HIST_BUCKETS; b-- > 0;)
		if (t->hist[b])
			return 2ull << b;
	return 0;
}

uint64_t show_longest(const struct pn_stat *stat, unsigned *trip)
{
	uint64_t most = 0;

	*trip = 0;
	for (unsigned i = 0; i < TRIP_MAX; i++) {
		uint64_t longest = is_wait(i) ? 0 : show_longest_of(&stat->trip[i]);

		if (longest > most) {
			most = longest;
			*trip = i;
		}
	}
	return most;
}

const char *show_disturbed(uint32_t disturbed)
{
	static const char *const text[] = {
		[PN_QUIET] = "",
		[PN_DISTURBED_NOT_GRANTED] = "its domain may not hold the others",
		[PN_DISTURBED_SHARE] = "its domain has held the others for too long already",
		[PN_DISTURBED_OTHER] = "another domain's region was running",
		[PN_DISTURBED_LOST] = "a CPU did not answer",
	};

	return disturbed < sizeof(text) / sizeof(text[0]) ? text[disturbed] : "unknown";
}

json_t *show_stat(const struct pn_stat *stat)
{
	json_t *o = json_object();
	unsigned longest;

	add(o, "trips", stat->trips);
	json_object_set_new(o, "trip", stat_trips(stat));
	json_object_set_new(o, "counter", counters(stat->counter));
	add(o, "longest_below", show_longest(stat, &longest));
	json_object_set_new(o, "longest_trip", json_string(pn_trip_name(longest)));
	add(o, "trace_written", stat->trace_written);
	add(o, "trace_lost", stat->trace_lost);
	return o;
}

static json_t *region_trips(const struct pn_region *r)
{
	json_t *trips = json_object(), *o;

	for (unsigned i = 0; i < TRIP_MAX; i++) {
		if (!r->trip_count[i])
			continue;
		o = json_object();
#define REGION_TRIPS(id, kind, unit, text) add(o, #id, r->trip_##id[i]);
#include "region.def"
		json_object_set_new(trips, pn_trip_name(i), o);
	}
	return trips;
}

static void add_words(json_t *object, const char *name, const char *words)
{
	if (*words)
		json_object_set_new(object, name, json_string(words));
}

void show_region(json_t *o, const struct pn_region *r)
{
#define REGION_NAME(id, bytes, key, text)              json_object_set_new(o, key, show_text(r->id, strnlen(r->id, bytes)));
#define REGION_NUMBER(type, id, key, kind, unit, text) add(o, key, r->id);
#define REGION_WORDS(type, id, key, text)              add_words(o, key, show_##id(r->id));
#define REGION_COUNTERS(id, key, text)                 json_object_set_new(o, key, counters(r->id));
#include "region.def"
	json_object_set_new(o, "trip", region_trips(r));
}
