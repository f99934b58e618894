/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Single steps, by which the guest itself executes what no emulation knows: wanted by an exit's handler, begun before the next
 * entry, ended by the exit after that. step.h says what must hold.
 */
#include "step.h"

#include "prepare_entry.h"
#include "cpu.h"
#include "lib.h"
#include "pcpu.h"
#include "plat.h"
#include "trip_end.h"
#include "svm.h"
#include "svm_code.h"

/*
 * Steps that end at a page which was not lent yet, one after the other: more than an instruction and its event's frame can touch.
 */
#define STEP_TRIES 64

/* Faults and traps that instructions raise; what the machine itself raises, the guest's own intercepts are for. */
#define STEP_EXCEPTIONS                                                                                                          \
	(BIT(0) | BIT(VECTOR_DB) | BIT(4) | BIT(5) | BIT(VECTOR_UD) | BIT(7) | BIT(10) | BIT(11) | BIT(12) | BIT(VECTOR_GP) |    \
	 BIT(VECTOR_PF) | BIT(16) | BIT(17) | BIT(19))
#define WITH_ERROR (BIT(8) | BIT(10) | BIT(11) | BIT(12) | BIT(VECTOR_GP) | BIT(VECTOR_PF) | BIT(17))

/* ---- wanted ---- */

/* What another instruction or event has met is forgotten: RIP or the kind of step is another. */
static void begin_anew(struct svm_step *t, enum svm_step_kind kind, u64 rip)
{
	t->kind = kind;
	t->rip = rip;
	t->tries = t->seen = t->lent = 0;
}

/* Was the instruction, or the event's delivery, stopped at this page before? The last LEND_MOST pages are remembered. */
static bool seen(struct svm_step *t, u64 page)
{
	for (u32 i = 0; i < LEND_MOST && i < t->seen; i++)
		if (t->page[i] == page)
			return true;
	t->page[t->seen % LEND_MOST] = page;
	t->seen = t->seen < 2 * LEND_MOST - 1 ? t->seen + 1 : LEND_MOST;
	return false;
}

/* The next step is lent the page at `at` for this access, too; the oldest makes room. */
static void add(struct svm_step *t, u64 at, u32 access)
{
	for (u32 i = 0; i < t->lent; i++)
		if (t->lend[i].at == at) {
			t->lend[i].access |= access;
			return;
		}
	if (t->lent == LEND_MOST) {
		memmove(t->lend, t->lend + 1, (LEND_MOST - 1) * sizeof(t->lend[0]));
		t->lent--;
	}
	t->lend[t->lent++] = (struct lend){ at, access };
}

/*
 * A guest table loses its shadows at first: that is enough where the page is no table any more. If the guest comes back to the
 * page and RIP is the same, or no table stands in the way, it is to make a step.
 */
static enum trip unshadow_or_step(struct svm_vcpu *s, enum svm_step_kind kind, bool table)
{
	struct svm_step *t = &s->step;
	const u64 at = s->vmcb.exitinfo2 & PAGE_MASK;

	if (t->kind != kind || t->rip != s->vmcb.rip)
		begin_anew(t, kind, s->vmcb.rip);
	if (!seen(t, at) && table && paging_unshadow(&s->v, s->v.fault.gpa))
		return TRIP_pf_unshadow;
	if (++t->tries > STEP_TRIES) {
		plat_domain_crash(s->v.domain, "the instruction at rip %lx gets nowhere, at %lx", s->vmcb.rip, s->vmcb.exitinfo2);
		return TRIP_pf_crash;
	}
	add(t, at, (u32)s->vmcb.exitinfo1 & (PFEC_WRITE | PFEC_USER));
	t->wanted = kind;
	s->v.request = 1;
	return TRIP_step;
}

enum trip svm_emulation_failed(struct svm_vcpu *s, bool table)
{
	return unshadow_or_step(s, STEP_INSN, table);
}

/* The event is kept for the beginning of the step: what is pending is injected or dropped before that (svm_prepare_entry). */
enum trip svm_delivery_failed(struct svm_vcpu *s, bool table)
{
	s->step.event = (u64)s->pending_error << 32 | s->pending;
	return unshadow_or_step(s, STEP_EVENT, table);
}

/* ---- begun ---- */

/* Hardware pushes the address behind such an instruction: by NextRIP, or, where it has none, by RIP. */
static bool inject_soft(struct svm_vcpu *s, u64 event)
{
	struct insn in;

	if (!svm_decode(s, &in))
		return false;
	s->vmcb.eventinj = event;
	s->vmcb.rip += in.len;
	s->vmcb.nrip = s->vmcb.rip;
	return true;
}

/* POPF and IRET load RFLAGS, and so bring a TF of their own, which disarm() must leave alone. */
static bool prepare_insn(struct svm_vcpu *s)
{
	struct insn in;

	if (!svm_decode(s, &in))
		return false;
	s->step.pops_flags = in.op == INSN_POPF || in.op == INSN_IRET;
	return true;
}

/* Is all as the step needs it? An event must be the one that is injected, and an instruction must have none before it. */
static bool prepare(struct svm_vcpu *s, enum svm_step_kind kind)
{
	const bool injected = s->vmcb.eventinj & EVENT_VALID;

	if (kind == STEP_EVENT && !vmcb_event_is_soft(s->step.event))
		return injected;
	if (injected)
		return false;
	return kind == STEP_EVENT ? inject_soft(s, s->step.event) : prepare_insn(s);
}

/* The vCPU enters for one step: exceptions exit, and RFLAGS.TF or a waiting interrupt ends it. */
static void arm(struct svm_vcpu *s, enum svm_step_kind kind)
{
	struct svm_step *t = &s->step;
	struct vmcb *b = &s->vmcb;

	t->on = kind;
	t->rflags = b->rflags;
	t->dr6 = b->dr6;
	t->exceptions = b->exceptions;
	t->quick = s->quick;
	b->exceptions |= STEP_EXCEPTIONS;
	s->quick = false;
	b->quick = svm_quick_none(s);
	s->deferred = svm_step_exit;
	if (kind == STEP_INSN) {
		b->rflags |= RFLAGS_TF;
		b->dr6 &= ~(u64)DR6_BS;
	} else {
		apic_send_kick(this_pcpu());
	}
	b->clean &= ~(u32)(CLEAN_INTERCEPTS | CLEAN_DRX);
}

/* The step cannot begin: a soft interrupt's instruction is where RIP points again. Always false. */
static bool not_begun(struct svm_vcpu *s)
{
	if (s->step.kind == STEP_EVENT && vmcb_event_is_soft(s->step.event)) {
		s->vmcb.eventinj = 0;
		s->vmcb.rip = s->step.rip;
	}
	return false;
}

/*
 * Pages are lent last, because all before may turn out to be no step; what they change in hardware is settled before the entry, and
 * so is what has changed where some were lent in vain, because the guest maps another no more.
 */
bool svm_step_begin(struct svm_vcpu *s)
{
	struct svm_step *t = &s->step;
	const enum svm_step_kind kind = t->wanted;
	enum verdict r;

	t->wanted = STEP_NONE;
	if (!prepare(s, kind))
		return false;
	r = paging_lend(&s->v, t->lend, t->lent);
	if (r == SH_OOM)
		plat_domain_crash(s->v.domain, "there are no pages for the tables of a single step");
	else
		svm_settle(s);
	paging_trip_over(&s->v);
	if (r != SH_FIXED) /* the guest will see why */
		return not_begun(s);
	arm(s, kind);
	return true;
}

/* ---- ended ---- */

/* The step is over: all that arm() changed is the guest's own again. */
static void disarm(struct svm_vcpu *s)
{
	struct svm_step *t = &s->step;
	struct vmcb *b = &s->vmcb;
	const bool popped = t->pops_flags && b->rip != t->rip;

	b->exceptions = t->exceptions;
	s->quick = t->quick;
	b->quick = s->quick ? svm_quick_table(s) : svm_quick_none(s);
	b->clean &= ~(u32)(CLEAN_INTERCEPTS | CLEAN_DRX);
	if (t->on == STEP_INSN && !popped)
		b->rflags = (b->rflags & ~(u64)RFLAGS_TF) | (t->rflags & RFLAGS_TF);
	paging_lend_end(&s->v);
}

/* The guest's own debug events at that instruction: its TF, and data breakpoints that it has enabled. */
static void debug_events(struct svm_vcpu *s)
{
	struct vmcb *b = &s->vmcb;
	const u64 own = s->step.rflags & RFLAGS_TF ? DR6_BS : 0;
	u64 hits = 0;

	for (u32 i = 0; i < 4; i++)
		if (b->dr6 & BIT(i) && b->dr7 >> 2 * i & 3)
			hits |= BIT(i);
	vmcb_set_dr(b, s->step.dr6, b->dr7);
	if (!(own | hits))
		return;
	vmcb_set_dr(b, (s->step.dr6 & ~0xfull) | hits | own, b->dr7 & ~DR7_GD); /* as delivery by hardware does */
	svm_inject_exception(s, VECTOR_DB, false, 0);
}

/* The exception is the guest's own: it is injected as hardware would have delivered it. */
static void reflect(struct svm_vcpu *s, unsigned vector)
{
	if (vector == VECTOR_PF)
		vmcb_set_cr2(&s->vmcb, s->vmcb.exitinfo2);
	svm_inject_exception(s, vector, BIT(vector) & WITH_ERROR, (u32)s->vmcb.exitinfo1);
}

/* The step has done what it was for: the instruction, or the event's delivery, is through. */
static enum trip done(struct svm_vcpu *s)
{
	s->step.tries = s->step.lent = 0;
	return TRIP_step;
}

/* An exception has ended the step: #DB is the step's own end, others are the guest's. */
static enum trip exception(struct svm_vcpu *s, enum svm_step_kind was, unsigned vector)
{
	if (was == STEP_INSN && vector == VECTOR_DB && s->vmcb.dr6 & DR6_BS) {
		debug_events(s);
		return done(s);
	}
	if (s->vmcb.exceptions & BIT(vector))
		return svm_exit_handler(s)(s);
	if (vector != VECTOR_DB)
		s->vmcb.dr6 = s->step.dr6;
	reflect(s, vector);
	return TRIP_step;
}

/*
 * The exit that ends a step, whatever it is for. All is the guest's own again before the exit's handler sees it; a soft interrupt
 * that was cut short is executed anew, so RIP goes back to its instruction.
 */
enum trip svm_step_exit(struct svm_vcpu *s)
{
	struct svm_step *t = &s->step;
	const enum svm_step_kind was = t->on;
	const u32 vector = (u32)s->vmcb.exitcode - VMEXIT_EXCP0;

	s->v.bytes = 0;
	disarm(s);
	t->on = STEP_NONE;
	if (vmcb_event_cut(&s->vmcb)) {
		svm_save_cut_event(s);
		if (was == STEP_EVENT && vmcb_event_is_soft(t->event))
			s->vmcb.rip = t->rip;
	}
	if (vector < 32)
		return exception(s, was, vector);
	if ((u32)s->vmcb.exitcode != VMEXIT_NPF) /* an event's frame is written, or the step was none of the guest's to end */
		done(s);
	return svm_exit_handler(s)(s);
}
