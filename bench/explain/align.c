/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of several recipes' steps. */
#include "align.h"

#include <string.h>

#include "say.h"

static json_t *current(const struct alignment *a, unsigned r)
{
	return json_array_get(json_object_get(explained_phase(a->e, r, a->phase), "steps"), a->at[r]);
}

static json_int_t first_of(const json_t *step)
{
	return json_integer_value(json_object_get(step, "n"));
}

static json_int_t count_of(const json_t *step)
{
	const json_int_t n = json_integer_value(json_object_get(step, "count"));

	return n ? n : 1;
}

void align_begin(struct alignment *a, const struct explained *e, size_t phase)
{
	memset(a, 0, sizeof(*a));
	a->e = e;
	a->phase = phase;
}

bool align_next(struct alignment *a, struct aligned *row)
{
	json_int_t end = -1;

	memset(row, 0, sizeof(*row));
	row->first = a->next;
	for (unsigned r = 0; r < a->e->nr; r++) {
		const json_t *step = current(a, r);

		if (!step)
			continue;
		/* A row ends where a step ends, or where one begins. */
		json_int_t stop = first_of(step) > a->next ? first_of(step) : first_of(step) + count_of(step);

		if (end < 0 || stop < end) {
			end = stop;
			row->title = r;
		}
	}
	if (end < 0)
		return false;
	row->count = end - a->next;
	for (unsigned r = 0; r < a->e->nr; r++) {
		json_t *step = current(a, r);

		if (!step || first_of(step) > a->next)
			continue;
		row->step[r] = step;
		row->whole[r] = first_of(step) == a->next && first_of(step) + count_of(step) == end;
		if (row->whole[r] && !row->whole[row->title])
			row->title = r;
		if (first_of(step) + count_of(step) == end)
			a->at[r]++;
	}
	a->next = end;
	return true;
}
