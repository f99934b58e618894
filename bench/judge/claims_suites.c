/* SPDX-License-Identifier: BSD-2-Clause */
/* What real programs gain: T27. */
#include <stdlib.h>

#include "claims_judge.h"

/* The phases of linux-suites that are what the claim names. */
static const struct {
	const char *kind, *phase;
} named[] = {
	{ "compilation", "tcc" },  { "compression", "xz" },          { "compression", "zstd" },
	{ "compression", "gzip" }, { "databases", "sqlite-memory" }, { "databases", "sqlite-file" },
};

/* A gain: shadow paging costs a tenth less under shadow3 than under shadow2. What paging costs is what there is over native. */
#define GAIN 0.9

static double over(double here, double natively)
{
	return 100 * (here / natively - 1);
}

/* What paging costs in cycles under shadow3 (a) and shadow2 (b), on each machine that all three were modelled on. */
static void paging_cycles(const struct dataset *d, const struct cell *native, const struct cell *two, const struct cell *three,
			  struct on_machines *m)
{
	unsigned n = 0;

	cycles_of_both(d, three, two, m);
	for (unsigned i = 0; i < m->n; i++) {
		const char *name = m->on[i].name;

		if (!modelled_is(native->r, name))
			continue;
		m->on[n].name = name;
		m->on[n].a = over(m->on[i].a, cycles_per_op(native, name));
		m->on[n].b = over(m->on[i].b, cycles_per_op(native, name));
		n++;
	}
	m->n = n;
}

/* "+5.10 and +4.20 on zen2-2019, ...", shadow2 first. */
static char *cycles_text(const struct on_machines *m)
{
	char *text = xstrdup("");

	for (unsigned i = 0; i < m->n; i++) {
		char *longer =
			xfmt("%s%s%+.2f and %+.2f on %s", text, i ? ", " : "; in cycles ", m->on[i].b, m->on[i].a, m->on[i].name);

		free(text);
		text = longer;
	}
	return text;
}

/* By cycles on each machine, or by instructions where the run has none. */
static bool is_gain(const struct on_machines *m, double two, double three)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->on[i].a <= GAIN * m->on[i].b;
	return m->n ? n == m->n : three <= GAIN * two;
}

void judge_suites_gain(struct judgement *j)
{
	char *figures = NULL, *without = NULL;
	bool modelled = false;
	unsigned gains = 0;

	for (unsigned i = 0; i < COUNT_OF(named); i++) {
		struct cell native, two, three;
		struct on_machines m;
		char *cycles;
		double a, b;

		if (!(ask(j, "native", "linux-suites", named[i].phase, &native) &
		      ask(j, "shadow2", "linux-suites", named[i].phase, &two) &
		      ask(j, "shadow3", "linux-suites", named[i].phase, &three)))
			continue;
		a = over(instructions(&two), instructions(&native));
		b = over(instructions(&three), instructions(&native));
		paging_cycles(j->d, &native, &two, &three, &m);
		modelled |= m.n > 0;
		cycles = cycles_text(&m);
		list_add(&figures, m.n ? "; " : ", ", "%s (%s) %+.2f and %+.2f%s", named[i].phase, named[i].kind, a, b, cycles);
		free(cycles);
		if (is_gain(&m, a, b))
			gains++;
		else
			list_add(&without, ", ", "%s", named[i].phase);
	}
	if (enough(j)) {
		const char *where = modelled ? " in cycles on each machine" : "";

		measured(j, "instructions over native in per cent, shadow2 and shadow3: %s", figures);
		if (gains == COUNT_OF(named))
			decide(j, CONFIRMED, "in each of them paging costs at least a tenth less under shadow3%s", where);
		else if (!gains)
			decide(j, REFUTED, "in none of them paging costs a tenth less under shadow3%s", where);
		else
			decide(j, DIFFERS, "there is no such gain%s in %s", where, without);
	}
	free(figures);
	free(without);
}
