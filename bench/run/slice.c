/* SPDX-License-Identifier: BSD-2-Clause */
/* Boots to a file and back. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "slice.h"

static json_t *items_json(const struct plan *p)
{
	json_t *items = json_array();

	for (unsigned i = 0; i < p->nr_items; i++) {
		const struct plan_item *it = &p->item[i];

		json_array_append_new(items, json_pack("{s:s, s:b, s:i, s:i}", "workload", it->workload->name, "traced",
						       (int)it->traced, "first", (int)it->first, "repeat", (int)it->repeat));
	}
	return items;
}

int slice_write(const char *path, const struct options *o, struct boot *const boot[], unsigned n)
{
	json_t *boots = json_array(),
	       *root = json_pack("{s:o, s:o}", "guests", own_guests_json(o->guest, o->nr_guests), "boots", boots);
	char *text;
	int ret;

	for (unsigned i = 0; i < n; i++)
		json_array_append_new(boots, json_pack("{s:s, s:s, s:i, s:o}", "label", boot[i]->label, "recipe",
						       boot[i]->plan.recipe->name, "trace_mib", (int)boot[i]->plan.trace_mib,
						       "items", items_json(&boot[i]->plan)));
	text = json_dumps(root, JSON_INDENT(1));
	ret = write_file(path, text, strlen(text));
	free(text);
	json_decref(root);
	return ret;
}

static void say_no_slice(const char *path)
{
	say("%s is no slice of a run of this version", path);
}

static bool guest_is_good(const struct own_guest *g)
{
	return g->name && *g->name && !g->name[strcspn(g->name, "/")] && !g->image != !g->script && g->memory_mib && g->vcpus &&
	       g->vcpus <= MAX_GUEST_VCPUS && g->timeout_s;
}

/* Its text understood; NULL after a message. */
static json_t *load(const char *path)
{
	char *text = read_file(path, NULL);
	json_t *root = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;

	if (!text)
		say("%s cannot be read: %s", path, strerror(errno));
	else if (!root)
		say_no_slice(path);
	free(text);
	return root;
}

bool slice_guests(struct options *o, json_t **held)
{
	bool good = (*held = load(o->slice)) != NULL;

	o->nr_guests = own_guests_read(json_object_get(*held, "guests"), o->guest);
	for (unsigned i = 0; good && i < o->nr_guests; i++)
		if (!guest_is_good(&o->guest[i])) {
			say_no_slice(o->slice);
			good = false;
		}
	return good;
}

static bool read_item(struct plan *p, json_t *item)
{
	const struct workload *w;
	const char *name;
	int traced, first, repeat;

	if (json_unpack(item, "{s:s, s:b, s:i, s:i}", "workload", &name, "traced", &traced, "first", &first, "repeat", &repeat))
		return false;
	w = workload_find(name);
	if (!w || first < 1 || repeat < 1 || first > MAX_REPEAT || repeat > MAX_REPEAT)
		return false;
	p->item = xrealloc(p->item, (p->nr_items + 1) * sizeof(*p->item));
	p->item[p->nr_items++] = (struct plan_item){ w, traced, (unsigned)first, (unsigned)repeat, 0 };
	return true;
}

static bool read_boot(struct slice *s, json_t *boot)
{
	const char *label, *recipe;
	struct slice_boot *b;
	json_t *items, *item;
	int trace_mib;
	size_t i;

	if (json_unpack(boot, "{s:s, s:s, s:i, s:o}", "label", &label, "recipe", &recipe, "trace_mib", &trace_mib, "items",
			&items) ||
	    !recipe_find(recipe) || !*label || label[strcspn(label, "/")] || trace_mib < 0 || trace_mib > TRACE_MIB_MOST)
		return false;
	s->boot = xrealloc(s->boot, (s->nr_boots + 1) * sizeof(*s->boot));
	b = &s->boot[s->nr_boots++];
	*b = (struct slice_boot){ { .recipe = recipe_find(recipe), .trace_mib = (unsigned)trace_mib }, xstrdup(label) };
	json_array_foreach(items, i, item)
		if (!read_item(&b->plan, item))
			return false;
	return b->plan.nr_items;
}

bool slice_read(struct slice *s, const char *path)
{
	json_t *root = load(path), *boot;
	bool good = json_array_size(json_object_get(root, "boots"));
	size_t i;

	*s = (struct slice){ 0 };
	json_array_foreach(json_object_get(root, "boots"), i, boot)
		good = good && read_boot(s, boot);
	if (root && !good)
		say_no_slice(path);
	if (!good)
		slice_free(s);
	json_decref(root);
	return good;
}

void slice_select(const struct slice *s, struct selection *sel)
{
	*sel = (struct selection){ .suite = "full", .recipes_named = true, .workloads_named = true };
	for (unsigned i = 0; i < s->nr_boots; i++) {
		const struct plan *p = &s->boot[i].plan;

		sel->recipe[p->recipe - recipes] = true;
		for (unsigned k = 0; k < p->nr_items; k++)
			sel->workload[p->item[k].workload - workloads] = true;
	}
}

static bool is_finished(void *arg, const struct recipe *r, const struct plan_item *it, unsigned repetition)
{
	return results_finished(arg, r->name, it->workload->name, repetition, it->traced);
}

void slice_add(struct slice *s, struct queue *q)
{
	for (unsigned i = 0; i < s->nr_boots; i++) {
		struct slice_boot *b = &s->boot[i];

		plan_drop(&b->plan, is_finished, q->res);
		if (!b->plan.nr_items)
			continue;
		queue_add(q, &b->plan, b->label);
		*b = (struct slice_boot){ 0 };
	}
	slice_free(s);
}

void slice_free(struct slice *s)
{
	for (unsigned i = 0; i < s->nr_boots; i++) {
		plan_free(&s->boot[i].plan);
		free(s->boot[i].label);
	}
	free(s->boot);
	*s = (struct slice){ 0 };
}
