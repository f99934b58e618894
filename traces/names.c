/* SPDX-License-Identifier: BSD-2-Clause */
/* Names, from the tables that declare the numbers; a number beyond its table is "unknown". */
#include "names.h"

#include <string.h>

#include "control_abi.h"
#include "events.h"

static const char *const event_names[] = {
#define FIELD(index, format, name, text)
#define EVENT(id, text, fields) #id,
#include "events.def"
#undef EVENT
#undef FIELD
};

static const char *const trip_names[] = {
#define TRIP(id, text, paging) #id,
#include "trips.def"
#undef TRIP
};

static const char *const counter_names[] = {
#define X(id, text) #id,
	PN_COUNTERS(X)
#undef X
};

static const char *const error_texts[] = {
#define X(id, nr, text) [nr] = text,
	PN_ERRORS(X)
#undef X
};

static const char *const state_names[] = {
	[PN_FREE] = "free",     [PN_CREATED] = "created", [PN_LOADED] = "loaded",   [PN_RUNNING] = "running",
	[PN_PAUSED] = "paused", [PN_EXITED] = "exited",   [PN_CRASHED] = "crashed",
};

#define LOOK_UP(table, n) ((n) < sizeof(table) / sizeof((table)[0]) && (table)[n] ? (table)[n] : "unknown")

const char *pn_event_name(uint64_t event)
{
	return LOOK_UP(event_names, event);
}

const char *pn_trip_name(uint64_t trip)
{
	return LOOK_UP(trip_names, trip);
}

const char *pn_counter_name(uint64_t counter)
{
	return LOOK_UP(counter_names, counter);
}

const char *pn_state_name(uint64_t state)
{
	return LOOK_UP(state_names, state);
}

const char *pn_error_text(uint64_t error)
{
	return LOOK_UP(error_texts, error);
}

int pn_event_number(const char *name)
{
	for (int i = 0; i < PN_EV_MAX; i++)
		if (strcmp(name, event_names[i]) == 0)
			return i;
	return -1;
}
