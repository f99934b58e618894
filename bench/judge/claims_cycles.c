/* SPDX-License-Identifier: BSD-2-Clause */
/* Modelled cycles for the judges whose claim speaks of cost: the same figure of two cells on every machine of the run. */
#include <stdlib.h>

#include "claims_judge.h"

static void add_machine(struct on_machines *m, const char *machine, double a, double b)
{
	if (m->n == MAX_MACHINES)
		return;
	m->on[m->n].name = machine;
	m->on[m->n].a = a;
	m->on[m->n++].b = b;
}

double cycles_per_op(const struct cell *c, const char *machine)
{
	return per_op(c, modelled_cycles(c->r, machine));
}

void cycles_of_both(const struct dataset *d, const struct cell *a, const struct cell *b, struct on_machines *m)
{
	const char *name;

	m->n = 0;
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++)
		if (modelled_is(a->r, name) && modelled_is(b->r, name))
			add_machine(m, name, cycles_per_op(a, name), cycles_per_op(b, name));
}

static double per_trip(const struct modelled_trip *t)
{
	return (double)t->cycles / (double)t->count;
}

void cycles_of_trips(const struct dataset *d, const struct cell *a, enum trip kind_a, const struct cell *b, enum trip kind_b,
		     struct on_machines *m)
{
	struct modelled_trip of_a, of_b;
	const char *name;

	m->n = 0;
	for (unsigned i = 0; (name = modelled_machine(d, i)); i++)
		if (modelled_trip(a->r, name, kind_a, &of_a) && modelled_trip(b->r, name, kind_b, &of_b))
			add_machine(m, name, per_trip(&of_a), per_trip(&of_b));
}

double cycles_per_switch(const struct cell *c, const char *machine)
{
	return c->r->trips ? (double)modelled_part(c->r, machine, MODEL_CYCLES_world_switch) / (double)c->r->trips : 0;
}

void add_cycles(struct on_machines *to, const struct on_machines *more)
{
	unsigned n = 0;

	for (unsigned i = 0; i < to->n; i++)
		for (unsigned k = 0; k < more->n; k++)
			if (to->on[i].name == more->on[k].name) {
				to->on[n] = to->on[i];
				to->on[n].a += more->on[k].a;
				to->on[n++].b += more->on[k].b;
			}
	to->n = n;
}

unsigned less_on(const struct on_machines *m, double factor)
{
	unsigned n = 0;

	for (unsigned i = 0; i < m->n; i++)
		n += m->on[i].a < factor * m->on[i].b;
	return n;
}

/* As people read it. */
static char *figure_text(double v)
{
	return xfmt("%.*f", v < 100, v);
}

char *machines_text(const struct on_machines *m, bool both)
{
	char *text = xstrdup("");

	for (unsigned i = 0; i < m->n; i++) {
		char *a = figure_text(m->on[i].a), *b = figure_text(m->on[i].b);

		list_add(&text, ", ", "%s%s%s on %s", a, both ? " and " : "", both ? b : "", m->on[i].name);
		free(a);
		free(b);
	}
	return text;
}

void measured_cycles(struct judgement *j, const struct on_machines *m, const char *what)
{
	char *text, *longer;

	if (!m->n)
		return;
	text = machines_text(m, true);
	longer = xfmt("%s; modelled cycles%s: %s", j->v.measured, what, text);
	free(j->v.measured);
	j->v.measured = longer;
	free(text);
}
