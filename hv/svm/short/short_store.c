/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Stores to page tables in the short forms that compilers give them, without the decoder: 64-bit code, and flat 32-bit code.
 *
 * What must hold: a store is done here only if the decoder would have done the same; what is not in
 * a short form, in other segments, or does not go through is left to it, and nothing has happened yet.
 */
#include "cpu.h"
#include "short_forms.h"
#include "svm.h"
#include "svm_code.h"

/* Offset in a segment whose base is 0. Registers' upper halves mean nothing. */
static u32 address(const struct svm_vcpu *s, const struct short_store *st)
{
	u32 va = (u32)s->v.gpr[st->base] + (u32)st->disp;

	if (st->index != SHORT_NO_INDEX)
		va += (u32)s->v.gpr[st->index] << st->scale;
	return va;
}

static bool store(struct svm_vcpu *s, const struct short_store *st, u32 va)
{
	u32 val = st->is_imm ? (u32)st->imm : (u32)s->v.gpr[st->src];

	if (paging_write(&s->v, va, &val, sizeof(val), PFEC_WRITE | svm_data_access(s)) != SH_FIXED)
		return false;
	svm_past(s, st->len);
	return true;
}

/*
 * A PAE entry is stored in two halves, most often by two instructions that follow each other: the second at p, if
 * it is the other half's, needs no trip of its own. Xen's shadow code does the same, for up to four instructions.
 */
static void store_other_half(struct svm_vcpu *s, u32 va, const u8 *p)
{
	struct short_store st;

	if (((u64)p & (PAGE_SIZE - 1)) <= PAGE_SIZE - FETCH_BYTES && short_store_32(p, &st) && address(s, &st) == va)
		store(s, &st, va);
}

static enum trip emulate_32(struct svm_vcpu *s, enum trip done)
{
	const u8 *p = svm_code(s, true);
	struct short_store st;
	u32 va;

	if (unlikely(!p || !short_store_32(p, &st) || s->vmcb.ds.base | s->vmcb.ss.base))
		return svm_emulate_any(s, done);
	s->v.gpr[RAX] = s->vmcb.rax;
	s->v.gpr[RSP] = s->vmcb.rsp;
	va = address(s, &st);
	if (unlikely(!store(s, &st, va)))
		return svm_emulate_any(s, done);
	/* Single steps end after the first; what a device has no part in is the guest's own to do. */
	if (s->v.guest_levels == 3 && done == TRIP_pf_emulate && !(s->vmcb.rflags & RFLAGS_TF))
		store_other_half(s, va ^ 4, p + st.len);
	return done;
}

enum trip svm_emulate_short(struct svm_vcpu *s, enum trip done)
{
	struct short_store st;
	const u8 *p;
	u64 va, val;

	if (svm_in_32(s))
		return emulate_32(s, done);
	p = svm_code(s, false);
	if (unlikely(!p || !short_store(p, &st)))
		return svm_emulate_any(s, done);
	s->v.gpr[RAX] = s->vmcb.rax;
	s->v.gpr[RSP] = s->vmcb.rsp;
	va = s->v.gpr[st.base] + (u64)(s64)st.disp;
	if (st.index != SHORT_NO_INDEX)
		va += s->v.gpr[st.index] << st.scale;
	val = st.is_imm ? (u64)(s64)st.imm : s->v.gpr[st.src];
	if (unlikely(paging_write(&s->v, va, &val, sizeof(val), PFEC_WRITE | svm_data_access(s)) != SH_FIXED))
		return svm_emulate_any(s, done);
	svm_past(s, st.len);
	return done;
}
