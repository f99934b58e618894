/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The trace ring's binary layout, shared by hypervisor, collector and tests:
 * 64-byte records, one cache line each, single writer, single reader.
 *
 * A ring is one header page followed by nr_records records. `head` and `tail`
 * count records since the ring began and never wrap back; a record's slot is
 * its number modulo nr_records (a power of two). The writer owns head and lost,
 * the reader owns tail.
 *
 * Layout and event numbers are of PN_ABI_VERSION (abi/control_abi.h has its rule); a reader of another one refuses the ring.
 */
#ifndef TRACES_RECORD_H
#define TRACES_RECORD_H

#include <stdint.h>

#define PN_RECORD_PAYLOAD 5
#define PN_RING_MAGIC     0x474e5250u /* "PRNG" */
#define PN_MAX_EVENTS     64

struct pn_record {
	uint64_t tsc;   /* ticks, when the event happened (a trip: when the guest left) */
	uint32_t cost;  /* ticks spent; saturates */
	uint32_t bytes; /* page-table bytes touched */
	union {
		struct {
			uint16_t event; /* id of traces/events.def */
			uint8_t domain;
			uint8_t vcpu;
			uint32_t seq; /* low half of the event's number in its ring, dropped ones counted: a gap is a loss */
		};
		uint64_t tag; /* the four as the writer stores them, at once: each costs what a record costs */
	};
	uint64_t payload[PN_RECORD_PAYLOAD];
};
_Static_assert(sizeof(struct pn_record) == 64, "a record is one cache line");

struct pn_ring {
	uint32_t magic;
	uint32_t version; /* PN_ABI_VERSION */
	uint32_t pcpu;
	uint32_t nr_records;
	uint64_t head __attribute__((aligned(64)));
	uint64_t lost_total;
	uint64_t tail __attribute__((aligned(64)));
	uint64_t written[PN_MAX_EVENTS] __attribute__((aligned(64))); /* per event, kept in the ring */
	uint64_t lost[PN_MAX_EVENTS];                                 /* per event, dropped for want of room */
};
_Static_assert(sizeof(struct pn_ring) <= 4096, "the header fits its page");

#define PN_RING_RECORDS(ring) ((struct pn_record *)((char *)(ring) + 4096))

#endif
