/* SPDX-License-Identifier: BSD-2-Clause */
/* A hash table with open addressing, at most half full. */
#include "enumeration.h"

#include <stdlib.h>

static struct ta_entry *place(struct ta_entry *entry, size_t room, uint64_t key, uint64_t within)
{
	size_t at = (size_t)((key ^ within << 17) * 0x9e3779b97f4a7c15u >> 20) & (room - 1);

	while (entry[at].count && (entry[at].key != key || entry[at].within != within))
		at = (at + 1) & (room - 1);
	return &entry[at];
}

static bool grow(struct ta_enumeration *e)
{
	size_t room = e->room ? 2 * e->room : 1024;
	struct ta_entry *more = calloc(room, sizeof(*more));

	if (!more)
		return false;
	for (size_t i = 0; i < e->room; i++)
		if (e->entry[i].count)
			*place(more, room, e->entry[i].key, e->entry[i].within) = e->entry[i];
	free(e->entry);
	e->entry = more;
	e->room = room;
	return true;
}

bool ta_enumeration_add(struct ta_enumeration *e, uint64_t key, uint64_t within, uint64_t cost)
{
	struct ta_entry *mine;

	if (2 * e->used >= e->room && !grow(e))
		return false;
	mine = place(e->entry, e->room, key, within);
	e->used += !mine->count;
	mine->key = key;
	mine->within = within;
	mine->count++;
	mine->cost += cost;
	return true;
}

static int by_cost(const void *a, const void *b)
{
	const struct ta_entry *x = a, *y = b;

	if (!x->count || !y->count)
		return (x->count == 0) - (y->count == 0);
	if (x->cost != y->cost)
		return x->cost < y->cost ? 1 : -1;
	if (x->within != y->within)
		return x->within > y->within ? 1 : -1;
	return (x->key > y->key) - (x->key < y->key);
}

size_t ta_enumeration_rank(struct ta_enumeration *e, size_t most)
{
	if (e->room)
		qsort(e->entry, e->room, sizeof(*e->entry), by_cost);
	return e->used < most ? e->used : most;
}

void ta_enumeration_free(struct ta_enumeration *e)
{
	free(e->entry);
	*e = (struct ta_enumeration){ 0 };
}
