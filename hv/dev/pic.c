/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two 8259A interrupt controllers, the second on the first one's input 2, with
 * the chipset's edge/level registers.
 *
 * What must always hold:
 * - v->intr says whether the first controller drives its INT line; every
 *   change of state ends in update().
 * - Input 2 of the first controller is never latched: it is high exactly while
 *   the second requests. No order of acknowledgements can lose its interrupts.
 * - An edge-triggered request lives while its line stays high: a line that
 *   falls before the acknowledgement takes it back, as on the chip.
 */
#include "devices.h"

#define SLAVE_INPUT BIT(IRQ_CASCADE)

/* The highest-priority input of `bits`, or -1. */
static int first(const struct vdev_pic *p, u8 bits)
{
	unsigned top = (p->lowest + 1) & 7;
	unsigned turned = ((bits >> top) | (bits << (8 - top))) & 0xff;

	return turned ? (int)((__builtin_ctz(turned) + top) & 7) : -1;
}

/* 0 is the highest priority, 7 the lowest; 8: no input. */
static unsigned priority(const struct vdev_pic *p, int input)
{
	return input < 0 ? 8 : (input - p->lowest - 1) & 7;
}

/* The input for which this controller drives INT, given its request bits; -1: none. */
static int request(const struct vdev_pic *p, u8 irr)
{
	u8 serving = p->isr;
	int input;

	if (!(irr & ~p->imr))
		return -1;
	input = first(p, irr & ~p->imr);
	if (p->special_mask)
		serving &= ~p->imr;
	if (p->special_nested)
		serving &= ~SLAVE_INPUT;
	return priority(p, input) < priority(p, first(p, serving)) ? input : -1;
}

static u8 requests(const struct vdev *v, unsigned chip)
{
	if (chip)
		return v->pic[1].irr;
	return v->pic[0].irr | (request(&v->pic[1], v->pic[1].irr) >= 0 ? SLAVE_INPUT : 0);
}

static void update(struct vdev *v)
{
	v->intr = request(&v->pic[0], requests(v, 0)) >= 0;
}

void pic_line(struct vdev *v, unsigned irq, bool level)
{
	struct vdev_pic *p = &v->pic[irq >> 3];
	u8 bit = BIT(irq & 7);

	if (level == !!(p->lines & bit))
		return;
	p->lines ^= bit;
	if (level)
		p->irr |= bit;
	else
		p->irr &= ~bit;
	update(v);
}

static void take(struct vdev_pic *p, int input)
{
	u8 bit = BIT(input);

	if (!(p->elcr & bit))
		p->irr &= ~bit;
	if (!p->auto_eoi)
		p->isr |= bit;
	else if (p->rotate)
		p->lowest = input;
}

int vdev_irq_ack(struct vdev *v)
{
	struct vdev_pic *master = &v->pic[0], *slave = &v->pic[1];
	int input = request(master, requests(v, 0));
	int vector = master->base + (input < 0 ? 7 : input);

	if (input == IRQ_CASCADE) {
		input = request(slave, slave->irr);
		vector = slave->base + (input < 0 ? 7 : input);
		take(master, IRQ_CASCADE);
		if (input >= 0)
			take(slave, input);
	} else if (input >= 0) {
		take(master, input);
	}
	update(v);
	return vector;
}

/* A poll is an acknowledgement of this one controller by a read. */
static u8 poll(struct vdev *v, unsigned chip)
{
	struct vdev_pic *p = &v->pic[chip];
	int input = request(p, requests(v, chip));

	p->poll = false;
	if (input < 0)
		return 7;
	take(p, input);
	update(v);
	return 0x80 | input;
}

u8 pic_in(struct vdev *v, unsigned chip, unsigned reg)
{
	const struct vdev_pic *p = &v->pic[chip];

	if (p->poll)
		return poll(v, chip);
	if (reg)
		return p->imr;
	return p->read_isr ? p->isr : requests(v, chip);
}

static void begin_init(struct vdev_pic *p, u8 icw1)
{
	*p = (struct vdev_pic){
		.lines = p->lines,
		.elcr = p->elcr,
		.base = p->base,
		.irr = p->lines & p->elcr,
		.lowest = 7,
		.init = 2,
		.icw4 = icw1 & 1,
		.single = icw1 & 2,
	};
}

/* Operation command word 2: ends of interrupt and priorities. */
static void command(struct vdev_pic *p, u8 val)
{
	bool rotate = val & 0x80, specific = val & 0x40, end = val & 0x20;
	int input = specific ? val & 7 : first(p, p->isr);

	if (!end && !specific) {
		p->rotate = rotate;
		return;
	}
	if (input < 0)
		return;
	if (end)
		p->isr &= ~BIT(input);
	if (rotate)
		p->lowest = input;
}

/* Operation command word 3: what reads return, special mask mode. */
static void mode(struct vdev_pic *p, u8 val)
{
	p->poll = val & 4;
	if (val & 2)
		p->read_isr = val & 1;
	if (val & 0x40)
		p->special_mask = val & 0x20;
}

/* The initialisation words after the first. */
static void init_word(struct vdev_pic *p, u8 val)
{
	switch (p->init) {
	case 2:
		p->base = val & 0xf8;
		p->init = !p->single ? 3 : p->icw4 ? 4 : 0;
		break;
	case 3: p->init = p->icw4 ? 4 : 0; break;
	default:
		p->auto_eoi = val & 2;
		p->special_nested = val & 0x10;
		p->init = 0;
	}
}

void pic_out(struct vdev *v, unsigned chip, unsigned reg, u8 val)
{
	struct vdev_pic *p = &v->pic[chip];

	if (reg && p->init)
		init_word(p, val);
	else if (reg)
		p->imr = val;
	else if (val & 0x10)
		begin_init(p, val);
	else if (val & 0x08)
		mode(p, val);
	else
		command(p, val);
	update(v);
}

u8 pic_elcr_in(const struct vdev *v, unsigned chip)
{
	return v->pic[chip].elcr;
}

/* Timer, keyboard, cascade, clock and coprocessor are edge-triggered for good. */
void pic_elcr_out(struct vdev *v, unsigned chip, u8 val)
{
	struct vdev_pic *p = &v->pic[chip];

	p->elcr = val & (chip ? 0xde : 0xf8);
	p->irr = (p->irr & ~p->elcr) | (p->lines & p->elcr);
	update(v);
}

void pic_init(struct vdev *v)
{
	v->pic[0] = (struct vdev_pic){ .imr = 0xff, .base = 0x08, .lowest = 7 };
	v->pic[1] = (struct vdev_pic){ .imr = 0xff, .base = 0x70, .lowest = 7 };
	update(v);
}
