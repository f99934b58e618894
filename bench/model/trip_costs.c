/* SPDX-License-Identifier: BSD-2-Clause */
/* See trip_costs.h. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "trip_costs.h"

static const char *const names[TRIP_MAX] = {
#define TRIP(id, text, paging) #id,
#include "abi/trips.def"
};

struct cost {
	uint64_t count, cycles; /* hundredths */
	uint64_t hist[PN_HIST_BUCKETS];
};

struct on_machine {
	uint64_t before; /* the hypervisor's cycles when the trip began, hundredths */
	struct cost kind[TRIP_MAX];
};

struct trip_costs {
	unsigned machines, booked;
	bool begun;
	struct on_machine on[];
};

struct trip_costs *trip_costs_new(const struct model *m)
{
	struct trip_costs *t;
	unsigned n = 0;

	while (n < model_machines(m) && !model_machine(m, n)->of)
		n++;
	t = calloc(1, sizeof(*t) + n * sizeof(t->on[0]));
	if (!t)
		return NULL;
	t->machines = n;
	t->booked = TRIP_MAX;
	return t;
}

void trip_costs_free(struct trip_costs *t)
{
	free(t);
}

void trip_costs_zero(struct trip_costs *t)
{
	memset(t->on, 0, t->machines * sizeof(t->on[0]));
	t->begun = false;
}

static uint64_t hypervisors(const struct model *m, unsigned machine)
{
	struct model_sums s;
	uint64_t sum = 0;

	model_sums(m, machine, MODEL_HYPERVISOR, &s);
	for (unsigned i = 0; i < MODEL_CYCLES_MAX; i++)
		sum += s.cycles[i];
	return sum;
}

void trip_costs_begin(struct trip_costs *t, const struct model *m)
{
	t->begun = true;
	t->booked = TRIP_MAX;
	for (unsigned i = 0; i < t->machines; i++)
		t->on[i].before = hypervisors(m, i);
}

void trip_costs_book(struct trip_costs *t, unsigned kind)
{
	t->booked = kind;
}

static unsigned bucket_of(uint64_t cycles)
{
	unsigned b = 0;

	while (b < PN_HIST_BUCKETS - 1 && cycles >> (b + 1))
		b++;
	return b;
}

void trip_costs_end(struct trip_costs *t, const struct model *m)
{
	if (t->begun && t->booked < TRIP_MAX)
		for (unsigned i = 0; i < t->machines; i++) {
			struct cost *c = &t->on[i].kind[t->booked];
			uint64_t cycles = hypervisors(m, i) - t->on[i].before;

			c->count++;
			c->cycles += cycles;
			c->hist[bucket_of(cycles / 100)]++;
		}
	t->begun = false;
}

static void cost_json(FILE *out, const struct cost *c)
{
	unsigned last = 0;

	for (unsigned b = 0; b < PN_HIST_BUCKETS; b++)
		last = c->hist[b] ? b : last;
	fprintf(out, "{\"count\":%" PRIu64 ",\"cycles\":%" PRIu64 ",\"hist\":[", c->count, (c->cycles + 50) / 100);
	for (unsigned b = 0; b <= last; b++)
		fprintf(out, "%s%" PRIu64, b ? "," : "", c->hist[b]);
	fputs("]}", out);
}

void trip_costs_json(FILE *out, const struct trip_costs *t, unsigned machine)
{
	unsigned n = 0;

	for (unsigned k = 0; k < TRIP_MAX; k++) {
		const struct cost *c = &t->on[machine].kind[k];

		if (!c->count)
			continue;
		fprintf(out, "%s\"%s\":", n++ ? "," : "", names[k]);
		cost_json(out, c);
	}
}
