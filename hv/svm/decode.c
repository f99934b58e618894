/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From an exit to the instruction that caused it: fetch, decode, emulate. Exits of instructions come here by exit_insn.c, page
 * faults by svm_emulate().
 *
 * What must hold:
 *  - bytes are fetched with the rights that the guest's CPU has now, and copied before they are decoded: other vCPUs may be
 *    writing there;
 *  - RAX, RSP, RFLAGS and RIP go to the VMCB when the whole instruction has been executed, and not otherwise; a string
 *    instruction counts by its iterations;
 *  - what cannot be fetched or decoded is the fault that the guest's own CPU would have raised.
 */
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "plat.h"
#include "svm.h"
#include "svm_code.h"

/* In 64-bit mode CS has no base; in all others linear addresses have 32 bits. */
gva_t svm_linear_rip(const struct svm_vcpu *s)
{
	return likely(svm_emul_mode(s) == EMUL_LONG) ? s->vmcb.rip : (u32)(s->vmcb.cs.base + s->vmcb.rip);
}

/* The bytes at RIP, FETCH_BYTES or fewer at the end of what is mapped. Returns how many; *why and v->fault say why no more. */
static unsigned fetch(struct svm_vcpu *s, u8 *bytes, enum verdict *why)
{
	u64 va = svm_linear_rip(s);
	unsigned first = (unsigned)(PAGE_SIZE - (va & (PAGE_SIZE - 1)));
	u32 access = PFEC_FETCH | user_bit(s);

	if (likely(first >= FETCH_BYTES)) {
		*why = paging_read(&s->v, va, bytes, FETCH_BYTES, access);
		return likely(*why == SH_FIXED) ? FETCH_BYTES : 0;
	}
	*why = paging_read(&s->v, va, bytes, first, access);
	if (*why != SH_FIXED)
		return 0;
	*why = paging_read(&s->v, va + first, bytes + first, FETCH_BYTES - first, access);
	return *why == SH_FIXED ? FETCH_BYTES : first;
}

/* Fetch and decode: the instruction's length in bytes, or what emul_decode() says. *why: what became of the fetch. */
static inline __attribute__((always_inline)) int decode(struct svm_vcpu *s, struct insn *in, enum verdict *why)
{
	u8 bytes[FETCH_BYTES];

	svm_sync_nested(s);
	unsigned n = fetch(s, bytes, why);
	return n ? emul_decode(in, bytes, n > MAX_INSN_BYTES ? MAX_INSN_BYTES : n, svm_emul_mode(s)) : EMUL_TRUNCATED;
}

unsigned svm_decode(struct svm_vcpu *s, struct insn *in)
{
	enum verdict why;
	int len = decode(s, in, &why);

	return len > 0 ? (unsigned)len : 0;
}

/* The kept page of code needs no walk of the guest's tables, and cannot fault. */
unsigned svm_fetch(struct svm_vcpu *s, u8 *bytes)
{
	const u8 *p = svm_code_kept(s);
	enum verdict why;

	if (likely(p)) {
		memcpy(bytes, p, FETCH_BYTES);
		return FETCH_BYTES;
	}
	svm_sync_nested(s);
	return fetch(s, bytes, &why);
}

/* The instruction cannot be fetched or decoded: the guest sees the fault that its own CPU would have raised. */
static void undecodable(struct svm_vcpu *s, int len, enum verdict why)
{
	if (len == EMUL_TRUNCATED && why == SH_GUEST_FAULT)
		svm_inject_pf(s); /* another CPU took the page away meanwhile: fetch it again */
	else
		svm_inject_ud(s);
}

/* The kept page is forgotten when the guest leaves long mode, so that svm_known_code() need not ask for the mode. */
const u8 *svm_learn_code(struct svm_vcpu *s, bool in_32)
{
	u64 offset = s->vmcb.rip & (PAGE_SIZE - 1);

	svm_sync_nested(s);
	if (in_32 ? !svm_flat_32(s) || s->vmcb.rip >> 32 : !(s->v.efer & EFER_LMA) || !(s->vmcb.cs.attrib & SEG_L))
		return NULL;
	return offset <= PAGE_SIZE - FETCH_BYTES && paging_code_page(&s->v, s->vmcb.rip) ? s->v.code.page + offset : NULL;
}

/* The emulator looks at the VMCB's own segment registers. */
_Static_assert(sizeof(struct emul_segment) == sizeof(struct vmcb_seg) &&
		       offsetof(struct emul_segment, limit) == offsetof(struct vmcb_seg, limit) &&
		       offsetof(struct emul_segment, base) == offsetof(struct vmcb_seg, base) &&
		       offsetof(struct vmcb, gs) - offsetof(struct vmcb, es) == EMUL_GS * sizeof(struct vmcb_seg),
	       "segments in the order and form of the VMCB");

void svm_emul_begin(struct svm_vcpu *s, struct emul_state *st, const struct insn *in)
{
	struct vmcb *b = &s->vmcb;

	s->v.gpr[RAX] = b->rax;
	s->v.gpr[RSP] = b->rsp;
	st->gpr = s->v.gpr;
	st->rip = b->rip;
	st->rflags = b->rflags;
	st->mode = svm_emul_mode(s);
	st->linear_bits = s->v.cr4 & CR4_LA57 ? 57 : 48;
	/* FS and GS live in the CPU, not in the VMCB: they are fetched only for the rare instruction that wants them. */
	if (unlikely(in->seg >= EMUL_FS))
		vmsave(b);
	st->seg = (const struct emul_segment *)&b->es;
	st->ss_big = b->ss.attrib & SEG_D;
	st->rep_max = b->rflags & RFLAGS_TF ? 1 : 0; /* every iteration is a step */
}

/* The instruction is through: only now the VMCB gets what it has changed. */
void svm_emul_end(struct svm_vcpu *s, const struct emul_state *st)
{
	s->vmcb.rax = s->v.gpr[RAX];
	s->vmcb.rsp = s->v.gpr[RSP];
	s->vmcb.rflags = st->rflags;
	svm_done_at(s, st->rip);
}

/*
 * Callbacks by which the emulator reaches the guest's memory, through paging_*. A verdict other than SH_FIXED is returned as it
 * is (verdicts are positive), and v->fault tells more. domUs with one vCPU have no memory-mapped devices: where there is no
 * memory, reads give all-ones and writes go nowhere, as on a PC's bus.
 */
static int mem_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_read(&s->v, va, buf, bytes, svm_data_access(s) | (for_write ? PFEC_WRITE : 0));

	if (unlikely(r == SH_MMIO)) {
		memset(buf, 0xff, bytes);
		return SH_FIXED;
	}
	return (int)r;
}

static int mem_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_write(&s->v, va, buf, bytes, PFEC_WRITE | svm_data_access(s));

	return unlikely(r == SH_MMIO) ? SH_FIXED : (int)r;
}

static int mem_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	struct svm_vcpu *s = ctx;

	return (int)paging_cmpxchg(&s->v, va, old, new_, bytes, PFEC_WRITE | svm_data_access(s), done);
}

/* The hypervisor uses no SSE register, so the guest's are in the CPU. */
static int xmm_read(void *ctx, unsigned index, u8 value[16])
{
	xmm_get(index, value);
	return 0;
}

static int xmm_write(void *ctx, unsigned index, const u8 value[16])
{
	xmm_set(index, value);
	return 0;
}

/* Callbacks for domains with several vCPUs, which have local APICs: where there is no memory, a device is asked. */
static int mem_read_smp(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_read(&s->v, va, buf, bytes, svm_data_access(s) | (for_write ? PFEC_WRITE : 0));

	if (r != SH_MMIO)
		return (int)r;
	domu_mmio_read(s->v.owner, s->v.fault.gpa, buf, bytes);
	return SH_FIXED;
}

static int mem_write_smp(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_write(&s->v, va, buf, bytes, PFEC_WRITE | svm_data_access(s));

	if (r != SH_MMIO)
		return (int)r;
	domu_mmio_write(s->v.owner, s->v.fault.gpa, buf, bytes);
	return SH_FIXED;
}

/* A device has no other user: reading and writing is as good as an atomic access. */
static int mem_cmpxchg_smp(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	struct svm_vcpu *s = ctx;
	enum verdict r = paging_cmpxchg(&s->v, va, old, new_, bytes, PFEC_WRITE | svm_data_access(s), done);
	u8 now[16];

	if (r != SH_MMIO)
		return (int)r;
	domu_mmio_read(s->v.owner, s->v.fault.gpa, now, bytes);
	*done = !memcmp(now, old, bytes);
	if (*done)
		domu_mmio_write(s->v.owner, s->v.fault.gpa, new_, bytes);
	memcpy(old, now, bytes);
	return SH_FIXED;
}

/* Callbacks for INS and OUTS, whose port is in EXITINFO1 (APM volume 2, section 15.10.2). */
static u32 port_in(void *ctx, unsigned bytes)
{
	struct svm_vcpu *s = ctx;

	return domu_in(s->v.owner, IOIO_PORT(s->vmcb.exitinfo1), bytes);
}

static void port_out(void *ctx, unsigned bytes, u32 value)
{
	struct svm_vcpu *s = ctx;

	domu_out(s->v.owner, IOIO_PORT(s->vmcb.exitinfo1), bytes, value);
}

const struct emul_ops svm_guest_ops = {
	.read = mem_read,
	.write = mem_write,
	.cmpxchg = mem_cmpxchg,
	.xmm_read = xmm_read,
	.xmm_write = xmm_write,
	.port_in = port_in,
	.port_out = port_out,
};
const struct emul_ops svm_guest_ops_smp = {
	.read = mem_read_smp,
	.write = mem_write_smp,
	.cmpxchg = mem_cmpxchg_smp,
	.xmm_read = xmm_read,
	.xmm_write = xmm_write,
	.port_in = port_in,
	.port_out = port_out,
};

/*
 * Execute by fn. On EMUL_AGAIN the iterations of a string so far are done, and each counts as an instruction; of any other,
 * nothing is. Where a string faults those before are done, too, and all its registers but RAX have them already.
 */
static inline int execute(struct svm_vcpu *s, const struct insn *in, emul_fn_t fn)
{
	struct emul_state st;
	int r;

	svm_emul_begin(s, &st, in);
	r = fn(in, &st, s->ops, s);
	if (r == EMUL_DONE || (r == EMUL_AGAIN && emul_is_string(in)))
		svm_emul_end(s, &st);
	else if (in->op == INSN_LODS)
		s->vmcb.rax = st.gpr[RAX];
	return r;
}

/* EMUL_AGAIN has the guest execute the rest of a string instruction, or all of another, once more: it is no failure. */
enum trip svm_emulated(struct svm_vcpu *s, int r, enum trip done)
{
	switch (r) {
	case EMUL_DONE:
	case EMUL_AGAIN: return done;
	case EMUL_GP: svm_inject_gp(s); return done;
	case EMUL_SS_FAULT: svm_inject_exception(s, VECTOR_SS, true, 0); return done;
	case SH_GUEST_FAULT: svm_inject_pf(s); return TRIP_pf_guest;
	case SH_RETRY: return TRIP_pf_retry;
	}
	return svm_emulation_failed(s, done == TRIP_pf_emulate);
}

enum trip svm_emulate_insn(struct svm_vcpu *s, const struct insn *in, emul_fn_t fn, enum trip done)
{
	return svm_emulated(s, execute(s, in, fn), done);
}

/*
 * Decode a copy of the bytes in the kept page of code. Where there is none, or no instruction in it, the caller asks the guest's
 * tables.
 */
static inline int decode_kept(struct svm_vcpu *s, struct insn *in)
{
	const u8 *p = svm_code_kept(s);
	u8 bytes[FETCH_BYTES];

	if (!p)
		return EMUL_TRUNCATED;
	memcpy(bytes, p, sizeof(bytes));
	return emul_decode(in, bytes, MAX_INSN_BYTES, svm_emul_mode(s));
}

/* Without a kept page, or at its end, the bytes are fetched by a walk of the guest's tables, which may fault by now. */
enum trip svm_emulate_any(struct svm_vcpu *s, enum trip done)
{
	struct insn in;
	enum verdict why;
	int r = decode_kept(s, &in);

	if (unlikely(r <= 0))
		r = decode(s, &in, &why);
	if (unlikely(r <= 0)) {
		undecodable(s, r, why);
		return done;
	}
	r = execute(s, &in, emul_execute);
	return likely(r == EMUL_DONE) ? done : svm_emulated(s, r, done);
}

enum trip svm_emulate(struct svm_vcpu *s, enum trip done)
{
	return paging_short_ways ? svm_emulate_short(s, done) : svm_emulate_any(s, done);
}
