/* SPDX-License-Identifier: BSD-2-Clause */
/* What each kind of trip takes in modelled cycles: of a workload's measured regions, a table for each machine of the run. */
#include <stdlib.h>
#include <string.h>

#include "modelled.h"
#include "report_parts.h"

struct sum {
	struct modelled_trip kind[TRIP_MAX];
	uint64_t count, cycles; /* of all kinds; of the regions as wholes */
};

static void add_row(struct sum *s, const struct row *r, const char *machine)
{
	s->cycles += modelled_cycles(r, machine);
	for (unsigned k = 0; k < TRIP_MAX; k++) {
		struct modelled_trip t;

		if (!modelled_trip(r, machine, k, &t))
			continue;
		s->kind[k].count += t.count;
		s->kind[k].cycles += t.cycles;
		for (unsigned b = 0; b < PN_HIST_BUCKETS; b++)
			s->kind[k].hist.count[b] += t.hist.count[b];
		s->kind[k].hist.total += t.hist.total;
		s->count += t.count;
	}
}

/* The median repetition of each of its phases. */
static void sum_of(const struct dataset *d, const char *recipe, const char *form, const char *machine, struct sum *s)
{
	const char *phase;
	struct cell c;

	memset(s, 0, sizeof(*s));
	for (unsigned p = 0; (phase = dataset_phase(d, form, p)); p++)
		if (strcmp(phase, PHASE_EMPTY) && dataset_cell(d, recipe, form, phase, false, &c) && modelled_is(c.r, machine))
			add_row(s, c.r, machine);
}

static void kind_row(FILE *f, const char *recipe, enum trip k, const struct sum *s, bool first)
{
	static const double at[] = { 5, 50, 95 };
	const struct modelled_trip *t = &s->kind[k];

	fprintf(f, "<tr%s>", first ? " class=group" : "");
	html_th_row(f, recipe);
	fputs("<td title=\"", f);
	html_text(f, trip_texts[k]);
	fprintf(f, "\">%s</td>", trip_names[k]);
	html_td(f, (double)t->count);
	fprintf(f, "<td class=n>%.1f %%</td>", 100 * (double)t->count / (double)s->count);
	html_td(f, (double)t->cycles / (double)t->count);
	for (unsigned i = 0; i < COUNT_OF(at); i++)
		html_td(f, (double)(uint64_t)histogram_percentile(&t->hist, at[i]));
	fprintf(f, "<td class=n>%.1f %%</td></tr>\n", 100 * (double)t->cycles / (double)s->cycles);
}

static bool has_trips(const struct dataset *d, const char *form, const char *machine)
{
	const char *recipe;
	struct sum s;

	for (unsigned r = 0; (recipe = dataset_recipe(d, r)); r++) {
		sum_of(d, recipe, form, machine, &s);
		if (s.count)
			return true;
	}
	return false;
}

static void table(FILE *f, const struct dataset *d, const char *form, const char *machine)
{
	char *caption =
		xfmt("Modelled on %s: cycles of the hypervisor's for each trip of the measured regions, from exit to entry. "
		     "The world switch comes on top of that, the same for all; and what the guest pays afterwards, "
		     "because the trip took its places in caches and TLBs, is not in it. Percentiles come from a log2 "
		     "histogram: right to their power of two.",
		     machine);
	const char *recipe;
	struct sum s;

	report_machine_begin(f, machine);
	table_begin(f, "<th scope=col>recipe</th><th scope=col>kind of trip</th><th scope=col class=n>trips</th><th scope=col "
		       "class=n>share</th><th scope=col class=n>mean<br>cycles</th><th scope=col class=n>p5</th>"
		       "<th scope=col class=n>p50</th><th scope=col class=n>p95</th><th scope=col class=n>of all<br>cycles</th>");
	for (unsigned r = 0; (recipe = ordered_recipe(d, r)); r++) {
		bool first = true;

		sum_of(d, recipe, form, machine, &s);
		for (unsigned k = 0; k < TRIP_MAX; k++)
			if (s.kind[k].count) {
				kind_row(f, recipe, k, &s, first);
				first = false;
			}
	}
	table_end(f, caption);
	report_machine_end(f);
	free(caption);
}

void report_trip_cycles(FILE *f, const struct dataset *d, const char *form)
{
	const char *machine;

	for (unsigned i = 0; (machine = modelled_machine(d, i)); i++)
		if (has_trips(d, form, machine))
			table(f, d, form, machine);
}
