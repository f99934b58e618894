/* SPDX-License-Identifier: BSD-2-Clause */
/* The interrupt controllers, driven by their lines and their ports. */
#include "hv/dev/devices.h"
#include "tests/dev/dev.h"

static void edge(unsigned irq)
{
	pic_line(v, irq, false);
	pic_line(v, irq, true);
}

START_TEST(masked_at_power_on)
{
	for (unsigned irq = 0; irq < 16; irq++)
		edge(irq);
	ck_assert_int_eq(take_irq(), -1);
	ck_assert_uint_eq(inb(0x21), 0xff);
	ck_assert_uint_eq(inb(0xa1), 0xff);
	ck_assert_uint_eq(vdev_deadline(v), VDEV_NEVER);
}
END_TEST

START_TEST(every_input_has_its_vector)
{
	init_pics(0xffff);
	for (unsigned irq = 0; irq < 16; irq++) {
		if (irq == 2)
			continue;
		edge(irq);
		ck_assert_int_eq(take_irq(), 0x30 + irq);
		ck_assert_int_eq(take_irq(), -1);
		if (irq >= 8)
			outb(0x60 | (irq & 7), 0xa0);
		outb(0x60 | (irq < 8 ? irq : 2), 0x20);
	}
}
END_TEST

/* 0 1 8..15 3..7, from the highest to the lowest: each arrives while all lower ones are served. */
START_TEST(nesting)
{
	static const u8 order[] = { 0, 1, 8, 9, 10, 11, 12, 13, 14, 15, 3, 4, 5, 6, 7 };
	unsigned n = ARRAY_SIZE(order);

	init_pics(0xffff);
	for (unsigned i = n; i-- > 0;) {
		/* Within the slave a second one waits: to the master they are one input, already in service. */
		bool waits = i + 1 < n && order[i] >= 8 && order[i + 1] >= 8;

		edge(order[i]);
		if (i + 1 < n && !waits)
			ck_assert_int_eq(take_irq(), 0x30 + order[i]);
		else if (i + 1 == n)
			ck_assert_int_eq(take_irq(), 0x30 + order[i]);
		else
			ck_assert_int_eq(take_irq(), -1);
	}
	/* Unwind: non-specific ends take the highest in service. */
	outb(0x20, 0x20);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x20, 0x20);                   /* the master's input 2 */
	ck_assert_int_eq(take_irq(), 0x38); /* the slave nests on its own */
}
END_TEST

START_TEST(lower_waits_for_end_of_higher)
{
	init_pics(0xffff);
	edge(3);
	ck_assert_int_eq(take_irq(), 0x33);
	edge(4);
	ck_assert_int_eq(take_irq(), -1);
	edge(1);
	ck_assert_int_eq(take_irq(), 0x31);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), 0x34);
}
END_TEST

START_TEST(edges_are_latched_once_and_taken_back)
{
	init_pics(0xffff);
	edge(5);
	edge(5);
	ck_assert_int_eq(take_irq(), 0x35);
	outb(0x65, 0x20);
	ck_assert_int_eq(take_irq(), -1); /* the line is still high: no new edge */
	edge(5);
	ck_assert(vdev_irq_pending(v));
	pic_line(v, 5, false);
	ck_assert(!vdev_irq_pending(v));
	ck_assert_int_eq(vdev_irq_ack(v), 0x37); /* the processor had begun its INTA: spurious */
	outb(0x0b, 0x20);
	ck_assert_uint_eq(inb(0x20), 0); /* nothing is in service */
}
END_TEST

START_TEST(level_inputs)
{
	init_pics(0xffff);
	outb(0xff, 0x4d0);
	outb(0xff, 0x4d1);
	ck_assert_uint_eq(inb(0x4d0), 0xf8);
	ck_assert_uint_eq(inb(0x4d1), 0xde);
	pic_line(v, 11, true);
	ck_assert_int_eq(take_irq(), 0x3b);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x63, 0xa0);
	outb(0x62, 0x20);
	ck_assert_int_eq(take_irq(), 0x3b); /* still high: again */
	pic_line(v, 11, false);
	outb(0x63, 0xa0);
	outb(0x62, 0x20);
	ck_assert_int_eq(take_irq(), -1);
}
END_TEST

START_TEST(masks_and_registers)
{
	init_pics(0);
	edge(6);
	edge(12);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x0a, 0x20);
	ck_assert_uint_eq(inb(0x20) & 0x40, 0x40);
	outb(0x0a, 0xa0);
	ck_assert_uint_eq(inb(0xa0), 0x10);
	outb(0xff & ~0x40, 0x21);
	ck_assert_int_eq(take_irq(), 0x36);
	outb(0x0b, 0x20);
	ck_assert_uint_eq(inb(0x20), 0x40);
	outb(0x20, 0x20);
	ck_assert_uint_eq(inb(0x20), 0);
	outb((u8)~0x04, 0x21);
	ck_assert_int_eq(take_irq(), -1); /* the slave masks it */
	outb((u8)~0x10, 0xa1);
	ck_assert_int_eq(take_irq(), 0x3c);
}
END_TEST

START_TEST(automatic_end)
{
	outb(0x11, 0x20);
	outb(0x40, 0x21);
	outb(0x04, 0x21);
	outb(0x03, 0x21);
	edge(4);
	ck_assert_int_eq(take_irq(), 0x44);
	outb(0x0b, 0x20);
	ck_assert_uint_eq(inb(0x20), 0);
	edge(6);
	ck_assert_int_eq(take_irq(), 0x46);
	outb(0x80, 0x20); /* rotate from now on */
	edge(3);
	ck_assert_int_eq(take_irq(), 0x43); /* 3 is now the lowest */
	edge(3);
	edge(4);
	edge(0);
	ck_assert_int_eq(take_irq(), 0x44);
	ck_assert_int_eq(take_irq(), 0x40);
	ck_assert_int_eq(take_irq(), 0x43);
}
END_TEST

START_TEST(rotation)
{
	init_pics(0xffff);
	outb(0xc3, 0x20); /* 3 is the lowest: 4 5 6 7 0 1 2 3 */
	for (unsigned i = 0; i < 8; i++)
		if (i != 2)
			edge(i);
	ck_assert_int_eq(take_irq(), 0x34);
	outb(0xa0, 0x20); /* rotate on non-specific end: 4 is the lowest */
	ck_assert_int_eq(take_irq(), 0x35);
	outb(0xe5, 0x20); /* rotate on specific end */
	edge(4);
	ck_assert_int_eq(take_irq(), 0x36);
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), 0x37); /* 5 is the lowest: 6 7 0 1 2 3 4 5 */
	outb(0x20, 0x20);
	ck_assert_int_eq(take_irq(), 0x30);
}
END_TEST

START_TEST(special_mask)
{
	init_pics(0xffff);
	edge(3);
	ck_assert_int_eq(take_irq(), 0x33);
	edge(6);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x68, 0x20);
	outb(0x08, 0x21); /* masking what is served lets all others in */
	ck_assert_int_eq(take_irq(), 0x36);
	outb(0x48, 0x20);
}
END_TEST

START_TEST(polling)
{
	init_pics(0xffff);
	outb(0x0c, 0x20);
	ck_assert_uint_eq(inb(0x20), 7);
	edge(5);
	outb(0x0c, 0x20);
	ck_assert_uint_eq(inb(0x20), 0x85);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x20, 0x20);
	edge(10);
	outb(0x0c, 0xa0);
	ck_assert_uint_eq(inb(0xa0), 0x82);
	ck_assert_int_eq(take_irq(), -1);
}
END_TEST

START_TEST(initialisation_forgets)
{
	init_pics(0xffff);
	edge(3);
	take_irq();
	edge(4);
	init_pics(0xffff);
	ck_assert_int_eq(take_irq(), -1);
	outb(0x0b, 0x20);
	ck_assert_uint_eq(inb(0x20), 0);
	/* A single controller that needs no fourth word is ready after the second. */
	outb(0x12, 0x20);
	outb(0x50, 0x21);
	outb(0xa5, 0x21);
	ck_assert_uint_eq(inb(0x21), 0xa5);
}
END_TEST

int main(void)
{
	TCase *tc = tcase_create("8259A");

	tcase_add_test(tc, masked_at_power_on);
	tcase_add_test(tc, every_input_has_its_vector);
	tcase_add_test(tc, nesting);
	tcase_add_test(tc, lower_waits_for_end_of_higher);
	tcase_add_test(tc, edges_are_latched_once_and_taken_back);
	tcase_add_test(tc, level_inputs);
	tcase_add_test(tc, masks_and_registers);
	tcase_add_test(tc, automatic_end);
	tcase_add_test(tc, rotation);
	tcase_add_test(tc, special_mask);
	tcase_add_test(tc, polling);
	tcase_add_test(tc, initialisation_forgets);
	return run_suite(tc, "pic");
}
