/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine below hv/svm, hv/domain and hv/dev when they are compiled into a program: RAM at its own physical
 * addresses, allocators whose free pages AddressSanitizer watches, pCPUs that are one thread, and a CPU for
 * tests/svm/hosted/insns.h. Time is a counter, so that all of it is as reproducible as the caller.
 *
 *   64 KiB         dom0's RAM        32 MiB   heap, 64 MiB        96 MiB   domU pool, 96 MiB       192 MiB
 */
#ifndef TESTS_SVM_MACHINE_H
#define TESTS_SVM_MACHINE_H

#include "host.h"
#include "pcpu.h"
#include "svm.h"

#define MACHINE_RAM_BASE  0x10000ull
#define MACHINE_HEAP_BASE (32ull << 20)
#define MACHINE_POOL_BASE (96ull << 20)
#define MACHINE_RAM_END   (192ull << 20)
#define MACHINE_PCPUS     5
#define HOST_CR0          (CR0_PG | CR0_WP | CR0_NE | CR0_ET | CR0_PE)

/* What of the CPU is not in a VMCB. */
struct machine_cpu {
	u64 cr0, cr3, cr4, efer, hsave, tsc_aux, pat;
	u64 dr[4], xcr0;
	u64 mcg_cap, mcg_status, mc_status[4];
	u16 fcw, fsw;
	u32 mxcsr, pkru;
	u64 fip; /* of the last x87 instruction */
	u8 st[8][16], xmm[16][16], ymm_high[16][16];
	struct vmcb_seg fs, gs, tr, ldtr;
	u64 star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip;
	bool gif, interrupts;
};
extern struct machine_cpu machine_cpu;

extern u64 machine_tsc;
extern u64 machine_pause;                /* ticks that a PAUSE takes */
extern u32 machine_pcpu;                 /* whose instructions these are */
extern u64 machine_timer[MACHINE_PCPUS]; /* TSC; ~0: not armed */
extern u32 machine_kicks[MACHINE_PCPUS], machine_nmis[MACHINE_PCPUS];
extern bool machine_is_tcg, machine_has_nrip, machine_has_la57; /* what CPUID says */
extern bool machine_cpuid_full;                                 /* every bit of every leaf */
extern bool machine_quiet;                                      /* log nothing */
extern u32 machine_waits;                                       /* times that an interrupt was waited for since this was 0 */

/* The bus: what ports of dom0's own read; all ones if it is NULL. Writes go nowhere. */
extern u32 (*machine_port_in)(u16 port, unsigned bytes);
/* An interrupt is waited for and no timer is armed, or for long: what ends it? Must be set by whoever lets a guest halt. */
extern void (*machine_stuck)(void);
/* In place of all that: a pCPU of a domain halts until an interrupt of its own. */
extern void (*machine_halts)(void);
/* INVLPGA named this page. */
extern void (*machine_invlpga)(u64 va, u32 asid);

/* Once a process; then as at power-on, with every page free: what was allocated is gone. */
void machine_init(void);
void machine_cpu_reset(void);
u64 machine_free_pages(void); /* of the heap */

#endif
