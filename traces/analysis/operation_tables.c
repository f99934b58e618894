/* SPDX-License-Identifier: BSD-2-Clause */
/* Tables of the guest's operations: their costs, what they are made of, and where the hypervisor's time went. */
#include <stdlib.h>
#include <string.h>

#include "names.h"
#include "table_parts.h"

void ta_shape(const struct ta_operation *o, char *out, size_t len)
{
	*out = 0;
	for (unsigned i = 0; i < o->nr_steps; i++)
		tp_word(out, len, ta_code_name(o->step[i]), o->times[i]);
	if (o->longer)
		tp_word(out, len, "...", 1);
}

json_t *tp_operations(struct ta_tally *t)
{
	static const char *const columns[] = { "operation:", COST_COLUMNS, "trips:", NULL };
	json_t *table = tp_begin("operations", "The guest's operations, each with all its trips", columns);
	struct ta_distribution by[TA_OPS] = { { 0 } }, all = { 0 };
	uint64_t trips[TA_OPS] = { 0 };

	for (size_t i = 0; i < t->nr_ops; i++) {
		const struct ta_operation *o = &t->op[i];

		if (!o->chosen)
			continue;
		t->failed |=
			!ta_distribution_add(&by[o->kind], o->cost, o->bytes) || !ta_distribution_add(&all, o->cost, o->bytes);
		trips[o->kind] += o->trips;
	}
	for (unsigned i = 1; i < TA_OPS; i++) {
		json_t *row = tp_cost(table, ta_op_name(i), &by[i], &all);

		if (row)
			json_array_append_new(row, json_real((double)trips[i] / (double)by[i].count));
		ta_distribution_free(&by[i]);
	}
	ta_distribution_free(&all);
	return table;
}

static int by_shape(const struct ta_operation *x, const struct ta_operation *y)
{
	int order = memcmp(x->step, y->step, sizeof(x->step));

	if (x->kind != y->kind)
		return x->kind - y->kind;
	if (!order)
		order = memcmp(x->times, y->times, sizeof(x->times));
	return order ? order : x->longer - y->longer;
}

static int by_shape_and_time(const void *a, const void *b)
{
	const struct ta_operation *x = *(const struct ta_operation *const *)a, *y = *(const struct ta_operation *const *)b;
	int order = by_shape(x, y);

	return order ? order : (x > y) - (x < y);
}

struct shape {
	const struct ta_operation *example; /* one in the middle */
	uint64_t count, cost, bytes;
};

static int by_cost(const void *a, const void *b)
{
	const struct shape *x = a, *y = b;

	return x->cost != y->cost ? (x->cost < y->cost) - (x->cost > y->cost) : by_shape(x->example, y->example);
}

/* Operations in groups of one shape, the dearest group first. The caller frees. NULL: no memory, or no operation. */
static struct shape *find_shapes(const struct ta_tally *t, size_t *nr)
{
	const struct ta_operation **sorted = malloc((t->nr_ops + 1) * sizeof(const struct ta_operation *));
	struct shape *shape = malloc((t->nr_ops + 1) * sizeof(*shape));
	size_t n = 0;

	*nr = 0;
	for (size_t i = 0; sorted && shape && i < t->nr_ops; i++)
		if (t->op[i].chosen)
			sorted[n++] = &t->op[i];
	if (n)
		qsort(sorted, n, sizeof(*sorted), by_shape_and_time);
	for (size_t i = 0, first = 0; i < n; i++) {
		if (!i || by_shape(sorted[i - 1], sorted[i])) {
			shape[(*nr)++] = (struct shape){ 0 };
			first = i;
		}
		shape[*nr - 1].example = sorted[(first + i) / 2];
		shape[*nr - 1].count++;
		shape[*nr - 1].cost += sorted[i]->cost;
		shape[*nr - 1].bytes += sorted[i]->bytes;
	}
	free(sorted);
	if (*nr)
		qsort(shape, *nr, sizeof(*shape), by_cost);
	return shape;
}

#define SHAPES 40

json_t *tp_shapes(const struct ta_tally *t)
{
	static const char *const columns[] = { "operation:",       "trips:", "count:",          "ticks:ticks", "mean:ticks",
					       "bytes each:bytes", "time:%", "for example op:", NULL };
	json_t *table =
		tp_begin("shapes", "Operations by the trips that they are made of, in order; the dearest shapes", columns);
	size_t nr;
	struct shape *shape = find_shapes(t, &nr);
	uint64_t all = 0;

	for (size_t i = 0; i < nr; i++)
		all += shape[i].cost;
	for (size_t i = 0; i < nr && i < SHAPES; i++) {
		const struct shape *s = &shape[i];
		char text[256];

		ta_shape(s->example, text, sizeof(text));
		tp_row(table,
		       json_pack("[s,s,I,I,f,f,f,I]", ta_op_name(s->example->kind), text, (json_int_t)s->count,
				 (json_int_t)s->cost, (double)s->cost / (double)s->count, (double)s->bytes / (double)s->count,
				 tp_share(s->cost, all), (json_int_t)(s->example - t->op + 1)));
	}
	free(shape);
	return table;
}

json_t *ta_operations_list(const struct ta_tally *t)
{
	json_t *list = json_array();

	for (size_t i = 0; i < t->nr_ops; i++) {
		const struct ta_operation *o = &t->op[i];
		char text[256];

		if (!o->chosen)
			continue;
		ta_shape(o, text, sizeof(text));
		json_array_append_new(list, json_pack("[s,o,I,I,I,I,s,s,i]", ta_op_name(o->kind), tp_hex(o->address),
						      (json_int_t)o->trips, (json_int_t)o->cost, (json_int_t)o->bytes,
						      (json_int_t)(o->begin - t->first), text,
						      o->region ? t->region[o->region - 1].name : "", o->region));
	}
	return list;
}

/* Which events, of a trip's `within`. */
static void say_within(uint64_t within, char *out, size_t len)
{
	*out = 0;
	for (unsigned i = 0; i < PN_EV_MAX; i++)
		if (within >> i & 1)
			tp_word(out, len, pn_event_name(i), 1);
}

static int by_cause_cost(const void *a, const void *b)
{
	const struct ta_cause *x = a, *y = b;

	if (x->cost != y->cost)
		return x->cost < y->cost ? 1 : -1;
	if (x->op_kind != y->op_kind || x->code != y->code)
		return x->op_kind != y->op_kind ? x->op_kind - y->op_kind : x->code - y->code;
	return (x->within > y->within) - (x->within < y->within);
}

json_t *tp_causes(struct ta_tally *t)
{
	static const char *const columns[] = { "operation:",  "trip:",  "happened in it:", "count:",
					       "ticks:ticks", "time:%", "mean:ticks",      NULL };
	json_t *table = tp_begin("causes", "The hypervisor's time by operation, trip, and what happened in the trip", columns);

	qsort(t->cause, t->nr_causes, sizeof(t->cause[0]), by_cause_cost);
	for (unsigned i = 0; i < t->nr_causes; i++) {
		const struct ta_cause *c = &t->cause[i];
		char within[256];

		say_within(c->within, within, sizeof(within));
		tp_row(table,
		       json_pack("[s,s,s,I,I,f,f]", ta_op_name(c->op_kind), ta_code_name(c->code), within, (json_int_t)c->count,
				 (json_int_t)c->cost, tp_share(c->cost, t->all.sum), (double)c->cost / (double)c->count));
	}
	return table;
}
