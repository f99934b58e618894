/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC: registers, priorities, the timer. The timer's clock is the TSC's, before its divider.
 *
 * What must always hold: expiry is a time only while the timer runs unmasked, so that a
 * guest that does not use it is never woken for it.
 */
#include "lapic.h"

#include "lib.h"

enum {
	REG_ID = 0x20,
	REG_VERSION = 0x30,
	REG_TPR = 0x80,
	REG_APR = 0x90,
	REG_PPR = 0xa0,
	REG_EOI = 0xb0,
	REG_LDR = 0xd0,
	REG_DFR = 0xe0,
	REG_SVR = 0xf0,
	REG_ISR = 0x100,
	REG_TMR = 0x180,
	REG_IRR = 0x200,
	REG_ESR = 0x280,
	REG_CMCI = 0x2f0,
	REG_ICR_LOW = 0x300,
	REG_ICR_HIGH = 0x310,
	REG_LVT = 0x320,
	REG_LVT_END = 0x380,
	REG_INITIAL = 0x380,
	REG_CURRENT = 0x390,
	REG_DIVIDE = 0x3e0,
};

#define VERSION_LVTS (0x14 | (NR_LAPIC_LVTS - 1) << 16)
#define SVR_ENABLE   BIT(8)
#define LVT_MASKED   BIT(16)
#define LVT_PERIODIC BIT(17)
#define LVT_MODE(e)  ((e) >> 8 & 7)
#define MODE_EXTINT  7
#define MODE_NMI     4
#define ICR_LOGICAL  BIT(11)
#define ICR_ASSERT   BIT(14)
#define ICR_LEVEL    BIT(15)
#define ESR_BAD_SEND BIT(5) /* an illegal vector was sent */
#define ESR_BAD_RECV BIT(6)

void lapic_init(struct lapic *l, u32 id, bool first)
{
	memset(l, 0, sizeof(*l));
	l->id = id;
	l->dfr = 0xffffffff;
	l->svr = 0xff;
	l->expiry = LAPIC_NEVER;
	for (u32 i = 0; i < NR_LAPIC_LVTS; i++)
		l->lvt[i] = LVT_MASKED;
	if (!first)
		return;
	l->svr |= SVR_ENABLE;
	l->lvt[LAPIC_LVT_LINT0] = MODE_EXTINT << 8;
	l->lvt[LAPIC_LVT_LINT1] = MODE_NMI << 8;
}

/* ---- priorities ---- */

static int highest(const u32 bits[8])
{
	for (int i = 7; i >= 0; i--)
		if (bits[i])
			return i * 32 + 31 - __builtin_clz(bits[i]);
	return -1;
}

static u32 priority(const struct lapic *l)
{
	int serving = highest(l->isr);
	u32 class = serving < 0 ? 0 : (u32)serving & 0xf0;

	return (l->tpr & 0xf0) >= class ? l->tpr & 0xff : class;
}

int lapic_pending(const struct lapic *l)
{
	int vector = highest(l->irr);

	return vector >= 0 && ((u32)vector & 0xf0) > (priority(l) & 0xf0) ? vector : -1;
}

void lapic_ack(struct lapic *l, u8 vector)
{
	l->irr[vector / 32] &= ~(u32)BIT(vector % 32);
	l->isr[vector / 32] |= BIT(vector % 32);
}

void lapic_raise(struct lapic *l, u8 vector)
{
	if (vector < 16)
		l->esr |= ESR_BAD_RECV;
	else if (l->svr & SVR_ENABLE)
		l->irr[vector / 32] |= BIT(vector % 32);
}

static void end_of_interrupt(struct lapic *l)
{
	int vector = highest(l->isr);

	if (vector >= 0)
		l->isr[vector / 32] &= ~(u32)BIT(vector % 32);
}

bool lapic_takes_pic(const struct lapic *l)
{
	u32 e = l->lvt[LAPIC_LVT_LINT0];

	return !(e & LVT_MASKED) && LVT_MODE(e) == MODE_EXTINT;
}

/* ---- the timer ---- */

/* TSC ticks a count: 1 to 128, by the divide register's bits 0, 1 and 3. */
static u32 divider(const struct lapic *l)
{
	u32 code = (l->divide & 3) | (l->divide >> 1 & 4);

	return 1u << ((code + 1) & 7);
}

static u64 period(const struct lapic *l)
{
	return (u64)l->initial * divider(l);
}

static void set_expiry(struct lapic *l, u64 now)
{
	u64 p = period(l), passed = now > l->start ? now - l->start : 0;
	u32 lvt = l->lvt[LAPIC_LVT_TIMER];

	if (!p || lvt & LVT_MASKED || (!(lvt & LVT_PERIODIC) && passed >= p))
		l->expiry = LAPIC_NEVER;
	else
		l->expiry = l->start + (lvt & LVT_PERIODIC ? passed / p + 1 : 1) * p;
}

void lapic_advance(struct lapic *l, u64 now)
{
	if (likely(now < l->expiry))
		return;
	lapic_raise(l, (u8)l->lvt[LAPIC_LVT_TIMER]);
	set_expiry(l, now);
}

static u32 current_count(const struct lapic *l, u64 now)
{
	u64 p = period(l), passed = now > l->start ? now - l->start : 0;

	if (!p)
		return 0;
	if (passed >= p && !(l->lvt[LAPIC_LVT_TIMER] & LVT_PERIODIC))
		return 0;
	return (u32)((p - passed % p + divider(l) - 1) / divider(l));
}

/* ---- registers ---- */

u32 lapic_read(const struct lapic *l, u32 offset, u64 now)
{
	switch (offset) {
	case REG_ID: return l->id << 24;
	case REG_VERSION: return VERSION_LVTS;
	case REG_TPR: return l->tpr;
	case REG_PPR: return priority(l);
	case REG_LDR: return l->ldr;
	case REG_DFR: return l->dfr;
	case REG_SVR: return l->svr;
	case REG_ISR ... REG_ISR + 0x7f: return l->isr[(offset - REG_ISR) / 16];
	case REG_IRR ... REG_IRR + 0x7f: return l->irr[(offset - REG_IRR) / 16];
	case REG_ESR: return l->esr_seen;
	case REG_ICR_LOW: return l->icr_low;
	case REG_ICR_HIGH: return l->icr_high;
	case REG_LVT ... REG_LVT_END - 1: return l->lvt[(offset - REG_LVT) / 16];
	case REG_INITIAL: return l->initial;
	case REG_CURRENT: return current_count(l, now);
	case REG_DIVIDE: return l->divide;
	}
	return 0;
}

/* Switched off by software, all local interrupts are masked. */
static void write_svr(struct lapic *l, u32 val, u64 now)
{
	l->svr = val & 0x1ff;
	if (l->svr & SVR_ENABLE)
		return;
	for (u32 i = 0; i < NR_LAPIC_LVTS; i++)
		l->lvt[i] |= LVT_MASKED;
	set_expiry(l, now);
}

static void write_lvt(struct lapic *l, u32 which, u32 val, u64 now)
{
	l->lvt[which] = val & 0x337ff;
	if (!(l->svr & SVR_ENABLE))
		l->lvt[which] |= LVT_MASKED;
	if (which == LAPIC_LVT_TIMER)
		set_expiry(l, now);
}

/* Messages are taken at once: the delivery status never shows. */
static bool write_icr(struct lapic *l, u32 val, struct lapic_message *m)
{
	u32 delivery = val >> 8 & 7;

	l->icr_low = val & 0xcdfff & ~(u32)BIT(12);
	*m = (struct lapic_message){ .delivery = delivery,
				     .vector = (u8)val,
				     .destination = (u8)(l->icr_high >> 24),
				     .logical = val & ICR_LOGICAL,
				     .deassert = (val & ICR_LEVEL) && !(val & ICR_ASSERT),
				     .shorthand = val >> 18 & 3 };
	if ((delivery == LAPIC_FIXED || delivery == LAPIC_LOWEST) && m->vector < 16) {
		l->esr |= ESR_BAD_SEND;
		return false;
	}
	return true;
}

bool lapic_write(struct lapic *l, u32 offset, u32 val, u64 now, struct lapic_message *sent)
{
	switch (offset) {
	case REG_TPR: l->tpr = val & 0xff; break;
	case REG_EOI: end_of_interrupt(l); break;
	case REG_LDR: l->ldr = val & 0xff000000; break;
	case REG_DFR: l->dfr = val | 0x0fffffff; break;
	case REG_SVR: write_svr(l, val, now); break;
	case REG_ESR:
		l->esr_seen = l->esr;
		l->esr = 0;
		break;
	case REG_ICR_LOW: return write_icr(l, val, sent);
	case REG_ICR_HIGH: l->icr_high = val & 0xff000000; break;
	case REG_LVT ... REG_LVT_END - 1: write_lvt(l, (offset - REG_LVT) / 16, val, now); break;
	case REG_INITIAL:
		l->initial = val;
		l->start = now;
		set_expiry(l, now);
		break;
	case REG_DIVIDE:
		l->divide = val & 0xb;
		set_expiry(l, now);
		break;
	}
	return false;
}

/* ---- destinations ---- */

/* Flat model: a bit a CPU; cluster model: four bits of cluster number, four of CPUs in it. */
static bool logical_match(const struct lapic *l, u8 destination)
{
	u8 mine = (u8)(l->ldr >> 24);

	if (l->dfr >> 28 == 0xf)
		return mine & destination;
	return (destination >> 4 == 0xf || destination >> 4 == mine >> 4) && mine & destination & 0xf;
}

bool lapic_is_target(const struct lapic *l, const struct lapic_message *m, bool self)
{
	if (m->shorthand)
		return m->shorthand == 2 || (m->shorthand == 1) == self;
	if (m->destination == 0xff)
		return true;
	return m->logical ? logical_match(l, m->destination) : l->id == m->destination;
}
