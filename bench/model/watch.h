/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what an x86 machine executes to the model's events: which instructions belong to a measured region, and in whose name. Regions are
 * marked by what guests do for it anyway: the quiet hypercalls under the hypervisor, a write to PN_REGION_PORT without one. So nothing
 * is executed for the model's sake, and all other figures are what they are without it.
 *
 * What must always hold:
 * - outside regions nothing is modelled; each region begins with empty caches and TLBs;
 * - under the hypervisor a region is its vCPU's from the VMRUN behind the first hypercall to the second one; a VMRUN of another vCPU in
 *   between spoils it, for then not all that was seen was its;
 * - what the CPU itself reads and writes at a world switch (VMCB, host save area), which QEMU tells as accesses of the instruction's, is
 *   in the machine's cost of one, and nowhere else;
 * - what only the emulator traps, hardware would not: QEMU since 9.1 takes a read of any control register for one of CR0. Such a trip is in
 *   no figure, from its #VMEXIT to the next VMRUN;
 * - the hypervisor's page (abi/pmu_abi.h) is written to at #VMEXITs alone, and only if it offered one that wants counters: guests cannot have
 *   written to its memory what an offer begins with;
 * - a register write or INVLPG that is intercepted has not happened: it counts when the next block is executed and no #VMEXIT came.
 */
#ifndef BENCH_MODEL_WATCH_H
#define BENCH_MODEL_WATCH_H

#include <stdio.h>

#include "insns.h"
#include "model.h"

enum watch_register {
	WATCH_GPR, /* RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8 to R15, as instructions number them */
	WATCH_RIP = WATCH_GPR + 16,
	WATCH_CR0,
	WATCH_CR3,
	WATCH_CR4,
	WATCH_EFER,
	WATCH_REGISTERS
};

/* The CPU, as the caller sees it. */
struct watch_cpu {
	void *arg;
	uint64_t (*reg)(void *arg, enum watch_register r);
	bool (*read)(void *arg, uint64_t pa, void *to, unsigned bytes);
	bool (*write)(void *arg, uint64_t pa, const void *from, unsigned bytes);
	/* Instructions executed since some moment. */
	uint64_t (*instructions)(void *arg);
};

/* Code that is executed as a whole: it lies in one page or two. */
struct watch_block {
	uint64_t va; /* of its first translation: a block executed elsewhere as well says so here, too */
	struct {
		uint64_t pa;
		unsigned bytes; /* 0: no memory */
	} part[2];
};

struct watch;

/* `native`: there is no hypervisor. Each region gives a line of JSON to `out`, which stays the caller's. NULL: no memory. */
struct watch *watch_new(const struct machine *machines, unsigned n, const struct watch_cpu *cpu, FILE *out, bool native);
void watch_free(struct watch *w);
bool watch_active(const struct watch *w);
/* Is a region modelled, or about to begin? Else watch_block() and watch_data() need not be called, nor instructions counted. */
bool watch_wants_all(const struct watch *w);

/* Before the instruction, whose bytes these are. */
void watch_instruction(struct watch *w, enum insn insn, const uint8_t *byte, size_t len);
/* Before a block; `behind_vmrun`: it begins with the instruction behind a VMRUN. */
void watch_block(struct watch *w, const struct watch_block *b, bool behind_vmrun);
void watch_data(struct watch *w, uint64_t va, uint64_t pa, unsigned bytes, bool store);

#endif
