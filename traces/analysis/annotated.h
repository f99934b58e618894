/* SPDX-License-Identifier: BSD-2-Clause */
/* A trace's record with what the analysis has found out about it. */
#ifndef TRACES_ANNOTATED_H
#define TRACES_ANNOTATED_H

#include <stdbool.h>

#include "trips.h"

#include "events.h"

enum ta_fate {
	TA_FATE_none, /* no page fault */
#define FATE(id, text) TA_FATE_##id,
#include "fates.def"
#undef FATE
	TA_FATES
};

enum ta_op {
	TA_OP_none,
#define GUEST_OP(id, text) TA_OP_##id,
#include "guest_ops.def"
#undef GUEST_OP
	TA_OPS
};

/* dom0's place among the domains. */
#define TA_DOM0 255

struct ta_record {
	struct pn_record rec; /* of a loss: event is which was lost, payload[0] how many */
	uint32_t pcpu;
	bool lost;
	uint8_t fate;    /* enum ta_fate, of a trip */
	uint8_t op_kind; /* enum ta_op */
	uint64_t within; /* of a trip: bit n, event n happened in it */
	uint64_t trip;   /* number of the trip that it is, or happened in, from 1; 0: none */
	uint64_t op;     /* number of the guest's operation that it belongs to, from 1; 0: none */
};

static inline bool ta_is_trip(const struct ta_record *r)
{
	return !r->lost && r->rec.event == PN_EV_trip;
}
static inline unsigned ta_kind(const struct ta_record *r)
{
	return (unsigned)r->rec.payload[0];
}
/* Has it a guest virtual address, in payload[3]? Of an INVLPG it is put there by the pairing, where the flush is in the trace. */
static inline bool ta_has_address(const struct ta_record *r)
{
	return r->fate || (ta_kind(r) == TRIP_invlpg && r->rec.payload[3]);
}
/* A vCPU among all domains'. */
static inline unsigned ta_vcpu(const struct ta_record *r)
{
	return (unsigned)r->rec.domain << 8 | r->rec.vcpu;
}
#define TA_VCPUS    65536
#define TA_PAGE(va) ((va) >> 12)

/* A number beyond its table is "unknown"; fate and operation 0 are "". */
const char *ta_fate_name(unsigned fate);
const char *ta_op_name(unsigned op);
/* -1: there is none of that name. */
int ta_fate_number(const char *name);
int ta_op_number(const char *name);
int ta_kind_number(const char *name);
/* Whether the trips of that kind are page faults; is it page-table virtualisation. */
bool ta_kind_is_fault(unsigned kind);
bool ta_kind_is_paging(unsigned kind);

#endif
