/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader's side of a trace ring (traces/record.h). */
#ifndef TRACES_READER_H
#define TRACES_READER_H

#include <stdbool.h>
#include <stddef.h>

#include "events.h"

struct reader {
	struct pn_ring *ring;
	const struct pn_record *records;
	uint64_t nr_records;
	uint64_t tail;        /* number of the next record to read */
	uint64_t backlog_end; /* records before this number were there at the start */
	uint32_t pcpu;
	uint32_t next_seq;
	bool seq_known;
	uint64_t last_tsc;
	uint64_t due[PN_MAX_EVENTS];                            /* lost[] as seen right after the last tail was stored */
	uint64_t told[PN_MAX_EVENTS];                           /* lost[] that the sink has been told of */
	uint64_t backlog[PN_MAX_EVENTS];                        /* read of the backlog */
	uint64_t written0[PN_MAX_EVENTS], lost0[PN_MAX_EVENTS]; /* the ring's counts at the start */
};

/* What becomes of what is read; ctx is the caller's. */
struct reader_sink {
	void (*record)(void *ctx, const struct pn_record *rec, uint32_t pcpu);
	/* rec->payload[0] records of rec->event were lost at this place; rec->tsc: the latest stamp before. */
	void (*lost)(void *ctx, const struct pn_record *rec, uint32_t pcpu);
	void *ctx;
};

/* A ring in `bytes` of memory. False: it is none, is of another version, or is longer than its memory. */
bool reader_open(struct reader *r, void *mem, size_t bytes);
/* Reads all that is there now, in the order of writing. Returns how many records. */
size_t reader_drain(struct reader *r, const struct reader_sink *sink);
/* After the last drain: losses with no record behind them. */
void reader_finish(struct reader *r, const struct reader_sink *sink);

#endif
