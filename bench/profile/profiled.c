/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading what the plugin wrote. It is checked as anything that comes from a file: numbers in range, parents before their children. */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "profiled.h"

static bool whole(const json_t *row, size_t i, int64_t least, int64_t most, int64_t *out)
{
	const json_t *v = json_array_get(row, i);

	*out = json_integer_value(v);
	return json_is_integer(v) && *out >= least && *out <= most;
}

static bool address(const json_t *row, size_t i, uint64_t *out)
{
	const char *s = json_string_value(json_array_get(row, i));
	char *end;

	if (!s || !*s || strspn(s, "0123456789abcdef") != strlen(s) || strlen(s) > 16)
		return false;
	*out = strtoull(s, &end, 16);
	return true;
}

static int64_t functions_of(const struct profile *p, int64_t mode)
{
	return (int64_t)p->symbols[mode].n - 1;
}

static bool take_insn(const struct profile *p, struct profiled_region *r, const json_t *row)
{
	struct profiled_insn *i = &r->insn[r->nr_insns];
	int64_t mode, length, count, function;

	if (!whole(row, 0, 0, TALLY_MODES - 1, &mode) || !address(row, 1, &i->at) || !whole(row, 2, 1, 15, &length) ||
	    !whole(row, 3, 1, INT64_MAX, &count) || !whole(row, 4, NO_FUNCTION, functions_of(p, mode), &function))
		return false;
	i->mode = (enum tally_mode)mode;
	i->length = (unsigned)length;
	i->count = (uint64_t)count;
	i->function = (int)function;
	r->nr_insns++;
	return true;
}

/* They come in any order; each has its number's place. */
static bool take_node(const struct profile *p, struct profiled_region *r, const json_t *row)
{
	int64_t number, parent, mode, function, self;
	struct profiled_node *k;

	if (!whole(row, 0, 0, (int64_t)r->nr_nodes - 1, &number) || !whole(row, 1, -1, number - 1, &parent) ||
	    !whole(row, 2, 0, TALLY_MODES - 1, &mode) || !whole(row, 3, NO_FUNCTION, functions_of(p, mode), &function) ||
	    !whole(row, 4, 0, INT64_MAX / 4096, &self))
		return false;
	k = &r->node[number];
	if (k->depth)
		return false; /* twice: then another's place is empty */
	*k = (struct profiled_node){ (int)parent, 1, (enum tally_mode)mode, (int)function, (uint64_t)self, (uint64_t)self };
	return true;
}

static bool take_sample(struct profiled_region *r, const json_t *row)
{
	struct profiled_sample *s = &r->sample[r->nr_samples];
	const size_t n = json_array_size(row);
	int64_t time, mode;

	if (n < 3 || n - 3 > TALLY_DEPTH || !whole(row, 0, 0, INT64_MAX, &time) || !whole(row, 1, 0, TALLY_MODES - 1, &mode) ||
	    !address(row, 2, &s->at))
		return false;
	s->time = (uint64_t)time;
	s->mode = (enum tally_mode)mode;
	s->behind = xcalloc(n, sizeof(*s->behind));
	r->nr_samples++;
	for (s->depth = 0; s->depth < n - 3; s->depth++)
		if (!address(row, 3 + s->depth, &s->behind[s->depth]))
			return false;
	return true;
}

/* What was called counts for what called it; a child's number is greater than its parent's. */
static bool sum_nodes(struct profiled_region *r)
{
	for (size_t i = 0; i < r->nr_nodes; i++) {
		struct profiled_node *k = &r->node[i];

		k->depth = k->parent >= 0 ? r->node[k->parent].depth + 1 : 1;
		if (k->depth > TALLY_DEPTH)
			return false;
	}
	for (size_t i = r->nr_nodes; i--;) {
		struct profiled_node *k = &r->node[i];

		if (k->parent >= 0 && r->node[k->parent].mode != k->mode)
			return false;
		if (k->parent >= 0)
			r->node[k->parent].all += k->all;
	}
	return true;
}

static bool take_rows(const struct profile *p, struct profiled_region *r, const json_t *o)
{
	const json_t *insns = json_object_get(o, "insns"), *nodes = json_object_get(o, "nodes"),
		     *samples = json_object_get(o, "samples"), *row;
	size_t i;

	r->insn = xcalloc(json_array_size(insns) + 1, sizeof(*r->insn));
	r->sample = xcalloc(json_array_size(samples) + 1, sizeof(*r->sample));
	r->nr_nodes = json_array_size(nodes);
	r->node = xcalloc(r->nr_nodes + 1, sizeof(*r->node));
	json_array_foreach(insns, i, row) {
		if (!take_insn(p, r, row))
			return false;
	}
	json_array_foreach(nodes, i, row) {
		if (!take_node(p, r, row))
			return false;
	}
	json_array_foreach(samples, i, row) {
		if (!take_sample(r, row))
			return false;
	}
	return sum_nodes(r);
}

static bool count_at(const json_t *o, const char *key, uint64_t *out)
{
	const json_t *v = json_object_get(o, key);

	*out = (uint64_t)json_integer_value(v);
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool take_region(const struct profile *p, struct profiled_region *r, const json_t *o)
{
	uint64_t period;

	if (!count_at(o, "hypervisor", &r->executed[TALLY_HYPERVISOR]) || !count_at(o, "guest", &r->executed[TALLY_GUEST]) ||
	    !count_at(o, "lost", &r->lost) || !count_at(o, "period", &period) || period < 1 || period > UINT32_MAX)
		return false;
	r->period = (unsigned)period;
	r->failed = json_is_true(json_object_get(o, "failed"));
	return take_rows(p, r, o);
}

char *profile_read_line(struct profile *p, const char *line)
{
	json_t *o = json_loads(line, 0, NULL);
	struct profiled_region *r;
	bool good;

	p->region = xrealloc(p->region, (p->nr_regions + 1) * sizeof(*p->region));
	r = &p->region[p->nr_regions++];
	*r = (struct profiled_region){ .phase = NULL };
	good = o && take_region(p, r, o);
	json_decref(o);
	return good ? NULL : xfmt("is cut or damaged: its line %zu is no region", p->nr_regions);
}

char *profile_read(struct profile *p, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL, *why = NULL;
	size_t room = 0;

	if (!f)
		return xfmt("cannot be read: %s", strerror(errno));
	while (!why && getline(&line, &room, f) > 0)
		why = profile_read_line(p, line);
	free(line);
	fclose(f);
	if (!why && !p->nr_regions)
		why = xstrdup("has no region");
	return why;
}

void profile_free(struct profile *p)
{
	for (size_t i = 0; i < p->nr_regions; i++) {
		struct profiled_region *r = &p->region[i];

		for (size_t k = 0; k < r->nr_samples; k++)
			free(r->sample[k].behind);
		free(r->phase);
		free(r->insn);
		free(r->node);
		free(r->sample);
	}
	free(p->region);
	for (unsigned m = 0; m < TALLY_MODES; m++) {
		symbols_free(&p->symbols[m]);
		free(p->object[m]);
	}
	*p = (struct profile){ 0 };
}

const char *profile_function(const struct profile *p, enum tally_mode mode, int function)
{
	return function < 0 || (size_t)function >= p->symbols[mode].n ? "[unknown]" : p->symbols[mode].symbol[function].name;
}

/* ---- functions' shares ---- */

static int by_self(const void *x, const void *y)
{
	const struct profiled_share *a = x, *b = y;

	if (a->self != b->self)
		return a->self > b->self ? -1 : 1;
	if (a->all != b->all)
		return a->all > b->all ? -1 : 1;
	return a->mode != b->mode ? (int)a->mode - (int)b->mode : a->function - b->function;
}

/* A function that is called by itself is counted once, where it was called first. */
static bool is_above(const struct profiled_region *r, const struct profiled_node *k)
{
	for (int up = k->parent; up >= 0; up = r->node[up].parent)
		if (r->node[up].function == k->function)
			return true;
	return false;
}

struct profiled_share *profile_shares(const struct profiled_region *r, const struct profile *p, size_t *n)
{
	const size_t first[TALLY_MODES] = { 1, 2 + p->symbols[TALLY_HYPERVISOR].n }; /* before each, what has no name */
	const size_t all = first[TALLY_GUEST] + p->symbols[TALLY_GUEST].n;
	struct profiled_share *s = xcalloc(all + 1, sizeof(*s));

	for (size_t i = 0; i < r->nr_insns; i++)
		s[first[r->insn[i].mode] + (size_t)(r->insn[i].function + 1) - 1].self += r->insn[i].count;
	for (size_t i = 0; i < r->nr_nodes; i++)
		if (!is_above(r, &r->node[i]))
			s[first[r->node[i].mode] + (size_t)(r->node[i].function + 1) - 1].all += r->node[i].all;
	for (size_t i = 0; i < r->nr_samples; i++) {
		const struct symbols *y = &p->symbols[r->sample[i].mode];
		const struct symbol *k = symbols_find(y, r->sample[i].at);

		s[first[r->sample[i].mode] + (k ? (size_t)(k - y->symbol) + 1 : 0) - 1].samples++;
	}
	*n = 0;
	for (size_t i = 0; i < all; i++) {
		const bool guest = i + 1 >= first[TALLY_GUEST];

		s[i].mode = guest ? TALLY_GUEST : TALLY_HYPERVISOR;
		s[i].function = (int)(i + 1 - first[s[i].mode]) - 1;
		if (s[i].self || s[i].all)
			s[(*n)++] = s[i];
	}
	qsort(s, *n, sizeof(*s), by_self);
	return s;
}
