/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What happened, written down: phases of the workload, in each one operation with every step of the guest's, every trip, and every
 * event of it. machine.c tells; main.c takes the JSON (docs/explain.md has its form).
 *
 * A workload runs twice: once to count the guest's steps in each phase, of which the operation's are found, and once to record them.
 * What the kernel or its handler reads without a trip has its number, and is left out.
 * A step that is tried again after a fault belongs to the step that it repeats, and so does all that a handler does meanwhile.
 */
#ifndef EXPLAIN_RECORD_H
#define EXPLAIN_RECORD_H

#include <jansson.h>

#include "events.h"
#include "state.h"
#include "vcpu.h"

#define PHASES_MOST 16

struct phase_size {
	u64 steps, ops; /* steps: those that no handler made, each once */
};
/* What the first run counted. */
extern struct phase_size record_sizes[PHASES_MOST];
extern unsigned record_phases;

/* Which operation of each phase: from 1; 0: one a third of the way in, so that it is not the first of a table. Beyond a phase's last: that. Counting: only record_sizes. Apart: no step stands for several. */
void record_begin(struct vcpu *v, u64 operation, bool counting, bool apart);
/* The phases, an array. */
json_t *record_end(void);
/* The engine's counters (abi/control_abi.h) of the domain's whole life, warm-up included, but for those that are 0. */
json_t *record_counters(void);

void record_region_begin(const char *phase, gva_t user_end);
void record_region_end(u64 ops);

/* What the guest does: its number here, and its name in the JSON. */
#define RECORD_KINDS(X)                                                                                                          \
	X(READ, "read")                                                                                                          \
	X(WRITE, "write")                                                                                                        \
	X(TOUCH, "touch")                                                                                                        \
	X(AND, "and")                                                                                                            \
	X(INVLPG, "invlpg")                                                                                                      \
	X(CR3, "cr3") /* from here on no address of memory */                                                                    \
	X(CR4, "cr4")                                                                                                            \
	X(CR0, "cr0")                                                                                                            \
	X(EFER, "efer")                                                                                                          \
	X(READ_CR0, "read_cr0")                                                                                                  \
	X(READ_EFER, "read_efer")                                                                                                \
	X(MMU_UPDATE, "mmu_update")                                                                                              \
	X(PIN_ROOT, "pin_root")                                                                                                  \
	X(UNPIN_ROOT, "unpin_root")
enum record_kind {
#define X(id, name) GUEST_##id,
	RECORD_KINDS(X)
#undef X
};
struct record_step {
	enum record_kind kind;
	gva_t va;
	u64 value; /* written; of a hypercall, what it is about */
	unsigned bytes;
	bool again; /* the same as before its fault */
};
/* That vCPU runs from now on; until then it is record_begin()'s. */
void record_cpu(struct vcpu *v);
void record_step(const struct record_step *s, u32 depth);
/* What the step ended with. */
void record_step_end(bool faulted, u32 pfec);

/* A trip begins: the guest has left, nothing has been done. `why`: "access", "fetch", "stack", "variables" or "instruction". */
void record_exit(gva_t va, u32 pfec, const char *why);
void record_event(enum pn_event ev, const u64 payload[4]);
/* It ends: v->bytes and the counters are the trip's. */
void record_entry(enum trip kind);

#endif
