/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a machine executes in measured regions, counted: each instruction, by address, to the last one; the tree of calls, of which each
 * node has its instructions; and every so many instructions a sample with the stack. Of C's library only: QEMU loads it.
 *
 * The hypervisor's code and the guest's are told apart by the caller. Each has a stack of its own, which is followed by what is executed:
 * a call pushes, a return pops down to the call that it returns behind. Where control goes to another function by a jump, an interrupt or an
 * IRET, the function on top is another. So stacks need no frame pointers; what was called before the region began is not on them.
 *
 * A guest's instruction that faults is counted each time it is tried.
 */
#ifndef BENCH_PROFILE_TALLY_H
#define BENCH_PROFILE_TALLY_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum tally_mode { TALLY_HYPERVISOR, TALLY_GUEST, TALLY_MODES };

#define TALLY_DEPTH   64     /* frames; what is called deeper counts for the last one */
#define TALLY_SAMPLES 500000 /* a region's most; the rest is counted as lost */
#define TALLY_NOWHERE ~0u    /* a function's number: none */

/* Functions, in order of address, of one mode; their numbers are their places. */
struct tally_functions {
	uint64_t (*range)[2]; /* [first, end) */
	unsigned n;
};

struct tally;
struct tally_insn;

/* The functions' ranges are taken over. period: instructions a sample, from 1. out stays the caller's. NULL: no memory. */
struct tally *tally_new(const struct tally_functions functions[TALLY_MODES], unsigned period, FILE *out);
void tally_free(struct tally *t);

/* The instruction of that mode and address, of which `bytes` bytes can be seen; the same each time. NULL: no memory. */
struct tally_insn *tally_insn(struct tally *t, enum tally_mode mode, uint64_t at, const uint8_t *byte, unsigned bytes,
			      unsigned length);
/* Before it is executed. Outside of regions it does nothing. */
void tally_step(struct tally *t, struct tally_insn *insn);

void tally_begin(struct tally *t);
/* A line of JSON (bench/profile/profiled.h reads it), and all counts are 0 again. Without a beginning: nothing. */
void tally_end(struct tally *t);

#endif
