/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes at RIP without a copy, for short forms of what is intercepted most: from the page of code that is kept (v->code), or
 * by a walk of the tables through which hardware itself has just fetched; and the rights by which emulation accesses data.
 *
 * What must hold: FETCH_BYTES from the pointer are in the page, and they are read once: another vCPU may be writing there.
 */
#ifndef SVM_CODE_H
#define SVM_CODE_H

#include "cpu.h"
#include "pte.h"
#include "svm.h"

#define PFEC_WRITE  BIT(1)
#define PFEC_USER   BIT(2)
#define PFEC_FETCH  BIT(4)
#define FETCH_BYTES 16 /* two words: cheaper to copy than 15 bytes */

/* The error code's U bit of an access that the guest makes by itself. */
static inline u32 user_bit(const struct svm_vcpu *s)
{
	return s->vmcb.cpl == 3 ? PFEC_USER : 0;
}

/* SMAP binds a supervisor's access unless code below CPL 3 has set AC; at CPL 3 it is an implicit one (APM volume 2, 5.6.6). */
static inline u32 svm_smap_binds(const struct svm_vcpu *s)
{
	return s->vmcb.cpl < 3 && s->vmcb.rflags & RFLAGS_AC ? 0 : PFEC_SMAP;
}

/* With whose rights the instruction at RIP accesses data, as bits of an error code for paging_read() and its like. */
static inline u32 svm_data_access(const struct svm_vcpu *s)
{
	if (s->vmcb.cpl == 3)
		return PFEC_USER;
	return unlikely(s->v.cr4 & CR4_SMAP) ? svm_smap_binds(s) : 0;
}

/* Paging's verdict on a page fault. `smap`: CR4 has it. */
static inline __attribute__((always_inline)) enum verdict svm_ask_paging(struct svm_vcpu *s, bool smap)
{
	u32 pfec = (u32)s->vmcb.exitinfo1;

	if (smap && !(pfec & PFEC_USER))
		pfec |= svm_smap_binds(s);
	return paging_fault(&s->v, s->vmcb.exitinfo2, pfec);
}

/* In 64-bit mode: does a value for CR3 have no bits but those of guest-physical addresses? */
static inline bool svm_cr3_fits(u64 val)
{
	return !(val >> GUEST_PHYS_BITS);
}

/* Is the guest in a mode of two or three levels? SEG_L means nothing in such a mode, and svm_flat_32() tells. */
static inline bool svm_in_32(const struct svm_vcpu *s)
{
	return s->v.guest_levels - 2 < 2;
}

/* In such a mode: is RIP a linear address in 32-bit code? */
static inline bool svm_flat_32(const struct svm_vcpu *s)
{
	return s->vmcb.cs.attrib & SEG_D && !s->vmcb.cs.base && !(s->vmcb.rflags & RFLAGS_VM);
}

/* What follows is about flat 32-bit code where `in_32` says that the guest is in such a mode, otherwise about 64-bit code. */

/*
 * Keep the page of code at RIP from now on, and return its bytes there. NULL: the code is of another kind, fewer than FETCH_BYTES
 * are left in the page, or only a walk of the guest's tables can tell where it is.
 */
const u8 *svm_learn_code(struct svm_vcpu *s, bool in_32);

/* Are FETCH_BYTES of code at RIP in the kept page? *p: where, if so. */
static inline bool svm_known_code(const struct svm_vcpu *s, bool in_32, const u8 **p)
{
	u64 offset = s->vmcb.rip - s->v.code.va;

	*p = s->v.code.page + offset;
	return likely(offset <= PAGE_SIZE - FETCH_BYTES && (in_32 ? svm_flat_32(s) : (s->vmcb.cs.attrib & SEG_L) != 0));
}

/* FETCH_BYTES of code at RIP, from the kept page or from one that is kept now. NULL: as for svm_learn_code(). */
static inline const u8 *svm_code(struct svm_vcpu *s, bool in_32)
{
	const u8 *p;

	if (unlikely(!svm_known_code(s, in_32, &p)))
		return svm_learn_code(s, in_32);
	if (!p) /* never: the caller need not ask on this way */
		__builtin_unreachable();
	return p;
}

/* FETCH_BYTES at RIP, in whichever mode; under nested paging in 64-bit code alone. */
static inline const u8 *svm_code_kept(struct svm_vcpu *s)
{
	if (s->v.nested)
		return svm_learn_code(s, false);
	return svm_in_32(s) ? svm_code(s, true) : svm_code(s, false);
}

#endif
