/* SPDX-License-Identifier: BSD-2-Clause */
/* Records into LTTng-UST events. */
#ifndef TRACES_EMIT_H
#define TRACES_EMIT_H

#include "events.h"
#include "timepage.h"

struct emitter {
	struct pn_timepage *page;
	uint64_t emitted[PN_MAX_EVENTS];
	uint64_t lost[PN_MAX_EVENTS]; /* sum of the `lost` events' counts */
	uint64_t late;                /* events stamped later than they happened */
	uint64_t unknown;             /* records of no event that we know: not emitted */
};

void emit_record(struct emitter *e, const struct pn_record *r, uint32_t pcpu);
/* Bytes that such an event takes in the trace, by LTTng's compact header; none of its streams has more than an eighth beside. */
unsigned emit_bytes(const struct pn_record *r);
/* r->event was lost r->payload[0] times. */
void emit_lost(struct emitter *e, const struct pn_record *r, uint32_t pcpu);

#endif
