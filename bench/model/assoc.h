/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A set-associative array whose sets give up what was used longest ago (LRU): caches, TLBs and walk caches are such.
 *
 * What must always hold: a set's keys stand in the order of their last use, the latest first; 0 is no key, and stands behind all others.
 */
#ifndef BENCH_MODEL_ASSOC_H
#define BENCH_MODEL_ASSOC_H

#include <stdbool.h>
#include <stdint.h>

struct assoc {
	uint32_t sets, ways; /* 0, 0: an array that never holds anything */
	uint64_t *key;
	uint64_t *value; /* beside each key; NULL: keys alone */
};

/* Empty. `ways` divides `entries`, or is 0: one set of all. False: no memory. */
bool assoc_init(struct assoc *a, uint32_t entries, uint32_t ways, bool with_values);
void assoc_free(struct assoc *a);
void assoc_clear(struct assoc *a);

/* Whether the set of `index` has the key, which is then its latest. *value (may be NULL): what stands beside it. */
bool assoc_find(struct assoc *a, uint64_t index, uint64_t key, uint64_t *value);
/* The same for either of two keys of one set; which of them it is. At most one is to be there. 0: neither. */
uint64_t assoc_find_either(struct assoc *a, uint64_t index, uint64_t key, uint64_t other, uint64_t *value);
/* The key, which is not there, becomes the latest. Returns the key that had to go for it, or 0. */
uint64_t assoc_put(struct assoc *a, uint64_t index, uint64_t key, uint64_t value);
/* Takes it away, if it is there. */
void assoc_remove(struct assoc *a, uint64_t index, uint64_t key);
/* Takes away all that `goes` says. */
void assoc_drop(struct assoc *a, bool (*goes)(uint64_t key, uint64_t value, const void *arg), const void *arg);

#endif
