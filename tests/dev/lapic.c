/* SPDX-License-Identifier: BSD-2-Clause */
/* The local APIC: priorities, messages and their targets, the timer. */
#include <check.h>
#include <stdlib.h>

#include "hv/dev/lapic.h"
#include "tests/suite.h"

enum {
	ID = 0x20,
	VER = 0x30,
	TPR = 0x80,
	PPR = 0xa0,
	EOI = 0xb0,
	LDR = 0xd0,
	DFR = 0xe0,
	SVR = 0xf0,
	ISR = 0x100,
	IRR = 0x200,
	ESR = 0x280,
	ICR = 0x300,
	ICR_TO = 0x310,
	TIMER = 0x320,
	LINT0 = 0x350,
	INITIAL = 0x380,
	CURRENT = 0x390,
	DIVIDE = 0x3e0
};

static struct lapic a;
static struct lapic_message m;

static void start(void)
{
	lapic_init(&a, 3, true);
}

static u32 rd(u32 reg)
{
	return lapic_read(&a, reg, 0);
}

static bool wr(u32 reg, u32 val)
{
	return lapic_write(&a, reg, val, 0, &m);
}

START_TEST(begins_as_firmware_leaves_it)
{
	ck_assert_uint_eq(rd(ID), 3u << 24);
	ck_assert_uint_eq(rd(VER), 0x50014);
	ck_assert_uint_eq(rd(SVR), 0x1ff);
	ck_assert(lapic_takes_pic(&a));
	ck_assert_int_eq(lapic_pending(&a), -1);
	ck_assert_uint_eq(lapic_deadline(&a), LAPIC_NEVER);
	wr(LINT0, 0x10700);
	ck_assert(!lapic_takes_pic(&a));
	lapic_init(&a, 1, false);
	ck_assert_uint_eq(rd(SVR), 0xff);
	ck_assert(!lapic_takes_pic(&a));
	lapic_raise(&a, 0x40);
	ck_assert_int_eq(lapic_pending(&a), -1);
}
END_TEST

START_TEST(the_highest_class_comes_first)
{
	lapic_raise(&a, 0x41);
	lapic_raise(&a, 0x53);
	ck_assert_int_eq(lapic_pending(&a), 0x53);
	lapic_ack(&a, 0x53);
	ck_assert_uint_eq(rd(ISR + 0x20), 1u << 19);
	ck_assert_uint_eq(rd(IRR + 0x20), 1u << 1);
	ck_assert_uint_eq(rd(PPR), 0x50);
	ck_assert_int_eq(lapic_pending(&a), -1);
	lapic_raise(&a, 0x5f); /* the same class waits */
	ck_assert_int_eq(lapic_pending(&a), -1);
	lapic_raise(&a, 0x60); /* a higher one does not */
	ck_assert_int_eq(lapic_pending(&a), 0x60);
	lapic_ack(&a, 0x60);
	wr(EOI, 0);
	ck_assert_int_eq(lapic_pending(&a), -1);
	wr(EOI, 0);
	ck_assert_int_eq(lapic_pending(&a), 0x5f);
}
END_TEST

START_TEST(the_task_priority_holds_back)
{
	wr(TPR, 0x50);
	lapic_raise(&a, 0x55);
	ck_assert_int_eq(lapic_pending(&a), -1);
	ck_assert_uint_eq(lapic_cr8(&a), 5);
	lapic_set_cr8(&a, 4);
	ck_assert_uint_eq(rd(TPR), 0x40);
	ck_assert_int_eq(lapic_pending(&a), 0x55);
	wr(TPR, 0x4f);
	lapic_set_cr8(&a, 4); /* says nothing new: the lower half stays */
	ck_assert_uint_eq(rd(TPR), 0x4f);
}
END_TEST

START_TEST(messages_and_their_targets)
{
	wr(ICR_TO, 3u << 24);
	ck_assert(wr(ICR, 0x4041));
	ck_assert_int_eq(m.delivery, LAPIC_FIXED);
	ck_assert_uint_eq(m.vector, 0x41);
	ck_assert(lapic_is_target(&a, &m, false));
	wr(ICR_TO, 2u << 24);
	ck_assert(wr(ICR, 0x4041));
	ck_assert(!lapic_is_target(&a, &m, false));
	wr(ICR_TO, 0xffu << 24);
	ck_assert(wr(ICR, 0x4041));
	ck_assert(lapic_is_target(&a, &m, false));
	ck_assert(wr(ICR, 0xc4500)); /* INIT to all but itself */
	ck_assert_int_eq(m.delivery, LAPIC_INIT);
	ck_assert(!m.deassert);
	ck_assert(!lapic_is_target(&a, &m, true));
	ck_assert(lapic_is_target(&a, &m, false));
	ck_assert(wr(ICR, 0x8500));
	ck_assert(m.deassert);
	ck_assert(wr(ICR, 0x4608));
	ck_assert_int_eq(m.delivery, LAPIC_STARTUP);
	ck_assert_uint_eq(m.vector, 8);
	ck_assert(wr(ICR, 0x44041)); /* itself */
	ck_assert(lapic_is_target(&a, &m, true));
	ck_assert(!lapic_is_target(&a, &m, false));
}
END_TEST

START_TEST(logical_destinations)
{
	wr(LDR, 0x08u << 24);
	wr(ICR_TO, 0x0cu << 24);
	ck_assert(wr(ICR, 0x4841));
	ck_assert(lapic_is_target(&a, &m, false));
	wr(ICR_TO, 0x04u << 24);
	ck_assert(wr(ICR, 0x4841));
	ck_assert(!lapic_is_target(&a, &m, false));
	wr(DFR, 0x0fffffff); /* clusters */
	wr(LDR, 0x21u << 24);
	wr(ICR_TO, 0x23u << 24);
	ck_assert(wr(ICR, 0x4841));
	ck_assert(lapic_is_target(&a, &m, false));
	wr(ICR_TO, 0x13u << 24);
	ck_assert(wr(ICR, 0x4841));
	ck_assert(!lapic_is_target(&a, &m, false));
}
END_TEST

START_TEST(illegal_vectors_show_in_the_error_register)
{
	ck_assert(!wr(ICR, 0x4008));
	ck_assert_uint_eq(rd(ESR), 0);
	wr(ESR, 0);
	ck_assert_uint_eq(rd(ESR), 0x20);
	lapic_raise(&a, 5);
	wr(ESR, 0);
	ck_assert_uint_eq(rd(ESR), 0x40);
	wr(ESR, 0);
	ck_assert_uint_eq(rd(ESR), 0);
}
END_TEST

START_TEST(the_timer_once)
{
	lapic_write(&a, DIVIDE, 3, 1000, &m); /* by 16 */
	lapic_write(&a, TIMER, 0x30, 1000, &m);
	lapic_write(&a, INITIAL, 100, 1000, &m);
	ck_assert_uint_eq(lapic_deadline(&a), 2600);
	ck_assert_uint_eq(lapic_read(&a, CURRENT, 1000), 100);
	ck_assert_uint_eq(lapic_read(&a, CURRENT, 1016), 99);
	lapic_advance(&a, 2599);
	ck_assert_int_eq(lapic_pending(&a), -1);
	lapic_advance(&a, 2600);
	ck_assert_int_eq(lapic_pending(&a), 0x30);
	ck_assert_uint_eq(lapic_deadline(&a), LAPIC_NEVER);
	ck_assert_uint_eq(lapic_read(&a, CURRENT, 5000), 0);
}
END_TEST

START_TEST(the_timer_again_and_again)
{
	lapic_write(&a, DIVIDE, 0xb, 0, &m); /* by 1 */
	lapic_write(&a, TIMER, 0x20030, 0, &m);
	lapic_write(&a, INITIAL, 500, 0, &m);
	ck_assert_uint_eq(lapic_deadline(&a), 500);
	lapic_advance(&a, 1700); /* three ends, one interrupt */
	ck_assert_uint_eq(lapic_deadline(&a), 2000);
	ck_assert_int_eq(lapic_pending(&a), 0x30);
	ck_assert_uint_eq(lapic_read(&a, CURRENT, 1900), 100);
	lapic_write(&a, TIMER, 0x30030, 1900, &m); /* masked */
	ck_assert_uint_eq(lapic_deadline(&a), LAPIC_NEVER);
	lapic_write(&a, TIMER, 0x20031, 1900, &m);
	ck_assert_uint_eq(lapic_deadline(&a), 2000);
	lapic_write(&a, INITIAL, 0, 1950, &m);
	ck_assert_uint_eq(lapic_deadline(&a), LAPIC_NEVER);
}
END_TEST

/* Every register with every kind of value: nothing runs away, and what is not there reads zero. */
START_TEST(anything_may_be_written)
{
	static const u32 values[] = { 0, 1, 0xff, 0x10000, 0x20000, 0x80000000, 0xffffffff };

	for (u32 reg = 0; reg < LAPIC_BYTES; reg += 16)
		for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
			lapic_write(&a, reg, values[i], reg * 1000 + i, &m);
			lapic_advance(&a, reg * 1000 + i);
			lapic_read(&a, reg, reg * 1000 + i);
			for (int v = lapic_pending(&a); v >= 0; v = lapic_pending(&a))
				lapic_ack(&a, (u8)v);
		}
	ck_assert_uint_eq(rd(0x3f0), 0);
	ck_assert_uint_eq(rd(ID), 3u << 24);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("local APIC");
	TCase *t = tcase_create("lapic");

	tcase_add_checked_fixture(t, start, NULL);
	tcase_add_test(t, begins_as_firmware_leaves_it);
	tcase_add_test(t, the_highest_class_comes_first);
	tcase_add_test(t, the_task_priority_holds_back);
	tcase_add_test(t, messages_and_their_targets);
	tcase_add_test(t, logical_destinations);
	tcase_add_test(t, illegal_vectors_show_in_the_error_register);
	tcase_add_test(t, the_timer_once);
	tcase_add_test(t, the_timer_again_and_again);
	tcase_add_test(t, anything_may_be_written);
	suite_add_tcase(s, t);
	return suite_run(s);
}
