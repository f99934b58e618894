/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest programs as the oracle runs them: a head and a list of steps, each complete in
 * itself, so that any step may be left out and the rest is still a program. As text, one
 * step a line:
 *
 *   <name> <vCPU> <how> <number> <number> <number>      (numbers in hexadecimal)
 */
#ifndef TESTS_ORACLE_PROG_H
#define TESTS_ORACLE_PROG_H

#include <stdbool.h>
#include <stdio.h>

#include "types.h"

#define PROG_STEPS 4096

/* name, what the numbers are */
#define PROG_OPS(OP)                                                                                                             \
	OP(access, "an instruction's access: address, bytes, value")                                                             \
	OP(emulate, "the same by emulation alone")                                                                               \
	OP(invlpg, "address")                                                                                                    \
	OP(cr3, "value")                                                                                                         \
	OP(modes, "CR0, CR4, EFER; CR3 is `how`")                                                                                \
	OP(update, "hypercall: the first entry's address, how many, the first one's value; the list of them is put at `how`")    \
	OP(pin, "hypercall: a root's address")                                                                                   \
	OP(unpin, "the same")                                                                                                    \
	OP(poke, "the hypervisor writes: guest physical address, bytes, value")                                                  \
	OP(remove, "the p2m loses a guest frame")                                                                                \
	OP(add, "the p2m gains one: the guest frame, and 1 + the pool's frame; 0: the one that it had at first")                 \
	OP(dirty, "log-dirty: 0 off, 1 on, 2 peek, 3 clean; the last two: first frame of the pool, how many; 0: all")            \
	OP(meanwhile, "the next step is another vCPU's, and this one writes to a table during it: address; at which of "         \
		      "the engine's looks at memory, 0: before it has the others' TLBs flushed; value")                          \
	OP(pool, "the shadow pool's new size in pages")                                                                          \
	OP(kind, "the hypervisor would have nested paging, 1, or shadow paging, 0, if the recipe switches")

enum prog_op {
#define OP(name, what) OP_##name,
	PROG_OPS(OP)
#undef OP
		NR_OPS
};

/* A page-fault code's bits and HOST_AC. */
#define ACCESS_BITS 0x1ffffu
/* A write is LOCK CMPXCHG: it compares with what stands there, or with something else. */
#define HOW_SWAP  0x20000u
#define HOW_OTHER 0x40000u

struct step {
	u8 op, cpu;
	u32 how; /* of an access: ACCESS_BITS and HOW_... */
	u64 a, b, c;
};

struct prog {
	bool strict;
	u32 cpus, hardware, clumsy, nr_steps; /* hardware: the fewest levels that shadows have */
	u64 pool_pages, luck;                 /* luck: the TLB's seed */
	struct step step[PROG_STEPS];
};

void prog_print_step(FILE *f, const struct step *s);
void prog_print(FILE *f, const struct prog *p);
/* False, with a message: not a program. */
bool prog_parse(FILE *f, const char *name, struct prog *p);

#endif
