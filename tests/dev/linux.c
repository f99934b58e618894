/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The sequences by which Linux 6.1 finds and calibrates its devices, access by
 * access as in its source, each with the answer that makes it go the way that
 * it goes on a real PC: probe_8259A, autoconfig and the start-up of the 8250
 * driver, quick_pit_calibrate, pit_calibrate_tsc, the clock events of the PIT,
 * the CMOS clock, i8042, PCI.
 */
#include "tests/dev/dev.h"

#define COM1   0x3f8
#define PIT_HZ 1193182ull

static void io_delay(void)
{
	outb(0, 0x80);
}
static void outb_p(u8 val, u16 port)
{
	outb(val, port);
	io_delay();
}
static u8 inb_p(u16 port)
{
	u8 val = inb(port);
	io_delay();
	return val;
}
static void udelay(u64 us)
{
	now += us * US;
}

/* ---- arch/x86/kernel/i8259.c ---- */

START_TEST(probe_8259A)
{
	outb(0xff, 0xa1);
	outb(0xff & ~(1 << 2), 0x21);
	ck_assert_uint_eq(inb(0x21), 0xfb); /* otherwise "Using NULL legacy PIC" */
	outb(0xff, 0x21);
	outb_p(0x11, 0x20);
	outb_p(0x30, 0x21);
	outb_p(1 << 2, 0x21);
	outb_p(0x01, 0x21);
	outb_p(0x11, 0xa0);
	outb_p(0x38, 0xa1);
	outb_p(2, 0xa1);
	outb_p(0x01, 0xa1);
	udelay(100);
	outb(0xfb, 0x21);
	outb(0xff, 0xa1);
	ck_assert_int_eq(take_irq(), -1); /* the firmware's timer ran on, masked */
}
END_TEST

/* mask_and_ack_8259A() and unmask for IRQ 0, with its test for spurious interrupts. */
START_TEST(mask_and_ack)
{
	init_pics(1);
	outb_p(0x34, 0x43);
	outb_p(0xff, 0x40);
	outb(0x10, 0x40);
	outb(0xfe, 0x21);
	now += 10 * MS;
	ck_assert_int_eq(take_irq(), 0x30);
	outb(0xff, 0x21); /* mask */
	outb(0x60, 0x20); /* specific end */
	outb(0xfe, 0x21);
	outb(0x0b, 0x20); /* i8259A_irq_real() */
	ck_assert_uint_eq(inb(0x20) & 1, 0);
	outb(0x0a, 0x20);
}
END_TEST

/* ---- drivers/tty/serial/8250/8250_port.c ---- */

static u8 serial_in(unsigned reg)
{
	return inb(COM1 + reg);
}
static void serial_out(unsigned reg, u8 val)
{
	outb(val, COM1 + reg);
}

enum { RX, IER, IIR, LCR, MCR, LSR, MSR, SCR, EFR = 2 };

/* autoconfig(): returns whether something is there, and checks that it looks like a 16550A. */
static bool autoconfig(u16 base)
{
	u8 scratch, scratch2, scratch3, save_mcr;

	scratch = inb(base + IER);
	outb(0, base + IER);
	outb(0xff, 0x80);
	scratch2 = inb(base + IER) & 0x0f;
	outb(0x0f, base + IER);
	outb(0, 0x80);
	scratch3 = inb(base + IER) & 0x0f;
	outb(scratch, base + IER);
	if (scratch2 || scratch3 != 0x0f)
		return false;
	save_mcr = inb(base + MCR);
	outb(0x10 | 0x0a, base + MCR);
	ck_assert_uint_eq(inb(base + MSR) & 0xf0, 0x90); /* the loop-back test */
	outb(save_mcr, base + MCR);
	return true;
}

START_TEST(serial_autoconfig)
{
	u8 status1, status2, iersave;

	ck_assert(autoconfig(COM1));
	ck_assert(!autoconfig(0x2f8));
	ck_assert(!autoconfig(0x3e8));
	ck_assert(!autoconfig(0x2e8));
	serial_out(LCR, 0xbf);
	serial_out(EFR, 0);
	serial_out(LCR, 0);
	serial_out(IIR, 1);
	ck_assert_uint_eq(serial_in(IIR) >> 6, 3); /* a 16550A or better */

	/* autoconfig_16550a(): each richer chip is ruled out */
	serial_out(LCR, 0x80);
	ck_assert_uint_ne(serial_in(EFR), 0); /* no 16650 */
	serial_out(LCR, 0xbf);
	ck_assert_uint_ne(serial_in(EFR), 0); /* no 16650V2 */
	serial_out(LCR, 0);
	serial_out(MCR, 0);
	status1 = serial_in(MCR);
	serial_out(LCR, 0xe0);
	status2 = serial_in(2);
	ck_assert_uint_eq((status2 ^ status1) & 0x10, 0);
	serial_out(LCR, 0);
	serial_out(MCR, status1 ^ 0x10);
	serial_out(LCR, 0xe0);
	status2 = serial_in(2);
	serial_out(LCR, 0);
	serial_out(MCR, status1);
	ck_assert_uint_eq((status2 ^ status1) & 0x10, 0); /* no NatSemi */
	serial_out(LCR, 0);
	serial_out(IIR, 0x21);
	ck_assert_uint_eq(serial_in(IIR) >> 5, 6);
	serial_out(IIR, 1);
	serial_out(LCR, 0x80);
	serial_out(IIR, 0x21);
	ck_assert_uint_eq(serial_in(IIR) >> 5, 6); /* no 16750 */
	serial_out(IIR, 1);
	serial_out(LCR, 0);
	iersave = serial_in(IER);
	serial_out(IER, iersave & ~0x40);
	ck_assert_uint_eq(serial_in(IER) & 0x40, 0);
	serial_out(IER, iersave | 0x40);
	ck_assert_uint_eq(serial_in(IER) & 0x40, 0); /* no XScale */
	serial_out(IER, iersave);
}
END_TEST

/* serial8250_do_startup(): neither UART_BUG_THRE nor UART_BUG_TXEN is found; then a page of text by interrupts. */
START_TEST(serial_startup)
{
	static char text[4096], seen[4096 + 1];
	u8 iir, iir1, lsr;
	unsigned sent = 0, interrupts = 0;

	init_pics(1 << 4);
	serial_out(IIR, 1);
	serial_out(IIR, 7);
	serial_out(IIR, 0);
	serial_in(LSR), serial_in(RX), serial_in(IIR), serial_in(MSR);
	serial_out(LCR, 3);
	ck_assert_uint_eq(serial_in(LSR) & 0x60, 0x60);
	serial_out(IER, 2);
	udelay(1);
	iir1 = serial_in(IIR);
	serial_out(IER, 0);
	serial_out(IER, 2);
	udelay(1);
	iir = serial_in(IIR);
	serial_out(IER, 0);
	ck_assert(!(iir1 & 1) && !(iir & 1));
	serial_out(MCR, 0x0b);
	serial_out(IER, 2);
	lsr = serial_in(LSR);
	iir = serial_in(IIR);
	serial_out(IER, 0);
	ck_assert(!((lsr & 0x40) && (iir & 1)));
	serial_out(IIR, 0xc1);
	take_irq(), outb(0x64, 0x20);

	memset(text, 'p', sizeof(text));
	serial_out(IER, 0x05 | 0x02);
	while (take_irq() == 0x34) { /* serial8250_interrupt(), sixteen bytes a round */
		interrupts++;
		outb(0xff, 0x21);
		outb(0x64, 0x20);
		while (!(serial_in(IIR) & 1)) {
			if (!(serial_in(LSR) & 0x20))
				continue;
			for (unsigned i = 0; i < 16 && sent < sizeof(text); i++)
				serial_out(RX, text[sent++]);
			if (sent == sizeof(text))
				serial_out(IER, 0x05);
		}
		outb(0xef, 0x21);
	}
	ck_assert_uint_eq(sent, sizeof(text));
	ck_assert_uint_ge(interrupts, 1);
	ck_assert_uint_eq(vdev_console_read(v, seen, sizeof(seen)), sizeof(text));
	ck_assert_mem_eq(seen, text, sizeof(text));
}
END_TEST

/* ---- arch/x86/kernel/tsc.c ---- */

static bool pit_verify_msb(u8 val)
{
	inb(0x42);
	return inb(0x42) == val;
}

static bool pit_expect_msb(u8 val, u64 *tsc, u64 *delta)
{
	u64 prev_tsc = 0, t = 0;
	unsigned count;

	for (count = 0; count < 50000; count++) {
		if (!pit_verify_msb(val))
			break;
		prev_tsc = t;
		t = now;
	}
	*delta = now - prev_tsc;
	*tsc = t;
	return count > 5;
}

#define MAX_QUICK_PIT_MS         50
#define MAX_QUICK_PIT_ITERATIONS (MAX_QUICK_PIT_MS * PIT_HZ / 1000 / 256)

/* quick_pit_calibrate(), until the error is within 500 ppm. */
START_TEST(quick_pit_calibrate)
{
	u64 tsc, delta, d1, d2, khz = 0;
	int i;

	outb((inb(0x61) & ~0x02) | 0x01, 0x61);
	outb(0xb0, 0x43);
	outb(0xff, 0x42);
	outb(0xff, 0x42);
	pit_verify_msb(0);
	ck_assert(pit_expect_msb(0xff, &tsc, &d1));
	for (i = 1; i <= (int)MAX_QUICK_PIT_ITERATIONS; i++) {
		ck_assert(pit_expect_msb(0xff - i, &delta, &d2));
		delta -= tsc;
		if (d1 + d2 >= delta >> 11)
			continue;
		if (pit_verify_msb(0xfe - i))
			break;
	}
	ck_assert_int_le(i, (int)MAX_QUICK_PIT_ITERATIONS);
	khz = (delta + (s64)(d2 - d1) / 2) * PIT_HZ / (i * 256 * 1000ull);
	ck_assert_msg(khz > TSC_KHZ * 0.9995 && khz < TSC_KHZ * 1.0005, "%lu kHz", (unsigned long)khz);
}
END_TEST

/* pit_calibrate_tsc(CAL_LATCH, CAL_MS, CAL_PIT_LOOPS) as pit_hpet_ptimer_calibrate_cpu() calls it. */
START_TEST(pit_calibrate_tsc)
{
	u64 t1, t2, tsc, delta, tscmin = ~0ull, tscmax = 0;
	const u64 ms = 10, latch = PIT_HZ / (1000 / ms);
	unsigned loops = 0;

	outb((inb(0x61) & ~0x02) | 0x01, 0x61);
	outb(0xb0, 0x43);
	outb(latch & 0xff, 0x42);
	outb(latch >> 8, 0x42);
	tsc = t1 = t2 = now;
	while ((inb(0x61) & 0x20) == 0) {
		t2 = now;
		delta = t2 - tsc;
		tsc = t2;
		tscmin = delta < tscmin ? delta : tscmin;
		tscmax = delta > tscmax ? delta : tscmax;
		loops++;
	}
	ck_assert_uint_ge(loops, 1000);
	ck_assert_uint_le(tscmax, 10 * tscmin); /* no disturbance */
	delta = (t2 - t1) / ms;
	ck_assert_msg(delta > TSC_KHZ * 0.999 && delta < TSC_KHZ * 1.001, "%lu kHz", (unsigned long)delta);
}
END_TEST

/* ---- drivers/clocksource/i8253.c, and timer_irq_works(): ten ticks of HZ = 250 must bring more than four ---- */

static unsigned ticks_in(u64 duration)
{
	u64 end = now + duration;
	unsigned n = 0;

	while (now < end) {
		u64 due = vdev_deadline(v);

		now = due < end ? due : end; /* as the host's timer would wake us */
		while (take_irq() == 0x30) {
			n++;
			outb(0x60, 0x20);
		}
	}
	return n;
}

START_TEST(pit_clock_events)
{
	const u16 latch = (PIT_HZ + 125) / 250;

	init_pics(1);
	outb_p(0x34, 0x43); /* pit_set_periodic */
	outb_p(latch & 0xff, 0x40);
	outb_p(latch >> 8, 0x40);
	while (take_irq() == 0x30)
		outb(0x60, 0x20);
	ck_assert_uint_eq(ticks_in(40 * MS + 1 * MS), 10);
	ck_assert_uint_eq(ticks_in(1000 * MS), 250);
	outb_p(0x30, 0x43); /* pit_shutdown */
	outb_p(0, 0x40);
	outb_p(0, 0x40);
	ticks_in(60 * MS);
	ck_assert_uint_eq(ticks_in(1000 * MS), 0);
	outb_p(0x38, 0x43);                            /* pit_set_oneshot */
	ck_assert_uint_eq(ticks_in(100 * MS) <= 1, 1); /* the output rises with the mode */
	for (unsigned i = 0; i < 20; i++) {            /* pit_next_event */
		outb_p(5000 & 0xff, 0x40);
		outb_p(5000 >> 8, 0x40);
		ck_assert_uint_eq(ticks_in(10 * MS), 1);
	}
}
END_TEST

/* ---- drivers/rtc/rtc-mc146818-lib.c ---- */

static u8 cmos_read(u8 index)
{
	outb(index, 0x70);
	return inb(0x71);
}

START_TEST(mc146818)
{
	u8 seconds;

	ck_assert_uint_eq(cmos_read(0x0d) & 0x7f, 0); /* mc146818_does_rtc_work() */
	for (unsigned i = 0; i < 20000; i++) {        /* mc146818_avoid_UIP(), at any moment */
		unsigned tries;

		for (tries = 0; tries < 100; tries++) {
			seconds = cmos_read(0);
			if (cmos_read(0x0a) & 0x80) {
				now += 1 * MS;
				continue;
			}
			if (seconds != cmos_read(0))
				continue;
			if (cmos_read(0x0a) & 0x80) {
				now += 1 * MS;
				continue;
			}
			if (seconds == cmos_read(0))
				break;
		}
		ck_assert_uint_lt(tries, 3);
		now += 777 * US;
	}
}
END_TEST

/* ---- drivers/input/serio/i8042.c, arch/x86/kernel/reboot.c ---- */

static int i8042_wait_read(void)
{
	for (unsigned i = 0; i < 10000; i++, udelay(50))
		if (inb(0x64) & 1)
			return 0;
	return -1;
}

/* i8042_command() with one byte back: -1 on a time-out. */
static int i8042_ask(u8 command, int param)
{
	outb(command, 0x64);
	if (param >= 0)
		outb(param, 0x60);
	return i8042_wait_read() ? -1 : inb(0x60);
}

START_TEST(i8042)
{
	u64 start = now;

	for (unsigned i = 0; i < 16 && (inb(0x64) & 1); i++) /* i8042_flush() */
		inb(0x60);
	ck_assert_uint_eq(inb(0x64) & 1, 0);
	ck_assert_int_eq(i8042_ask(0xaa, -1), 0x55);
	ck_assert_int_ge(i8042_ask(0x20, -1), 0);
	outb(0x60, 0x64);
	outb(0x44, 0x60);
	outb(0xd3, 0x64); /* i8042_check_aux(): a mouse port would loop this back */
	outb(0x5a, 0x60);
	ck_assert_int_eq(i8042_wait_read(), 0);
	ck_assert_uint_eq(inb(0x64) & 0x20, 0);
	inb(0x60);
	ck_assert_int_gt(i8042_ask(0xa9, -1), 0); /* its test fails as well: no mouse */
	outb(0xf2, 0x60);                         /* atkbd_probe() */
	ck_assert_int_eq(i8042_wait_read(), 0);
	ck_assert_uint_eq(inb(0x60), 0xfe);
	ck_assert_uint_lt(now - start, 1 * MS); /* nothing ran into a time-out */
	ck_assert_uint_eq(inb(0x64) & 2, 0);    /* kb_wait() */
	outb(0xfe, 0x64);
	ck_assert(v->reset_requested);
}
END_TEST

/* ---- arch/x86/pci/direct.c ---- */

START_TEST(no_pci)
{
	u32 tmp;

	outb(0x01, 0xcfb);
	tmp = vdev_in(v, 0xcf8, 4, now);
	vdev_out(v, 0xcf8, 4, 0x80000000, now);
	ck_assert_uint_ne(vdev_in(v, 0xcf8, 4, now), 0x80000000);
	vdev_out(v, 0xcf8, 4, tmp, now);
	outb(0, 0xcfb);
	outb(0, 0xcf8);
	outb(0, 0xcfa);
	ck_assert(!(inb(0xcf8) == 0 && inb(0xcfa) == 0));
	ck_assert_uint_eq(inb_p(0x4d0), 0);
	ck_assert(!v->reset_requested);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("6.1");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, probe_8259A);
	tcase_add_test(tc, mask_and_ack);
	tcase_add_test(tc, serial_autoconfig);
	tcase_add_test(tc, serial_startup);
	tcase_add_test(tc, quick_pit_calibrate);
	tcase_add_test(tc, pit_calibrate_tsc);
	tcase_add_test(tc, pit_clock_events);
	tcase_add_test(tc, mc146818);
	tcase_add_test(tc, i8042);
	tcase_add_test(tc, no_pci);
	return run_suite(tc, "linux");
}
