/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * TLBs of two levels, by page size, and who empties them. An entry carries its address space's number (ASID) and whether its page is global.
 */
#include "core.h"

#define IS_GLOBAL 1ull

static bool tlb_init(struct tlb *t, const struct machine *m, enum machine_key entries)
{
	/* machine.def has the five keys of a TLB in this order. */
	const uint32_t *v = &m->value[entries];

	t->shared = v[4];
	return assoc_init(&t->small, v[0], v[1], true) && assoc_init(&t->large, v[2], v[3], true);
}

bool translation_init(struct core *c)
{
	const struct machine *m = &c->machine;

	return tlb_init(&c->l1d, m, MACHINE_l1_dtlb_entries) && tlb_init(&c->l1i, m, MACHINE_l1_itlb_entries) &&
	       tlb_init(&c->l2d, m, MACHINE_l2_dtlb_entries) && tlb_init(&c->l2i, m, MACHINE_l2_itlb_entries) &&
	       assoc_init(&c->pwc, m->value[MACHINE_pwc_entries], m->value[MACHINE_pwc_ways], true) &&
	       assoc_init(&c->ntlb, m->value[MACHINE_ntlb_entries], m->value[MACHINE_ntlb_ways], true);
}

#define TLBS 4
static void tlbs_of(struct core *c, struct tlb *tlb[TLBS])
{
	tlb[0] = &c->l1d;
	tlb[1] = &c->l1i;
	tlb[2] = &c->l2d;
	tlb[3] = &c->l2i;
}

void translation_free(struct core *c)
{
	struct tlb *tlb[TLBS];

	tlbs_of(c, tlb);
	for (unsigned i = 0; i < TLBS; i++) {
		assoc_free(&tlb[i]->small);
		assoc_free(&tlb[i]->large);
	}
	assoc_free(&c->pwc);
	assoc_free(&c->ntlb);
}

void translation_clear(struct core *c)
{
	struct tlb *tlb[TLBS];

	tlbs_of(c, tlb);
	for (unsigned i = 0; i < TLBS; i++) {
		assoc_clear(&tlb[i]->small);
		assoc_clear(&tlb[i]->large);
	}
	assoc_clear(&c->pwc);
	assoc_clear(&c->ntlb);
}

static struct assoc *for_large(struct tlb *t)
{
	return t->shared ? &t->small : &t->large;
}

/* *large, *global: of what is there. */
static bool tlb_find(struct tlb *t, uint16_t asid, uint64_t va, bool *large, bool *global)
{
	uint64_t value, small = page_key(asid, va, false);

	if (t->shared && t->small.sets == 1) {
		uint64_t key = assoc_find_either(&t->small, 0, small, page_key(asid, va, true), &value);

		*large = key && key != small;
		*global = key && (value & IS_GLOBAL);
		return key;
	}
	*large = false;
	if (!assoc_find(&t->small, va >> 12, small, &value)) {
		*large = true;
		if (!assoc_find(for_large(t), va >> 21, page_key(asid, va, true), &value))
			return false;
	}
	*global = value & IS_GLOBAL;
	return true;
}

/* A TLB that does not hold large pages holds none of this one. */
static void tlb_put(struct tlb *t, uint16_t asid, uint64_t va, bool large, bool global)
{
	if (large)
		assoc_put(for_large(t), va >> 21, page_key(asid, va, true), global ? IS_GLOBAL : 0);
	else
		assoc_put(&t->small, va >> 12, page_key(asid, va, false), global ? IS_GLOBAL : 0);
}

/* A first TLB without entries for large pages has the small page of it that is asked for. */
static void fill_first(struct tlb *t, uint16_t asid, uint64_t va, bool large, bool global)
{
	tlb_put(t, asid, va, large && for_large(t)->sets, global);
}

static bool miss(struct core *c, struct tlb *first, struct tlb *second, uint16_t asid, uint64_t va, struct space_answer *answer)
{
	struct walk w;

	if (!answer->known) {
		c->user->space(c->user->arg, &answer->space);
		answer->known = true;
	}
	/* Without any tables an address is its own translation. */
	if (!answer->space.levels && !answer->space.nested_levels)
		return false;
	w = walk_tables(c, asid, &answer->space, va);
	if (!w.present)
		return false;
	fill_first(first, asid, va, w.large, w.global);
	tlb_put(second, asid, va, w.large, w.global);
	return true;
}

bool translate(struct core *c, bool fetch, uint16_t asid, uint64_t va, struct space_answer *answer)
{
	struct tlb *first = fetch ? &c->l1i : &c->l1d;
	struct tlb *second = fetch && !c->machine.value[MACHINE_l2_tlb_unified] ? &c->l2i : &c->l2d;
	bool large, global;

	if (tlb_find(first, asid, va, &large, &global))
		return true;
	count(c, MODEL_COUNT_tlb_misses);
	if (tlb_find(second, asid, va, &large, &global)) {
		count(c, MODEL_COUNT_l2_tlb_hits);
		charge(c, MODEL_CYCLES_tlb, c->machine.value[MACHINE_l2_tlb_latency]);
		fill_first(first, asid, va, large, global);
		return true;
	}
	return miss(c, first, second, asid, va, answer);
}

/* ---- flushes ---- */

struct flushed {
	uint16_t asid;
	bool globals;
};

static bool of_asid(uint64_t key, uint64_t value, const void *arg)
{
	const struct flushed *f = arg;

	return key_asid(key) == f->asid && (f->globals || !(value & IS_GLOBAL));
}

static bool prefix_of_asid(uint64_t key, uint64_t value, const void *arg)
{
	const struct flushed *f = arg;

	(void)value;
	return (uint16_t)(key >> 41) == f->asid;
}

/* By physical address an entry may be anybody's. */
static void flush_walk_cache(struct core *c, const struct flushed *f)
{
	if (c->machine.value[MACHINE_pwc_skips])
		assoc_drop(&c->pwc, prefix_of_asid, f);
	else
		assoc_clear(&c->pwc);
}

void translation_flush(struct core *c, enum model_flush how, uint16_t asid)
{
	const struct flushed f = { asid, how == MODEL_FLUSH_ASID };
	const struct flushed whole = { asid, true };
	struct tlb *tlb[TLBS];

	if (how == MODEL_FLUSH_ALL) {
		translation_clear(c);
		return;
	}
	tlbs_of(c, tlb);
	for (unsigned i = 0; i < TLBS; i++) {
		assoc_drop(&tlb[i]->small, of_asid, &f);
		assoc_drop(&tlb[i]->large, of_asid, &f);
	}
	flush_walk_cache(c, &f);
	/* Nested translations do not depend on what the guest loads. */
	if (how == MODEL_FLUSH_ASID)
		assoc_drop(&c->ntlb, of_asid, &whole);
}

void translation_invlpg(struct core *c, uint16_t asid, uint64_t va)
{
	const struct flushed f = { asid, true };
	struct tlb *tlb[TLBS];

	tlbs_of(c, tlb);
	for (unsigned i = 0; i < TLBS; i++) {
		assoc_remove(&tlb[i]->small, va >> 12, page_key(asid, va, false));
		assoc_remove(for_large(tlb[i]), va >> 21, page_key(asid, va, true));
	}
	flush_walk_cache(c, &f);
}
