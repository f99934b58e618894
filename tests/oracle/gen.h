/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Makes up programs while they run: what a step does depends on the guest's tables as the
 * reference has them, never on what the engine answered. Decisions come from a
 * seed, or from bytes, which end the program when they run out.
 */
#ifndef TESTS_ORACLE_GEN_H
#define TESTS_ORACLE_GEN_H

#include "tests/oracle/run.h"

#define CALM_PAGES 300

struct gen {
	struct run *r;
	struct prog *p;
	u64 rng;
	const u8 *bytes; /* NULL: the seed decides */
	size_t left;
	u32 guests; /* bit m: guests with m levels may be */
	bool calm;  /* no vCPU writes in the midst of another's step, and the pool has pages for all */
	u32 max_steps;
	gpa_t changed_at; /* the entry that was changed last, and what it was */
	u64 changed;
	u32 meddling; /* the hypervisor's own doings come once in so many rounds of use */
	u32 making;   /* pages become tables, and the tables of a process that ends pages, once in so many rounds of use */
	u32 by_super; /* the kernel reaches its low memory through a superpage once in so many times */
	u64 steps;    /* in all */
};

/* Make a program and run it from begin to end; it is recorded in g->p as it goes. */
void gen_program(struct gen *g);

#endif
