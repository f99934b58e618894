/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bytes at RIP without a copy, for short forms of what is intercepted most.
 * Where emulation's TLB does not know the page, the tables that hardware itself
 * has just fetched through do.
 */
#ifndef SVM_CODE_H
#define SVM_CODE_H

#include "cpu.h"
#include "svm.h"

#define PFEC_USER BIT(2)
#define PFEC_FETCH BIT(4)
#define SEG_L BIT(9)
#define FETCH_BYTES 16 /* two words: cheaper to copy than 15 bytes */

static inline u32 user_bit(const struct svm_vcpu *s)
{
	return s->vmcb.cpl == 3 ? PFEC_USER : 0;
}

const u8 *svm_learn_code(struct svm_vcpu *s);

/* Are FETCH_BYTES of 64-bit code at RIP known? */
static inline bool svm_known_code(const struct svm_vcpu *s, const u8 **p)
{
	u64 offset = s->vmcb.rip - s->v.code.va;

	*p = s->v.code.page + offset;
	return likely(offset <= PAGE_SIZE - FETCH_BYTES && s->vmcb.cs.attrib & SEG_L);
}

/* They; NULL: another mode, or only a walk of the guest's tables can tell. */
static inline const u8 *svm_code(struct svm_vcpu *s)
{
	const u8 *p;

	return svm_known_code(s, &p) ? p : svm_learn_code(s);
}

/* Skip an instruction of `len` bytes if it begins with `opcode` under `mask`; by hardware's word or the decoder otherwise. */
static inline void svm_skip_form(struct svm_vcpu *s, u32 opcode, u32 mask, unsigned len)
{
	const u8 *p;

	if (svm_has_nrip) {
		s->vmcb.rip = s->vmcb.nrip;
		s->vmcb.interrupt_shadow = 0;
		return;
	}
	p = svm_code(s);
	if (unlikely(!p || ((*(const u32 *)p ^ opcode) & mask))) {
		svm_skip_decoded(s);
		return;
	}
	s->vmcb.rip += len;
	s->vmcb.interrupt_shadow = 0;
}

#endif
