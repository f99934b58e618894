/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of trips into the hypervisor, from trips.def. Shared with dom0 and bench. */
#ifndef HV_TRIPS_H
#define HV_TRIPS_H

#include <stdbool.h>

enum trip {
#define TRIP(id, text, paging) TRIP_##id,
#include "trips.def"
#undef TRIP
	TRIP_MAX
};

/* Is it in figures? A trip that no hardware makes is in none: counted apart, and its time hidden from the guest that measures. */
static inline bool trip_is_figure(enum trip t)
{
	return t != TRIP_emulator;
}

#endif
