/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Page-table entries and page-fault error codes, as the architecture defines
 * them (APM volume 2, chapter 5). The low 12 bits are the same in 32-bit, PAE
 * and long-mode entries, so every entry is handled as 64 bits wide.
 */
#ifndef X86_PTE_H
#define X86_PTE_H

#include "types.h"

#define PTE_P    BIT(0)
#define PTE_RW   BIT(1)
#define PTE_US   BIT(2)
#define PTE_A    BIT(5)
#define PTE_D    BIT(6)
#define PTE_PS   BIT(7) /* at level 2 and above: the entry maps a superpage */
#define PTE_G    BIT(8) /* CR3 loads leave its translation alone, with CR4.PGE */
#define PTE_NX   BIT(63)
#define PTE_ADDR 0x000ffffffffff000ull

#define PFEC_P    BIT(0)
#define PFEC_W    BIT(1)
#define PFEC_U    BIT(2)
#define PFEC_RSVD BIT(3)
#define PFEC_I    BIT(4)
/*
 * With an error code's bits, from the caller: CR4.SMAP binds this data access, because CPL is
 * below 3 and EFLAGS.AC is clear. Only the backend can know. Never in an error code that comes out.
 */
#define PFEC_SMAP 0x800u

/* Physical address bits that a guest may use; CPUID leaf 0x80000008 tells it the same number. */
#define GUEST_MAXPHYADDR 40
/* The highest level at which an entry can map a page: CPUID offers no 1 GiB pages, so the bit is reserved above. */
#define GUEST_HIGHEST_LEAF 2
/* Reserved in every 64-bit entry because they lie beyond GUEST_MAXPHYADDR. */
#define PTE_RSVD_PHYS (BIT(52) - BIT(GUEST_MAXPHYADDR))
/* Reserved besides in a PAE entry, whose bits 52 to 62 are not for software. */
#define PTE_RSVD_PAE (BIT(63) - BIT(52))
/* A PDPTE, one of PAE's four top entries, has neither rights nor bits that hardware sets. */
#define PDPTE_RSVD (PTE_RSVD_PHYS | PTE_RSVD_PAE | PTE_NX | 0x1e6)
/* The four may begin at any multiple of 32 bytes: where in its page CR3 says. */
#define PAE_ROOT_OFFSET 0xfe0

/* The frame that an entry names. Two shifts do what PTE_ADDR and a shift would, without a 64-bit constant. */
static inline gfn_t pte_gfn(u64 e)
{
	return GFN((e << 12) >> 24);
}
static inline mfn_t pte_mfn(u64 e)
{
	return MFN((e << 12) >> 24);
}

#endif
