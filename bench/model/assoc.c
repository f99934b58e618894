/* SPDX-License-Identifier: BSD-2-Clause */
/* See assoc.h. */
#include <stdlib.h>
#include <string.h>

#include "assoc.h"

bool assoc_init(struct assoc *a, uint32_t entries, uint32_t ways, bool with_values)
{
	*a = (struct assoc){ .sets = 0 };
	if (!entries)
		return true;
	a->ways = ways ? ways : entries;
	a->sets = entries / a->ways;
	a->key = calloc(entries, sizeof(*a->key));
	a->value = with_values ? calloc(entries, sizeof(*a->value)) : NULL;
	return a->key && (a->value || !with_values);
}

void assoc_free(struct assoc *a)
{
	free(a->key);
	free(a->value);
	*a = (struct assoc){ .sets = 0 };
}

void assoc_clear(struct assoc *a)
{
	if (a->sets)
		memset(a->key, 0, sizeof(*a->key) * a->sets * a->ways);
}

static uint64_t first_of(const struct assoc *a, uint64_t index)
{
	/* Most arrays have a power of two of sets, and a division is dear. */
	return ((a->sets & (a->sets - 1)) == 0 ? index & (a->sets - 1) : index % a->sets) * a->ways;
}

static void place_first(struct assoc *a, uint64_t first, uint32_t from, uint64_t key, uint64_t value)
{
	uint64_t *k = a->key + first;

	for (uint32_t i = from; i; i--)
		k[i] = k[i - 1];
	k[0] = key;
	if (!a->value)
		return;
	memmove(a->value + first + 1, a->value + first, sizeof(*a->value) * from);
	a->value[first] = value;
}

bool assoc_find(struct assoc *a, uint64_t index, uint64_t key, uint64_t *value)
{
	uint64_t first = a->sets ? first_of(a, index) : 0;

	for (uint32_t i = 0; i < a->ways; i++) {
		uint64_t at = a->key[first + i];

		if (!at)
			return false;
		if (at != key)
			continue;
		if (value)
			*value = a->value[first + i];
		if (i)
			place_first(a, first, i, key, a->value ? a->value[first + i] : 0);
		return true;
	}
	return false;
}

uint64_t assoc_find_either(struct assoc *a, uint64_t index, uint64_t key, uint64_t other, uint64_t *value)
{
	uint64_t first = a->sets ? first_of(a, index) : 0;

	for (uint32_t i = 0; i < a->ways; i++) {
		uint64_t at = a->key[first + i];

		if (!at)
			return 0;
		if (at != key && at != other)
			continue;
		if (value)
			*value = a->value[first + i];
		if (i)
			place_first(a, first, i, at, a->value ? a->value[first + i] : 0);
		return at;
	}
	return 0;
}

uint64_t assoc_put(struct assoc *a, uint64_t index, uint64_t key, uint64_t value)
{
	uint64_t first, gone;

	if (!a->sets)
		return 0;
	first = first_of(a, index);
	gone = a->key[first + a->ways - 1];
	place_first(a, first, a->ways - 1, key, value);
	return gone;
}

/* Those behind it move up. */
static void close_gap(struct assoc *a, uint64_t first, uint32_t i)
{
	uint32_t behind = a->ways - 1 - i;

	memmove(a->key + first + i, a->key + first + i + 1, sizeof(*a->key) * behind);
	if (a->value)
		memmove(a->value + first + i, a->value + first + i + 1, sizeof(*a->value) * behind);
	a->key[first + a->ways - 1] = 0;
}

void assoc_remove(struct assoc *a, uint64_t index, uint64_t key)
{
	uint64_t first = a->sets ? first_of(a, index) : 0;

	for (uint32_t i = 0; i < a->ways; i++)
		if (a->key[first + i] == key) {
			close_gap(a, first, i);
			return;
		}
}

void assoc_drop(struct assoc *a, bool (*goes)(uint64_t key, uint64_t value, const void *arg), const void *arg)
{
	for (uint64_t first = 0; first < (uint64_t)a->sets * a->ways; first += a->ways)
		for (uint32_t i = 0; i < a->ways && a->key[first + i];)
			if (goes(a->key[first + i], a->value ? a->value[first + i] : 0, arg))
				close_gap(a, first, i);
			else
				i++;
}
