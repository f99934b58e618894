/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference: what the architecture allows a guest to see, worked out from the
 * guest's tables and its flushes alone, by other code than the engine's.
 *
 * For each address that a program uses it keeps two growing sets: tables that a
 * paging-structure cache may lead to, and translations that a TLB may hold. At each
 * step everything that a walk can reach now, from the root or from any remembered
 * table, is added; only a flush takes away. An access may come to any translation in
 * the set, or to what a fresh walk gives; afterwards the accessed and
 * dirty bits must be in the tables, so the translation must be in the set.
 */
#ifndef TESTS_ORACLE_REF_H
#define TESTS_ORACLE_REF_H

#include "engine_guest.h"

#define REF_MAX_SET 96

struct ref_cand {
	u64 gfn; /* 4 KiB frame */
	bool rw, us, nx, dirty;
	u32 level; /* of the leaf */
};

struct ref_table {
	u64 gfn;
	u32 level;
	bool rw, us, nx;
};

struct ref_va {
	gva_t page;
	u32 nr_cands, nr_tables;
	struct ref_cand cand[REF_MAX_SET];
	struct ref_table table[REF_MAX_SET];
};

/* The guest's memory and registers, as the reference sees them. */
struct ref_guest {
	u8 *memory; /* NULL: the engine's guest's own */
	const struct guest *g;
	u64 frames, hole_at, hole;
	u64 cr0, cr3, cr4, efer;
};

/* A translation by the tables as they stand. Marks accessed and dirty bits if `mark`. */
struct outcome ref_walk(const struct ref_guest *r, gva_t va, u32 access, bool mark);

void *ref_at(const struct ref_guest *r, gpa_t gpa);

/* The sets. */
void ref_step(const struct ref_guest *r, struct ref_va *a);
void ref_flush(struct ref_va *a);
/* INVLPG: paging-structure caches go whole; translations go if their page holds va. */
void ref_invlpg(const struct ref_guest *r, struct ref_va *a, gva_t va);
/* May an access like this come to that frame? */
bool ref_allows(const struct ref_guest *r, const struct ref_va *a, u32 access, u64 gfn);

#endif
