/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The ports of a guest under a peer, and what it says through them: its console, the ends of its regions, its own end. A guest may say
 * anything: lines are cut, regions beyond PORTS_REGIONS counted and not kept.
 */
#ifndef PEERS_PORTS_H
#define PEERS_PORTS_H

#include <stdio.h>

#include "life.h"
#include "machine.h"
#include "region_line.h"
#include "serial.h"
#include "words.h"

#define PORTS_REGIONS 64
#define PORTS_LINE    256        /* bytes of a line that is looked at */
#define PORTS_CONSOLE (1u << 20) /* bytes of console that are kept */

struct ports_region {
	struct region_line line;
	bool counted;   /* its marks were there and the peer counts; if not, trips is 0 */
	uint64_t trips; /* between its two marks, less that of the second */
};

/* All zero but `console` and `life`: a guest that has done nothing. */
struct ports {
	struct serial com1;
	FILE *console; /* where what it prints is kept; NULL: nowhere */
	uint64_t console_kept, console_cut;
	char text[PORTS_LINE];
	size_t text_len;
	struct words words;
	struct ports_region region[PORTS_REGIONS];
	unsigned nr_regions, more_regions, damaged;
	bool marked; /* the region whose line is to come began so, */
	uint64_t trips_begun;
	bool counted; /* and ended so */
	uint64_t trips;
	struct life life;
	bool life_turns; /* it began or ended in the last access, and wants its stamp */
	bool ended;
	unsigned code; /* then: what it wrote to the debug-exit port */
};

/* Answer io. trips: how often the guest has left for the peer so far, this time included. */
void ports_access(struct ports *p, struct machine_io *io, uint64_t trips);

#endif
