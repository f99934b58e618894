/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine's CPUs (machine.h), of which one runs: for machine.c and cpus.c. The guest's code on each has a stack of its own in this program, and passes its
 * turn by PAUSE, as hv/domain/turns.h has it where pCPUs take turns; nothing else ends a turn.
 */
#ifndef EXPLAIN_CPUS_H
#define EXPLAIN_CPUS_H

#include <ucontext.h>

#include "host.h"
#include "machine.h"

#define MACHINE_CPUS 4

struct cpu {
	struct vcpu v;
	struct host_cpu hw;
	struct machine_kernel kernel;
	u32 depth;       /* of handlers: 0, no fault is being handled */
	bool in_c;       /* the guest's code is C, which uses stack and variables */
	bool interrupts; /* may come; */
	bool pending;    /* one waits */
	bool runs;
	void (*entry)(void);
	ucontext_t at;
};

extern struct cpu cpus[MACHINE_CPUS], *cpu; /* cpu: the one that runs */
extern u32 nr_cpus;

/* machine.c's: ends the program. */
void machine_die(const char *what) __attribute__((noreturn));
/* An interrupt's way to its handler: the CPU pushes a frame, and what C does. */
void machine_begin_handler(void);
/* The local APIC's register at that offset is written. */
void cpus_apic(u32 offset, u32 value);

#endif
