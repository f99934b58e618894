/* SPDX-License-Identifier: BSD-2-Clause */
/* A stream of records made up by a test, through all that annotates and tallies it. */
#ifndef TESTS_TRACE_STREAM_H
#define TESTS_TRACE_STREAM_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "grouping.h"
#include "pairing.h"
#include "tally.h"

#define PAGE  0x400000001000
#define TABLE 0xffff888000200000

static struct ta_pairing *pairing;
static struct ta_grouping *grouping;
static struct ta_tally tally;
static struct ta_record seen[16384]; /* as annotated, in the order of coming out */
static unsigned nr_seen;
static uint64_t now;
static void (*noted)(const struct ta_record *r); /* told of each behind the tally; NULL: nobody is */

static inline void setup(void)
{
	char why[256];
	struct ta_choice all;

	ck_assert(ta_choice_parse(&all, NULL, NULL, NULL, NULL, why, sizeof(why)));
	ck_assert_ptr_nonnull(pairing = ta_pairing_new());
	ck_assert_ptr_nonnull(grouping = ta_grouping_new());
	ck_assert(ta_tally_init(&tally, &all));
	nr_seen = 0;
	noted = NULL;
	now = 1000;
}

static inline void teardown(void)
{
	ta_pairing_free(pairing);
	ta_grouping_free(grouping);
	ta_tally_free(&tally);
}

static inline void drain(bool ended)
{
	struct ta_record r;

	while (ta_pairing_pop(pairing, &r, ended)) {
		ta_grouping_note(grouping, &r);
		ta_tally_note(&tally, &r);
		if (noted)
			noted(&r);
		ck_assert_uint_lt(nr_seen, 16384);
		seen[nr_seen++] = r;
	}
}

static inline void put(struct ta_record r)
{
	ck_assert(ta_pairing_push(pairing, &r));
	drain(false);
}

/* The guest leaves at `now`, and enters 100 ticks later. */
static inline struct ta_record trip_of(enum trip kind, uint64_t va, uint64_t pfec)
{
	return (struct ta_record){
		.rec = { .tsc = now, .cost = 100, .bytes = 8, .event = PN_EV_trip, .payload = { kind, 0x1000, pfec, va, 0x4e } }
	};
}

static inline void trip(enum trip kind, uint64_t va, uint64_t pfec)
{
	put(trip_of(kind, va, pfec));
	now += 1000;
}

/* A trip in which one event happens. */
static inline void trip_with(enum trip kind, uint64_t va, enum pn_event event)
{
	put(trip_of(kind, va, 2));
	put((struct ta_record){ .rec = { .tsc = now + 50, .event = event } });
	now += 1000;
}

static inline void event(enum pn_event ev, uint64_t p0, uint64_t p1, uint64_t p2)
{
	put((struct ta_record){ .rec = { .tsc = now, .event = ev, .payload = { p0, p1, p2 } } });
	now += 10;
}

static inline void region_begin(const char *name)
{
	uint64_t text[2] = { 0 };

	memcpy(text, name, strlen(name));
	event(PN_EV_region_begin, text[0], text[1], 0);
}

static inline void end(void)
{
	drain(true);
	ck_assert(ta_tally_end(&tally));
}

static inline const struct ta_record *nth_trip(unsigned n)
{
	for (unsigned i = 0; i < nr_seen; i++)
		if (ta_is_trip(&seen[i]) && !n--)
			return &seen[i];
	ck_abort_msg("there is no such trip");
	return NULL;
}

static inline unsigned ops_from(unsigned first, unsigned last)
{
	return (unsigned)(nth_trip(last)->op - nth_trip(first)->op + 1);
}

#endif
