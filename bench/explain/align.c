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

static json_int_t end_of(const json_t *step)
{
	const json_int_t end = json_integer_value(json_object_get(step, "end"));

	return end ? end : first_of(step) + 1;
}

void align_begin(struct alignment *a, const struct explained *e, size_t phase)
{
	memset(a, 0, sizeof(*a));
	a->e = e;
	a->phase = phase;
}

/* How often in [from, to): a step that was done `count` times was done every `stride` numbers. */
static json_int_t times_in(const json_t *step, json_int_t from, json_int_t to)
{
	const json_int_t stride = json_integer_value(json_object_get(step, "stride")), first = first_of(step), end = end_of(step);
	const json_int_t low = from > first ? from : first, high = to < end ? to : end;

	if (stride <= 0)
		return low == first && high > first;
	return (high - first + stride - 1) / stride - (low - first + stride - 1) / stride;
}

/* Numbers that no recipe has a step for are passed over. False: there are no more. */
static bool skip_gap(struct alignment *a)
{
	json_int_t first = -1;

	for (unsigned r = 0; r < a->e->nr; r++) {
		const json_t *step = current(a, r);

		if (step && (first < 0 || first_of(step) < first))
			first = first_of(step);
	}
	if (first > a->next)
		a->next = first;
	return first >= 0;
}

bool align_next(struct alignment *a, struct aligned *row)
{
	json_int_t end = -1;

	memset(row, 0, sizeof(*row));
	if (!skip_gap(a))
		return false;
	for (unsigned r = 0; r < a->e->nr; r++) {
		json_t *step = current(a, r);

		if (!step)
			continue;
		/* A row ends where a step ends, or where one begins. */
		json_int_t stop = first_of(step) > a->next ? first_of(step) : end_of(step);

		if (end < 0 || stop < end)
			end = stop;
	}
	row->first = a->next;
	row->count = end - a->next;
	for (unsigned r = 0; r < a->e->nr; r++) {
		json_t *step = current(a, r);

		if (!step || first_of(step) > a->next)
			continue;
		row->step[r] = step;
		row->whole[r] = first_of(step) == a->next && end_of(step) == end;
		row->times[r] = times_in(step, a->next, end);
		if (!row->step[row->title] || (row->whole[r] && !row->whole[row->title]))
			row->title = r;
		if (end_of(step) == end)
			a->at[r]++;
	}
	a->next = end;
	return true;
}
