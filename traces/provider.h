/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The LTTng-UST provider `penumbra`, one tracepoint an event of events.def, and
 * `lost` for records that the ring had no room for. LTTng includes this file many
 * times: the record's struct has a header of its own.
 */
#undef LTTNG_UST_TRACEPOINT_PROVIDER
#define LTTNG_UST_TRACEPOINT_PROVIDER penumbra

#undef LTTNG_UST_TRACEPOINT_INCLUDE
#define LTTNG_UST_TRACEPOINT_INCLUDE "traces/provider.h"

#if !defined(TRACES_PROVIDER_H) || defined(LTTNG_UST_TRACEPOINT_HEADER_MULTI_READ)
#define TRACES_PROVIDER_H

#include <lttng/tracepoint.h>

#include "events.h"
#include "names.h"

#define FIELD_dec(index, name)           lttng_ust_field_integer(uint64_t, name, r->payload[index])
#define FIELD_hex(index, name)           lttng_ust_field_integer_hex(uint64_t, name, r->payload[index])
#define FIELD_trip(index, name)          lttng_ust_field_string(name, pn_trip_name(r->payload[index]))
#define FIELD(index, format, name, text) FIELD_##format(index, name)

#define PN_COMMON_FIELDS                                                                                                         \
	lttng_ust_field_integer(uint8_t, domain, r->domain) lttng_ust_field_integer(uint8_t, vcpu, r->vcpu)                      \
		lttng_ust_field_integer(uint32_t, cost, r->cost) lttng_ust_field_integer(uint32_t, bytes, r->bytes)              \
			lttng_ust_field_integer(uint32_t, seq, r->seq)

#define EVENT(id, text, fields)                                                                                                  \
	LTTNG_UST_TRACEPOINT_EVENT(penumbra, id, LTTNG_UST_TP_ARGS(const struct pn_record *, r),                                 \
				   LTTNG_UST_TP_FIELDS(PN_COMMON_FIELDS fields))
#include "events.def"
#undef EVENT

/* r->event: which event was lost; payload[0]: how many of them, between the records before and after. */
LTTNG_UST_TRACEPOINT_EVENT(penumbra, lost, LTTNG_UST_TP_ARGS(const struct pn_record *, r),
			   LTTNG_UST_TP_FIELDS(lttng_ust_field_integer(uint16_t, event_id, r->event)
						       lttng_ust_field_string(event, pn_event_name(r->event))
							       lttng_ust_field_integer(uint64_t, count, r->payload[0])))

#undef FIELD
#undef FIELD_dec
#undef FIELD_hex
#undef FIELD_trip
#undef PN_COMMON_FIELDS

#endif

#include <lttng/tracepoint-event.h>
