/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to the instruction that caused it: fetch, decode, skip, emulate.
 * QEMU offers no NRIP save, so lengths come from our decoder; hardware that
 * offers it is believed.
 */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "plat.h"
#include "svm.h"

#define PFEC_FETCH BIT(4)
#define PFEC_WRITE BIT(1)
#define PFEC_USER BIT(2)
#define SEG_D BIT(10)
#define SEG_L BIT(9)
#define MAX_INSN 15

enum emul_mode svm_emul_mode(const struct svm_vcpu *s)
{
	if ((s->v.efer & EFER_LMA) && (s->vmcb.cs.attrib & SEG_L))
		return EMUL_LONG;
	if (!(s->v.cr0 & CR0_PE) || (s->vmcb.rflags & BIT(17)))
		return EMUL_REAL16;
	return s->vmcb.cs.attrib & SEG_D ? EMUL_PROT32 : EMUL_PROT16;
}

static u64 linear_rip(const struct svm_vcpu *s, enum emul_mode mode)
{
	if (likely(mode == EMUL_LONG))
		return s->vmcb.rip;
	return (u32)(s->vmcb.cs.base + s->vmcb.rip);
}

static u32 user_bit(const struct svm_vcpu *s)
{
	return s->vmcb.cpl == 3 ? PFEC_USER : 0;
}

/* Who accesses data, for paging_read and its kin. */
static u32 data_access(const struct svm_vcpu *s)
{
	if (s->vmcb.cpl == 3)
		return PFEC_USER;
	return unlikely(s->v.cr4 & CR4_SMAP) && !(s->vmcb.rflags & RFLAGS_AC) ? PFEC_SMAP : 0;
}

/* Up to MAX_INSN bytes at RIP; fewer at the end of what is mapped. A fault is left in v->fault. */
static unsigned fetch(struct svm_vcpu *s, enum emul_mode mode, u8 *bytes, enum verdict *why)
{
	u64 va = linear_rip(s, mode);
	unsigned first = (unsigned)(PAGE_SIZE - (va & (PAGE_SIZE - 1)));

	if (first > MAX_INSN)
		first = MAX_INSN;
	*why = paging_read(&s->v, va, bytes, first, PFEC_FETCH | user_bit(s));
	if (unlikely(*why != SH_FIXED))
		return 0;
	if (likely(first == MAX_INSN))
		return first;
	*why = paging_read(&s->v, va + first, bytes + first, MAX_INSN - first, PFEC_FETCH | user_bit(s));
	return *why == SH_FIXED ? MAX_INSN : first;
}

unsigned svm_decode(struct svm_vcpu *s, struct insn *in)
{
	svm_sync_nested(s);
	enum emul_mode mode = svm_emul_mode(s);
	enum verdict why;
	u8 bytes[MAX_INSN];
	unsigned n = fetch(s, mode, bytes, &why);
	int len = n ? emul_decode(in, bytes, n, mode) : EMUL_TRUNCATED;

	if (likely(len > 0))
		return (unsigned)len;
	if (len == EMUL_TRUNCATED && why == SH_GUEST_FAULT)
		svm_inject_pf(s); /* another CPU took the page away meanwhile: fetch it again */
	else
		svm_inject_ud(s);
	return 0;
}

void svm_skip(struct svm_vcpu *s)
{
	struct insn in;
	unsigned len;

	s->vmcb.interrupt_shadow = 0;
	if (svm_has_nrip) {
		s->vmcb.rip = s->vmcb.nrip;
		return;
	}
	len = svm_decode(s, &in);
	s->vmcb.rip += len;
}

void svm_emul_begin(struct svm_vcpu *s, struct emul_state *st)
{
	struct vmcb *b = &s->vmcb;

	s->v.gpr[RAX] = b->rax;
	s->v.gpr[RSP] = b->rsp;
	st->gpr = s->v.gpr;
	st->rip = b->rip;
	st->rflags = b->rflags;
	st->mode = svm_emul_mode(s);
	st->seg_base[EMUL_ES] = b->es.base;
	st->seg_base[EMUL_CS] = b->cs.base;
	st->seg_base[EMUL_SS] = b->ss.base;
	st->seg_base[EMUL_DS] = b->ds.base;
	/* FS and GS live in the CPU, not in the VMCB: fetch them only for the rare instruction that wants them. */
	st->ss_big = b->ss.attrib & SEG_D;
	st->rep_max = 0;
}

void svm_emul_end(struct svm_vcpu *s, const struct emul_state *st)
{
	s->vmcb.rax = s->v.gpr[RAX];
	s->vmcb.rsp = s->v.gpr[RSP];
	s->vmcb.rip = st->rip;
	s->vmcb.rflags = st->rflags;
	s->vmcb.interrupt_shadow = 0;
}

/*
 * The emulator's memory is the guest's, by paging_*. A verdict other than
 * SH_FIXED comes back as itself (they are positive), and v->fault tells more.
 * domUs have no memory-mapped devices: where there is no memory, reads give
 * all-ones and writes go nowhere, as on a PC's bus.
 */
static int mem_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_read(&s->v, va, buf, bytes, data_access(s) | (for_write ? PFEC_WRITE : 0));

	if (unlikely(r == SH_MMIO)) {
		memset(buf, 0xff, bytes);
		return SH_FIXED;
	}
	return (int)r;
}

static int mem_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_write(&s->v, va, buf, bytes, PFEC_WRITE | data_access(s));

	return unlikely(r == SH_MMIO) ? SH_FIXED : (int)r;
}

static int mem_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	struct svm_vcpu *s = ctx;

	return (int)paging_cmpxchg(&s->v, va, old, new_, bytes, PFEC_WRITE | data_access(s), done);
}

/* The hypervisor uses no SSE register, so the guest's are in the CPU. */
static int xmm_read(void *ctx, unsigned index, u8 value[16])
{
	switch (index) {
#define X(n) case n: asm volatile("movups %%xmm" #n ", %0" : "=m"(*(u8(*)[16])value)); break;
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#undef X
	}
	return 0;
}

static int xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	switch (index) {
#define X(n) case n: asm volatile("movups %0, %%xmm" #n : : "m"(*(const u8(*)[16])value)); break;
	X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#undef X
	}
	return 0;
}

static const struct emul_ops guest_ops = {
	.read = mem_read, .write = mem_write, .cmpxchg = mem_cmpxchg, .xmm_read = xmm_read, .xmm_write = xmm_write,
};

static void fs_gs_bases(struct svm_vcpu *s, struct emul_state *st)
{
	asm volatile("vmsave %0" : : "a"(&s->vmcb) : "memory");
	st->seg_base[EMUL_FS] = s->vmcb.fs.base;
	st->seg_base[EMUL_GS] = s->vmcb.gs.base;
}

/* No emulation knows it: a page table loses its shadows and the guest writes it itself; a device has no such way out. */
static enum trip unhandled(struct svm_vcpu *s, enum trip done)
{
	if (done == TRIP_pf_emulate) {
		paging_unshadow(&s->v, s->v.fault.gpa);
		return TRIP_pf_unshadow;
	}
	plat_domain_crash(s->v.domain, "the instruction at rip %llx accesses no memory at gpa %llx and is not known",
			  (unsigned long long)s->vmcb.rip, (unsigned long long)s->v.fault.gpa);
	return TRIP_pf_crash;
}

enum trip svm_emulate(struct svm_vcpu *s, enum trip done)
{
	struct emul_state st;
	struct insn in;
	int r;

	if (!svm_decode(s, &in))
		return done;
	svm_emul_begin(s, &st);
	if (unlikely(in.seg >= EMUL_FS))
		fs_gs_bases(s, &st);
	r = emul_execute(&in, &st, &guest_ops, s);
	switch (r) {
	case EMUL_DONE:
	case EMUL_AGAIN:
		svm_emul_end(s, &st);
		return done;
	case EMUL_GP:
		svm_inject_gp(s);
		return done;
	case SH_GUEST_FAULT:
		svm_inject_pf(s);
		return TRIP_pf_guest;
	case SH_RETRY:
		return TRIP_pf_retry;
	}
	return unhandled(s, done);
}
