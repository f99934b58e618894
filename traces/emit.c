/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One record becomes one LTTng event: the time page is set first, then the
 * tracepoint of the record's event runs. Time never goes back; a record that comes
 * too late for its place gets the time of the one before it, and is counted.
 */
#define LTTNG_UST_TRACEPOINT_CREATE_PROBES
#define LTTNG_UST_TRACEPOINT_DEFINE
#include "provider.h"

#include "emit.h"

static void set_time(struct emitter *e, uint64_t tsc, uint32_t pcpu)
{
	if (tsc < e->page->now) {
		e->late++;
		tsc = e->page->now;
	}
	__atomic_store_n(&e->page->pcpu, pcpu, __ATOMIC_RELEASE);
	__atomic_store_n(&e->page->now, tsc, __ATOMIC_RELEASE);
}

void emit_record(struct emitter *e, const struct pn_record *r, uint32_t pcpu)
{
	set_time(e, r->tsc, pcpu);
	switch (r->event) {
#define FIELD(index, format, name, text)
#define EVENT(id, text, fields)                                                                                                  \
	case PN_EV_##id:                                                                                                         \
		lttng_ust_tracepoint(penumbra, id, r);                                                                           \
		break;
#include "events.def"
#undef EVENT
#undef FIELD
	default: e->unknown++; return;
	}
	e->emitted[r->event]++;
}

unsigned emit_bytes(const struct pn_record *r)
{
	/* Its header: the event and 27 bits of its time; domain, vCPU, cost, bytes, seq; pCPUs have streams of their own. */
	enum { HEAD = 4, COMMON = 1 + 1 + 4 + 4 + 4, NUMBER = 8 };
#define FIELD(index, format, name, text) +FIELD_BYTES_##format
#define FIELD_BYTES_dec                  NUMBER
#define FIELD_BYTES_hex                  NUMBER
#define FIELD_BYTES_trip                 NUMBER /* its name: most have about so many letters */
#define EVENT(id, text, fields)          [PN_EV_##id] = HEAD + COMMON fields,
	static const uint8_t bytes[PN_EV_MAX] = {
#include "events.def"
	};
#undef EVENT
#undef FIELD_BYTES_trip
#undef FIELD_BYTES_hex
#undef FIELD_BYTES_dec
#undef FIELD

	return r->event < PN_EV_MAX ? bytes[r->event] : 0;
}

void emit_lost(struct emitter *e, const struct pn_record *r, uint32_t pcpu)
{
	set_time(e, r->tsc, pcpu);
	lttng_ust_tracepoint(penumbra, lost, r);
	e->lost[r->event] += r->payload[0];
}
