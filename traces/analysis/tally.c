/* SPDX-License-Identifier: BSD-2-Clause */
/* Every record goes to its trip; a trip is booked when the next of its vCPU comes. */
#include "tally.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

#define FIRST_WIDTH 1024

const char *ta_code_name(ta_code code)
{
	return code < TRIP_MAX ? pn_trip_name(code) : ta_fate_name(code - TRIP_MAX);
}

bool ta_tally_init(struct ta_tally *t, const struct ta_choice *choice)
{
	*t = (struct ta_tally){ .choice = *choice, .width = FIRST_WIDTH, .each = 1 };
	t->current = calloc(TA_VCPUS, sizeof(*t->current));
	return t->current;
}

void ta_tally_free(struct ta_tally *t)
{
	ta_distribution_free(&t->all);
	for (unsigned i = 0; i < TRIP_MAX; i++)
		ta_distribution_free(&t->kind[i]);
	for (unsigned i = 0; i < TA_FATES; i++)
		ta_distribution_free(&t->fate[i]);
	for (unsigned i = 0; i <= TA_RESYNCS; i++)
		ta_distribution_free(&t->resyncs[i]);
	ta_enumeration_free(&t->vcpus);
	ta_enumeration_free(&t->rips);
	ta_enumeration_free(&t->pages);
	ta_enumeration_free(&t->spaces);
	ta_enumeration_free(&t->places);
	free(t->op);
	free(t->current);
	*t = (struct ta_tally){ 0 };
}

/* ---- intervals: as wide as the trace asks for; all are made twice as wide when they no longer reach ---- */

static void add_interval(struct ta_interval *to, const struct ta_interval *from)
{
	to->trips += from->trips;
	to->faults += from->faults;
	to->cost += from->cost;
	to->bytes += from->bytes;
	to->fills += from->fills;
	to->syncs += from->syncs;
	for (unsigned i = 0; i < TA_CODES; i++)
		to->by_code[i] += from->by_code[i];
}

static void widen(struct ta_tally *t)
{
	for (unsigned i = 0; i < TA_INTERVALS; i++) {
		struct ta_interval both = { 0 };

		if (2 * i < TA_INTERVALS) {
			add_interval(&both, &t->interval[2 * i]);
			add_interval(&both, &t->interval[2 * i + 1]);
		}
		t->interval[i] = both;
	}
	t->width *= 2;
}

static void book_interval(struct ta_tally *t, const struct ta_trip *trip)
{
	struct ta_interval *i;
	uint64_t at;

	if (!t->origin)
		t->origin = trip->r.rec.tsc;
	at = trip->r.rec.tsc > t->origin ? trip->r.rec.tsc - t->origin : 0;
	while (at / t->width >= TA_INTERVALS)
		widen(t);
	i = &t->interval[at / t->width];
	i->trips++;
	i->faults += trip->r.fate != TA_FATE_none;
	i->cost += trip->r.rec.cost;
	i->bytes += trip->r.rec.bytes;
	i->fills += trip->happened[PN_EV_fill];
	i->syncs += trip->happened[PN_EV_resync];
	i->by_code[ta_code_of(&trip->r)] += trip->r.rec.cost;
}

/* ---- causes, and trips that stand for all ---- */

static void book_cause(struct ta_tally *t, const struct ta_trip *trip)
{
	struct ta_cause key = { trip->r.op_kind, ta_code_of(&trip->r), trip->r.within, 0, 0 }, *c = t->cause;

	while (c < t->cause + t->nr_causes && (c->op_kind != key.op_kind || c->code != key.code || c->within != key.within))
		c++;
	if (c == t->cause + TA_CAUSES)
		c--;
	if (c == t->cause + t->nr_causes) {
		*c = key;
		if (++t->nr_causes == TA_CAUSES)
			*c = (struct ta_cause){ TA_OP_other, TRIP_other, 0, 0, 0 };
	}
	c->count++;
	c->cost += trip->r.rec.cost;
}

/* When there is no room, every second point goes. */
static void book_point(struct ta_tally *t, const struct ta_trip *trip)
{
	if (t->all.count % t->each)
		return;
	if (t->nr_points == TA_POINTS) {
		for (unsigned i = 0; i < TA_POINTS / 2; i++)
			t->point[i] = t->point[2 * i];
		t->nr_points /= 2;
		t->each *= 2;
	}
	t->point[t->nr_points++] = (struct ta_point){ trip->r.rec.tsc, trip->r.rec.cost, ta_code_of(&trip->r) };
}

/* ---- operations ---- */

static bool make_ops(struct ta_tally *t, uint64_t number)
{
	if (number > t->room_ops) {
		size_t room = t->room_ops ? 2 * t->room_ops : 1024;
		struct ta_operation *more;

		while (room < number)
			room *= 2;
		more = realloc(t->op, room * sizeof(*more));
		if (!more)
			return false;
		t->op = more;
		t->room_ops = room;
	}
	while (t->nr_ops < number)
		t->op[t->nr_ops++] = (struct ta_operation){ 0 };
	return true;
}

static void add_step(struct ta_operation *o, ta_code code)
{
	if (o->nr_steps && !o->longer && o->step[o->nr_steps - 1] == code) {
		o->times[o->nr_steps - 1] += o->times[o->nr_steps - 1] < UINT16_MAX;
	} else if (o->nr_steps == TA_STEPS) {
		o->longer = true;
	} else {
		o->step[o->nr_steps] = code;
		o->times[o->nr_steps++] = 1;
	}
}

static void book_op(struct ta_tally *t, const struct ta_trip *trip, bool chosen)
{
	const struct ta_record *r = &trip->r;
	struct ta_operation *o;

	if (!r->op || !make_ops(t, r->op)) {
		t->failed |= r->op != 0;
		return;
	}
	o = &t->op[r->op - 1];
	if (!o->trips) {
		o->begin = r->rec.tsc;
		o->kind = r->op_kind;
		o->region = trip->region;
		o->domain = r->rec.domain;
		o->vcpu = r->rec.vcpu;
		o->address = ta_has_address(r) ? r->rec.payload[3] : 0;
	}
	o->end = r->rec.tsc + r->rec.cost;
	o->cost += r->rec.cost;
	o->bytes += r->rec.bytes;
	o->trips++;
	o->chosen |= chosen;
	add_step(o, ta_code_of(r));
}

/* ---- trips ---- */

static void book_worst(struct ta_tally *t, const struct ta_trip *trip)
{
	unsigned at = t->nr_worst;

	while (at && t->worst[at - 1].r.rec.cost < trip->r.rec.cost)
		at--;
	if (at == TA_WORST)
		return;
	if (t->nr_worst < TA_WORST)
		t->nr_worst++;
	memmove(&t->worst[at + 1], &t->worst[at], (t->nr_worst - at - 1) * sizeof(*trip));
	t->worst[at] = *trip;
}

static void book_searches(struct ta_tally *t, const struct ta_trip *trip)
{
	t->nr_searches += trip->happened[PN_EV_revoke];
	for (unsigned way = 0; way < TA_WAYS; way++) {
		t->searches.found[way] += trip->searches.found[way];
		t->searches.by[way] += trip->searches.by[way];
	}
	t->searches.none += trip->searches.none;
}

static bool book_figures(struct ta_tally *t, const struct ta_trip *trip)
{
	const struct ta_record *r = &trip->r;
	unsigned kind = ta_kind(r) < TRIP_MAX ? ta_kind(r) : TRIP_other, resyncs = trip->happened[PN_EV_resync];
	bool good = ta_distribution_add(&t->all, r->rec.cost, r->rec.bytes) &&
		    ta_distribution_add(&t->kind[kind], r->rec.cost, r->rec.bytes);

	if (good && r->fate)
		good = ta_distribution_add(&t->fate[r->fate], r->rec.cost, r->rec.bytes);
	if (good && kind == TRIP_cr3)
		good = ta_distribution_add(&t->resyncs[resyncs < TA_RESYNCS ? resyncs : TA_RESYNCS], r->rec.cost, r->rec.bytes);
	return good;
}

static bool book_places(struct ta_tally *t, const struct ta_trip *trip)
{
	const struct ta_record *r = &trip->r;

	return ta_enumeration_add(&t->vcpus, ta_vcpu(r), 0, r->rec.cost) &&
	       ta_enumeration_add(&t->rips, r->rec.payload[1], 0, r->rec.cost) &&
	       ta_enumeration_add(&t->spaces, trip->root, 0, r->rec.cost) &&
	       ta_enumeration_add(&t->places, r->rec.payload[1], trip->root, r->rec.cost) &&
	       (!ta_has_address(r) || ta_enumeration_add(&t->pages, TA_PAGE(r->rec.payload[3]), 0, r->rec.cost));
}

#define WRITES_CR3 0x13 /* the exit's code: AMD's APM 2, appendix C */
#define CR3_ROOT   0x000fffffffffffe0ull

/* In which address space a vCPU goes on behind that trip: a load of CR3 has its value, all others leave it. */
static uint64_t root_behind(const struct ta_trip *trip)
{
	const bool loads = trip->r.trip && ta_kind(&trip->r) == TRIP_cr3 && trip->r.rec.payload[4] == WRITES_CR3;

	return loads ? trip->r.rec.payload[2] & CR3_ROOT : trip->root;
}

static void book(struct ta_tally *t, struct ta_trip *trip)
{
	bool chosen = trip->here && ta_choice_takes(&t->choice, &trip->r);

	trip->live = false;
	book_op(t, trip, chosen);
	if (!chosen)
		return;
	book_point(t, trip);
	t->failed |= !book_figures(t, trip) || !book_places(t, trip);
	book_cause(t, trip);
	book_interval(t, trip);
	book_searches(t, trip);
	book_worst(t, trip);
	if (t->on_trip)
		t->on_trip(t->ctx, trip);
}

/* A trip that only an emulator makes is in no figure of a region's. */
static bool in_figures(const struct ta_record *r)
{
	return ta_kind(r) >= TRIP_MAX || trip_is_figure((enum trip)ta_kind(r));
}

static void begin_trip(struct ta_tally *t, const struct ta_record *r)
{
	struct ta_trip *c = &t->current[ta_vcpu(r)], old;

	if (r->rec.domain == TA_DOM0) {
		t->dom0_trips++;
		t->dom0_cost += r->rec.cost;
		return;
	}
	if (c->live)
		book(t, c);
	old = *c;
	*c = (struct ta_trip){ .r = *r,
			       .live = true,
			       .here = ta_choice_here(&t->choice),
			       .region = (uint16_t)t->in_region,
			       .root = root_behind(&old) };
	if (old.r.trip) {
		c->before[0] = ta_code_of(&old.r);
		memcpy(c->before + 1, old.before, (TA_BEFORE - 1) * sizeof(ta_code));
		c->nr_before = old.nr_before < TA_BEFORE ? old.nr_before + 1 : TA_BEFORE;
	}
	if (t->in_region && in_figures(r)) {
		t->region[t->in_region - 1].trips++;
		t->region[t->in_region - 1].cost += r->rec.cost;
	}
}

static void note_search(struct ta_searches *s, const struct ta_record *r)
{
	bool any = false;

	for (unsigned way = 0; way < TA_WAYS; way++) {
		uint64_t found = r->rec.payload[1 + way];

		s->found[way] += found;
		s->by[way] += found != 0;
		any |= found != 0;
	}
	s->none += !any;
}

/* ---- regions ---- */

static void begin_region(struct ta_tally *t, const struct ta_record *r)
{
	if (t->nr_regions == TA_REGIONS)
		return;
	t->region[t->nr_regions] = (struct ta_region){ .begin = r->rec.tsc };
	ta_region_name(r, t->region[t->nr_regions].name);
	t->in_region = ++t->nr_regions;
}

/* The hypercall that ends it is not in it, as the hypervisor counts. */
static void end_region(struct ta_tally *t, const struct ta_record *r)
{
	struct ta_region *g;

	if (!t->in_region)
		return;
	g = &t->region[t->in_region - 1];
	g->end = r->rec.tsc;
	g->ops = r->rec.payload[0];
	g->instructions = r->rec.payload[1];
	g->trips_told = r->rec.payload[2];
	if (r->trip && r->trip == t->current[ta_vcpu(r)].r.trip && g->trips) {
		g->trips--;
		g->cost -= t->current[ta_vcpu(r)].r.rec.cost;
	}
	t->in_region = 0;
}

static void note_inside(struct ta_tally *t, const struct ta_record *r)
{
	struct ta_trip *c = &t->current[ta_vcpu(r)];

	if (r->rec.event == PN_EV_region_begin)
		begin_region(t, r);
	if (r->rec.event == PN_EV_region_end)
		end_region(t, r);
	if (!c->live || !r->trip || r->trip != c->r.trip || r->rec.event >= PN_EV_MAX)
		return;
	c->happened[r->rec.event] += c->happened[r->rec.event] < UINT16_MAX;
	if (r->rec.event == PN_EV_revoke)
		note_search(&c->searches, r);
}

void ta_tally_note(struct ta_tally *t, const struct ta_record *r)
{
	unsigned event = r->rec.event % PN_MAX_EVENTS;

	ta_choice_pass(&t->choice, r);
	if (!t->first)
		t->first = r->rec.tsc;
	if (r->rec.tsc > t->last)
		t->last = r->rec.tsc;
	if (r->lost)
		t->lost[event] += r->rec.payload[0];
	else
		t->events[event]++;
	if (ta_is_trip(r))
		begin_trip(t, r);
	else if (!r->lost)
		note_inside(t, r);
}

bool ta_tally_end(struct ta_tally *t)
{
	for (unsigned i = 0; i < TA_VCPUS; i++)
		if (t->current[i].live)
			book(t, &t->current[i]);
	return !t->failed;
}
