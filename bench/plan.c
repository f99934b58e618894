/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Plans. A repetition is one fresh domain; dom0 runs the items in order, so
 * the place of whatever ended badly tells what is left.
 */
#include <stdlib.h>
#include <string.h>

#include "plan.h"

static void add(struct plan *p, const struct workload *w, bool traced, unsigned first, unsigned repeat)
{
	if (!repeat)
		return;
	p->item = xrealloc(p->item, (p->nr_items + 1) * sizeof(*p->item));
	p->item[p->nr_items++] = (struct plan_item){ w, traced, first, repeat };
}

unsigned plan_repeat(const struct workload *w, unsigned repeat)
{
	return repeat ? repeat : workload_is_linux(w) ? 1 : 2;
}

void plan_make(struct plan *p, const struct recipe *r, const struct selection *s, unsigned repeat, bool trace, bool linux_guests)
{
	*p = (struct plan){ .recipe = r };
	/* Hostile guests go first: those behind them show that they did no harm. */
	for (unsigned pass = 0; pass < 2; pass++)
		for (unsigned i = 0; i < nr_workloads; i++) {
			bool hostile = !strcmp(workloads[i].suite, "hostile");

			if (!s->workload[i] || hostile != !pass || workload_is_linux(&workloads[i]) != linux_guests)
				continue;
			add(p, &workloads[i], false, 1, plan_repeat(&workloads[i], repeat));
			if (trace && !recipe_is_native(r))
				add(p, &workloads[i], true, 1, 1);
		}
}

void plan_rest(struct plan *rest, const struct plan *p, unsigned item, unsigned rep)
{
	*rest = (struct plan){ .recipe = p->recipe };
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

static json_t *item_json(const struct plan_item *it)
{
	const struct workload *w = it->workload;
	char *image = guest_image_name(w), *initrd = guest_initrd_name(w), *cmdline = workload_cmdline(w);
	json_t *j = json_pack("{s:s, s:s, s:s?, s:s, s:i, s:i, s:i, s:i, s:i, s:b}", "name", w->name, "image", image, "initrd", initrd,
			      "cmdline", cmdline, "memory_mib", (int)w->memory_mib, "vcpus", (int)workload_vcpus(w), "pool_pages", 0, "timeout_s",
			      (int)w->timeout_s, "repeat", (int)it->repeat, "trace", (int)it->traced);

	free(cmdline);
	free(initrd);
	free(image);
	return j;
}

json_t *plan_json(const struct plan *p)
{
	json_t *items = json_array();

	for (unsigned i = 0; i < p->nr_items; i++)
		json_array_append_new(items, item_json(&p->item[i]));
	return json_pack("{s:s, s:o}", "recipe", p->recipe->name, "items", items);
}
