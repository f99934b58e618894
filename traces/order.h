/* SPDX-License-Identifier: BSD-2-Clause */
/* Puts the records of all rings into the order of their stamps. */
#ifndef TRACES_ORDER_H
#define TRACES_ORDER_H

#include <stdbool.h>
#include <stddef.h>

#include "record.h"

struct order_item {
	struct pn_record rec;
	uint64_t arrival; /* breaks ties */
	uint32_t pcpu;
	bool lost; /* a loss, not a record: rec.payload[0] of rec.event */
};

struct order {
	struct order_item *heap;
	size_t used, room;
	uint64_t arrivals;
};

/* False: no memory. order_free() gives it back. */
bool order_init(struct order *o, size_t room);
void order_free(struct order *o);
static inline bool order_full(const struct order *o)
{
	return o->used == o->room;
}
/* Only if not full. */
void order_push(struct order *o, const struct pn_record *rec, uint32_t pcpu, bool lost);
/* Takes the earliest. False: empty. */
bool order_pop(struct order *o, struct order_item *item);

#endif
