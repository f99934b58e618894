/* SPDX-License-Identifier: BSD-2-Clause */
/* Clock, keyboard controller, the ports that end a domain, the absent ones, and hostile accesses to all. */
#include <time.h>

#include "tests/dev/dev.h"

#define SECOND (TSC_KHZ * 1000ull)
#define DATE   1704067200 /* 2024-01-01 00:00:00 UTC */

static u8 cmos(u8 index)
{
	outb(index, 0x70);
	return inb(0x71);
}

static void cmos_write(u8 index, u8 val)
{
	outb(index, 0x70);
	outb(val, 0x71);
}

static unsigned bcd(u8 val)
{
	return (val >> 4) * 10 + (val & 15);
}

/* The date as the C library sees it. */
static void check_date(time_t seconds)
{
	struct tm tm;

	gmtime_r(&seconds, &tm);
	ck_assert_uint_eq(bcd(cmos(0)), tm.tm_sec);
	ck_assert_uint_eq(bcd(cmos(2)), tm.tm_min);
	ck_assert_uint_eq(bcd(cmos(4)), tm.tm_hour);
	ck_assert_uint_eq(bcd(cmos(6)), tm.tm_wday + 1);
	ck_assert_uint_eq(bcd(cmos(7)), tm.tm_mday);
	ck_assert_uint_eq(bcd(cmos(8)), tm.tm_mon + 1);
	ck_assert_uint_eq(bcd(cmos(9)), tm.tm_year % 100);
	ck_assert_uint_eq(bcd(cmos(0x32)), (tm.tm_year + 1900) / 100);
}

START_TEST(dates)
{
	check_date(DATE);
	for (unsigned day = 0; day < 60000; day += 13) { /* for 160 years, leap centuries included */
		u64 seconds = day * 86400ull + day * 37 % 86400;

		now = POWER_ON + seconds * SECOND;
		check_date(DATE + seconds);
	}
}
END_TEST

/* Made at one time, begun at another: until then no time has passed for the guest, neither on its clock nor in its timers. */
START_TEST(time_begins_with_the_guest)
{
	u8 made[3], begun[3];

	for (unsigned i = 0; i < 3; i++)
		made[i] = inb(0x40 + i);
	vdev_set_memory(v, 64 << 20);
	now = POWER_ON + 777 * SECOND + 4321;
	vdev_begin(v, now);
	for (unsigned i = 0; i < 3; i++)
		begun[i] = inb(0x40 + i);
	ck_assert_mem_eq(begun, made, sizeof(made));
	check_date(DATE);
	ck_assert_uint_eq(cmos(0x34) | cmos(0x35) << 8, ((64 << 20) - (16 << 20)) >> 16);
}
END_TEST

START_TEST(setting_the_clock)
{
	static const u8 indices[] = { 0x32, 9, 8, 7, 4, 2, 0 };
	static const u8 date[] = { 0x19, 0x99, 0x12, 0x31, 0x23, 0x59, 0x58 };

	cmos_write(0x0b, 0x82);
	for (unsigned i = 0; i < ARRAY_SIZE(date); i++)
		cmos_write(indices[i], date[i]);
	now += 100 * SECOND; /* held */
	ck_assert_uint_eq(cmos(0), 0x58);
	ck_assert_uint_eq(cmos(0x0a) & 0x80, 0);
	cmos_write(0x0b, 0x02);
	check_date(946684798);
	now += 3 * SECOND;
	check_date(946684801);
	cmos_write(0x0b, 0x04); /* binary, twelve hours */
	now += 13 * 3600 * SECOND;
	ck_assert_uint_eq(cmos(4), 0x81);
	ck_assert_uint_eq(cmos(9), 0);
	ck_assert_uint_eq(cmos(0x32), 20);
	cmos_write(0x0b, 0x00);
	now += 10 * 3600 * SECOND;
	ck_assert_uint_eq(cmos(4), 0x91);
	now += 3600 * SECOND;
	ck_assert_uint_eq(cmos(4), 0x12);
}
END_TEST

/* UIP is up for the last 244 us of each second, never when the registers change. */
START_TEST(update_in_progress)
{
	u64 second = POWER_ON + 10 * SECOND;

	now = second - 245 * US - 2 * ACCESS;
	ck_assert_uint_eq(cmos(0x0a) & 0x80, 0);
	now = second - 243 * US;
	ck_assert_uint_eq(cmos(0x0a), 0xa6);
	now = second - 3 * ACCESS;
	ck_assert_uint_eq(cmos(0x0a), 0xa6);
	ck_assert_uint_eq(cmos(0x0a), 0x26);
	ck_assert_uint_eq(cmos(0), 0x10);
	ck_assert_uint_eq(cmos(0x0d), 0x80);
	ck_assert_uint_eq(cmos(0x0c), 0x10);
	ck_assert_uint_eq(cmos(0x0c), 0);
}
END_TEST

START_TEST(cmos_memory)
{
	vdev_set_memory(v, 512ull << 20);
	ck_assert_uint_eq(cmos(0x15) | cmos(0x16) << 8, 640);
	ck_assert_uint_eq(cmos(0x17) | cmos(0x18) << 8, 0xffff);
	ck_assert_uint_eq(cmos(0x34) | cmos(0x35) << 8, (512 - 16) * 16);
	vdev_set_memory(v, 8ull << 20);
	ck_assert_uint_eq(cmos(0x30) | cmos(0x31) << 8, 7 * 1024);
	ck_assert_uint_eq(cmos(0x34) | cmos(0x35) << 8, 0);
	cmos_write(0x40, 0x5a);
	ck_assert_uint_eq(cmos(0xc0), 0x5a); /* bit 7 of the index is the NMI mask */
}
END_TEST

START_TEST(keyboard)
{
	init_pics(2);
	ck_assert_uint_eq(inb(0x64), 0x14);
	outb(0xaa, 0x64);
	ck_assert_uint_eq(inb(0x64), 0x15);
	ck_assert_uint_eq(inb(0x60), 0x55);
	ck_assert_uint_eq(inb(0x64), 0x14);
	outb(0x60, 0x64);
	outb(0x45, 0x60);
	outb(0x20, 0x64);
	ck_assert_int_eq(take_irq(), 0x31);
	ck_assert_uint_eq(inb(0x60), 0x45);
	outb(0x20, 0x20);
	outb(0xf2, 0x60); /* "who are you?" to nobody */
	ck_assert_int_eq(take_irq(), 0x31);
	ck_assert_uint_eq(inb(0x64), 0x55);
	ck_assert_uint_eq(inb(0x60), 0xfe);
	outb(0xd2, 0x64);
	outb(0x77, 0x60);
	ck_assert_uint_eq(inb(0x60), 0x77);
	outb(0xd0, 0x64);
	ck_assert_uint_eq(inb(0x60), 0xcf);
	outb(0xa7, 0x64);
	outb(0x20, 0x64);
	ck_assert_uint_eq(inb(0x60), 0x65);
	ck_assert(!v->reset_requested);
}
END_TEST

START_TEST(endings)
{
	static const struct {
		u16 port;
		u8 val, end;
	} ends[] = {
		{ 0x64, 0xfe, 1 },  { 0x64, 0xff, 0 }, { 0xcf9, 0x06, 1 },
		{ 0xcf9, 0x02, 0 }, { 0x92, 0x03, 1 }, { 0x92, 0x02, 0 },
	};

	for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
		outb(ends[i].val, ends[i].port);
		ck_assert_uint_eq(v->reset_requested, ends[i].end);
		v->reset_requested = false;
	}
	outb(0xd1, 0x64);
	outb(0xdf, 0x60);
	ck_assert(!v->reset_requested);
	outb(0xd1, 0x64);
	outb(0xde, 0x60);
	ck_assert(v->reset_requested);
	ck_assert(!v->exit_requested);
	outb(0x42, 0xf4);
	ck_assert(v->exit_requested);
	ck_assert_uint_eq(v->exit_code, 0x42);
	vdev_out(v, 0xf4, 4, 0x12345678, now);
	ck_assert_uint_eq(v->exit_code, 0x12345678);
	vdev_out(v, 0xf4, 2, 0x12345678, now);
	ck_assert_uint_eq(v->exit_code, 0x5678);
}
END_TEST

START_TEST(absent_ports)
{
	static const u16 ports[] = { 0, 0x80, 0xed, 0x1f7, 0x2f8, 0x2fd, 0x3c5, 0x3d4, 0x510, 0xcf8, 0xcfb, 0xcfc, 0xffff };

	for (unsigned i = 0; i < ARRAY_SIZE(ports); i++) {
		outb(0, ports[i]);
		ck_assert_uint_eq(inb(ports[i]), 0xff);
		ck_assert_uint_eq(vdev_in(v, ports[i], 2, now), 0xffff);
		ck_assert_uint_eq(vdev_in(v, ports[i], 4, now), 0xffffffff);
	}
	vdev_out(v, 0xcf8, 4, 0xffffffff, now); /* spans the reset port, but is not for it */
	ck_assert(!v->reset_requested);
	vdev_out(v, 0x21, 2, 0xa55a, now); /* word accesses reach byte registers one by one */
	ck_assert_uint_eq(inb(0x21), 0x5a);
}
END_TEST

/* The same accesses give the same answers; no access harms anything (run this under a sanitizer). */
static u64 any_accesses(unsigned seed, unsigned n)
{
	static const u16 ports[] = { 0x20, 0x21,  0xa0,  0xa1,  0x40,  0x41,  0x42,  0x43,  0x60,  0x61,  0x64,  0x70,  0x71,
				     0x92, 0x3f8, 0x3f9, 0x3fa, 0x3fb, 0x3fc, 0x3fd, 0x3fe, 0x3ff, 0x4d0, 0x4d1, 0xcf8, 0xf4 };
	u64 hash = 14695981039346656037ull;

	srand(seed);
	vdev_init(v, 500 + rand() % 5000000 + 1500, now = rand());
	while (n--) {
		u16 port = rand() % 16 ? ports[rand() % ARRAY_SIZE(ports)] : rand();
		unsigned size = rand() % 8 ? 1 : 1 << rand() % 3;
		char text[16] = "";
		u64 seen = 0;

		now += rand() % 16 ? (u64)rand() % 5000 : (u64)rand() << rand() % 20;
		if (rand() % 2)
			seen = vdev_in(v, port, size, now);
		else
			vdev_out(v, port, size, rand(), now);
		if (rand() % 8 == 0)
			seen += vdev_console_write(v, "input", rand() % 6);
		if (rand() % 8 == 0)
			seen += vdev_console_read(v, text, rand() % 16) + (u8)text[0];
		vdev_advance(v, now);
		if (vdev_irq_pending(v) && rand() % 2)
			seen += vdev_irq_ack(v);
		ck_assert_uint_le(v->uart.loop_count, 16);
		hash = (hash ^ seen ^ vdev_deadline(v)) * 1099511628211ull;
	}
	return hash;
}

START_TEST(any_access)
{
	for (unsigned seed = 1; seed <= 20; seed++)
		ck_assert_uint_eq(any_accesses(seed, 20000), any_accesses(seed, 20000));
}
END_TEST

/* ---- ports that are nobody's ---- */

static const unsigned sizes[] = { 1, 2, 4 };

/* What nobody's ports answer, and that no access to them leaves a trace in any device. */
static void try_every_port(void)
{
	struct vdev *was = malloc(sizeof(*was));

	vdev_advance(v, now);
	memcpy(was, v, sizeof(*was));
	for (u32 port = 0; port <= 0xffff; port++) {
		bool tried = false;

		for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++) {
			const u32 ones = sizes[i] == 4 ? ~0u : (1u << 8 * sizes[i]) - 1;

			if (!vdev_is_nobodys(port, sizes[i]))
				continue;
			tried = true;
			if (vdev_in(v, port, sizes[i], now) != ones)
				ck_abort_msg("port %x has %u bytes that are not all ones", port, sizes[i]);
			vdev_out(v, port, sizes[i], 0, now);
			vdev_out(v, port, sizes[i], 0xa5a5a5a5, now);
			vdev_out(v, port, sizes[i], ~0u, now);
		}
		if (tried && memcmp(was, v, sizeof(*was)))
			ck_abort_msg("port %x, which is nobody's, has changed a device", port);
	}
	free(was);
}

/* In the first state, and in those that any accesses leave behind: a device that is busy answers at no more ports. */
START_TEST(nobodys_ports)
{
	try_every_port();
	for (unsigned seed = 1; seed <= 4; seed++) {
		any_accesses(seed, 20000);
		try_every_port();
	}
}
END_TEST

/* No access that reaches a device is to nobody; the ports that kernels write to for the delay are, as this is what saves them time. */
START_TEST(somebodys_ports)
{
	static const struct {
		u16 first, n;
	} devices[] = {
		{ 0x20, 2 }, { 0x40, 4 }, { 0x60, 2 },  { 0x64, 1 },  { 0x70, 2 },  { 0x92, 1 },
		{ 0xa0, 2 }, { 0xf4, 1 }, { 0x3f8, 8 }, { 0x4d0, 2 }, { 0xcf9, 1 },
	};

	for (unsigned d = 0; d < ARRAY_SIZE(devices); d++)
		for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
			for (u32 port = devices[d].first - sizes[i] + 1; port < devices[d].first + devices[d].n; port++)
				ck_assert_msg(!vdev_is_nobodys(port, sizes[i]), "%u bytes at port %x reach a device", sizes[i],
					      port);
	for (unsigned i = 0; i < ARRAY_SIZE(sizes); i++)
		ck_assert(vdev_is_nobodys(0x80, sizes[i]) && vdev_is_nobodys(0xffff, sizes[i]));
	ck_assert(vdev_is_nobodys(0xed, 1));
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("the others");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, dates);
	tcase_add_test(tc, time_begins_with_the_guest);
	tcase_add_test(tc, setting_the_clock);
	tcase_add_test(tc, update_in_progress);
	tcase_add_test(tc, cmos_memory);
	tcase_add_test(tc, keyboard);
	tcase_add_test(tc, endings);
	tcase_add_test(tc, absent_ports);
	tcase_add_test(tc, any_access);
	tcase_add_test(tc, nobodys_ports);
	tcase_add_test(tc, somebodys_ports);
	return run_suite(tc, "devices");
}
