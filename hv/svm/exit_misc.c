/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's hypercalls and ports. */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "plat.h"
#include "quick.h"
#include "svm.h"
#include "svm_code.h"

enum trip exit_vmmcall(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;
	const u32 arg[4] = { (u32)v->gpr[RBX], (u32)v->gpr[RCX], (u32)v->gpr[RDX], (u32)v->gpr[RSI] };

	svm_skip_form(s, 0xd9010f, 0xffffff, 3);
	svm_sync_nested(s);
	s->vmcb.rax = domu_hypercall(v->backend, v, !s->vmcb.cpl, (u32)s->vmcb.rax, arg);
	return TRIP_hypercall;
}

#define IO_IN BIT(0)
#define IO_STRING BIT(2)
#define IO_BYTES(info) ((unsigned)((info) >> 4) & 7)
#define IO_PORT(info) ((u16)((info) >> 16))
#define STRING_MAX 64

/* One element of INS or OUTS. Where memory faults, nothing has happened but the elements before it. */
static enum verdict string_element(struct svm_vcpu *s, const struct insn *in, struct emul_state *st, u16 port)
{
	const bool ins = in->op == INSN_INS;
	const unsigned reg = ins ? RDI : RSI;
	const u32 user = s->vmcb.cpl == 3 ? BIT(2) : 0;
	u64 offset = emul_reg(st, reg, in->adsize);
	u64 base = st->mode != EMUL_LONG || in->seg >= EMUL_FS ? st->seg[ins ? EMUL_ES : in->seg].base : 0;
	u64 va = st->mode == EMUL_LONG ? base + offset : (u32)(base + offset);
	u32 val = 0;
	enum verdict r;

	if (ins) {
		/* The device's byte is gone once it was read: see first that there is a place for it. */
		r = paging_read(&s->v, va, &val, in->opsize, BIT(1) | user);
		if (r == SH_GUEST_FAULT)
			return r;
		val = domu_in(s->v.backend, port, in->opsize);
		r = paging_write(&s->v, va, &val, in->opsize, BIT(1) | user);
	} else {
		r = paging_read(&s->v, va, &val, in->opsize, user);
		if (r == SH_FIXED)
			domu_out(s->v.backend, port, in->opsize, val);
	}
	if (r == SH_GUEST_FAULT)
		return r;
	offset += st->rflags & BIT(10) ? -(u64)in->opsize : in->opsize;
	emul_set_reg(st, reg, in->adsize, offset);
	return SH_FIXED;
}

static void string_io(struct svm_vcpu *s, u16 port)
{
	struct emul_state st;
	struct insn in;
	bool rep;

	if (!svm_decode(s, &in))
		return;
	svm_emul_begin(s, &st);
	rep = in.prefix & (INSN_P_REP | INSN_P_REPNE);
	for (unsigned i = 0; i < STRING_MAX; i++) {
		u64 count = emul_reg(&st, RCX, in.adsize);
		if (rep && !count)
			break;
		if (string_element(s, &in, &st, port) == SH_GUEST_FAULT) {
			svm_emul_end(s, &st);
			svm_inject_pf(s);
			return;
		}
		if (!rep)
			break;
		emul_set_reg(&st, RCX, in.adsize, count - 1);
	}
	if (!rep || !emul_reg(&st, RCX, in.adsize))
		st.rip += in.len;
	svm_emul_end(s, &st);
}

enum trip exit_io(struct svm_vcpu *s)
{
	struct domu_vcpu *c = s->v.backend;
	u64 info = s->vmcb.exitinfo1;
	u16 port = IO_PORT(info);
	unsigned bytes = IO_BYTES(info);

	s->v.attention = 1; /* a device may want an interrupt now, or the domain to end */
	if (unlikely(info & IO_STRING)) {
		string_io(s, port);
		return TRIP_io;
	}
	if (info & IO_IN) {
		u32 val = domu_in(c, port, bytes);
		if (bytes == 4)
			s->vmcb.rax = val;
		else
			memcpy(&s->vmcb.rax, &val, bytes);
	} else {
		domu_out(c, port, bytes, (u32)s->vmcb.rax);
	}
	s->vmcb.rip = s->vmcb.exitinfo2;
	s->vmcb.interrupt_shadow = 0;
	return TRIP_io;
}
