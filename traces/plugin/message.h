/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Records to babeltrace2's messages: a trace of one stream, whose events are those of the input with what a filter found out
 * behind their own fields:
 *
 *   pcpu, trip    of every event; trip 0: it happened in none
 *   fate, within  of a trip: what became of a page fault, or ""; bit n set: event n of events.def happened in it
 *   op, operation of every event, by filter.penumbra.guest-op alone
 */
#ifndef TRACES_MESSAGE_H
#define TRACES_MESSAGE_H

#include "decode.h"

struct messages {
	enum annotation level; /* of what is written */
	bt_trace_class *trace_class;
	bt_stream_class *stream_class;
	bt_event_class *event_class[PN_EV_MAX + 1]; /* the last: a loss */
	bt_trace *trace;
	bt_stream *stream;
};

/* With a clock like the input's. False: no memory. */
bool messages_begin(struct messages *m, bt_self_component *self, const bt_clock_class *clock, enum annotation level);
bool messages_begun(const struct messages *m);
void messages_free(struct messages *m);
/* A new message; NULL: no memory. */
bt_message *message_of(const struct messages *m, bt_self_message_iterator *self, const struct ta_record *r);

#endif
