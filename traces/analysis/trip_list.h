/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Chosen trips one by one, with all that happened in each, as JSON:
 *   { "format": 1, "hz", "trips": [ trip ... ], "regions": [ { "name", "ops", "instructions", "trips" } ... ] }
 *   trip = { "kind", "fate" or "", "op": number of the guest's operation, "operation": what that is, "region": number of the region that it began in,
 *            from 1, 0: none, "vcpu", "at": ticks from the trace's first record on, "ticks", "bytes", "rip", "info1", "va" if it has an address,
 *            "events": [ { "event", its fields by name } ... ] }
 * Addresses are texts, "0x...". A trip that ends a region, and one that only an emulator makes, is in no region's figures and left out.
 */
#ifndef TRACES_TRIP_LIST_H
#define TRACES_TRIP_LIST_H

#include <stdio.h>

#include "tally.h"

/* What has happened in a vCPU's trip that has not been booked yet. */
struct ta_happening {
	uint64_t trip;
	char *text;
	size_t used, room;
	bool ends_region;
};

struct ta_trip_list {
	FILE *f;
	const struct ta_tally *tally;
	struct ta_happening *vcpu; /* TA_VCPUS of them */
	bool any, failed;          /* failed: no memory */
};

/* Before the first record; sets the tally's on_trip. False: no memory. */
bool ta_trip_list_begin(struct ta_trip_list *l, FILE *f, uint64_t hz, struct ta_tally *t);
/* Every record, after ta_tally_note(). */
void ta_trip_list_note(struct ta_trip_list *l, const struct ta_record *r);
/* After ta_tally_end(). False: there was not enough memory for all of it. */
bool ta_trip_list_end(struct ta_trip_list *l);
void ta_trip_list_free(struct ta_trip_list *l);

#endif
