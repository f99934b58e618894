/* SPDX-License-Identifier: BSD-2-Clause */
/* See model.h: events, given to the core of every machine. */
#include <stdlib.h>

#include "core.h"

/*
 * What the last load or store, or the last fetch, used is used last of all in every core's first TLB and first cache: if it is used again,
 * nothing changes, and the cores are not asked. The page is that until another is used or a translation goes; data's line besides until a
 * page walk, whose references go through that cache.
 */
struct recent {
	uint64_t page, line;
};

struct model {
	struct model_user user;
	uint16_t asid;
	enum model_where where;
	uint64_t instructions[MODEL_WHERES]; /* the same on every machine */
	struct recent data, fetch;
	unsigned line_shift; /* of the shortest line */
	unsigned n;
	struct core core[];
};

#define NOTHING (~0ull)

#define for_each_core(m, c) for (struct core *c = (m)->core; c < (m)->core + (m)->n; c++)

static void forget(struct model *m)
{
	m->data = m->fetch = (struct recent){ NOTHING, NOTHING };
}

struct model *model_new(const struct machine *machines, unsigned n, const struct model_user *user)
{
	struct model *m = calloc(1, sizeof(*m) + n * sizeof(m->core[0]));
	bool whole = true;

	if (!m)
		return NULL;
	m->user = *user;
	m->n = n;
	forget(m);
	m->line_shift = 12;
	for_each_core(m, c) {
		c->machine = *machines++;
		c->user = &m->user;
		c->now = &c->sum[MODEL_GUEST];
		whole &= caches_init(&c->caches, &c->machine) & translation_init(c);
		if (c->caches.line_shift < m->line_shift)
			m->line_shift = c->caches.line_shift;
	}
	if (whole)
		return m;
	model_free(m);
	return NULL;
}

void model_free(struct model *m)
{
	for_each_core(m, c) {
		caches_free(&c->caches);
		translation_free(c);
	}
	free(m);
}

void model_zero(struct model *m)
{
	m->instructions[MODEL_GUEST] = m->instructions[MODEL_HYPERVISOR] = 0;
	for_each_core(m, c)
		c->sum[MODEL_GUEST] = c->sum[MODEL_HYPERVISOR] = (struct model_sums){ .cycles = { 0 } };
}

void model_cold(struct model *m)
{
	model_zero(m);
	forget(m);
	for_each_core(m, c) {
		caches_clear(&c->caches);
		translation_clear(c);
	}
}

void model_enter(struct model *m, enum model_where where, uint16_t asid)
{
	if (asid != m->asid)
		forget(m);
	m->asid = asid;
	m->where = where;
	for_each_core(m, c)
		c->now = &c->sum[where];
}

void model_instructions(struct model *m, unsigned n)
{
	m->instructions[m->where] += n;
}

/* Lines from pa on, in its page. */
static void lines(struct core *c, struct assoc *first, enum model_cycles what, uint64_t pa, unsigned bytes)
{
	uint64_t left = 4096 - (pa & 4095), line = 1ull << c->caches.line_shift;
	uint64_t end = pa + (bytes < left ? bytes : left);

	for (uint64_t at = pa & ~(line - 1); at < end; at += line) {
		enum cache_level was = caches_reference(&c->caches, first, at);

		if (was == IN_L1)
			continue;
		count(c, MODEL_COUNT_l1_misses);
		if (was >= IN_L3)
			count(c, MODEL_COUNT_l2_misses);
		if (was == IN_MEMORY)
			count(c, MODEL_COUNT_l3_misses);
		c->now->cycles[what] += (uint64_t)c->caches.latency[was] * (100 - c->machine.value[MACHINE_overlap]);
	}
}

static bool is_same_page(const struct recent *r, uint64_t va)
{
	return va >> 12 == r->page;
}

/* All in that line; on no machine it is another. */
static bool is_same_line(const struct model *m, const struct recent *r, uint64_t pa, unsigned bytes)
{
	return pa >> m->line_shift == r->line && (pa + bytes - 1) >> m->line_shift == r->line;
}

/* `present`: every core's first TLB has it. */
static void remember(const struct model *m, struct recent *r, bool present, uint64_t va, uint64_t last)
{
	r->page = present ? va >> 12 : NOTHING;
	r->line = last >> m->line_shift;
}

void model_fetch(struct model *m, uint64_t va, uint64_t pa, unsigned bytes)
{
	struct space_answer answer = { .known = false };
	bool same = is_same_page(&m->fetch, va), same_line = same && is_same_line(m, &m->fetch, pa, bytes), present = true;

	for_each_core(m, c) {
		if (!same)
			present &= translate(c, true, m->asid, va, &answer);
		if (!same_line)
			lines(c, &c->caches.l1i, MODEL_CYCLES_fetch, pa, bytes);
	}
	remember(m, &m->fetch, present, va, pa + bytes - 1);
	if (answer.known)
		m->data.line = NOTHING;
}

void model_data(struct model *m, uint64_t va, uint64_t pa, unsigned bytes, bool store)
{
	struct space_answer answer = { .known = false };
	bool same = is_same_page(&m->data, va), same_line = same && is_same_line(m, &m->data, pa, bytes), present = true;

	for_each_core(m, c) {
		count(c, store ? MODEL_COUNT_stores : MODEL_COUNT_loads);
		if (!same)
			present &= translate(c, false, m->asid, va, &answer);
		if (!same_line)
			lines(c, &c->caches.l1d, MODEL_CYCLES_data, pa, bytes);
	}
	remember(m, &m->data, present, va, pa + bytes - 1);
}

void model_world_switch(struct model *m)
{
	for_each_core(m, c) {
		count(c, MODEL_COUNT_world_switches);
		charge(c, MODEL_CYCLES_world_switch, c->machine.value[MACHINE_world_switch]);
		if (!c->machine.value[MACHINE_tlb_tags])
			translation_flush(c, MODEL_FLUSH_ALL, 0);
	}
	forget(m);
}

void model_event(struct model *m)
{
	for_each_core(m, c) {
		count(c, MODEL_COUNT_events);
		charge(c, MODEL_CYCLES_event, c->machine.value[MACHINE_event]);
	}
}

void model_cr3_write(struct model *m)
{
	for_each_core(m, c) {
		count(c, MODEL_COUNT_cr3_writes);
		charge(c, MODEL_CYCLES_flush, c->machine.value[MACHINE_cr3_write]);
		translation_flush(c, MODEL_FLUSH_ASID_LOCAL, m->asid);
	}
	forget(m);
}

void model_invlpg(struct model *m, uint16_t asid, uint64_t va)
{
	for_each_core(m, c) {
		count(c, MODEL_COUNT_invlpgs);
		charge(c, MODEL_CYCLES_flush, c->machine.value[MACHINE_invlpg]);
		translation_invlpg(c, asid, va);
	}
	forget(m);
}

void model_flush(struct model *m, enum model_flush how, uint16_t asid)
{
	for_each_core(m, c)
		translation_flush(c, how, asid);
	forget(m);
}

unsigned model_machines(const struct model *m)
{
	return m->n;
}

const struct machine *model_machine(const struct model *m, unsigned i)
{
	return &m->core[i].machine;
}

void model_sums(const struct model *m, unsigned i, enum model_where where, struct model_sums *sums)
{
	const struct core *c = &m->core[i];

	*sums = c->sum[where];
	sums->count[MODEL_COUNT_instructions] = m->instructions[where];
	sums->cycles[MODEL_CYCLES_instructions] = m->instructions[where] * c->machine.value[MACHINE_instruction];
}
