/* SPDX-License-Identifier: BSD-2-Clause */
/* A domU's CPUID, MSRs and ports. */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "plat.h"
#include "quick.h"
#include "svm.h"
#include "svm_code.h"

/* Linux reads these on AMD CPUs without asking whether they exist: zero, as on a part without the feature. */
static const u32 zero_msrs[] = { 0x8b /* patch level */, 0xc0010010 /* SYSCFG */, 0xc0010015 /* HWCR */,
				 0xc001001f /* NB_CFG */, 0xc0011029 /* DE_CFG */, 0xc001102c, 0xc0010117,
				 MSR_VM_CR, 0xc0011005, 0xc0011023, 0x179 /* MCG_CAP */, 0xc0000104 /* TSC_RATIO */,
				 0xc0010055, 0xc0010058, 0xc0010112, 0xc0010131 /* SEV_STATUS */, 0xc0011020 /* LS_CFG */ };

static bool is_zero_msr(u32 msr)
{
	for (size_t i = 0; i < ARRAY_SIZE(zero_msrs); i++)
		if (zero_msrs[i] == msr)
			return true;
	return false;
}

/* The local APIC is where a reset puts it, and stays there. */
#define APIC_BASE(s) (LAPIC_BASE | BIT(11) | ((s)->v.id ? 0 : BIT(8)))

static bool read_msr(struct svm_vcpu *s, u32 msr, u64 *val)
{
	switch (msr) {
	case MSR_TSC:
		*val = rdtsc() + s->vmcb.tsc_offset;
		return true;
	case MSR_EFER:
		*val = s->v.efer;
		return true;
	case MSR_PAT:
		*val = s->pat;
		return true;
	case MSR_TSC_AUX:
		*val = s->tsc_aux;
		return true;
	case MSR_APIC_BASE:
		*val = s->smp ? APIC_BASE(s) : 0;
		return true;
	case MSR_MTRR_CAP:
		*val = 0;
		return true;
	}
	*val = 0;
	return is_zero_msr(msr);
}

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	switch (msr) {
	case MSR_TSC:
		s->vmcb.tsc_offset = val - rdtsc();
		s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
		return true;
	case MSR_EFER:
		return svm_write_efer(s, val);
	case MSR_PAT:
		s->pat = val;
		return true;
	case MSR_TSC_AUX:
		s->tsc_aux = val;
		wrmsr(MSR_TSC_AUX, val);
		return true;
	case MSR_APIC_BASE:
		return s->smp && val == APIC_BASE(s);
	}
	return is_zero_msr(msr);
}

enum trip exit_msr(struct svm_vcpu *s)
{
	u32 msr = (u32)s->v.gpr[RCX];
	bool is_write = s->vmcb.exitinfo1 & 1, ok;
	u64 val = 0;

	s->vmcb.exitinfo1 = msr; /* for the trace */
	svm_sync_nested(s);
	if (is_write) {
		ok = write_msr(s, msr, s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax);
	} else {
		ok = read_msr(s, msr, &val);
		if (ok) {
			s->vmcb.rax = (u32)val;
			s->v.gpr[RDX] = val >> 32;
		}
	}
	if (ok)
		svm_skip_form(s, is_write ? 0x300f : 0x320f, 0xffff, 2);
	else
		svm_inject_gp(s);
	return msr == MSR_EFER && is_write ? TRIP_efer : TRIP_msr;
}

/*
 * What this virtual CPU is: the host's, less what we do not virtualise: SVM, the
 * APIC (of a single CPU), MTRRs, machine checks, MONITOR, 1 GiB pages, PCID, more than one thread.
 */
#define CPUID_APIC BIT(9)
static struct cpuid filter(struct svm_vcpu *s, u32 leaf, struct cpuid r)
{
	switch (leaf) {
	case 1:
		r.ebx &= 0x0000ffff; /* one logical CPU a package */
		r.ebx |= s->v.id << 24 | 1 << 16;
		r.ecx &= ~(u32)(BIT(3) | BIT(5) | BIT(17) | BIT(21) | BIT(24) | BIT(27));
		r.ecx |= BIT(31) | (s->vmcb.cr4 & CR4_OSXSAVE ? BIT(27) : 0);
		r.edx &= ~(u32)(BIT(7) | (s->smp ? 0 : CPUID_APIC) | BIT(12) | BIT(14) | BIT(28));
		break;
	case 7:
		r.ecx &= ~(u32)(BIT(3) | BIT(4) | BIT(22)); /* PKU, OSPKE, RDPID */
		break;
	case 0xa:
	case 0xb:
	case 0x8000000a:
	case 0x8000001e:
		return (struct cpuid){ 0, 0, 0, 0 };
	case 0x80000001:
		r.ecx &= ~(u32)(BIT(1) | BIT(2) | BIT(3) | BIT(10) | BIT(12) | BIT(22) | BIT(23) | BIT(24));
		r.edx &= ~(u32)(BIT(7) | (s->smp ? 0 : CPUID_APIC) | BIT(12) | BIT(14) | BIT(26));
		break;
	case 0x80000008:
		r.eax = (r.eax & ~0xffu) | 40;
		r.ecx = 0;
		break;
	case PN_CPUID_BASE:
		return (struct cpuid){ PN_CPUID_BASE + 1, PN_CPUID_EBX, PN_CPUID_ECX, PN_CPUID_EDX };
	case PN_CPUID_BASE + 1:
		return (struct cpuid){ PN_HYPERCALL_VERSION, 0, 0, 0 };
	}
	return r;
}

/*
 * Leaves without subleaves that never change: their last answer is kept, because hardware's is costly. (Leaf 1
 * shows CR4.OSXSAVE, which guests change without an exit.)
 */
static bool cpuid_is_constant(u32 leaf)
{
	return leaf == 0 || leaf - PN_CPUID_BASE < 2 || leaf - 0x80000000 <= 8;
}

enum trip exit_cpuid(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;
	u32 leaf = (u32)s->vmcb.rax, subleaf = (u32)v->gpr[RCX];
	struct cpuid r = filter(s, leaf, cpuid(leaf, subleaf));

	if (cpuid_is_constant(leaf)) {
		s->cpuid.leaf = leaf;
		s->cpuid.answer = r;
	}
	s->vmcb.exitinfo1 = leaf; /* for the trace */
	s->vmcb.rax = r.eax;
	v->gpr[RBX] = r.ebx;
	v->gpr[RCX] = r.ecx;
	v->gpr[RDX] = r.edx;
	svm_skip_form(s, 0xa20f, 0xffff, 2);
	return TRIP_cpuid;
}

void svm_learn_cpuid(struct svm_vcpu *s)
{
	s->cpuid.leaf = PN_CPUID_BASE;
	s->cpuid.answer = filter(s, PN_CPUID_BASE, cpuid(PN_CPUID_BASE, 0));
}

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
	u64 base = st->mode != EMUL_LONG || in->seg >= EMUL_FS ? st->seg_base[ins ? EMUL_ES : in->seg] : 0;
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
