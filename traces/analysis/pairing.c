/* SPDX-License-Identifier: BSD-2-Clause */
/* The queue of records that wait for the end of a trip before them. */
#include "pairing.h"

#include <stdlib.h>
#include <string.h>

/* The last trip of a vCPU. */
struct current {
	uint64_t trip;  /* its number, 0: none yet */
	uint64_t place; /* where it went in the queue, counted from the first record ever */
	uint64_t end;   /* stamp of the entry */
};

struct ta_pairing {
	struct ta_record *queue;
	size_t room;          /* a power of two */
	uint64_t first, next; /* places of the first that waits, and of the next to come */
	uint64_t now;         /* the last stamp seen */
	uint64_t trips;
	struct current *current; /* by vCPU */
};

struct ta_pairing *ta_pairing_new(void)
{
	struct ta_pairing *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->room = 1024;
	p->queue = malloc(p->room * sizeof(*p->queue));
	p->current = calloc(TA_VCPUS, sizeof(*p->current));
	if (p->queue && p->current)
		return p;
	ta_pairing_free(p);
	return NULL;
}

void ta_pairing_free(struct ta_pairing *p)
{
	if (!p)
		return;
	free(p->queue);
	free(p->current);
	free(p);
}

static struct ta_record *at(struct ta_pairing *p, uint64_t place)
{
	return &p->queue[place & (p->room - 1)];
}

/* Twice the room; a place keeps its number. */
static bool grow(struct ta_pairing *p)
{
	struct ta_pairing old = *p;

	p->queue = malloc(2 * old.room * sizeof(*p->queue));
	if (!p->queue) {
		p->queue = old.queue;
		return false;
	}
	p->room = 2 * old.room;
	for (uint64_t i = p->first; i != p->next; i++)
		*at(p, i) = *at(&old, i);
	free(old.queue);
	return true;
}

static void begin_trip(struct ta_pairing *p, struct ta_record *r)
{
	struct current *c = &p->current[ta_vcpu(r)];

	r->trip = ++p->trips;
	*c = (struct current){ .trip = r->trip, .place = p->next, .end = r->rec.tsc + r->rec.cost };
}

/* Hardware does not tell the address of an INVLPG everywhere; the flush that it makes does. */
static void note_within(struct ta_pairing *p, struct ta_record *r)
{
	const struct current *c = &p->current[ta_vcpu(r)];
	struct ta_record *trip;

	if (!c->trip || r->rec.tsc > c->end)
		return;
	r->trip = c->trip;
	if (c->place < p->first)
		return;
	trip = at(p, c->place);
	trip->within |= 1ull << r->rec.event % PN_MAX_EVENTS;
	if (r->rec.event == PN_EV_flush && !r->rec.payload[0] && ta_kind(trip) == TRIP_invlpg)
		trip->rec.payload[3] = r->rec.payload[1];
}

bool ta_pairing_push(struct ta_pairing *p, const struct ta_record *r)
{
	struct ta_record *mine;

	if (p->next - p->first == p->room && !grow(p))
		return false;
	mine = at(p, p->next);
	*mine = *r;
	if (r->rec.tsc > p->now)
		p->now = r->rec.tsc;
	if (ta_is_trip(r))
		begin_trip(p, mine);
	else if (!r->lost)
		note_within(p, mine);
	p->next++;
	return true;
}

static unsigned fate_of_mended(uint64_t within)
{
#define HAPPENED(id) (within >> PN_EV_##id & 1)
	return HAPPENED(unsync)       ? TA_FATE_unsynced :
	       HAPPENED(pull_through) ? TA_FATE_pulled_through :
	       HAPPENED(resync)       ? TA_FATE_resynced :
	       HAPPENED(fill)         ? TA_FATE_filled :
					TA_FATE_mended;
#undef HAPPENED
}

static unsigned fate_of(const struct ta_record *r)
{
	switch (ta_kind(r)) {
	case TRIP_pf_fixed: return fate_of_mended(r->within);
	case TRIP_pf_guest: return TA_FATE_reflected;
	case TRIP_pf_emulate: return TA_FATE_emulated;
	case TRIP_pf_unshadow: return TA_FATE_unshadowed;
	case TRIP_pf_mmio: return TA_FATE_mmio;
	case TRIP_pf_retry: return TA_FATE_spurious;
	case TRIP_pf_crash: return TA_FATE_crashed;
	case TRIP_npf: return TA_FATE_nested;
	default: return TA_FATE_none;
	}
}

bool ta_pairing_pop(struct ta_pairing *p, struct ta_record *r, bool ended)
{
	if (p->first == p->next)
		return false;
	*r = *at(p, p->first);
	if (ta_is_trip(r)) {
		if (!ended && p->now <= r->rec.tsc + r->rec.cost)
			return false;
		r->fate = (uint8_t)fate_of(r);
	}
	p->first++;
	return true;
}
