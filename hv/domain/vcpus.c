/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What only domains with several vCPUs need: starting the others by INIT and SIPI, interrupts
 * from one to another, and the lock around each of their turns.
 *
 * What must always hold:
 *  - all of this is done with the domain's lock held, but for the waits, which give it up;
 *  - whoever changes what another vCPU has to look at sets its request and interrupts its
 *    pCPU: it is then out of the guest, or not yet in it, and looks before it enters;
 *  - the interrupt controllers' line leads to the first vCPU alone.
 */
#include "domu.h"

#include "cpu.h"
#include "lib.h"
#include "lock.h"
#include "pcpu.h"
#include "plat.h"

#define SIPI_CAME BIT(8)

static struct domu_vcpu *first(const struct domu_vcpu *c)
{
	return &c->u->vcpu[0];
}

static void reset(struct domu_vcpu *c, bool waits)
{
	lapic_init(&c->lapic, c->v->id, c == first(c));
	c->waits_sipi = waits;
	c->sipi = 0;
}

void vcpus_init(struct domu *u)
{
	for (u32 i = 0; i < u->d.nr_vcpus; i++) {
		reset(&u->vcpu[i], i > 0);
		turns_restart(&u->vcpu[i].turn);
	}
}

void vcpus_poke(struct domu_vcpu *c)
{
	c->v->request = 1;
	if (!domu_takes_turns(c->u) || turns_want(c))
		apic_send_kick(pcpus[c->pcpu]);
}

void vcpus_wait(struct domu_vcpu *c)
{
	paging_unlock(c->v);
	if (domu_takes_turns(c->u)) {
		turns_sleep(c);
	} else {
		pcpu_wait();
		pcpu_stand_if_asked();
	}
	/* Without the lock the domain has crashed: whoever waits in a loop sees that, and leaves. */
	(void)!paging_lock(c->v);
}

/* ---- a vCPU's turn ---- */

static void begin(struct domu_vcpu *c)
{
	u8 page = (u8)c->sipi;

	c->waits_sipi = false;
	c->sipi = 0;
	backend_set_startup(c->v, page);
	if (c->begun)
		paging_update_modes(c->v);
	else if (!paging_vcpu_init(c->v))
		plat_domain_crash(&c->u->d, "no shadow page can be had for vCPU %u", c->v->id);
	c->begun = true;
}

static bool may_go(struct domu_vcpu *c)
{
	bool go;

	if (!paging_lock(c->v))
		return false;
	while (c->waits_sipi && !c->sipi && !domu_is_over(c->u))
		vcpus_wait(c);
	if (c->waits_sipi && c->sipi)
		begin(c);
	c->v->request = 1;
	domu_starts(c);
	go = backend_prepare_entry(c->v);
	paging_unlock(c->v);
	return go;
}

void vcpus_run(struct domu_vcpu *c)
{
	const bool turns = domu_takes_turns(c->u);

	if (turns)
		turns_take(c);
	do {
		if (may_go(c))
			backend_run(c->v);
	} while (READ_ONCE(c->waits_sipi) && !domu_is_over(c->u));
	bool locked = paging_lock(c->v);
	domu_stopped(c);
	if (locked)
		paging_unlock(c->v);
	if (turns)
		turns_leave(c);
}

/* ---- interrupts ---- */

static bool pic_pending(const struct domu_vcpu *c)
{
	return vdev_irq_pending(&c->u->vdev) && lapic_takes_pic(&first(c)->lapic);
}

bool vcpus_irq_pending(const struct domu_vcpu *c)
{
	return lapic_pending(&c->lapic) >= 0 || (c == first(c) && pic_pending(c));
}

unsigned vcpus_irq_ack(struct domu_vcpu *c)
{
	int vector = lapic_pending(&c->lapic);

	if (vector < 0)
		return (unsigned)vdev_irq_ack(&c->u->vdev);
	lapic_ack(&c->lapic, (u8)vector);
	return (unsigned)vector;
}

/* What another vCPU did to the devices may concern the first one: an interrupt, or an earlier timer. */
void vcpus_poll(struct domu_vcpu *c, u64 now)
{
	struct domu *u = c->u;
	u64 deadline = vdev_deadline(&u->vdev);

	lapic_advance(&c->lapic, now);
	if (c == first(c))
		u->pic_deadline = deadline;
	else if ((pic_pending(c) || deadline < u->pic_deadline) && !first(c)->v->request)
		vcpus_poke(first(c));
	if (turns_of_pcpus)
		turns_poll(c, now);
}

u64 vcpus_deadline(const struct domu_vcpu *c)
{
	u64 lapic = lapic_deadline(&c->lapic);

	return turns_of_pcpus && c->turn.ends < lapic ? c->turn.ends : lapic;
}

static void deliver(struct domu_vcpu *to, const struct lapic_message *m)
{
	switch (m->delivery) {
	case LAPIC_FIXED:
	case LAPIC_LOWEST: lapic_raise(&to->lapic, m->vector); break;
	case LAPIC_INIT:
		if (m->deassert)
			return;
		if (to == first(to))
			plat_domain_crash(&to->u->d, "INIT was sent to the vCPU that booted");
		else
			reset(to, true);
		break;
	case LAPIC_STARTUP:
		if (to->waits_sipi)
			to->sipi = SIPI_CAME | m->vector;
		break;
	case LAPIC_NMI: return;
	}
	vcpus_poke(to);
}

static void send(struct domu_vcpu *from, const struct lapic_message *m)
{
	for (u32 i = 0; i < from->u->d.nr_vcpus; i++) {
		struct domu_vcpu *to = &from->u->vcpu[i];

		if (!lapic_is_target(&to->lapic, m, to == from))
			continue;
		deliver(to, m);
		if (m->delivery == LAPIC_LOWEST)
			return;
	}
}

/* ---- memory-mapped registers ---- */

static bool is_lapic(const struct domu_vcpu *c, gpa_t gpa)
{
	return domu_is_smp(c->u) && gpa - LAPIC_BASE < LAPIC_BYTES;
}

void domu_mmio_read(struct domu_vcpu *c, gpa_t gpa, void *buf, unsigned bytes)
{
	u32 val;

	memset(buf, 0xff, bytes);
	if (!is_lapic(c, gpa) || (gpa & 15) + bytes > 4)
		return;
	val = lapic_read(&c->lapic, (u32)(gpa & 0xff0), domu_now(c->u)) >> 8 * (gpa & 3);
	memcpy(buf, &val, bytes);
}

/* Registers take words only. Whatever was written, what is due may be another now. */
void domu_mmio_write(struct domu_vcpu *c, gpa_t gpa, const void *buf, unsigned bytes)
{
	struct lapic_message m;
	u32 val;

	if (!is_lapic(c, gpa) || bytes != 4 || gpa & 15)
		return;
	memcpy(&val, buf, 4);
	c->v->request = 1;
	if (lapic_write(&c->lapic, (u32)(gpa & 0xff0), val, domu_now(c->u), &m))
		send(c, &m);
}
