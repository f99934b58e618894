/* SPDX-License-Identifier: BSD-2-Clause */
/* The bits of control registers and MSRs that we name (APM volume 2); insns.h has the instructions. */
#ifndef X86_CPU_H
#define X86_CPU_H

#include "types.h"

#define CR0_PE BIT(0)
#define CR0_MP BIT(1)
#define CR0_EM BIT(2)
#define CR0_TS BIT(3)
#define CR0_ET BIT(4)
#define CR0_NE BIT(5)
#define CR0_WP BIT(16)
#define CR0_AM BIT(18)
#define CR0_NW BIT(29)
#define CR0_CD BIT(30)
#define CR0_PG BIT(31)

#define CR4_PSE      BIT(4)
#define CR4_PAE      BIT(5)
#define CR4_MCE      BIT(6)
#define CR4_PGE      BIT(7)
#define CR4_OSFXSR   BIT(9)
#define CR4_UMIP     BIT(11)
#define CR4_LA57     BIT(12)
#define CR4_FSGSBASE BIT(16)
#define CR4_PCIDE    BIT(17)
#define CR4_OSXSAVE  BIT(18)
#define CR4_SMEP     BIT(20)
#define CR4_SMAP     BIT(21)

#define EFER_SCE  BIT(0)
#define EFER_LME  BIT(8)
#define EFER_LMA  BIT(10)
#define EFER_NXE  BIT(11)
#define EFER_SVME BIT(12)

#define DR6_BS BIT(14)
#define DR7_GD BIT(13)

#define RFLAGS_TF  BIT(8)
#define RFLAGS_IF  BIT(9)
#define RFLAGS_RF  BIT(16)
#define RFLAGS_VM  BIT(17)
#define RFLAGS_AC  BIT(18)
#define RFLAGS_MBZ (~0x3f7fd7ull) /* bits that read as zero on every CPU (APM volume 1, section 3.1.4) */

#define MSR_TSC             0x10
#define MSR_APIC_BASE       0x1b
#define MSR_TSC_AUX         0xc0000103
#define MSR_MTRR_CAP        0xfe
#define MSR_MCG_CAP         0x179
#define MSR_MCG_STATUS      0x17a
#define MSR_PAT             0x277
#define MSR_MC_STATUS(bank) (0x401 + 4 * (bank))
#define MSR_EFER            0xc0000080
#define MSR_VM_CR           0xc0010114
#define MSR_VM_HSAVE_PA     0xc0010117
#define VM_CR_SVMDIS        BIT(4)

struct cpuid {
	u32 eax, ebx, ecx, edx;
};

/* Not beside this file but first in the include path: a hosted build has its own. */
#include <insns.h>

/* The number of the highest bit set in x; 0: 0, because BSR leaves its destination alone then (APM volume 3). */
static inline u64 highest_bit(u64 x)
{
	u64 n = 0;
	asm("bsr %1, %0" : "+r"(n) : "r"(x) : "cc");
	return n;
}

#define READ_ONCE(x)     (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))

#endif
