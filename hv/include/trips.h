/* SPDX-License-Identifier: BSD-2-Clause */
/* Kinds of trips into the hypervisor, from trips.def. Shared with dom0 and bench. */
#ifndef HV_TRIPS_H
#define HV_TRIPS_H

enum trip {
#define TRIP(id, text, paging) TRIP_##id,
#include "trips.def"
#undef TRIP
	TRIP_MAX
};

#endif
