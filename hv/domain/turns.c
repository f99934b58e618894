/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Who has the turn, and for how long (turns.h).
 *
 * A turn ends by time only where another vCPU wants one: it counts from then on. Outside of regions dom0 and other domains run in
 * between, for as long as QEMU lets them, and the TSC counts that as well. So a turn is longer there, and has parts, each with a
 * timer of its own: what the others take at once is one part of it, and a vCPU that waits soon by itself does so at the same
 * instruction whatever they do.
 */
#include "turns.h"

#include "cpu.h"
#include "domu.h"
#include "pcpu.h"

#define TURN_US       40 /* in regions */
#define PART_US       20 /* outside */
#define PARTS         16
#define SETTLE_PAUSES 2 /* the last one's way from passing its turn to its HLT, which QEMU may have cut short */

bool turns_of_pcpus;

static void lock(struct turns *t)
{
	while (__atomic_exchange_n(&t->lock, 1, __ATOMIC_ACQUIRE))
		cpu_relax();
}

static void unlock(struct turns *t)
{
	__atomic_store_n(&t->lock, 0, __ATOMIC_RELEASE);
}

static bool has_it(const struct domu_vcpu *c)
{
	return __atomic_load_n(&c->u->turns.holder, __ATOMIC_ACQUIRE) == c->v->id + 1;
}

static void wake(const struct domu *u, u32 holder)
{
	apic_send_kick(pcpus[u->vcpu[holder - 1].pcpu]);
}

/* Of those that want it, the next one behind `id`, or that itself; as a holder. */
static u32 next(const struct domu *u, u32 id)
{
	const u32 n = u->d.nr_vcpus;

	for (u32 i = 0; u->turns.wants && i < n; i++) {
		id = id + 1 == n ? 0 : id + 1;
		if (u->turns.wants & BIT(id))
			return id + 1;
	}
	return 0;
}

/* The turn goes to the next, if this vCPU had it, which the guest has not seen for `ticks`. */
static void give(struct domu_vcpu *c, bool wants, u64 ticks)
{
	struct domu *u = c->u;
	struct turns *t = &u->turns;
	const u32 id = c->v->id;
	bool passes = false;

	lock(t);
	t->wants = wants ? t->wants | BIT(id) : t->wants & ~BIT(id);
	if (t->holder == id + 1) {
		t->holder = next(u, id);
		passes = t->holder && t->holder != id + 1;
		t->since = t->holder ? rdtsc() - ticks : 0;
	}
	const u32 to = t->holder;
	unlock(t);
	if (passes)
		wake(u, to);
}

/* Who has it. If that is another one, it learns that its turn counts from now on. */
static u32 ask(struct domu_vcpu *c)
{
	struct turns *t = &c->u->turns;

	lock(t);
	const bool first = !(t->wants & BIT(c->v->id));
	t->wants |= BIT(c->v->id);
	if (!t->holder)
		t->holder = c->v->id + 1;
	const u32 holder = t->holder;
	unlock(t);
	if (first && holder != c->v->id + 1 && c->u->vcpu[holder - 1].pcpu != this_pcpu()->id)
		wake(c->u, holder);
	return holder;
}

/* A turn begins: what came meanwhile is looked at before the guest runs. */
static void begin(struct domu_vcpu *c)
{
	turns_restart(&c->turn);
	domu_interrupted(c);
	c->v->request = 1;
}

static void halt(void)
{
	pcpu_wait();
	pcpu_stand_if_asked();
}

static void wait_for_it(struct domu_vcpu *c)
{
	while (!has_it(c) && !domu_is_over(c->u))
		halt();
	begin(c);
}

void turns_take(struct domu_vcpu *c)
{
	ask(c);
	wait_for_it(c);
}

void turns_leave(struct domu_vcpu *c)
{
	give(c, false, 0);
}

/* The timer is the devices' while another vCPU has the turn. */
static void stop(struct domu_vcpu *c, bool wants, u64 ticks)
{
	turns_restart(&c->turn);
	domu_arm_to_wait(c);
	give(c, wants, ticks);
}

void turns_sleep(struct domu_vcpu *c)
{
	stop(c, false, 0);
	halt();
	turns_take(c);
	turns_resume(c, 0);
}

void turns_yield(struct domu_vcpu *c, u64 ticks)
{
	stop(c, true, ticks);
	wait_for_it(c);
}

void turns_resume(struct domu_vcpu *c, u64 ticks)
{
	struct turns *t = &c->u->turns;

	if (t->since && c->u->holding) {
		for (int i = 0; i < SETTLE_PAUSES; i++)
			cpu_relax();
		t->hidden += rdtsc() - t->since + ticks;
	}
	t->since = 0;
}

bool turns_want(struct domu_vcpu *c)
{
	return ask(c) == c->v->id + 1 || domu_is_over(c->u);
}

/* In a region that holds all others, time is this domain's alone. */
static u32 parts(const struct domu *u)
{
	return u->holding ? 1 : PARTS;
}

void turns_poll(struct domu_vcpu *c, u64 now)
{
	const struct domu *u = c->u;
	struct turn *t = &c->turn;

	if (t->over || (t->ends != TURN_NEVER && now < t->ends))
		return;
	if (!(READ_ONCE(u->turns.wants) & ~BIT(c->v->id))) {
		turns_restart(t);
		return;
	}
	t->parts += t->ends != TURN_NEVER;
	t->over = t->parts >= parts(u);
	t->ends = t->over ? TURN_NEVER : now + (u->holding ? TURN_US : PART_US) * tsc_khz / 1000;
}

u64 turns_hide(struct domu_vcpu *c)
{
	const u64 more = c->u->turns.hidden - c->turn.hidden;

	c->turn.hidden += more;
	return more;
}
