/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU's local APIC, of domains with several vCPUs: identification,
 * priorities, interrupt requests, the timer, and the register by which CPUs send
 * each other interrupts. APM volume 2, chapter 16.
 *
 * What must always hold:
 * - Like the other devices (vdev.h) it changes by accesses and time stamps alone, and is
 *   used by one processor at a time: the domain's lock is held.
 * - It knows nothing of other CPUs: what a CPU sends is handed to the caller, who finds the targets.
 *
 * Not there: x2APIC mode, TSC-deadline mode, lowest-priority arbitration (the first of the targets
 * gets it), level-triggered interrupts, NMIs, error interrupts.
 */
#ifndef HV_DEV_LAPIC_H
#define HV_DEV_LAPIC_H

#include "types.h"

#define LAPIC_BASE  0xfee00000ull
#define LAPIC_BYTES 4096u
#define LAPIC_NEVER (~0ull)

enum { LAPIC_LVT_TIMER, LAPIC_LVT_THERMAL, LAPIC_LVT_PERF, LAPIC_LVT_LINT0, LAPIC_LVT_LINT1, LAPIC_LVT_ERROR, NR_LAPIC_LVTS };

struct lapic {
	u32 id;
	u32 tpr, ldr, dfr, svr, esr, esr_seen; /* esr_seen: as the last write to ESR latched it */
	u32 icr_low, icr_high;
	u32 lvt[NR_LAPIC_LVTS];
	u32 irr[8], isr[8];
	u32 divide, initial;
	u64 start;  /* TSC at which the timer began to count from `initial` */
	u64 expiry; /* TSC of its next end; LAPIC_NEVER: it is not running or masked */
};

/* What a CPU sent by its ICR. */
enum lapic_delivery { LAPIC_FIXED = 0, LAPIC_LOWEST = 1, LAPIC_NMI = 4, LAPIC_INIT = 5, LAPIC_STARTUP = 6 };
struct lapic_message {
	enum lapic_delivery delivery;
	u8 vector;
	u8 destination;
	bool logical, deassert;
	u8 shorthand; /* 0: destination, 1: self, 2: all, 3: all but self */
};

/* As a reset leaves it; the first CPU's as firmware does: enabled, and open to the interrupt controllers (virtual wire). */
void lapic_init(struct lapic *l, u32 id, bool first);

/* 32-bit registers at offsets that are multiples of 16. True: a message has been sent. */
u32 lapic_read(const struct lapic *l, u32 offset, u64 now);
bool lapic_write(struct lapic *l, u32 offset, u32 val, u64 now, struct lapic_message *sent);

/* The task priority's upper half, as CR8 shows it. */
static inline u8 lapic_cr8(const struct lapic *l)
{
	return (u8)(l->tpr >> 4);
}
static inline void lapic_set_cr8(struct lapic *l, u8 val)
{
	if (val != lapic_cr8(l))
		l->tpr = (u32)(val & 15) << 4;
}

/* Is this CPU the message's destination, `self` telling whether it sent it? */
bool lapic_is_target(const struct lapic *l, const struct lapic_message *m, bool self);
/* An interrupt arrives. */
void lapic_raise(struct lapic *l, u8 vector);

/* Timer ends up to `now`; and when the next one comes, TSC. */
void lapic_advance(struct lapic *l, u64 now);
static inline u64 lapic_deadline(const struct lapic *l)
{
	return l->expiry;
}

/* The vector that is to be delivered now; -1: none. And deliver it. */
int lapic_pending(const struct lapic *l);
void lapic_ack(struct lapic *l, u8 vector);
/* Does the interrupt controllers' line reach this CPU? */
bool lapic_takes_pic(const struct lapic *l);

#endif
