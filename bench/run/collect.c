/* SPDX-License-Identifier: BSD-2-Clause */
/* Events into the results tree. */
#include <string.h>

#include "collect.h"
#include "schema.h"

void collect_init(struct collect *c, struct results *res, const struct plan *plan)
{
	*c = (struct collect){ .res = res, .plan = plan, .item = -1, .rep = -1, .last_item = -1, .last_rep = -1 };
}

/* The item that an event speaks of; NULL if the plan has no such one, or names it otherwise. */
static json_t *item_of(struct collect *c, const json_t *ev)
{
	json_int_t i = json_integer_value(json_object_get(ev, "item"));
	json_int_t rep = json_integer_value(json_object_get(ev, "rep"));
	const struct plan_item *it;

	if (i >= c->plan->nr_items || rep >= c->plan->item[i].repeat)
		return NULL;
	it = &c->plan->item[i];
	if (strcmp(it->workload->name, json_string_value(json_object_get(ev, "name"))))
		return NULL;
	c->last_item = (int)i;
	c->last_rep = (int)rep;
	return results_item(c->res, c->plan->recipe->name, it->workload->name, it->first + (unsigned)rep, it->traced);
}

/* What the tree keeps of an event; who it speaks of, the tree says in its own words. */
static void copy_fields(json_t *to, const json_t *from, const struct rule *kept)
{
	for (; kept->key; kept++) {
		json_t *value = json_object_get(from, kept->key);

		if (value)
			json_object_set(to, kept->key, value);
	}
}

static void on_begin(struct collect *c, const json_t *ev, json_t *item)
{
	c->item = (int)json_integer_value(json_object_get(ev, "item"));
	c->rep = (int)json_integer_value(json_object_get(ev, "rep"));
	c->current = item;
	c->begun = now_seconds();
}

static void on_region(const struct collect *c, const json_t *ev, json_t *item)
{
	json_t *region = json_object();

	copy_fields(region, ev, schema_region);
	/* A peer's host does not see its guest's tables. */
	if (recipe_is_peer(c->plan->recipe))
		json_object_set_new(region, "guest_levels", json_integer(c->plan->item[c->last_item].workload->levels));
	if (c->cycles)
		cycles_add(c->cycles, region);
	json_array_append_new(json_object_get(item, "regions"), region);
}

static void on_end(struct collect *c, const json_t *ev, json_t *item)
{
	copy_fields(item, ev, schema_end);
	if (item == c->current)
		json_object_set_new(item, "wall_seconds", json_real(now_seconds() - c->begun));
	c->item = c->rep = -1;
	c->current = NULL;
	c->ended++;
}

static void on_trace(struct collect *c, const json_t *ev)
{
	json_t *t = json_object();

	json_object_set_new(t, "recipe", json_string(c->plan->recipe->name));
	json_object_set(t, "workload", json_object_get(ev, "name"));
	copy_fields(t, ev, schema_trace_end);
	json_array_append_new(c->res->traces, t);
}

/* The item ended by this event, or NULL. */
static json_t *take(struct collect *c, const json_t *ev)
{
	const char *e = json_string_value(json_object_get(ev, "e"));
	json_t *item;

	if (!strcmp(e, "hello")) {
		c->hello = true;
		c->tsc_khz = (uint64_t)json_integer_value(json_object_get(ev, "tsc_khz"));
		return NULL;
	}
	if (!strcmp(e, "done")) {
		c->done = true;
		return NULL;
	}
	if (!strcmp(e, "trace")) {
		on_trace(c, ev);
		return NULL;
	}
	item = item_of(c, ev);
	/* One that has ended is in the journal, and on disk: nothing changes it any more. */
	if (!item || !item_runs(item)) {
		c->damaged++;
		return NULL;
	}
	if (!strcmp(e, "begin"))
		on_begin(c, ev, item);
	else if (!strcmp(e, "region"))
		on_region(c, ev, item);
	else
		on_end(c, ev, item);
	return strcmp(e, "end") ? NULL : item;
}

json_t *collect_line(struct collect *c, const char *line)
{
	json_t *ev, *ended = NULL;
	enum line_kind kind = parse_event(line, &ev);
	unsigned damaged = c->damaged;

	if (kind == LINE_DAMAGED)
		c->damaged++;
	if (kind == LINE_EVENT) {
		ended = take(c, ev);
		c->events += c->damaged == damaged;
	}
	json_decref(ev);
	return ended;
}
