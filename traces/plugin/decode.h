/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * babeltrace2's events to records: those of a trace as LTTng wrote it, and those that our filters put out. Both have the fields of
 * events.def in its order; what filters have found out follows.
 */
#ifndef TRACES_DECODE_H
#define TRACES_DECODE_H

#include <babeltrace2/babeltrace.h>

#include "annotated.h"

/* What filters have added. */
enum annotation { ANNOTATED_not, ANNOTATED_trips, ANNOTATED_operations };

struct decoder_class {
	const bt_event_class *event_class; /* kept alive by the stream that it is of */
	unsigned event;                    /* PN_EV_MAX: a loss */
	unsigned own;                      /* fields before the annotations */
	enum annotation annotated;
};

struct decoder {
	struct decoder_class known[2 * PN_MAX_EVENTS];
	unsigned nr_known, last;
	char why[256]; /* after a false: a sentence without its full stop */
};

/* The record of an event's message. False: it is none of Penumbra's, see why. */
bool decode(struct decoder *d, const bt_message *message, struct ta_record *r, enum annotation *annotated);
/* How many fields of its own an event has, and what they are called; their format's first letter: d, h, t of dec, hex, trip. */
unsigned event_fields(unsigned event);
const char *event_field_name(unsigned event, unsigned field);
char event_field_format(unsigned event, unsigned field);

/* Before every event's own fields. */
#define COMMON_FIELDS 5
extern const char *const common_fields[COMMON_FIELDS];

#endif
