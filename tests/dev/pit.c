/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The timer against its data sheet: when edges come, what counts read, how the
 * output of channel 2 moves. Expected stamps are worked out here in rational
 * arithmetic: tick n begins at TSC start + n * hz / 1193182.
 */
#include "tests/dev/dev.h"

#define PIT_HZ 1193182ull

#define BEGIN POWER_ON /* TSC of the PIT's tick 0 */

/* The PIT's tick at TSC t, and the first TSC of a tick, by long division. */
static u64 tick_at(u64 t)
{
	return (u64)((unsigned __int128)(t - BEGIN) * PIT_HZ / (TSC_KHZ * 1000ull));
}

static u64 tsc_of(u64 tick)
{
	return BEGIN + (u64)(((unsigned __int128)tick * TSC_KHZ * 1000 + PIT_HZ - 1) / PIT_HZ);
}

static void setup(void)
{
	init_pics(1);
	while (take_irq() >= 0)
		outb(0x20, 0x20);
}

/* Loads a channel; the tick at which its count was loaded. */
static u64 program(unsigned channel, unsigned mode, u16 count)
{
	outb(channel << 6 | 0x30 | mode << 1, 0x43);
	outb(count & 0xff, 0x40 + channel);
	outb(count >> 8, 0x40 + channel);
	return tick_at(now);
}

static u16 read_both(unsigned channel)
{
	u16 value = inb(0x40 + channel);

	return value | inb(0x40 + channel) << 8;
}

static u16 read_latched(unsigned channel)
{
	outb(channel << 6, 0x43);
	return read_both(channel);
}

START_TEST(periodic_edges)
{
	for (unsigned mode = 2; mode <= 3; mode++) {
		u64 start;

		setup();
		start = program(0, mode, 4773);
		while (take_irq() >= 0) /* the output rose when the mode was set */
			outb(0x20, 0x20);
		for (u64 i = 1; i <= 1000; i++) {
			u64 due = tsc_of(start + i * 4773);

			ck_assert_uint_eq(vdev_deadline(v), due);
			now = due - 1;
			ck_assert_int_eq(take_irq(), -1);
			now = due;
			ck_assert_int_eq(take_irq(), 0x30);
			outb(0x20, 0x20);
			ck_assert_int_eq(take_irq(), -1);
		}
	}
}
END_TEST

/* Missed edges merge into one; the rhythm stays. */
START_TEST(missed_edges)
{
	u64 start;

	setup();
	start = program(0, 2, 1000);
	while (take_irq() >= 0)
		outb(0x20, 0x20);
	now = tsc_of(start + 123456);
	ck_assert_uint_lt(vdev_deadline(v), now);
	ck_assert_int_eq(take_irq(), 0x30);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);
	ck_assert_uint_eq(vdev_deadline(v), tsc_of(start + 124000));
	outb(0xff, 0x21);
	ck_assert_uint_eq(vdev_deadline(v), VDEV_NEVER); /* masked: nobody need wake for it */
	now = tsc_of(start + 200000);
	outb(0xfe, 0x21);
	ck_assert_int_eq(take_irq(), 0x30); /* latched all the same */
}
END_TEST

START_TEST(one_shot)
{
	static const struct {
		u8 mode, extra;
	} modes[] = { { 0, 0 }, { 4, 1 } };

	for (unsigned i = 0; i < 2; i++) {
		u64 start;

		setup();
		program(0, modes[i].mode, 5000);
		while (take_irq() >= 0)
			outb(0x20, 0x20);
		outb(1000 & 0xff, 0x40); /* counts alone reload, as Linux' one-shot events do */
		outb(1000 >> 8, 0x40);
		start = tick_at(now);
		ck_assert_uint_eq(vdev_deadline(v), tsc_of(start + 1000 + modes[i].extra));
		now = vdev_deadline(v) - 1;
		ck_assert_int_eq(take_irq(), -1);
		now++;
		ck_assert_int_eq(take_irq(), 0x30);
		outb(0x20, 0x20);
		ck_assert_uint_eq(vdev_deadline(v), VDEV_NEVER);
		now += 1000 * MS;
		ck_assert_int_eq(take_irq(), -1);
		outb(0, 0x40); /* 0 is 65536 */
		outb(0, 0x40);
		ck_assert_uint_eq(vdev_deadline(v), tsc_of(tick_at(now) + 65536 + modes[i].extra));
	}
}
END_TEST

START_TEST(counts)
{
	u64 start, n;

	setup();
	start = program(2, 0, 50000);
	now += 1 * MS;
	ck_assert_uint_eq(read_latched(2), 50000); /* the gate is closed: it stands */
	outb(1, 0x61);
	start = tick_at(now);
	now += 10 * MS;
	outb(0x80, 0x43);
	n = tick_at(now) - start;
	now += 5 * MS; /* a latched count does not move */
	ck_assert_uint_eq(inb(0x42), (50000 - n) & 0xff);
	ck_assert_uint_eq(inb(0x42), (50000 - n) >> 8);
	now = tsc_of(start + 50000 + 77);
	outb(0x80, 0x43);
	n = tick_at(now) - start;
	ck_assert_uint_eq(read_both(2), (u16)(50000 - n)); /* goes on below zero */

	start = program(1, 2, 700);
	now += 3 * MS;
	outb(0x40, 0x43);
	n = (tick_at(now) - start) % 700;
	ck_assert_uint_eq(read_both(1), 700 - n);

	start = program(1, 3, 700);
	now += 3 * MS;
	outb(0x40, 0x43);
	n = 2 * (tick_at(now) - start) % 700;
	ck_assert_uint_eq(read_both(1), 700 - n);

	outb(0x71, 0x43); /* decimal: 5000 */
	outb(0x00, 0x41);
	outb(0x50, 0x41);
	start = tick_at(now);
	now += 1 * MS;
	outb(0x40, 0x43);
	n = 5000 - (tick_at(now) - start);
	ck_assert_uint_eq(inb(0x41), n % 10 | n / 10 % 10 << 4);
	ck_assert_uint_eq(inb(0x41), n / 100 % 10 | n / 1000 << 4);
}
END_TEST

START_TEST(byte_access)
{
	u64 start, n;

	setup();
	outb(0x54, 0x43); /* channel 1, low byte, mode 2 */
	outb(200, 0x41);
	start = tick_at(now);
	now += 1 * MS;
	n = (tick_at(now + ACCESS) - start) % 200;
	ck_assert_uint_eq(inb(0x41), 200 - n);
	outb(0x60, 0x43); /* high byte, mode 0 */
	outb(0x80, 0x41);
	start = tick_at(now);
	now += 1 * MS;
	n = tick_at(now + ACCESS) - start;
	ck_assert_uint_eq(inb(0x41), (0x8000 - n) >> 8);
}
END_TEST

START_TEST(read_back)
{
	setup();
	outb(1, 0x61);
	outb(0xb0, 0x43);
	outb(0xe8, 0x43);                   /* status of channel 2 */
	ck_assert_uint_eq(inb(0x42), 0x70); /* output low, no count yet, both bytes, mode 0 */
	program(2, 0, 1000);
	outb(0xe8, 0x43);
	ck_assert_uint_eq(inb(0x42), 0x30);
	now += 2 * MS;
	outb(0xc8, 0x43); /* status, then count */
	ck_assert_uint_eq(inb(0x42), 0xb0);
	inb(0x42);
	ck_assert_uint_gt(inb(0x42), 0xf0); /* below zero */
	outb(0xbe, 0x43);                   /* mode 7 is mode 3 */
	outb(0xe8, 0x43);
	ck_assert_uint_eq(inb(0x42), 0xf6);
}
END_TEST

static bool out2(void)
{
	return inb(0x61) & 0x20;
}

/* The tick at which channel 2's output next differs from what it is. */
static u64 next_change(void)
{
	bool before = out2();

	while (out2() == before)
		;
	return tick_at(now);
}

START_TEST(outputs)
{
	u64 start, t;

	setup();
	outb(1, 0x61);
	start = program(2, 0, 1000);
	ck_assert(!out2());
	ck_assert_uint_eq(next_change() - start, 1000);
	start = program(2, 3, 100);
	ck_assert(out2());
	t = next_change();
	ck_assert_uint_eq((t - start) % 100, 50);
	ck_assert_uint_eq(next_change() - t, 50);
	start = program(2, 2, 100);
	t = next_change();
	ck_assert_uint_eq((t - start) % 100, 99);
	ck_assert_uint_eq(next_change() - t, 1);
	start = program(2, 4, 300);
	ck_assert(out2());
	t = next_change();
	ck_assert_uint_eq(t - start, 300);
	ck_assert_uint_eq(next_change() - t, 1);
	now += 10 * MS;
	ck_assert(out2());
}
END_TEST

START_TEST(gates)
{
	u64 start, t;

	setup();
	outb(1, 0x61);
	start = program(2, 0, 10000);
	now += 1 * MS;
	outb(0, 0x61);
	t = tick_at(now) - start;
	now += 100 * MS;
	ck_assert(!out2());
	outb(1, 0x61); /* mode 0 goes on where it stopped */
	start = tick_at(now);
	ck_assert_uint_eq(next_change() - start, 10000 - t);
	program(2, 1, 500); /* a one-shot by the gate's edge */
	now += 5 * MS;
	ck_assert(out2());
	outb(0, 0x61);
	outb(1, 0x61);
	start = tick_at(now);
	ck_assert(!out2());
	outb(0, 0x61); /* its level does not matter */
	ck_assert_uint_eq(next_change() - start, 500);
	program(2, 3, 1000);
	now += 5 * MS;
	ck_assert(out2());
	outb(1, 0x61); /* mode 3 begins anew */
	start = tick_at(now);
	ck_assert_uint_eq(next_change() - start, 500);
}
END_TEST

/* Hostile programs: any bytes at any pace. The deadline is always in the future or never. */
START_TEST(any_program)
{
	srand(1);
	outb(0xfe, 0x21);
	for (unsigned i = 0; i < 300000; i++) {
		u16 ports[] = { 0x40, 0x41, 0x42, 0x43, 0x61, 0x40, 0x43 };
		u16 port = ports[rand() % ARRAY_SIZE(ports)];

		now += rand() % 8 ? (u64)rand() % 1000 : (u64)rand() << rand() % 16;
		if (rand() % 3)
			outb(rand() % 4 ? rand() : 0, port);
		else
			inb(port);
		vdev_advance(v, now);
		ck_assert(v->pit.edge > now);
		if (take_irq() >= 0)
			outb(0x20, 0x20);
	}
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("8254");

	tcase_add_test(tc, periodic_edges);
	tcase_add_test(tc, missed_edges);
	tcase_add_test(tc, one_shot);
	tcase_add_test(tc, counts);
	tcase_add_test(tc, byte_access);
	tcase_add_test(tc, read_back);
	tcase_add_test(tc, outputs);
	tcase_add_test(tc, gates);
	tcase_add_test(tc, any_program);
	return run_suite(tc, "pit");
}
