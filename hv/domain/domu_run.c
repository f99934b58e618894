/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The life of a domU from its own pCPUs' side: ports, time, HLT, the end. Of a domain with
 * several vCPUs all this is done with its lock held; vcpus.c has what only they need.
 */
#include "domu.h"

#include "cpu.h"
#include "lib.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define LET_MS              10 /* of TSC time between two times that a busy guest lets other pCPUs run */
#define SMP_LET_MS          1  /* the same where vCPUs wait for each other */
#define LET_PAUSES          16
#define CONSOLE_PORT        0x3f8
#define CONSOLE_US_PER_BYTE 16
#define CONSOLE_BURST       32768ull /* bytes */

void domu_set_state(struct domu_vcpu *c, enum pn_state state)
{
	u32 old = READ_ONCE(c->u->d.state);

	/* Another pCPU may have found it at fault meanwhile: that is an end. */
	do {
		if (old == PN_CRASHED)
			return;
	} while (!__atomic_compare_exchange_n(&c->u->d.state, &old, state, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST));
	TRACE(c->v, domain_state, state, c->u->d.exit_code);
}

void domu_end(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		if (!d->vcpu[i])
			continue;
		d->vcpu[i]->request = 1;
		if (d->nr_vcpus > 1)
			vcpus_poke(d->vcpu[i]->owner);
	}
}

/* The last of its vCPUs to stop is the domain's stop. */
void domu_stopped(struct domu_vcpu *c)
{
	struct domu *u = c->u;

	life_stops(c);
	quiet_abort(u);
	apic_timer_at(~0ull);
	c->timer = ~0ull;
	if (__atomic_add_fetch(&u->stopped, 1, __ATOMIC_SEQ_CST) < u->d.nr_vcpus)
		return;
	u->ran += domu_now(u) - u->started;
	if (u->d.state == PN_RUNNING)
		domu_set_state(c, PN_PAUSED);
}

void domu_starts(struct domu_vcpu *c)
{
	struct domu *u = c->u;

	if (c == &u->vcpu[0])
		life_starts(c);
	if (c->has_run)
		return;
	c->has_run = true;
	if (!u->born) {
		u->born = domu_now(u);
		vdev_begin(&u->vdev, u->born);
	}
	backend_set_tsc(c->v, u->born);
}

static void run_one(struct domu_vcpu *c)
{
	c->v->request = 1;
	domu_starts(c);
	if (backend_prepare_entry(c->v))
		backend_run(c->v);
	domu_stopped(c);
}

void pcpu_idle(void)
{
	struct pcpu *p = this_pcpu();

	clgi();
	for (;;) {
		struct vcpu *v = __atomic_exchange_n(&p->next, NULL, __ATOMIC_ACQUIRE);
		if (!v) {
			pcpu_stand_if_asked();
			pcpu_wait();
			continue;
		}
		struct domu_vcpu *c = v->owner;
		p->current = v;
		if (domu_is_smp(c->u))
			vcpus_run(c);
		else
			run_one(c);
		p->current = NULL;
		p->lost = 0;
		/* pCPU 0 may free the domain from here on. */
		__atomic_fetch_sub(&c->u->running, 1, __ATOMIC_RELEASE);
	}
}

u32 domu_in(struct domu_vcpu *c, u16 port, unsigned bytes)
{
	return vdev_in(&c->u->vdev, port, bytes, domu_now(c->u));
}

static void wait(struct domu_vcpu *c)
{
	if (domu_is_smp(c->u)) {
		vcpus_wait(c);
	} else {
		pcpu_wait();
		pcpu_stand_if_asked();
	}
	domu_interrupted(c);
}

/*
 * A guest that prints for ever gets no faster than a line of CONSOLE_US_PER_BYTE once
 * its burst is used up: its pCPU halts a while, as a guest on a real line would wait. Not in regions.
 */
static void pace_console(struct domu_vcpu *c, u8 byte)
{
	struct domu *u = c->u;
	u64 now = domu_now(u), tick = CONSOLE_US_PER_BYTE * tsc_khz / 1000;

	if (unlikely(u->life.state))
		life_prints(c, byte);
	if (u->line_free < now)
		u->line_free = now;
	u->line_free += tick;
	if (likely(u->holding || u->line_free - now < CONSOLE_BURST * tick))
		return;
	apic_timer_at(rdtsc() + tsc_khz);
	wait(c);
}

void domu_out(struct domu_vcpu *c, u16 port, unsigned bytes, u32 val)
{
	struct domu *u = c->u;

	if (port == CONSOLE_PORT)
		pace_console(c, (u8)val);
	vdev_out(&u->vdev, port, bytes, val, domu_now(u));
	if (unlikely(u->vdev.exit_requested)) {
		u->d.exit_code = u->vdev.exit_code;
		domu_set_state(c, PN_EXITED);
		domu_end(&u->d);
	} else if (unlikely(u->vdev.reset_requested)) {
		plat_domain_crash(&u->d, "the guest asked for a reset");
	}
}

/* Not in regions; but vCPUs of one domain, if they have no turns, let each other run there, too. */
static bool lets_others_run(const struct domu *u)
{
	return (domu_is_smp(u) && !turns_of_pcpus) || !u->holding;
}

static u64 device_deadline(const struct domu_vcpu *c)
{
	u64 pic = c == &c->u->vcpu[0] ? vdev_deadline(&c->u->vdev) : VDEV_NEVER;
	u64 lapic = domu_is_smp(c->u) ? vcpus_deadline(c) : LAPIC_NEVER;

	return pic < lapic ? pic : lapic;
}

static void arm_timer(struct domu_vcpu *c, u64 deadline)
{
	if (c->u->holding && c->u->region_limit < deadline)
		deadline = c->u->region_limit;
	if (deadline == c->timer)
		return;
	c->timer = deadline;
	apic_timer_at(deadline == ~0ull ? deadline : deadline + c->u->d.stood);
}

/* Of a vCPU that is about to run. */
static void arm_to_run(struct domu_vcpu *c)
{
	u64 deadline = device_deadline(c);

	if (lets_others_run(c->u) && c->lets < deadline)
		deadline = c->lets;
	if (c->v->look_at && c->v->look_at < deadline)
		deadline = c->v->look_at;
	arm_timer(c, deadline);
}

void domu_arm_to_wait(struct domu_vcpu *c)
{
	arm_timer(c, device_deadline(c));
}

/*
 * Under QEMU's -icount a pCPU that never halts leaves the others next to nothing, so
 * that dom0 could not even time the domain out. A PAUSE lets them run; on
 * hardware it costs nothing. Measured regions of a single vCPU are left alone.
 */
static void let_others_run(struct domu_vcpu *c, u64 now)
{
	if (!lets_others_run(c->u) || now < c->lets)
		return;
	for (int i = 0; c->lets && i < LET_PAUSES; i++)
		cpu_relax();
	c->lets = now + (domu_is_smp(c->u) ? SMP_LET_MS : LET_MS) * tsc_khz;
}

void domu_poll(struct domu_vcpu *c)
{
	struct domu *u = c->u;
	u64 now = domu_now(u);

	let_others_run(c, now);
	vdev_advance(&u->vdev, now);
	if (domu_is_smp(u))
		vcpus_poll(c, now);
	if (unlikely(u->holding && now >= u->region_limit)) {
		plat_log(LOG_WARN, "domain %u: a measured region went over its limit; the other pCPUs are let go", u->d.id);
		quiet_abort(u);
	}
	arm_to_run(c);
	if (u->region_begins == c)
		quiet_begun(u);
}

/* A region that stands for its trace is not waited for (stand.c): dom0, which is to read it, is who waits. */
bool domu_is_over(const struct domu *u)
{
	u32 req = READ_ONCE(u->stop_req);

	return (req && !(req == STOP_AFTER_REGION && u->holding && !u->d.stands_since)) || READ_ONCE(u->d.state) != PN_RUNNING;
}

void domu_halt(struct domu_vcpu *c, bool interrupts)
{
	c->dead = !interrupts;
	for (;;) {
		domu_poll(c);
		if ((interrupts && domu_irq_pending(c)) || domu_must_stop(c))
			break;
		wait(c);
	}
	c->dead = false;
}

void domu_halted_for_ever(struct domu_vcpu *c, u64 rip)
{
	if (!c->u->life.asked) {
		plat_domain_crash(&c->u->d, "halted for ever: HLT with interrupts off at rip %lx", rip);
		return;
	}
	c->u->d.exit_code = 0;
	domu_set_state(c, PN_EXITED);
	domu_end(&c->u->d);
}

/* With interrupts off, only another vCPU's INIT ends it: one that can still send it. */
bool domu_halts_for_ever(const struct domu_vcpu *c)
{
	for (u32 i = 0; i < c->u->d.nr_vcpus; i++) {
		const struct domu_vcpu *other = &c->u->vcpu[i];

		if (other != c && !other->dead && !other->waits_sipi)
			return false;
	}
	return true;
}
