/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is measured of a guest under a peer that marks no regions itself: its life, or what lies between two texts that it prints, as
 * our hypervisor measures it (hv/domain/life.c). Here it is the peer's host that takes the times.
 */
#ifndef PEERS_LIFE_H
#define PEERS_LIFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "control_abi.h"

/* TSC ticks, and how often the guest has left for the peer by then (0 where the peer does not count). */
struct life_stamp {
	uint64_t ticks, trips;
};

/* All zero: nothing is measured so. */
struct life {
	enum pn_life state;
	const char *from, *to; /* NULL: its start, its end */
	char tail[PN_LIFE_TEXT];
	size_t tail_bytes; /* of what it printed last */
	struct life_stamp begun, ended;
};

void life_watch(struct life *l, const char *from, const char *to);
/* It starts, or has printed a byte: true if the life begins or ends with that, and the next stamp is wanted. */
bool life_starts(struct life *l);
bool life_prints(struct life *l, char byte);
/* The time of what began or ended last. */
void life_stamp(struct life *l, struct life_stamp at);
/* It has ended, in whichever way; what had begun ends with it. */
void life_stops(struct life *l, struct life_stamp at);
/* Whether there are figures: ended - begun. */
bool life_is_whole(const struct life *l);
/* The text that a guest which has ended did not print though something was to begin or end with it; NULL: none. */
const char *life_missing(const struct life *l);

#endif
