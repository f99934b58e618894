/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 8254 interval timer and port 0x61, which gates its third channel.
 *
 * What must always hold:
 * - A channel is not stepped: its count and output follow from how many ticks
 *   of 1193182 Hz have elapsed since it was loaded.
 * - pit.edge is the TSC of channel 0's next rising edge, the first one at
 *   which pit_tick() reaches edge_tick. Edges that pass unseen merge into one,
 *   as in the interrupt controller's latch.
 * - A new count takes effect at once, in the periodic modes too.
 */
#include "devices.h"

#define PIT_HZ        1193182u
#define REFRESH_TICKS 18 /* of DRAM refresh, seen in port 0x61 bit 4 */

static u64 pit_tick(const struct vdev *v, u64 now)
{
	return mul_div(vdev_elapsed(v, now), PIT_HZ, v->tsc_hz);
}

/* The first TSC at which pit_tick() is `tick`. */
static u64 tick_to_tsc(const struct vdev *v, u64 tick)
{
	u64 whole = mul_div(tick, v->tsc_hz, PIT_HZ);

	return v->start + whole + (mul_div(whole, PIT_HZ, v->tsc_hz) < tick);
}

static u64 elapsed(const struct vdev_pit_channel *c, u64 tick)
{
	return c->running ? tick - c->start : c->elapsed;
}

static bool periodic(const struct vdev_pit_channel *c)
{
	return c->mode == 2 || c->mode == 3;
}

/* Modes 1 and 5 begin with a rising edge of the gate, not with the count. */
static bool triggered(const struct vdev_pit_channel *c)
{
	return c->mode == 1 || c->mode == 5;
}

static bool output(const struct vdev_pit_channel *c, u64 tick)
{
	u64 n = elapsed(c, tick);

	if (!c->loaded)
		return c->mode != 0;
	switch (c->mode) {
	case 0:
	case 1: return n >= c->reload;
	case 2: return !c->running || n % c->reload != c->reload - 1;
	case 3: return !c->running || n % c->reload < (c->reload + 1) / 2;
	default: return n != c->reload;
	}
}

static u16 to_bcd(u32 n)
{
	return n % 10 | n / 10 % 10 << 4 | n / 100 % 10 << 8 | n / 1000 % 10 << 12;
}

static u32 from_bcd(u16 n)
{
	return (n & 15) + (n >> 4 & 15) * 10 + (n >> 8 & 15) * 100 + (n >> 12) * 1000;
}

static u16 count(const struct vdev_pit_channel *c, u64 tick)
{
	u64 n = elapsed(c, tick), range = c->bcd ? 10000 : 65536;
	u32 value;

	if (!c->loaded)
		return 0;
	if (c->mode == 3)
		value = c->reload - n * 2 % c->reload;
	else if (c->mode == 2)
		value = c->reload - n % c->reload;
	else
		value = (c->reload + range - n % range) % range;
	return c->bcd ? to_bcd(value % range) : (u16)value;
}

/* Finds channel 0's next rising edge after `tick`. */
static void plan_edge(struct vdev *v, u64 tick)
{
	const struct vdev_pit_channel *c = &v->pit.channel[0];
	u64 n = elapsed(c, tick), next;

	v->pit.edge = v->pit.edge_tick = VDEV_NEVER;
	if (!c->loaded || !c->running)
		return;
	if (periodic(c))
		next = n - n % c->reload + c->reload;
	else
		next = c->reload + (c->mode == 4); /* in mode 4 the output is low during the last tick */
	if (next <= n)
		return;
	v->pit.edge_tick = c->start + next;
	v->pit.edge = tick_to_tsc(v, v->pit.edge_tick);
}

void pit_edge(struct vdev *v, u64 now)
{
	pic_line(v, IRQ_TIMER, false);
	pic_line(v, IRQ_TIMER, true);
	plan_edge(v, pit_tick(v, now));
}

/* After channel 0 was programmed: its output as it is now, its next edge. */
static void reprogrammed(struct vdev *v, const struct vdev_pit_channel *c, u64 tick)
{
	if (c != &v->pit.channel[0])
		return;
	pic_line(v, IRQ_TIMER, output(c, tick));
	plan_edge(v, tick);
}

static void load(struct vdev *v, struct vdev_pit_channel *c, u16 val, u64 tick)
{
	u32 n = c->bcd ? from_bcd(val) : val;

	c->reload = n ? n : c->bcd ? 10000 : 65536;
	c->loaded = true;
	if (!triggered(c)) {
		c->running = c->gate;
		c->start = tick;
		c->elapsed = 0;
	} else if (!c->running) {
		c->elapsed = c->reload + 1; /* as if it had run out */
	}
	reprogrammed(v, c, tick);
}

static void write_count(struct vdev *v, struct vdev_pit_channel *c, u8 val, u64 tick)
{
	if (c->access == 1) {
		load(v, c, val, tick);
	} else if (c->access == 2) {
		load(v, c, val << 8, tick);
	} else if (!c->write_high) {
		c->low = val;
		c->write_high = true;
	} else {
		c->write_high = false;
		load(v, c, val << 8 | c->low, tick);
	}
}

static u8 read_count(struct vdev_pit_channel *c, u64 tick)
{
	u16 value = c->latched ? c->latch : count(c, tick);
	bool high = c->access == 2 || (c->access == 3 && c->read_high);

	if (c->status_latched) {
		c->status_latched = false;
		return c->status;
	}
	if (c->access == 3)
		c->read_high = !c->read_high;
	if (c->latched)
		c->latched--;
	return high ? value >> 8 : value & 0xff;
}

/* A second latch before the first was read is ignored, as on the chip. */
static void latch_count(struct vdev_pit_channel *c, u64 tick)
{
	if (c->latched)
		return;
	c->latch = count(c, tick);
	c->latched = c->access == 3 ? 2 : 1;
	c->read_high = false;
}

static void latch_status(struct vdev_pit_channel *c, u64 tick)
{
	if (c->status_latched)
		return;
	c->status_latched = true;
	c->status = output(c, tick) << 7 | !c->loaded << 6 | c->access << 4 | c->mode << 1 | c->bcd;
}

static void read_back(struct vdev *v, u8 val, u64 tick)
{
	for (unsigned i = 0; i < 3; i++) {
		if (!(val & 2 << i))
			continue;
		if (!(val & 0x20))
			latch_count(&v->pit.channel[i], tick);
		if (!(val & 0x10))
			latch_status(&v->pit.channel[i], tick);
	}
}

static void control(struct vdev *v, u8 val, u64 tick)
{
	struct vdev_pit_channel *c;

	if (val >> 6 == 3) {
		read_back(v, val, tick);
		return;
	}
	c = &v->pit.channel[val >> 6];
	if (!(val & 0x30)) {
		latch_count(c, tick);
		return;
	}
	*c = (struct vdev_pit_channel){ .gate = c->gate, .access = val >> 4 & 3, .mode = val >> 1 & 7, .bcd = val & 1 };
	if (c->mode > 5) /* the top bit does not count for modes 2 and 3 */
		c->mode -= 4;
	reprogrammed(v, c, tick);
}

u8 pit_in(struct vdev *v, unsigned reg, u64 now)
{
	return reg == 3 ? 0xff : read_count(&v->pit.channel[reg], pit_tick(v, now));
}

void pit_out(struct vdev *v, unsigned reg, u8 val, u64 now)
{
	if (reg == 3)
		control(v, val, pit_tick(v, now));
	else
		write_count(v, &v->pit.channel[reg], val, pit_tick(v, now));
}

static void set_gate(struct vdev_pit_channel *c, bool gate, u64 tick)
{
	if (gate == c->gate)
		return;
	c->gate = gate;
	if (!c->loaded)
		return;
	if (gate) { /* modes 0 and 4 go on where they stopped, the others begin anew */
		c->start = c->mode == 0 || c->mode == 4 ? tick - elapsed(c, tick) : tick;
		c->running = true;
	} else if (!triggered(c)) {
		c->elapsed = elapsed(c, tick);
		c->running = false;
	}
}

u8 pit_speaker_in(const struct vdev *v, u64 now)
{
	u64 tick = pit_tick(v, now);

	return v->pit.speaker | (tick / REFRESH_TICKS & 1) << 4 | output(&v->pit.channel[2], tick) << 5;
}

void pit_speaker_out(struct vdev *v, u8 val, u64 now)
{
	v->pit.speaker = val & 3;
	set_gate(&v->pit.channel[2], val & 1, pit_tick(v, now));
}

/* As firmware leaves it: 18.2 Hz on channel 0, refresh on channel 1, channel 2 gated off. */
void pit_init(struct vdev *v, u64 now)
{
	v->pit = (struct vdev_pit){ .channel = { { .gate = true }, { .gate = true }, { .gate = false } } };
	pit_out(v, 3, 0x36, now);
	pit_out(v, 0, 0, now);
	pit_out(v, 0, 0, now);
	pit_out(v, 3, 0x54, now);
	pit_out(v, 1, REFRESH_TICKS, now);
	pit_out(v, 3, 0xb6, now);
}
