/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may ask of the hypervisor: VMMCALL with the number in EAX and
 * 32-bit arguments in EBX, ECX, EDX, ESI; the result comes back in EAX (0 is
 * success). Allowed at every privilege level, so that a Linux process can
 * bracket what it measures. Registers other than EAX are kept.
 */
#ifndef HV_HYPERCALL_ABI_H
#define HV_HYPERCALL_ABI_H

#include <stdint.h>

/*
 * CPUID leaf 0x40000000 answers EBX/ECX/EDX = "PenumbraHype"; leaf +1: EAX = PN_HYPERCALL_VERSION. That goes up where a hypercall's
 * number, arguments or results change; a new one leaves it alone, for an older hypervisor answers PN_HC_ENOSYS. Nobody refuses it:
 * a guest that depends on it looks.
 */
#define PN_CPUID_BASE        0x40000000u
#define PN_CPUID_EBX         0x756e6550u /* "Penu" */
#define PN_CPUID_ECX         0x6172626du /* "mbra" */
#define PN_CPUID_EDX         0x65707948u /* "Hype" */
#define PN_HYPERCALL_VERSION 1

#define PN_HC_NOP 0u /* returns 0: the cheapest trip */
/*
 * Begin a measured region: EBX, ECX, EDX, ESI hold its name, 16 bytes,
 * NUL-padded, four to a register, first byte lowest. All other pCPUs are held
 * when it returns, if dom0 granted the domain that; otherwise the region is counted all the same, and says that it was
 * disturbed. Regions do not nest: a second begin fails with PN_HC_EBUSY.
 */
#define PN_HC_QUIET_BEGIN 1u
/* End it: EBX = operations done, ECX/EDX = low/high half of the TSC ticks that the guest measured; 0: as the hypervisor did. */
#define PN_HC_QUIET_END 2u

/*
 * Write entries of the guest's page tables, many in one trip: EBX, ECX are the low and high half of the physical address of an
 * array of struct pn_mmu_update, 16-byte aligned, EDX its length, at most PN_HC_MMU_MOST. The entries are
 * written in order, each by one store of the size that entries have in the guest's paging mode. Returns how many were:
 * fewer than asked if the next does not lie in memory or is not aligned, or the array ends outside memory. The
 * guest owes the same TLB flushes as if it had written them itself. At CPL 0 only, else PN_HC_EPERM.
 */
#define PN_HC_MMU_UPDATE 3u
#define PN_HC_MMU_MOST   512u
/*
 * Hints on roots, for the guest's paging mode as it is: EBX, ECX are the low and high half of the table's physical address. Pinned:
 * it will be loaded soon, and often; what the hypervisor keeps for it is made ready. Unpinned: it is over, and what was kept
 * for it goes now. A pinned root still has to go when memory for shadows runs out. PN_HC_ENOSYS: this
 * recipe keeps nothing for roots, or not in this mode. PN_HC_EBUSY: unpinned while it is loaded; or pinned, and
 * it takes longer than one call to make it ready: call again. CPL 0 only.
 */
#define PN_HC_PIN_ROOT   4u
#define PN_HC_UNPIN_ROOT 5u

#define PN_HC_ENOSYS 0xffffffffu
#define PN_HC_EBUSY  0xfffffffeu
#define PN_HC_EINVAL 0xfffffffdu
#define PN_HC_EPERM  0xfffffffcu

struct pn_mmu_update {
	uint64_t entry; /* its physical address, a multiple of its size */
	uint64_t value; /* a 4-byte entry takes the low half */
};

#define PN_PHASE_NAME 16 /* bytes of a region's name, NUL included unless all 16 are used */

/* Writing v to this port ends the domain; natively QEMU's isa-debug-exit ends with (v << 1) | 1. */
#define PN_DEBUG_EXIT_PORT 0xf4
/*
 * Where this hypervisor is not, a guest writes 1 to this port before a region and 0 behind it. Natively nobody listens; whoever runs the
 * guest on another hypervisor counts the trips between.
 */
#define PN_REGION_PORT 0xe4

#endif
