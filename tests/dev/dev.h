/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A PC for the device tests: struct vdev behind inb() and outb(), at 1 GHz,
 * where every port access takes 100 ticks and an interrupt is an answer of
 * take_irq().
 */
#ifndef TESTS_DEV_H
#define TESTS_DEV_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "hv/dev/vdev.h"
#include "tests/suite.h"

#define TSC_KHZ  1000000
#define MS       1000000ull /* ticks */
#define US       1000ull
#define ACCESS   100
#define POWER_ON 12345 /* TSC */

static struct vdev *v;
static u64 now;

static void power_on(void)
{
	v = malloc(sizeof(*v));
	memset(v, 0xa5, sizeof(*v));
	now = POWER_ON;
	vdev_init(v, TSC_KHZ, now);
}

static void power_off(void)
{
	free(v);
}

__attribute__((unused)) static u8 inb(u16 port)
{
	u32 val = vdev_in(v, port, 1, now += ACCESS);

	ck_assert_uint_le(val, 0xff);
	return val;
}

__attribute__((unused)) static void outb(u8 val, u16 port)
{
	vdev_out(v, port, 1, val, now += ACCESS);
}

/* The vector of the interrupt that is taken now; -1: none. */
__attribute__((unused)) static int take_irq(void)
{
	vdev_advance(v, now);
	return vdev_irq_pending(v) ? vdev_irq_ack(v) : -1;
}

/* Both controllers as Linux sets them up: vectors 0x30 and 0x38, all masked but `unmasked`. */
__attribute__((unused)) static void init_pics(u16 unmasked)
{
	outb(0x11, 0x20);
	outb(0x30, 0x21);
	outb(0x04, 0x21);
	outb(0x01, 0x21);
	outb(0x11, 0xa0);
	outb(0x38, 0xa1);
	outb(0x02, 0xa1);
	outb(0x01, 0xa1);
	outb(~unmasked, 0x21);
	outb(~unmasked >> 8, 0xa1);
}

static int run_suite(TCase *tc, const char *name)
{
	Suite *suite = suite_create(name);

	tcase_add_checked_fixture(tc, power_on, power_off);
	suite_add_tcase(suite, tc);
	return suite_run(suite);
}

#endif
