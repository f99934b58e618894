/* SPDX-License-Identifier: BSD-2-Clause */
/* One run of the oracle, shared by its three parts: oracle.c, oracle_judge.c and oracle_steps.c. */
#ifndef TESTS_ORACLE_RUN_H
#define TESTS_ORACLE_RUN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "oracle_ref.h"

#define FRAMES    256
#define HOLE_AT   240
#define HOLE      8
#define MAX_VAS   512
#define LOG_LINES 40
#define LOG_BYTES 120

/* Frames by use. Any frame may come to be used as anything. */
enum { KERNEL_FIRST = 4, KERNEL_L1 = 6, ROOT_FIRST = 16, NR_ROOTS = 4, TABLE_FIRST = 16, TABLE_END = 48 };
enum { SLOT_SELF = 3 };

struct run {
	struct guest g;
	struct ref_guest ref;
	bool strict, pae;
	u64 seed, rng, step;
	u32 nr_vas;
	struct ref_va va[MAX_VAS];
	u32 checked; /* candidates of the address in use when its access was decided */
	struct ref_va *using;
	char log[LOG_LINES][LOG_BYTES];
	u64 logged, done, faulted;
};

#define LOG(r, ...) snprintf((r)->log[(r)->logged++ % LOG_LINES], LOG_BYTES, __VA_ARGS__)

static inline u64 rnd(struct run *r, u64 n)
{
	return host_random(&r->rng) % n;
}
static inline bool one_in(struct run *r, u64 n)
{
	return !rnd(r, n);
}

static inline gva_t kernel_base(const struct run *r)
{
	return r->pae ? 0xffff800000000000ull : 0xc0000000ull;
}
static inline u32 entry_bytes(const struct run *r)
{
	return r->pae ? 8 : 4;
}
static inline bool paging(const struct run *r)
{
	return r->ref.cr0 & CR0_PG;
}

struct place {
	u64 gfn;
	u32 slot, level;
};

/* ---- oracle_judge.c ---- */

/* Ends the process with the seed and the last steps. */
_Noreturn void fail(struct run *r, const char *what);
/* The hook between an access's decision and its data. */
void decided(struct guest *g);
/* Bring the sets up to date; empty them first. */
void step_sets(struct run *r);
void flush_all(struct run *r);
void judge_strict(struct run *r, struct outcome want, struct outcome got);
void judge_loose(struct run *r, struct outcome now, struct outcome got, u32 access);
/* Does what was read stand at a place that the access may have come to? */
bool may_read(struct run *r, gva_t va, u32 access, u64 value);
/* The entries that translate va; stops at one that maps or is absent. Returns how many. */
u32 path_of(struct run *r, gva_t va, struct place path[4]);
u64 peek(struct run *r, u64 gfn, u32 slot);

/* ---- oracle_steps.c ---- */

u64 some_entry(struct run *r);
/* Straight into memory, as a loader would, or as the hypervisor does. */
void poke(struct run *r, u64 gfn, u32 slot, u64 e);
void set_modes(struct run *r, u64 cr0, u64 cr4, u64 efer);
/* False: the domain has crashed, as it must. */
bool do_access(struct run *r);
bool one_step(struct run *r);

extern struct run *run; /* for the hook that has no other way to it */

#endif
