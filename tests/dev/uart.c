/* SPDX-License-Identifier: BSD-2-Clause */
/* The UART and the console behind it: registers, interrupts, rings, a reader beside a flooding guest. */
#include <pthread.h>

#include "tests/dev/dev.h"

#define COM1 0x3f8
enum { THR, IER, IIR, LCR, MCR, LSR, MSR, SCR };

static u8 in(unsigned reg)
{
	return inb(COM1 + reg);
}
static void out(u8 val, unsigned reg)
{
	outb(val, COM1 + reg);
}

static void print(const char *text)
{
	while (*text)
		out(*text++, THR);
}

START_TEST(output)
{
	char text[64];

	print("hello, world\n");
	ck_assert_uint_eq(vdev_console_pending(v), 13);
	ck_assert_uint_eq(vdev_console_read(v, text, 5), 5);
	ck_assert_mem_eq(text, "hello", 5);
	ck_assert_uint_eq(vdev_console_read(v, text, sizeof(text)), 8);
	ck_assert_mem_eq(text, ", world\n", 8);
	ck_assert_uint_eq(vdev_console_read(v, text, sizeof(text)), 0);
	ck_assert_uint_eq(in(LSR), 0x60);
}
END_TEST

/* The newest bytes are kept, the lost ones counted. */
START_TEST(flood)
{
	static u8 text[2 * VDEV_CONSOLE_BYTES];
	const unsigned total = 1000003;
	size_t n;

	for (unsigned i = 0; i < total; i++)
		out(i % 251, THR);
	n = vdev_console_read(v, text, sizeof(text));
	ck_assert_uint_eq(n, VDEV_CONSOLE_BYTES - 1);
	ck_assert_uint_eq(v->out_lost, total - n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_eq(text[i], (total - n + i) % 251);
}
END_TEST

static void *flood_counting(void *arg)
{
	const unsigned *total = arg;

	for (unsigned i = 0; i < *total; i++)
		vdev_out(v, COM1, 1, i % 251, 0);
	return NULL;
}

/* Whatever the reader gets is an unbroken run of what was printed, at the place that out_lost tells. */
START_TEST(reader_beside_writer)
{
	unsigned total = 20000000;
	u64 position = 0, lost = 0;
	u8 text[4096];
	pthread_t guest;

	pthread_create(&guest, NULL, flood_counting, &total);
	while (position < total) {
		size_t n = vdev_console_read(v, text, sizeof(text));

		position += v->out_lost - lost;
		lost = v->out_lost;
		for (size_t i = 0; i < n; i++, position++)
			if (text[i] != position % 251)
				ck_abort_msg("byte %lu is %u", (unsigned long)position, text[i]);
	}
	pthread_join(guest, NULL);
	ck_assert_uint_eq(position, total);
}
END_TEST

START_TEST(registers)
{
	for (unsigned i = 0; i < 256; i++) {
		out(i, SCR);
		ck_assert_uint_eq(in(SCR), i);
		out(i & 0x7f, LCR);
		ck_assert_uint_eq(in(LCR), i & 0x7f);
		out(i, IER);
		ck_assert_uint_eq(in(IER), i & 0x0f);
	}
	out(0x80, LCR);
	out(0x34, THR);
	out(0x12, IER);
	ck_assert_uint_eq(in(THR), 0x34);
	ck_assert_uint_eq(in(IER), 0x12);
	out(3, LCR);
	ck_assert_uint_eq(in(IER), 0x0f);
	ck_assert_uint_eq(vdev_console_pending(v), 0);
	out(1, IIR);
	ck_assert_uint_eq(in(IIR)&0xc0, 0xc0);
	out(0, IIR);
	ck_assert_uint_eq(in(IIR)&0xc0, 0);
}
END_TEST

static void open_port(u8 ier)
{
	init_pics(1 << 4);
	out(3, LCR);
	out(7, IIR);
	out(0x0b, MCR);
	out(ier, IER);
}

START_TEST(transmit_interrupts)
{
	open_port(2);
	ck_assert_int_eq(take_irq(), 0x34);
	ck_assert_uint_eq(in(IIR), 0xc2);
	ck_assert_uint_eq(in(IIR), 0xc1); /* reading it took it back */
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);
	print("x");
	ck_assert_int_eq(take_irq(), 0x34);
	print("y"); /* a new edge while it is served */
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), 0x34);
	outb(0x20, 0x20);
	out(0, IER);
	ck_assert_uint_eq(in(IIR), 0xc1);
	print("z");
	ck_assert_int_eq(take_irq(), -1);
	out(2, IER);
	ck_assert_int_eq(take_irq(), 0x34);
	outb(0x20, 0x20);
	out(0x03, MCR); /* OUT2 gates the line */
	print("z");
	ck_assert_int_eq(take_irq(), -1);
}
END_TEST

START_TEST(input)
{
	open_port(1);
	ck_assert_uint_eq(vdev_console_write(v, "ab", 2), 2);
	ck_assert_int_eq(take_irq(), 0x34);
	ck_assert_uint_eq(in(IIR), 0xc4);
	ck_assert_uint_eq(in(LSR), 0x61);
	ck_assert_uint_eq(in(THR), 'a');
	ck_assert_uint_eq(in(IIR), 0xc4);
	ck_assert_uint_eq(in(THR), 'b');
	ck_assert_uint_eq(in(IIR), 0xc1);
	ck_assert_uint_eq(in(LSR), 0x60);
	ck_assert_uint_eq(in(THR), 0);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);
	vdev_console_write(v, "c", 1);
	out(7, IIR); /* clearing the FIFO takes what had come */
	ck_assert_uint_eq(in(LSR), 0x60);
	ck_assert_int_eq(take_irq(), -1);
}
END_TEST

START_TEST(typed_ahead)
{
	static u8 text[2 * VDEV_INPUT_BYTES];

	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = i % 253;
	ck_assert_uint_eq(vdev_console_write(v, text, sizeof(text)), VDEV_INPUT_BYTES);
	ck_assert_uint_eq(vdev_console_write(v, text, 1), 0);
	for (unsigned i = 0; i < 10; i++)
		ck_assert_uint_eq(in(THR), text[i]);
	ck_assert_uint_eq(vdev_console_write(v, text + VDEV_INPUT_BYTES, 20), 10);
	for (unsigned i = 10; i < VDEV_INPUT_BYTES + 10; i++)
		ck_assert_uint_eq(in(THR), text[i]);
	ck_assert_uint_eq(in(LSR)&1, 0);
}
END_TEST

START_TEST(loop_back)
{
	open_port(0);
	vdev_console_write(v, "k", 1);
	out(0x10, MCR);
	ck_assert_uint_eq(in(LSR), 0x60); /* the line is cut off */
	for (unsigned i = 0; i < 16; i++)
		out(i + 1, THR);
	ck_assert_uint_eq(in(LSR), 0x61);
	out(99, THR);
	ck_assert_uint_eq(in(LSR), 0x63); /* overrun, told once */
	ck_assert_uint_eq(in(LSR), 0x61);
	for (unsigned i = 0; i < 16; i++)
		ck_assert_uint_eq(in(THR), i + 1);
	ck_assert_uint_eq(in(LSR), 0x60);
	ck_assert_uint_eq(vdev_console_pending(v), 0);
	out(0, MCR);
	ck_assert_uint_eq(in(THR), 'k');
}
END_TEST

START_TEST(modem_lines)
{
	open_port(8);
	ck_assert_uint_eq(in(MSR)&0xf0, 0xb0);
	out(0x18, MCR);                   /* loop-back: OUT2 is DCD */
	ck_assert_uint_eq(in(MSR), 0x83); /* CTS and DSR fell */
	ck_assert_uint_eq(in(MSR), 0x80);
	out(0x14, MCR);
	ck_assert_uint_eq(in(IIR), 0xc0);
	ck_assert_uint_eq(in(MSR), 0x48); /* DCD fell; ringing is told when it ends */
	ck_assert_uint_eq(in(IIR), 0xc1);
	out(0x10, MCR);
	ck_assert_uint_eq(in(MSR), 0x04);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("16550A");

	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, output);
	tcase_add_test(tc, flood);
	tcase_add_test(tc, reader_beside_writer);
	tcase_add_test(tc, registers);
	tcase_add_test(tc, transmit_interrupts);
	tcase_add_test(tc, input);
	tcase_add_test(tc, typed_ahead);
	tcase_add_test(tc, loop_back);
	tcase_add_test(tc, modem_lines);
	return run_suite(tc, "uart");
}
