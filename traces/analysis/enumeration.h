/* SPDX-License-Identifier: BSD-2-Clause */
/* Trips by a number that each has, such as an address: how many, and what they took. */
#ifndef TRACES_ENUMERATION_H
#define TRACES_ENUMERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ta_entry {
	uint64_t key, within; /* within: another number, where trips are told apart by two; else 0 */
	uint64_t count, cost; /* count 0: no entry */
};

struct ta_enumeration {
	struct ta_entry *entry;
	size_t used, room; /* room: 0 or a power of two */
};

/* False: no memory, and nothing is changed. */
bool ta_enumeration_add(struct ta_enumeration *e, uint64_t key, uint64_t within, uint64_t cost);
/* Puts the dearest first, at most `most`, and returns how many; nothing may be added after that. */
size_t ta_enumeration_rank(struct ta_enumeration *e, size_t most);
void ta_enumeration_free(struct ta_enumeration *e);

#endif
