/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A binary heap on (stamp, arrival). It is needed because the record of a trip is
 * written when the trip ends but stamped when it began, behind the events inside it,
 * and because rings of different pCPUs interleave. Its size is the window: a record
 * may be overtaken by as many others and still come out in its place.
 */
#include "order.h"

#include <stdlib.h>

bool order_init(struct order *o, size_t room)
{
	*o = (struct order){ .heap = calloc(room, sizeof(struct order_item)), .room = room };
	return o->heap != NULL;
}

void order_free(struct order *o)
{
	free(o->heap);
	*o = (struct order){ 0 };
}

static bool before(const struct order_item *a, const struct order_item *b)
{
	return a->rec.tsc != b->rec.tsc ? a->rec.tsc < b->rec.tsc : a->arrival < b->arrival;
}

void order_push(struct order *o, const struct pn_record *rec, uint32_t pcpu, bool lost)
{
	struct order_item item = { .rec = *rec, .arrival = o->arrivals++, .pcpu = pcpu, .lost = lost };
	size_t i = o->used++;

	for (; i > 0 && before(&item, &o->heap[(i - 1) / 2]); i = (i - 1) / 2)
		o->heap[i] = o->heap[(i - 1) / 2];
	o->heap[i] = item;
}

bool order_pop(struct order *o, struct order_item *item)
{
	struct order_item last;
	size_t i = 0;

	if (o->used == 0)
		return false;
	*item = o->heap[0];
	last = o->heap[--o->used];
	for (size_t child; (child = 2 * i + 1) < o->used; i = child) {
		if (child + 1 < o->used && before(&o->heap[child + 1], &o->heap[child]))
			child++;
		if (!before(&o->heap[child], &last))
			break;
		o->heap[i] = o->heap[child];
	}
	o->heap[i] = last;
	return true;
}
