/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which trips a report is about: between two places of the trace, of some kinds, and with some figures.
 *
 *   from, to   ticks from the trace's first record on, or a region's name: where it begins, where it ends
 *   event      names with commas between: a kind of trip (trips.def), a fate (fates.def), an operation (guest_ops.def), or an event
 *              (events.def) that happened in the trip
 *   where      conditions with "and" between: FIELD in LOW..HIGH, FIELD = N, FIELD < N, FIELD > N, with the fields of
 *              ta_choice_fields
 */
#ifndef TRACES_CHOICE_H
#define TRACES_CHOICE_H

#include <stddef.h>

#include "annotated.h"

#define TA_CONDITIONS   8
#define TA_REGION_BYTES 17

struct ta_place {
	bool given, is_region;
	uint64_t ticks;
	char region[TA_REGION_BYTES];
};

struct ta_condition {
	uint8_t field;
	uint64_t low, high; /* both belong to it */
};

struct ta_choice {
	struct ta_place from, to;
	bool by_event;
	uint64_t kinds, fates, ops, events; /* bit n: number n */
	unsigned nr_conditions;
	struct ta_condition condition[TA_CONDITIONS];
	/* While records pass. */
	bool begun, ended;
	uint64_t first;
};

/* "va, rip, ..." for messages. */
extern const char ta_choice_fields[];

/* Each NULL: not given. What is wrong goes into why, a sentence without its full stop; false then. */
bool ta_choice_parse(struct ta_choice *c, const char *from, const char *to, const char *event, const char *where, char *why,
		     size_t len);
/* Every record, in order: where are we? */
void ta_choice_pass(struct ta_choice *c, const struct ta_record *r);
/* After the last record: a region that was named and did not come; NULL: none. */
const char *ta_choice_missed(const struct ta_choice *c);
/* Are we between from and to? */
bool ta_choice_here(const struct ta_choice *c);
/* Is the trip chosen? `within` is whole. */
bool ta_choice_takes(const struct ta_choice *c, const struct ta_record *trip);
/* A region's name as its record has it, with what is not printable as "?". */
void ta_region_name(const struct ta_record *r, char out[TA_REGION_BYTES]);

#endif
