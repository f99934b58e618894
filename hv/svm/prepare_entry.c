/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Work before VM entry that somebody has requested: an event that an exit cut short, the PC's interrupts, a pause, the domain's
 * end, a single step.
 *
 * Here, and nowhere else, a domain stands until dom0 has read its lossless trace: the trip is over and in the books, and what this
 * function itself traces still has room.
 *
 * What must hold: an event that was cut short goes before an interrupt, and an interrupt is injected only where the guest's own
 * CPU would take it: RFLAGS.IF is set, no interrupt shadow is on, and nothing else is injected (APM volume 2, sections 15.20 and
 * 15.21).
 */
#include "prepare_entry.h"

#include "cpu.h"
#include "domu.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"
#include "trip_end.h"

/* Deliver the event again that an exit cut short, unless the handler has put something in its place. */
static void redeliver(struct svm_vcpu *s)
{
	u64 event = s->pending;

	s->pending = 0;
	if (!event || (s->vmcb.eventinj & EVENT_VALID))
		return;
	if (vmcb_event_is_soft(event)) /* INT n, INT3 and INTO execute again */
		return;
	s->vmcb.eventinj = (u64)s->pending_error << 32 | event;
}

/* Would the guest's CPU take an interrupt before its next instruction? */
static bool can_take_irq(const struct svm_vcpu *s)
{
	return (s->vmcb.rflags & RFLAGS_IF) && !(s->vmcb.interrupt_shadow & 1) && !(s->vmcb.eventinj & EVENT_VALID);
}

/* Inject the interrupt that the PC's controllers have, or have the guest exit as soon as it can take it. */
static void deliver_irq(struct svm_vcpu *s, struct domu_vcpu *c)
{
	if (!domu_irq_pending(c)) {
		if (s->vmcb.v_irq & 1)
			vmcb_set_irq_window(&s->vmcb, false);
		return;
	}
	if (!can_take_irq(s)) {
		vmcb_set_irq_window(&s->vmcb, true);
		return;
	}
	unsigned vector = domu_irq_ack(c);
	s->vmcb.eventinj = EVENT_VALID | EVENT_INTR | vector;
	TRACE(&s->v, irq, vector);
	vmcb_set_irq_window(&s->vmcb, domu_irq_pending(c));
}

/*
 * QEMU's TCG delivers an injected interrupt at VMRUN and keeps it in mind until the next #VMEXIT or
 * exception: if it gives another pCPU the turn before, it delivers it once more. An interrupt of ours that waits at VMRUN makes
 * a #VMEXIT the first thing after the delivery.
 */
void svm_hold_delivery(const struct svm_vcpu *s)
{
	u64 event = s->vmcb.eventinj;

	if (event & EVENT_VALID && !EVENT_TYPE(event) && svm_delivers_twice)
		apic_send_kick(this_pcpu());
}

/*
 * Paging may go over to the other kind here: between two trips, with no step wanted, for which it has pages lent, and while no other
 * vCPU is in the guest. Domains of several vCPUs stay as they are.
 */
static void choose_paging(struct svm_vcpu *s)
{
	if (s->smp || s->step.wanted)
		return;
	svm_sync_nested(s);
	if (!paging_decide(&s->v))
		return;
	svm_intercept_paging(s);
	svm_cpuid_follow_cr4(s, s->v.cr4);
	if (s->v.hw_dirty)
		svm_settle(s);
}

/*
 * QEMU before version 8 translates CMPXCHG8B and CMPXCHG16B so that all flags but ZF may be any number until an instruction sets
 * them. A #VMEXIT in between saves that number as RFLAGS and VMRUN loads it: interrupts may be on where the guest has them
 * off, and which bits were true cannot be told. Bits that no CPU has stay set, by which it is seen, before the guest goes wrong
 * as if by itself.
 */
static void refuse_flags(struct svm_vcpu *s)
{
	plat_domain_crash(
		s->v.domain,
		"RFLAGS is %lx, as on no CPU: QEMU before 8.0 does so at CMPXCHG8B and 16B. Run it again, or on a later one",
		s->vmcb.rflags);
}

bool svm_prepare_entry(struct svm_vcpu *s)
{
	struct domu_vcpu *c = s->v.owner;

	s->v.request = 0;
	redeliver(s);
	if (!c) /* dom0, whose interrupts are its own */
		return true;
	if (paging_switches)
		choose_paging(s);
	if (trace_is_short(&s->v))
		domu_stand_for_trace(c);
	if (svm_has_stood(s))
		svm_hide_stand(s);
	domu_poll(c);
	if (unlikely(s->vmcb.rflags & RFLAGS_MBZ))
		refuse_flags(s);
	if (domu_must_stop(c)) {
		s->step.wanted = STEP_NONE;
		return false;
	}
	deliver_irq(s, c);
	if (s->smp) { /* svm_enter_smp() begins the step, when no other vCPU is in the guest */
		if (unlikely(s->step.wanted))
			__atomic_store_n(&s->flush_wanted, 1, __ATOMIC_SEQ_CST);
		return true;
	}
	svm_hold_delivery(s);
	return likely(!s->step.wanted) || svm_step_begin(s) || !domu_must_stop(c);
}
