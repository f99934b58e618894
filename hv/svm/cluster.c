/* SPDX-License-Identifier: BSD-2-Clause */
/* Clusters of instructions that exit: what was learned, and the instructions behind the first. cluster.h says what must hold. */
#include "cluster.h"

#include "cpu.h"
#include "svm.h"
#include "svm_code.h"
#include "trace.h"

#define TRUST_MOST  4 /* hints in a row that count */
#define MISSES_MOST 6 /* tries in vain in a row that count: */
#define MISS_COSTS  8 /* the first takes so many hints, each further one twice as many */
#define DR7_ENABLED 0xff
#define LEFT_TO_CPU EMUL_UNHANDLEABLE

/* ---- what was learned ---- */

/* Behind the instruction at `rip` came another that exits. */
static void came_true(struct svm_cluster *c, u64 rip, bool in_trip)
{
	struct cluster_hint *h = cluster_hint(c, rip);

	if (h->rip != rip)
		*h = (struct cluster_hint){ .rip = rip };
	if (h->trust < TRUST_MOST)
		h->trust++;
	if (in_trip)
		h->misses = 0;
}

/* Behind it none came, as far as was gone. */
static void came_to_nothing(struct svm_cluster *c, u64 rip)
{
	struct cluster_hint *h = cluster_hint(c, rip);

	if (h->rip != rip)
		return;
	h->trust = (s16) - (MISS_COSTS << h->misses);
	if (h->misses < MISSES_MOST)
		h->misses++;
}

/* ---- memory, for instructions that have not exited: a device is left to the guest ---- */

static int ahead_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	struct svm_vcpu *s = ctx;

	return (int)paging_read(&s->v, va, buf, bytes, svm_data_access(s) | (for_write ? PFEC_WRITE : 0));
}

/* Within a page, and allowed, and to be emulated if it is a table's: 0. */
static int may_store(struct svm_vcpu *s, u64 va, unsigned bytes)
{
	if ((va & ~PAGE_MASK) + bytes > PAGE_SIZE)
		return SH_RETRY;
	return (int)paging_store_ahead(&s->v, va, svm_data_access(s), &s->cluster.exits);
}

static int ahead_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	struct svm_vcpu *s = ctx;
	const int r = may_store(s, va, bytes);

	return r ? r : (int)paging_write(&s->v, va, buf, bytes, PFEC_WRITE | svm_data_access(s));
}

static int ahead_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	struct svm_vcpu *s = ctx;
	const int r = may_store(s, va, bytes);

	return r ? r : (int)paging_cmpxchg(&s->v, va, old, new_, bytes, PFEC_WRITE | svm_data_access(s), done);
}

static const struct emul_ops ahead_ops = { .read = ahead_read, .write = ahead_write, .cmpxchg = ahead_cmpxchg };

/* ---- one instruction ---- */

/* The bytes at RIP, fetched as the CPU would fetch them. False: they are left to the CPU. */
static bool fetch(struct svm_vcpu *s, const struct emul_state *st, u64 bytes[2])
{
	if ((st->rip & ~PAGE_MASK) > PAGE_SIZE - FETCH_BYTES)
		return false;
	if (st->mode != EMUL_LONG && st->rip + FETCH_BYTES - 1 > s->vmcb.cs.limit)
		return false;
	return paging_read(&s->v, st->rip, bytes, FETCH_BYTES, PFEC_FETCH) == SH_FIXED;
}

/* The instruction at RIP; NULL: it is left to the CPU. What is kept was decoded from the same bytes. */
static const struct insn *decode(struct svm_vcpu *s, const struct emul_state *st)
{
	struct cluster_kept *k = &s->cluster.kept[(st->rip ^ st->rip >> 5) % CLUSTER_KEPT];
	u64 bytes[2];

	if (!fetch(s, st, bytes))
		return NULL;
	if (likely(k->bytes[0] == bytes[0] && k->bytes[1] == bytes[1] && k->mode == st->mode))
		return &k->in;
	k->mode = EMUL_REAL16;
	if (emul_decode(&k->in, (const u8 *)bytes, MAX_INSN_BYTES, st->mode) <= 0)
		return NULL;
	memcpy(k->bytes, bytes, sizeof(bytes));
	k->mode = st->mode;
	return &k->in;
}

/*
 * What emulation checks as the CPU does. MOVBE may not be there; makers of CPUs do not agree on what a prefix makes of a jump in 64-bit
 * mode. Vector registers may be off: ahead_ops has none.
 */
static bool is_known(const struct insn *in)
{
	switch (in->op) {
	case INSN_MOVBE: return false;
	case INSN_CALL:
	case INSN_JCC:
	case INSN_JMP:
	case INSN_RET: return !(in->prefix & INSN_P_OPSIZE);
	}
	return in->op <= INSN_LAST_EXECUTED;
}

static int past(const struct insn *in, struct emul_state *st)
{
	st->rip += in->len;
	if (st->mode != EMUL_LONG)
		st->rip = (u32)st->rip;
	return EMUL_DONE;
}

static int flush_page(struct svm_vcpu *s, const struct insn *in, struct emul_state *st)
{
	s->cluster.exits = s->v.hw_invlpg;
	paging_invlpg(&s->v, emul_linear(in, st));
	return past(in, st);
}

/* MOV from CR3, or to it. LOCK makes another register of it. */
static int move_cr3(struct svm_vcpu *s, const struct insn *in, struct emul_state *st)
{
	if (in->reg != 3 || in->prefix & INSN_P_LOCK)
		return LEFT_TO_CPU;
	s->cluster.exits = true;
	if (in->op == INSN_MOV_FROM_CR)
		emul_set_reg(st, in->rm, in->opsize, s->v.cr3);
	else if (!svm_guest_cr3(s, emul_reg(st, in->rm, in->opsize)))
		return LEFT_TO_CPU; /* #GP */
	return past(in, st);
}

/* Returns as emul_execute() does. Where the result is none of EMUL_DONE and EMUL_AGAIN, nothing has happened. */
static int execute(struct svm_vcpu *s, const struct insn *in, struct emul_state *st)
{
	if (in->seg >= EMUL_FS) /* live in the CPU, not in the VMCB */
		vmsave(&s->vmcb);
	switch (in->op) {
	case INSN_INVLPG: return flush_page(s, in, st);
	case INSN_MOV_FROM_CR:
	case INSN_MOV_TO_CR: return move_cr3(s, in, st);
	}
	if (!is_known(in))
		return LEFT_TO_CPU;
	return emul_execute(in, st, &ahead_ops, s);
}

/* ---- a cluster ---- */

/* Has something come up that is to be seen to before the guest's next instruction? */
static bool is_interrupted(const struct svm_vcpu *s)
{
	return s->v.request || s->vmcb.eventinj & EVENT_VALID || s->pending || s->step.wanted || s->vmcb.v_irq & 1 ||
	       s->v.domain->crashed;
}

/* 64-bit code, or flat 32-bit code that pages; of the supervisor, in whose way no debugger is. */
static bool may_begin(const struct svm_vcpu *s)
{
	if (s->vmcb.cpl || s->smp || s->vmcb.rflags & (RFLAGS_TF | RFLAGS_VM) || s->vmcb.dr7 & DR7_ENABLED || is_interrupted(s))
		return false;
	return svm_emul_mode(s) == EMUL_LONG || (svm_in_32(s) && svm_flat_32(s));
}

/* Instructions done so far behind the one that exited. */
struct run {
	u64 at;             /* the last that would have exited, or did */
	u32 nr, saved, gap; /* all; those that would have exited; those since */
	bool in_vain;       /* it ended because none was found any more */
};

/* One more is done. False: that is enough. */
static bool goes_on(struct svm_vcpu *s, struct run *run, u64 rip)
{
	struct svm_cluster *c = &s->cluster;

	run->nr++;
	if (!c->exits) {
		run->in_vain = ++run->gap > paging_cluster_gap;
		return !run->in_vain;
	}
	came_true(c, run->at, true);
	run->saved++;
	run->gap = 0;
	run->at = rip;
	return cluster_leads_on(c, rip);
}

/* The next one. False: the cluster ends, with it or before it. */
static bool next(struct svm_vcpu *s, struct run *run, struct emul_state *st)
{
	const u64 rip = st->rip;
	const struct insn *in = decode(s, st);
	int r = LEFT_TO_CPU;

	s->cluster.exits = false;
	if (likely(in))
		r = execute(s, in, st);
	if (likely(r == EMUL_DONE))
		return goes_on(s, run, rip);
	if (r == EMUL_AGAIN && emul_is_string(in)) /* a part of it is done, as much as one trip does */
		goes_on(s, run, rip);
	else
		run->in_vain = !s->cluster.exits; /* one that exits, but is not emulated, was worth the way */
	return false;
}

/* From behind the instruction at run->at on. */
static void go_on(struct svm_vcpu *s, struct run *run)
{
	const struct insn no_segment = { .seg = EMUL_DS };
	struct emul_state st;

	svm_emul_begin(s, &st, &no_segment);
	while (run->nr < paging_cluster_most && next(s, run, &st) && !is_interrupted(s))
		;
	if (run->nr)
		svm_emul_end(s, &st);
	else
		s->vmcb.rax = st.gpr[RAX]; /* of LODS's iterations before the one that faults */
}

/* Apart, because most trips that come so far have nothing to go on with. */
static __attribute__((noinline)) void do_cluster(struct svm_vcpu *s, u64 rip)
{
	struct run run = { .at = rip };

	go_on(s, &run);
	if (run.in_vain)
		came_to_nothing(&s->cluster, run.at);
	s->cluster.last = run.at;
	if (!run.nr)
		return;
	COUNT(s->v.domain, cluster);
	COUNT_ADD(s->v.domain, cluster_insns, run.nr);
	COUNT_ADD(s->v.domain, cluster_saved, run.saved);
	TRACE(&s->v, cluster, rip, run.nr, run.saved);
}

void svm_cluster(struct svm_vcpu *s, u64 rip)
{
	struct svm_cluster *c = &s->cluster;

	if (unlikely(cluster_follows(c, rip)))
		came_true(c, c->before, false);
	c->last = rip;
	if (unlikely(cluster_leads_on(c, rip)) && may_begin(s))
		do_cluster(s, rip);
}
