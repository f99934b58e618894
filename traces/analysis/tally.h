/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a report counts of a trace while its records pass, in one go and in memory of a few dozen bytes a trip.
 *
 * What must always hold: a trip is booked when all that happened in it has passed, and once; dom0's trips are in no table.
 */
#ifndef TRACES_TALLY_H
#define TRACES_TALLY_H

#include "choice.h"
#include "distribution.h"
#include "enumeration.h"

#define TA_STEPS     8    /* of an operation's shape: a kind of trip, so many times in a row */
#define TA_BEFORE    3    /* trips that led to one */
#define TA_INTERVALS 64   /* at most, and half of it at least in a trace that is long enough */
#define TA_WORST     20   /* the most expensive trips */
#define TA_REGIONS   256  /* that are told of by name */
#define TA_RESYNCS   10   /* more are counted together */
#define TA_CAUSES    512  /* that are told apart; the rest is one */
#define TA_POINTS    4096 /* trips that stand for all, at most, and half of it at least where there are so many */

/* A trip's kind; for a page fault, TRIP_MAX and its fate. */
typedef uint8_t ta_code;
static inline ta_code ta_code_of(const struct ta_record *r)
{
	unsigned kind = ta_kind(r) < TRIP_MAX ? ta_kind(r) : TRIP_other;

	return (ta_code)(r->fate ? (unsigned)TRIP_MAX + r->fate : kind);
}
#define TA_CODES (TRIP_MAX + TA_FATES)
const char *ta_code_name(ta_code code);

/* Searches for writable mappings. One may find some in several ways. */
enum ta_way { TA_WAY_guess, TA_WAY_other, TA_WAY_fixup, TA_WAYS }; /* in the order of the event's fields */
struct ta_searches {
	uint64_t found[TA_WAYS]; /* mappings */
	uint64_t by[TA_WAYS];    /* searches that found any that way */
	uint64_t none;           /* those that found none */
};

/* A trip, with what happened in it. */
struct ta_trip {
	struct ta_record r;
	uint16_t happened[PN_EV_MAX]; /* saturated */
	struct ta_searches searches;
	ta_code before[TA_BEFORE]; /* the last first */
	unsigned nr_before;
	uint64_t root;   /* of the guest's tables when it left: its address space; 0: not known */
	uint16_t region; /* that it is in: its number, from 1; 0: none */
	bool live, here; /* there is one; it is between from and to */
};

struct ta_operation {
	uint64_t begin, end; /* stamps: its first trip's exit, its last trip's entry */
	uint64_t cost, bytes, address;
	uint32_t trips;
	uint16_t region; /* that it began in: its number, from 1; 0: none */
	uint8_t kind, domain, vcpu, nr_steps;
	bool chosen, longer; /* it has more steps than there is room for */
	ta_code step[TA_STEPS];
	uint16_t times[TA_STEPS];
};

struct ta_interval {
	uint64_t trips, faults, cost, bytes, fills, syncs;
	uint64_t by_code[TA_CODES]; /* of the cost */
};

/* Trips of one code, in one kind of operation, in which the same events happened. */
struct ta_cause {
	uint8_t op_kind;
	ta_code code;
	uint64_t within; /* as ta_record has it */
	uint64_t count, cost;
};

/* Every nth trip. */
struct ta_point {
	uint64_t tsc;
	uint32_t cost;
	ta_code code;
};

struct ta_region {
	char name[TA_REGION_BYTES];
	uint64_t begin, end; /* 0: it has not ended */
	uint64_t ops, instructions, trips_told;
	uint64_t trips, cost; /* as the trace has it */
};

struct ta_tally {
	struct ta_choice choice;
	bool failed; /* no memory */
	uint64_t first, last;
	uint64_t events[PN_MAX_EVENTS], lost[PN_MAX_EVENTS];
	uint64_t dom0_trips, dom0_cost;
	struct ta_distribution all, kind[TRIP_MAX], fate[TA_FATES], resyncs[TA_RESYNCS + 1];
	uint64_t nr_searches;
	struct ta_searches searches;
	struct ta_interval interval[TA_INTERVALS];
	uint64_t origin, width;                   /* stamp of the first trip chosen, ticks of an interval */
	struct ta_enumeration vcpus, rips, pages; /* of all; of all; of page faults and INVLPG, addresses */
	struct ta_enumeration spaces, places;     /* of all: by root; by the guest's instruction within a root */
	struct ta_cause cause[TA_CAUSES];         /* the last takes what has no room */
	unsigned nr_causes;
	struct ta_point point[TA_POINTS];
	unsigned nr_points;
	uint64_t each; /* so many trips a point */
	struct ta_region region[TA_REGIONS];
	unsigned nr_regions, in_region; /* in_region: its number and 1; 0: in none */
	struct ta_trip worst[TA_WORST]; /* the most expensive first */
	unsigned nr_worst;
	struct ta_operation *op; /* by number, from 1 on, less 1 */
	size_t nr_ops, room_ops;
	struct ta_trip *current; /* by vCPU */
	/* Told of every chosen trip when it is booked; NULL: nobody is. */
	void (*on_trip)(void *ctx, const struct ta_trip *t);
	void *ctx;
};

/* False: no memory. */
bool ta_tally_init(struct ta_tally *t, const struct ta_choice *choice);
void ta_tally_free(struct ta_tally *t);
/* A record with all its annotations, in order. */
void ta_tally_note(struct ta_tally *t, const struct ta_record *r);
/* After the last. False: there was not enough memory for all of it. */
bool ta_tally_end(struct ta_tally *t);

#endif
