/* SPDX-License-Identifier: BSD-2-Clause */
/* Event numbers, from events.def. */
#ifndef TRACES_EVENTS_H
#define TRACES_EVENTS_H

#include "record.h"

enum pn_event {
#define FIELD(index, format, name, text)
#define EVENT(id, text, fields) PN_EV_##id,
#include "events.def"
#undef EVENT
#undef FIELD
	PN_EV_MAX
};
_Static_assert(PN_EV_MAX <= PN_MAX_EVENTS, "the ring's per-event counts and the 64-bit mask hold every event");

#endif
