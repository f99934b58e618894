/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * When a domain goes from shadow to nested paging and back, from what is measured: TLB misses and what they cost by a performance counter,
 * page faults, loads of control registers and INVLPGs by the exits that they are. After Wang, Zang, Wang, Luo, Li: "Selective Hardware/Software Memory
 * Virtualization" (VEE 2011), which samples both in turn.
 *
 * A domain begins under nested paging: whatever boots in it makes tables before it uses them. Then each kind is charged with what the
 * other one would have saved (`regret`, in cycles):
 *  - nested paging with what page walks took in nested tables. That is seen at ticks, of which each is an exit whose code has left the
 *    caches; they are so rare that they cost 0.4 per cent of the time. What the guest does to its tables is not seen there at all, so enough
 *    regret begins a probe: for one tick, or a few of them, its page faults, root loads and INVLPGs exit, and are counted. If as many under
 *    shadow paging would have cost less than the walks do, the domain goes back there; else the next probe takes four times the regret;
 *  - shadow paging with an exit for each thing heard, less what its page walks would have taken more under nested paging. That is seen
 *    every few exits.
 * To come back costs most: a hundred cycles for each page that is filled again (policies/parts/prefetch_refill.h). What it took is what it takes to ask
 * again, and a quarter of it what it takes to leave.
 *
 * What must hold: while no counter counts nothing is decided, and a probe ends.
 */
#include "hybrid.h"

#include "lib.h"
#include "paging.h"

#define HEARD       2 /* between two looks, while there is something to regret; at most: */
#define HEARD_MOST  32
#define PROBED      8   /* exits that end a probe */
#define HANDLING    300 /* cycles of an exit beside the world switch */
#define LEAVE_EXITS 4   /* worth of regret */
#define EXITS_EACH  2   /* under shadow paging, for one of a probe's */
#define BACK_EXITS  32  /* worth of regret at least before a probe, which takes a few, */
#define BACK_PAGE   8 /* and cycles of it for each page of the domain's, a guess at what coming back takes until that is known */
#define BACK_MOST   (1ull << 40)
#define WALK_COST   (15 * 16)
#define WALKS_KNOWN 100    /* so many tell what one costs */
#define NOTHING_OF  64     /* less than this part of the time is nothing to go for */
#define TICK_PART   256    /* a tick is so rare that it is no more than this part of the time, */
#define TICK_MOST   16     /* if it takes no more than so many exits */
#define FIRST_TICKS 400000 /* TSC, to the first look under nested paging */
#define LEAST_TICKS 20000
#define MOST_TICKS  50000000

bool hybrid_init(struct domain *d)
{
	if (!plat_pmu_is_there() || d->nr_vcpus > 1)
		return true;
	d->hybrid = plat_alloc_pages(1);
	if (!d->hybrid)
		return false;
	*d->hybrid = (struct hybrid){ .every = HEARD, .walk_cost = WALK_COST };
	return true;
}

void hybrid_destroy(struct domain *d)
{
	if (d->hybrid)
		plat_free_pages(d->hybrid, 1);
	d->hybrid = NULL;
}

/* ---- what is heard ---- */

/* Under nested paging that counts in a probe alone: there, loads of EFER exit all the same. */
static void hear(struct vcpu *v, struct hybrid *h)
{
	if (v->nested && !v->probed)
		return;
	h->heard++;
	if (h->left && !--h->left)
		v->request = 1;
}

static enum verdict heard_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	struct domain *d = v->domain;
	struct hybrid *h = d->hybrid;
	const u64 before = d->counter[PN_CNT_prefetched];
	const enum verdict r = h->take_fault(v, va, pfec);

	/* One that filled a table is part of what it takes to come back. */
	if (!d->refills || d->counter[PN_CNT_prefetched] - before < REFILL_LITTLE)
		hear(v, h);
	return r;
}

static void heard_root(struct vcpu *v)
{
	struct hybrid *h = v->domain->hybrid;

	hear(v, h);
	h->load_root(v);
}

void hybrid_hears(struct vcpu *v)
{
	if (v->domain->hybrid)
		hear(v, v->domain->hybrid);
}

void hybrid_listen(struct vcpu *v)
{
	struct hybrid *h = v->domain->hybrid;

	if (!h)
		return;
	if (v->take_fault != heard_fault)
		h->take_fault = v->take_fault;
	if (v->load_root != heard_root)
		h->load_root = v->load_root;
	v->take_fault = heard_fault;
	v->load_root = heard_root;
}

/* ---- looks ---- */

/* By the domain's time. */
static u64 now(const struct vcpu *v)
{
	return domain_time(v->domain, plat_tsc());
}

static u64 exit_cost(const struct plat_pmu *p)
{
	return p->world_switch + HANDLING;
}

static u64 at_least(u64 a, u64 b)
{
	return a > b ? a : b;
}

/* Since the last look; where another region began meanwhile, since then. */
static struct plat_pmu since(struct hybrid *h, const struct plat_pmu *p)
{
	struct plat_pmu s = *p;

	if (p->region != h->last.region) {
		h->last = (struct plat_pmu){ .region = p->region };
		h->regret = 0;
	}
	s.cycles -= h->last.cycles;
	s.away -= h->last.away;
	s.walks -= h->last.walks;
	s.nested -= h->last.nested;
	return s;
}

static void tick_in(struct vcpu *v, u64 ticks)
{
	v->look_at = now(v) + (ticks < LEAST_TICKS ? LEAST_TICKS : ticks > MOST_TICKS ? MOST_TICKS : ticks);
}

/*
 * In so many cycles as make a tick rare, if they take the TSC as long as the last ones did. What one takes is what the vCPU was away for, where
 * little else exits.
 */
static void tick_again(struct vcpu *v, const struct hybrid *h, const struct plat_pmu *s)
{
	const u64 ticks = now(v) - h->looked, most = TICK_MOST * exit_cost(s), took = s->away < most ? s->away : most;

	tick_in(v, s->cycles ? TICK_PART * took * ticks / s->cycles : FIRST_TICKS);
}

static bool leave_shadows(struct vcpu *v, struct hybrid *h)
{
	h->regret = 0;
	h->every = HEARD;
	if (!paging_switch(v->domain, true))
		return false;
	tick_in(v, FIRST_TICKS);
	return true;
}

/* So much regret asks whether to begin shadow paging. */
static u64 ask_at(const struct vcpu *v, const struct hybrid *h, const struct plat_pmu *p)
{
	return at_least(h->back, BACK_EXITS * exit_cost(p) + BACK_PAGE * v->domain->nr_pages);
}

static bool look_at_shadows(struct vcpu *v, struct hybrid *h, const struct plat_pmu *s)
{
	const u64 lost = h->heard * exit_cost(s), saved = s->walks * h->walk_cost / 16, least = LEAVE_EXITS * exit_cost(s);

	if (h->fresh) {
		h->fresh = false;
		h->back = s->away;
		h->leave = s->away / 4;
		return false;
	}
	h->regret = h->regret + lost > saved ? h->regret + lost - saved : 0;
	if (h->regret >= at_least(least, h->leave))
		return leave_shadows(v, h);
	if (h->regret) {
		h->every = HEARD;
	} else {
		h->leave /= 2;
		h->every = h->every < HEARD_MOST ? 2 * h->every : HEARD_MOST;
	}
	return false;
}

static bool end_probe(struct vcpu *v, struct hybrid *h, const struct plat_pmu *s)
{
	const u64 lost = EXITS_EACH * h->heard * exit_cost(s);

	v->probed = false;
	h->regret = 0;
	if (lost < s->nested - s->nested / 4 && paging_switch(v->domain, false)) {
		h->fresh = true;
		v->look_at = 0;
		return true;
	}
	h->back = h->back < BACK_MOST ? ask_at(v, h, s) * 4 : BACK_MOST;
	tick_again(v, h, s);
	return true;
}

static bool look_at_nested(struct vcpu *v, struct hybrid *h, const struct plat_pmu *s)
{
	tick_again(v, h, s);
	if (s->walks > WALKS_KNOWN)
		h->walk_cost = s->nested * 16 / s->walks;
	h->regret = s->nested < s->cycles / NOTHING_OF ? 0 : h->regret + s->nested;
	v->probed = h->regret >= ask_at(v, h, s);
	return v->probed;
}

/* Under nested paging no counter counts: the first look is when it has for a while. */
static bool stand_by(struct vcpu *v, struct hybrid *h)
{
	const bool probed = v->probed;

	v->probed = false;
	h->looked = now(v);
	h->left = PROBED;
	tick_in(v, FIRST_TICKS);
	return probed;
}

static bool look(struct vcpu *v, struct hybrid *h)
{
	struct plat_pmu p, s;
	bool changed;

	plat_pmu_read(v, &p);
	s = since(h, &p);
	if (!v->nested)
		changed = look_at_shadows(v, h, &s);
	else
		changed = v->probed ? end_probe(v, h, &s) : look_at_nested(v, h, &s);
	h->last = p;
	h->looked = now(v);
	return changed;
}

bool paging_decide(struct vcpu *v)
{
	struct hybrid *h = v->domain->hybrid;
	const bool counts = plat_pmu_counts(v);
	bool changed = false;

	if (!h)
		return false;
	if (!h->begun) {
		h->begun = true;
		return leave_shadows(v, h);
	}
	if (v->nested && !counts)
		return stand_by(v, h);
	if (h->left && (!v->look_at || now(v) < v->look_at))
		return false;
	if (counts)
		changed = look(v, h);
	h->heard = 0;
	h->left = v->nested ? PROBED : h->every;
	return changed;
}
