/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the selection to boots. A recipe's guests share boots of some minutes each: what a boot costs is then small, and what an
 * interruption loses (the files on dom0's disk, never a result) is small as well.
 */
#include <stdlib.h>

#include "boots.h"
#include "control_abi.h"

#define BOOT_SECONDS 150.0 /* of expected guests' time in one boot */

static bool is_finished(void *arg, const struct recipe *r, const struct plan_item *it, unsigned repetition)
{
	return results_finished(arg, r->name, it->workload->name, repetition, it->traced);
}

static char *label_of(const struct recipe *r, unsigned nr_vcpus, unsigned piece, unsigned round)
{
	char *vcpus = nr_vcpus > 1 ? xfmt("-%uvcpus", nr_vcpus) : xstrdup(""),
	     *nth = piece ? xfmt("-%u", piece + 1) : xstrdup("");
	char *again = round ? xfmt("-resumed%u", round) : xstrdup("");
	char *label = xfmt("%s%s%s%s", r->name, vcpus, nth, again);

	free(vcpus);
	free(nth);
	free(again);
	return label;
}

static void add_shared(struct queue *q, const struct recipe *r, const struct selection *s, const struct options *o,
		       unsigned vcpus, unsigned round)
{
	struct plan whole, piece;
	unsigned pieces = 0;

	plan_make(&whole, r, s, o->repeat, o->trace, vcpus);
	whole.trace_mib = o->trace_mib;
	plan_drop(&whole, is_finished, q->res);
	for (unsigned i = 0; i < whole.nr_items; i++)
		whole.item[i].seconds = expected_seconds(q->paths, r, &whole.item[i]);
	for (unsigned i = 0; i < whole.nr_items; pieces++) {
		i = plan_piece(&piece, &whole, i, BOOT_SECONDS);
		queue_add(q, &piece, label_of(r, vcpus, pieces, round));
	}
	plan_free(&whole);
}

static void add_native(struct queue *q, const struct recipe *r, const struct selection *s, const struct options *o)
{
	for (unsigned i = 0; i < nr_workloads; i++) {
		const struct workload *w = &workloads[i];
		unsigned repeat = o->repeat ? o->repeat : selection_repeat(s, r, w);

		/* QEMU would load the damaged images itself; it is the hypervisor that must refuse them. */
		if (!selection_has(s, r, w) || workload_is_bad(w))
			continue;
		for (unsigned rep = 1; rep <= repeat; rep++) {
			struct plan one = { .recipe = r };

			if (results_finished(q->res, r->name, w->name, rep, false))
				continue;
			one.nr_items = 1;
			one.item = xcalloc(1, sizeof(*one.item));
			one.item[0] = (struct plan_item){ w, false, rep, 1, 0 };
			one.item[0].seconds = expected_seconds(q->paths, r, &one.item[0]);
			queue_add(q, &one, xfmt("%s-%u", w->name, rep));
		}
	}
}

void boots_add(struct queue *q, const struct selection *s, const struct options *o, unsigned round)
{
	for (unsigned i = 0; i < nr_recipes; i++) {
		if (!s->recipe[i])
			continue;
		if (recipe_is_native(&recipes[i])) {
			add_native(q, &recipes[i], s, o);
			continue;
		}
		for (unsigned vcpus = 1; vcpus <= PN_LIMIT_vcpus; vcpus++)
			add_shared(q, &recipes[i], s, o, vcpus, round);
	}
}
