/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A physical CPU. struct pcpu sits at the lowest address of its stack, which is
 * aligned to its size, so that finding it is one AND.
 */
#ifndef PCPU_H
#define PCPU_H

#include "control_abi.h"
#include "cpu.h"
#include "segments.h"
#include "types.h"

#define MAX_PCPUS PN_LIMIT_pcpus

struct vcpu;

struct pcpu {
	u32 id;
	u32 apic_id;
	struct vcpu *current; /* the vCPU that it runs; NULL when idle */
	struct vcpu *next;    /* to be started by the idle loop: written by pCPU 0, taken by this one */
	hpa_t hsave;          /* VM_HSAVE_PA page */
	u32 hold;             /* another pCPU's measured region wants this one to stand still */
	u32 held;             /* it does */
	u32 lost;             /* it was waited for in vain: nobody waits again before it has come back */
};

extern struct pcpu *pcpus[MAX_PCPUS];
extern unsigned nr_pcpus;

static inline struct pcpu *this_pcpu(void)
{
	return (struct pcpu *)(stack_pointer() & ~(u64)(PCPU_STACK_BYTES - 1));
}

/* Start all other pCPUs; each ends in pcpu_idle. Returns how many there are in all. */
unsigned smp_boot(void);

/* Load this pCPU's IDT, TSS-less descriptor tables and local APIC. */
void pcpu_init(void);

/* Wait for a vCPU to run and run it, for ever. */
_Noreturn void pcpu_idle(void);

/* Local APIC (host/bare/apic.c). */
#define VECTOR_TIMER    0xe0
#define VECTOR_KICK     0xe1
#define VECTOR_SPURIOUS 0xef
void apic_init(void);
u32 apic_this_id(void);
void apic_eoi(void);
void apic_send_kick(const struct pcpu *p); /* an interrupt at VECTOR_KICK: ends HLT and a guest's run */
void apic_send_nmi(const struct pcpu *p);
void apic_start_all(hpa_t trampoline); /* INIT, SIPI, SIPI to all but this one */
void apic_timer_at(u64 tsc);           /* one interrupt at VECTOR_TIMER when the TSC reaches this; ~0: none */
void apic_calibrate(void);
extern u64 tsc_khz; /* TSC ticks a millisecond: what CPUID says, or measured at boot against the PIT (tsc.h); 0: not yet */

/*
 * Stand still while p->hold is set. GIF must be clear; it is clear again
 * when this returns. Wakes by NMI only (see exceptions.S), so interrupts of
 * dom0 stay pending.
 */
void pcpu_stand(struct pcpu *p);

/* Stand still if somebody has asked for it: for loops that wait, and for pCPUs whom an NMI may have woken. */
static inline void pcpu_stand_if_asked(void)
{
	struct pcpu *p = this_pcpu();

	if (*(volatile u32 *)&p->hold)
		pcpu_stand(p);
}

/*
 * Domain code runs with GIF clear. On a domU's pCPU the host's IF is set all the
 * while, because VMRUN with V_INTR_MASKING looks at it; on dom0's it is clear.
 *
 * Let pending interrupts (on dom0's pCPU only NMIs) be taken by our own handlers.
 */
static inline void pcpu_take_interrupts(void)
{
	take_interrupts();
}

/* HLT until an interrupt; one that is already pending ends it at once. domU pCPUs only. */
static inline void pcpu_wait(void)
{
	wait_for_interrupt();
}

#endif
