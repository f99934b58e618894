/* SPDX-License-Identifier: BSD-2-Clause */
/* Choices that the oracle's programs are made of: by chance, but such that they meet. */
#ifndef TESTS_ORACLE_PICK_H
#define TESTS_ORACLE_PICK_H

#include "tests/oracle/gen.h"

u64 rnd(struct gen *g, u64 n);
static inline bool one_in(struct gen *g, u64 n)
{
	return !rnd(g, n);
}
#define PICK(g, array) ((array)[rnd(g, ARRAY_SIZE(array))])
u64 noise(struct gen *g);

static inline const struct ref_cpu *cpu_of(const struct gen *g, u32 cpu)
{
	return &g->r->ref.cpu[cpu];
}

/* ---- entries ---- */

u64 some_gfn(struct gen *g);
u64 some_entry(struct gen *g, u32 levels);
/* Tables of a level are found among few frames, so that they are shared and used again. */
u64 table_gfn(struct gen *g, u32 level);
/* An entry at `level` that takes a walk on, down to one of few pages or a superpage. */
u64 good_entry(struct gen *g, u32 levels, u32 level);
gpa_t some_table(struct gen *g);
u64 some_root(struct gen *g, u32 levels);
u64 some_data(struct gen *g, u32 levels);

/* ---- addresses ---- */

u64 some_slot(struct gen *g, u32 levels, u32 level);
gva_t sign(u32 levels, gva_t va);
gva_t user_page(struct gen *g, u32 levels);
gva_t kernel_address(struct gen *g, u32 levels, gpa_t gpa);
gva_t some_page(struct gen *g, u32 cpu);
/* Mostly an aligned word; sometimes any bytes, up to MOST_BYTES, and sometimes across the end of the page. */
u32 some_offset(struct gen *g, u32 *bytes);
/* The same of up to eight bytes. */
u32 small_offset(struct gen *g, u32 *bytes);

/* The entries that translate va, from the root on; stops at one that maps or is absent. Returns how many. */
struct place {
	gpa_t gpa;
	u32 level;
};
u32 path_of(struct gen *g, u32 cpu, gva_t va, struct place path[REF_LEVELS]);

#endif
