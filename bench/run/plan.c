/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans: which guests one boot runs, made from recipe and selection, cut into pieces by time, and continued where a boot ended
 * badly.
 *
 * What must hold: a repetition is one fresh domain, and dom0 runs items and their repetitions in order, so that the place of
 * whatever ended badly tells what is left.
 */
#include <stdlib.h>
#include <string.h>

#include "own_guest.h"
#include "plan.h"

/* Append an item; one without repetitions is none. */
static void add(struct plan *p, const struct workload *w, bool traced, unsigned first, unsigned repeat)
{
	if (!repeat)
		return;
	p->item = xrealloc(p->item, (p->nr_items + 1) * sizeof(*p->item));
	p->item[p->nr_items++] = (struct plan_item){ w, traced, first, repeat, 0 };
}

void plan_make(struct plan *p, const struct recipe *r, const struct selection *s, unsigned repeat, bool trace, unsigned vcpus)
{
	*p = (struct plan){ .recipe = r };
	/* Hostile guests go first: those behind them show that they did no harm. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < nr_workloads; i++) {
			const struct workload *w = &workloads[i];
			bool hostile = !strcmp(w->suite, "hostile");

			if (!selection_has(s, r, w) || hostile != !pass || workload_vcpus(w) != vcpus)
				continue;
			add(p, w, false, 1, repeat ? repeat : selection_repeat(s, r, w));
			if (trace && selection_traces(s, r, w))
				add(p, w, true, 1, 1);
		}
}

void plan_drop(struct plan *p, bool (*done)(void *arg, const struct recipe *r, const struct plan_item *it, unsigned repetition),
	       void *arg)
{
	struct plan left = { .recipe = p->recipe, .trace_mib = p->trace_mib };

	for (unsigned i = 0; i < p->nr_items; i++) {
		const struct plan_item *it = &p->item[i];
		struct plan_item *last = NULL;

		for (unsigned rep = it->first; rep < it->first + it->repeat; rep++) {
			if (done(arg, p->recipe, it, rep)) {
				last = NULL;
			} else if (last) {
				last->repeat++;
			} else {
				add(&left, it->workload, it->traced, rep, 1);
				last = &left.item[left.nr_items - 1];
			}
		}
	}
	plan_free(p);
	*p = left;
}

unsigned plan_piece(struct plan *piece, const struct plan *p, unsigned from, double seconds)
{
	double sum = 0;
	unsigned i;

	*piece = (struct plan){ .recipe = p->recipe, .trace_mib = p->trace_mib };
	for (i = from; i < p->nr_items; i++) {
		const struct plan_item *it = &p->item[i];

		sum += it->seconds * it->repeat;
		if (i > from && sum > seconds)
			break;
		add(piece, it->workload, it->traced, it->first, it->repeat);
		piece->item[piece->nr_items - 1].seconds = it->seconds;
	}
	return i;
}

void plan_rest(struct plan *rest, const struct plan *p, unsigned item, unsigned rep)
{
	*rest = (struct plan){ .recipe = p->recipe, .trace_mib = p->trace_mib };
	for (unsigned i = item; i < p->nr_items; i++) {
		const struct plan_item *it = &p->item[i];
		unsigned done = i == item ? rep + 1 : 0;

		if (done < it->repeat)
			add(rest, it->workload, it->traced, it->first + done, it->repeat - done);
	}
}

unsigned plan_vcpus(const struct plan *p)
{
	unsigned most = 1;

	for (unsigned i = 0; i < p->nr_items; i++)
		if (workload_vcpus(p->item[i].workload) > most)
			most = workload_vcpus(p->item[i].workload);
	return most;
}

void plan_free(struct plan *p)
{
	free(p->item);
	*p = (struct plan){ 0 };
}

unsigned plan_runs(const struct plan *p)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->nr_items; i++)
		n += p->item[i].repeat;
	return n;
}

/* Bytes of each, as the initrd is made of them (script.c). */
static json_t *modules_json(const struct own_guest *g)
{
	json_t *a = json_array();

	for (unsigned i = 0; own_guest_initrd(g, i); i++)
		json_array_append_new(a, json_integer(file_bytes(own_guest_initrd(g, i))));
	return a;
}

static void add_own(json_t *j, const struct workload *w)
{
	json_object_update_new(j, json_pack("{s:b, s:s?, s:s?, s:b}", "life", 1, "from", w->own->from, "to", w->own->to,
					    "keep_disk", (int)w->own->keep_disk));
	if (w->own->nr_more)
		json_object_set_new(j, "modules", modules_json(w->own));
}

/*
 * All else stands still from such a guest's beginning to its end: dom0 beside its boot would move its timer's interrupts from run to run.
 */
static bool stands_alone(const struct recipe *r, const struct plan_item *it)
{
	return workload_is_linux(it->workload) && workload_vcpus(it->workload) == 1 && !recipe_is_peer(r);
}

/* An item as dom0's suite runner reads it. */
static json_t *item_json(const struct plan *p, const struct plan_item *it)
{
	const struct workload *w = it->workload;
	char *image = guest_image_name(w), *initrd = guest_initrd_name(w), *cmdline = workload_cmdline(w),
	     *disk = guest_disk_name(w);
	json_t *j = json_pack("{s:s, s:s, s:s?, s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:b, s:s?, s:s?}", "name", w->name, "image",
			      image, "initrd", initrd, "cmdline", cmdline, "memory_mib", (int)w->memory_mib, "vcpus",
			      (int)workload_vcpus(w), "pool_pages", (int)workload_pool(w), "shadow_levels",
			      (int)workload_shadow_levels(w), "timeout_s", (int)w->timeout_s, "repeat", (int)it->repeat, "trace",
			      (int)it->traced, "exercise", workload_exercise(w), "disk", disk);

	if (it->traced && p->trace_mib)
		json_object_set_new(j, "trace_limit", json_integer((json_int_t)p->trace_mib << 20));
	if (w->own)
		add_own(j, w);
	else if (stands_alone(p->recipe, it))
		json_object_set_new(j, "alone", json_true());
	free(disk);
	free(cmdline);
	free(initrd);
	free(image);
	return j;
}

json_t *plan_json(const struct plan *p)
{
	json_t *items = json_array();

	for (unsigned i = 0; i < p->nr_items; i++)
		json_array_append_new(items, item_json(p, &p->item[i]));
	return json_pack("{s:s, s:o}", "recipe", p->recipe->name, "items", items);
}
