/* SPDX-License-Identifier: BSD-2-Clause */
/* Inside the model: one machine's core, and what its parts charge it with. */
#ifndef BENCH_MODEL_CORE_H
#define BENCH_MODEL_CORE_H

#include "assoc.h"
#include "model.h"

enum cache_level { IN_L1, IN_L2, IN_L3, IN_MEMORY, CACHE_LEVELS };

struct caches {
	struct assoc l1i, l1d, l2, l3;
	bool victim;
	unsigned line_shift;
	uint32_t latency[CACHE_LEVELS]; /* cycles */
};

struct tlb {
	struct assoc small, large;
	bool shared;
};

struct core {
	struct machine machine;
	const struct model_user *user;
	struct caches caches;
	struct tlb l1d, l1i, l2d, l2i;
	struct assoc pwc, ntlb;
	struct model_sums sum[MODEL_WHERES], *now; /* `now` is where the CPU is */
};

bool caches_init(struct caches *c, const struct machine *m);
void caches_free(struct caches *c);
void caches_clear(struct caches *c);
/* Where the line was, of a reference that begins at `first`: &c->l1i, &c->l1d, or NULL for the second cache. It is nearest now. */
enum cache_level caches_reference(struct caches *c, struct assoc *first, uint64_t pa);

bool translation_init(struct core *c);
void translation_free(struct core *c);
void translation_clear(struct core *c);
/*
 * Makes the translation present in the first TLB, and charges what that takes; false: there is none. The tables are asked for once, if some
 * core needs them.
 */
struct space_answer {
	struct model_space space;
	bool known;
};
bool translate(struct core *c, bool fetch, uint16_t asid, uint64_t va, struct space_answer *answer);
void translation_flush(struct core *c, enum model_flush how, uint16_t asid);
void translation_invlpg(struct core *c, uint16_t asid, uint64_t va);

/* What a page walk finds. */
struct walk {
	bool present, large, global;
};
/* The walk for va, its references charged. */
struct walk walk_tables(struct core *c, uint16_t asid, const struct model_space *s, uint64_t va);

/* What a key of TLBs and of the nested TLB is made of; 0 is none. */
static inline uint64_t page_key(uint16_t asid, uint64_t va, bool large)
{
	return 1ull << 62 | (uint64_t)large << 61 | (uint64_t)asid << 45 |
	       (va >> 12 & ((1ull << 45) - 1) & ~(large ? 511ull : 0));
}
static inline uint16_t key_asid(uint64_t key)
{
	return (uint16_t)(key >> 45);
}

static inline void charge(struct core *c, enum model_cycles what, uint64_t cycles)
{
	c->now->cycles[what] += cycles * 100;
}
static inline void count(struct core *c, enum model_count what)
{
	c->now->count[what]++;
}

#endif
