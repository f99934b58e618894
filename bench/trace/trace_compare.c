/* SPDX-License-Identifier: BSD-2-Clause */
/* Both lists sorted by what an operation is, then walked together. */
#include "trace_compare.h"

#include <stdlib.h>
#include <string.h>

#include "trace_tables.h"

/* Columns of ta_operations_list(). */
enum { OP_KIND, OP_ADDRESS, OP_TRIPS, OP_COST, OP_BYTES, OP_BEGIN, OP_SHAPE, OP_REGION, OP_REGION_NUMBER };

struct op {
	int kind;
	int64_t page, trips, cost, begin, region;
	int64_t nth; /* of those with the same region, kind and page */
	const char *shape, *region_name, *address;
};

struct ops {
	struct op *op;
	size_t count;
};

/* An operation under both recipes. */
struct pair {
	const struct op *a, *b;
};

struct compared {
	struct ops a, b;
	struct pair *pair;
	size_t nr_pairs;
	int64_t both[TA_OPS], alike[TA_OPS], alone[2][TA_OPS], alone_cost[2][TA_OPS], trips[2][TA_OPS], cost[2][TA_OPS];
};

static int64_t whole(const json_t *op, unsigned column)
{
	return json_integer_value(json_array_get(op, column));
}

static int in_order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

static int by_key(const struct op *a, const struct op *b)
{
	int order = in_order(a->region, b->region);

	order = order ? order : a->kind - b->kind;
	return order ? order : in_order(a->page, b->page);
}

static int by_key_and_time(const void *x, const void *y)
{
	const struct op *a = x, *b = y;
	int order = by_key(a, b);

	return order ? order : in_order(a->begin, b->begin);
}

static struct ops read_ops(const json_t *report)
{
	const json_t *list = json_object_get(report, "operations"), *op;
	struct ops o = { xcalloc(json_array_size(list) + 1, sizeof(struct op)), 0 };
	size_t i;

	json_array_foreach(list, i, op) {
		int kind = ta_op_number(json_string_value(json_array_get(op, OP_KIND)));

		o.op[o.count++] = (struct op){
			.kind = kind < 0 ? TA_OP_other : kind,
			.page = (int64_t)TA_PAGE(strtoull(json_string_value(json_array_get(op, OP_ADDRESS)), NULL, 16)),
			.address = json_string_value(json_array_get(op, OP_ADDRESS)),
			.trips = whole(op, OP_TRIPS),
			.cost = whole(op, OP_COST),
			.begin = whole(op, OP_BEGIN),
			.region = whole(op, OP_REGION_NUMBER),
			.shape = json_string_value(json_array_get(op, OP_SHAPE)),
			.region_name = json_string_value(json_array_get(op, OP_REGION)),
		};
	}
	qsort(o.op, o.count, sizeof(*o.op), by_key_and_time);
	for (size_t k = 1; k < o.count; k++)
		o.op[k].nth = by_key(&o.op[k - 1], &o.op[k]) ? 0 : o.op[k - 1].nth + 1;
	return o;
}

static void count_alone(struct compared *c, unsigned side, const struct op *o)
{
	c->alone[side][o->kind]++;
	c->alone_cost[side][o->kind] += o->cost;
}

static void count_both(struct compared *c, const struct op *a, const struct op *b)
{
	c->both[a->kind]++;
	c->alike[a->kind] += !strcmp(a->shape, b->shape);
	c->trips[0][a->kind] += a->trips;
	c->trips[1][a->kind] += b->trips;
	c->cost[0][a->kind] += a->cost;
	c->cost[1][a->kind] += b->cost;
	c->pair[c->nr_pairs++] = (struct pair){ a, b };
}

static void walk(struct compared *c)
{
	size_t i = 0, k = 0;

	while (i < c->a.count && k < c->b.count) {
		const struct op *a = &c->a.op[i], *b = &c->b.op[k];
		int order = by_key(a, b);

		order = order ? order : in_order(a->nth, b->nth);
		if (!order)
			count_both(c, a, b);
		else
			count_alone(c, order > 0, order > 0 ? b : a);
		i += order <= 0;
		k += order >= 0;
	}
	for (; i < c->a.count; i++)
		count_alone(c, 0, &c->a.op[i]);
	for (; k < c->b.count; k++)
		count_alone(c, 1, &c->b.op[k]);
}

/* ---- tables ---- */

/* "ticks, RECIPE" or just a name. */
static void add_column(json_t *table, const char *name, const char *of, const char *unit)
{
	char *whole_name = of ? xfmt("%s, %s", name, of) : xstrdup(name);

	tp_column(table, whole_name, unit);
	free(whole_name);
}

static json_t *compared_table(const struct compared *c, const char *a, const char *b)
{
	json_t *t = tp_begin("compared", "The guest's operations under both recipes", NULL);

	add_column(t, "operation", NULL, "");
	add_column(t, "under both", NULL, "");
	add_column(t, "of the same trips", NULL, "");
	add_column(t, "trips", a, "");
	add_column(t, "trips", b, "");
	add_column(t, "ticks", a, "ticks");
	add_column(t, "ticks", b, "ticks");
	add_column(t, "alone", a, "");
	add_column(t, "their ticks", NULL, "ticks");
	add_column(t, "alone", b, "");
	add_column(t, "their ticks", NULL, "ticks");
	for (unsigned k = 1; k < TA_OPS; k++)
		if (c->both[k] || c->alone[0][k] || c->alone[1][k])
			tp_row(t, json_pack("[s,I,I,I,I,I,I,I,I,I,I]", ta_op_name(k), (json_int_t)c->both[k],
					    (json_int_t)c->alike[k], (json_int_t)c->trips[0][k], (json_int_t)c->trips[1][k],
					    (json_int_t)c->cost[0][k], (json_int_t)c->cost[1][k], (json_int_t)c->alone[0][k],
					    (json_int_t)c->alone_cost[0][k], (json_int_t)c->alone[1][k],
					    (json_int_t)c->alone_cost[1][k]));
	return t;
}

static int by_shapes(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;
	int order = p->a->kind - q->a->kind;

	order = order ? order : strcmp(p->a->shape, q->a->shape);
	return order ? order : strcmp(p->b->shape, q->b->shape);
}

struct parting {
	const struct pair *example;
	int64_t count, cost_a, cost_b;
};

static int by_difference(const void *x, const void *y)
{
	const struct parting *p = x, *q = y;
	int order = in_order(llabs(q->cost_b - q->cost_a), llabs(p->cost_b - p->cost_a));

	return order ? order : by_shapes(p->example, q->example);
}

#define PARTINGS 40

/* Pairs of shapes, the greatest difference of ticks first. */
static json_t *parted_table(struct compared *c, const char *a, const char *b)
{
	json_t *t = tp_begin("parted", "How the same operation went under each, the greatest difference in ticks first", NULL);
	struct parting *p = xcalloc(c->nr_pairs + 1, sizeof(*p));
	size_t n = 0;

	add_column(t, "operation", NULL, "");
	add_column(t, "count", NULL, "");
	add_column(t, "trips", a, "");
	add_column(t, "ticks each", a, "ticks");
	add_column(t, "ticks each", b, "ticks");
	add_column(t, "difference in all", NULL, "ticks");
	add_column(t, "trips", b, "");
	qsort(c->pair, c->nr_pairs, sizeof(*c->pair), by_shapes);
	for (size_t i = 0; i < c->nr_pairs; i++) {
		if (!i || by_shapes(&c->pair[i - 1], &c->pair[i]))
			p[n++].example = &c->pair[i];
		p[n - 1].count++;
		p[n - 1].cost_a += c->pair[i].a->cost;
		p[n - 1].cost_b += c->pair[i].b->cost;
	}
	qsort(p, n, sizeof(*p), by_difference);
	for (size_t i = 0; i < n && i < PARTINGS; i++)
		tp_row(t, json_pack("[s,I,s,f,f,I,s]", ta_op_name((unsigned)p[i].example->a->kind), (json_int_t)p[i].count,
				    p[i].example->a->shape, (double)p[i].cost_a / (double)p[i].count,
				    (double)p[i].cost_b / (double)p[i].count, (json_int_t)(p[i].cost_b - p[i].cost_a),
				    p[i].example->b->shape));
	free(p);
	return t;
}

static int by_time(const void *x, const void *y)
{
	const struct pair *p = x, *q = y;

	return in_order(p->a->begin, q->a->begin);
}

#define FIRST_PARTED 20

/* One by one, in the order of the first recipe's trace. */
static json_t *first_parted_table(struct compared *c, const char *a, const char *b)
{
	json_t *t = tp_begin("first_parted", "The first operations that went another way", NULL);
	unsigned shown = 0;

	add_column(t, "region", NULL, "");
	add_column(t, "operation", NULL, "");
	add_column(t, "address", NULL, "hex");
	add_column(t, "trips", a, "");
	add_column(t, "at", a, "ticks");
	add_column(t, "ticks", a, "ticks");
	add_column(t, "ticks", b, "ticks");
	add_column(t, "at", b, "ticks");
	add_column(t, "trips", b, "");
	qsort(c->pair, c->nr_pairs, sizeof(*c->pair), by_time);
	for (size_t i = 0; i < c->nr_pairs && shown < FIRST_PARTED; i++) {
		const struct op *x = c->pair[i].a, *y = c->pair[i].b;

		if (!strcmp(x->shape, y->shape))
			continue;
		tp_row(t,
		       json_pack("[s,s,s,s,I,I,I,I,s]", x->region_name, ta_op_name((unsigned)x->kind), x->address, x->shape,
				 (json_int_t)x->begin, (json_int_t)x->cost, (json_int_t)y->cost, (json_int_t)y->begin, y->shape));
		shown++;
	}
	return t;
}

json_t *trace_compare_reports(const json_t *a, const json_t *b, const char *name_a, const char *name_b)
{
	struct compared c = { .a = read_ops(a), .b = read_ops(b) };
	json_t *compared, *parted, *first;

	c.pair = xcalloc(c.a.count + 1, sizeof(*c.pair));
	walk(&c);
	compared = compared_table(&c, name_a, name_b);
	parted = parted_table(&c, name_a, name_b);
	first = first_parted_table(&c, name_a, name_b);
	free(c.pair);
	free(c.a.op);
	free(c.b.op);
	return json_pack("{s:[s,s],s:[o,o,o]}", "recipes", name_a, name_b, "tables", compared, parted, first);
}

json_t *trace_compare(const struct traced *a, const struct traced *b, const struct trace_query *q)
{
	struct trace_query with = *q;
	json_t *x, *y, *out = NULL;

	with.details = true;
	x = traced_report(a, &with);
	y = x ? traced_report(b, &with) : NULL;
	if (y)
		out = trace_compare_reports(x, y, a->recipe, b->recipe);
	if (out)
		json_object_set_new(out, "workload", json_string(a->workload));
	json_decref(x);
	json_decref(y);
	return out;
}
