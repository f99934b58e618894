/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control device on the PCI bus and dom0's nested page table, hosted: configuration space is
 * written as a kernel does, and a walk of our own looks where every address leads. What moves must leave nothing behind: neither
 * memory taken from the heap, nor an address that leads elsewhere than before.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu.h"
#include "tests/suite.h"

/* The ports, which a test has not: bus 0 is empty, so that the device gets slot 31. */
static u32 port_in(u16 port)
{
	return port == 0xcfc ? 0xffffffff : 0;
}
static void port_out(u16 port, u32 val)
{
	(void)port, (void)val;
}
#define inb(port)       ((u8)port_in(port))
#define inw(port)       ((u16)port_in(port))
#define inl(port)       port_in(port)
#define outb(port, val) port_out(port, val)
#define outw(port, val) port_out(port, val)
#define outl(port, val) port_out(port, val)
/* Both sources as they are; what they call of the hypervisor is below. */
#include "hv/dom0/control_pci.c"
#include "hv/dom0/dom0_npt.c"

#define GIB          (1ull << 30)
#define MIB          (1ull << 20)
#define SLOT_ADDRESS (0x80000000u | 31u << 11)
#define HERE         (5 * GIB)
#define THERE        (64 * GIB)

struct host_memory host_memory;
unsigned nr_pcpus = 2;
static u64 heap_used, heap_limit;
static unsigned warnings;

void *plat_alloc_pages(u64 nr_pages)
{
	void *p;

	if (heap_used + nr_pages > heap_limit)
		return NULL;
	heap_used += nr_pages;
	p = aligned_alloc(PAGE_SIZE, nr_pages * PAGE_SIZE);
	ck_assert_ptr_nonnull(p);
	return memset(p, 0, nr_pages * PAGE_SIZE);
}

void plat_free_pages(void *p, u64 nr_pages)
{
	ck_assert_uint_ge(heap_used, nr_pages);
	heap_used -= nr_pages;
	free(p);
}

void plat_log(enum log_level level, const char *fmt, ...)
{
	(void)fmt;
	warnings += level <= LOG_WARN;
}

void boot_refuse(const char *fmt, ...)
{
	ck_abort_msg("refused: %s", fmt);
	abort();
}

bool trace_ring_init(u32 pcpu, void *mem, size_t bytes)
{
	return (void)pcpu, (void)mem, (void)bytes, true;
}
u32 control_reg_read(u32 reg)
{
	return reg;
}
void control_reg_write(u32 reg, u32 val)
{
	(void)reg, (void)val;
}

/* Where dom0's address leads; ~0: nowhere. */
static u64 walk(u64 gpa)
{
	const u64 *table = (const u64 *)dom0_npt_root();

	for (int shift = 39;; shift -= 9) {
		u64 e = table[gpa >> shift & 511], mask = (1ull << shift) - 1;

		if ((e & 7) != 7)
			return ~0ull;
		if (shift == 12 || e & 0x80)
			return (e & 0x000ffffffffff000ull & ~mask) | (gpa & mask);
		table = (const u64 *)(e & 0x000ffffffffff000ull);
	}
}

/* Hardware marks what it used: entries must still be told for what they are. */
static void mark_used(u64 gpa)
{
	u64 *table = (u64 *)dom0_npt_root();

	for (int shift = 39; shift >= 12; shift -= 9) {
		u64 *e = &table[gpa >> shift & 511];

		if ((*e & 7) != 7)
			return;
		*e |= 0x20 | (shift == 12 || *e & 0x80 ? 0x40 : 0);
		if (*e & 0x80)
			return;
		table = (u64 *)(*e & 0x000ffffffffff000ull);
	}
}

/* Two ranges are the hypervisor's, the second above 4 GiB; or the first alone. */
static void begin_with(u32 nr_own)
{
	heap_used = 0;
	heap_limit = ~0ull / 2;
	warnings = 0;
	host_memory = (struct host_memory){ .own = { { GIB, 2 * GIB - 64 * 1024 }, { 9 * GIB, 10 * GIB } },
					    .nr_own = nr_own,
					    .dom0_low_end = GIB,
					    .window_base = GIB,
					    .window_bytes = nr_own > 1 ? 9 * GIB : GIB,
					    .ram_end = nr_own > 1 ? 10 * GIB : 2 * GIB };
	memset(pieces, 0, sizeof(pieces));
	memset(bars, 0, sizeof(bars));
	memset(config, 0, sizeof(config));
	nr_tables = 0;
	hole_bytes = 0;
	dom0_npt_init(NULL, host_memory.ram_end);
	control_init();
}

static void begin(void)
{
	begin_with(1);
}

static void write_config(u32 offset, u32 val)
{
	control_config_out(0xcf8, 4, SLOT_ADDRESS | offset);
	control_config_out(0xcfc, 4, val);
}

static void decoding(bool on)
{
	write_config(4, on ? 6 : 0);
}

/* As Linux does: decoding off while the two halves are written. */
static void move(unsigned bar, u64 to)
{
	decoding(false);
	write_config(0x10 + 4 * bar, (u32)to);
	if (bar)
		write_config(0x14 + 4 * bar, (u32)(to >> 32));
	decoding(true);
}

static void bar2_is_at(u64 at)
{
	u64 base = (u64)control_memory.base, end = control_memory.bytes;

	ck_assert_uint_eq(walk(at), base);
	ck_assert_uint_eq(walk(at + end / 2 + 123), base + end / 2 + 123);
	ck_assert_uint_eq(walk(at + end - 1), base + end - 1);
	ck_assert_uint_ne(walk(at + end), base + end);
}

/* Memory is at its own address, and the private range nowhere. */
static void all_else_is_natural(void)
{
	static const u64 there[] = { 0, 0xa0000, GIB - 1, 2 * GIB - 64 * 1024, 2 * GIB - 1, 3 * GIB, 4 * GIB - 1 };

	for (unsigned i = 0; i < ARRAY_SIZE(there); i++)
		ck_assert_uint_eq(walk(there[i]), there[i]);
	ck_assert_uint_eq(walk(GIB), ~0ull);
	ck_assert_uint_eq(walk(GIB + 300 * MIB), ~0ull);
	ck_assert_uint_eq(walk(2 * GIB - 64 * 1024 - 1), ~0ull);
}

START_TEST(moved_ten_thousand_times)
{
	u64 places[] = { HERE, THERE, 2 * GIB + 128 * MIB, 3 * GIB }, used[4];

	begin();
	for (unsigned i = 0; i < 10000; i++) {
		u64 at = places[i % 4];

		move(2, at);
		bar2_is_at(at);
		mark_used(at);
		mark_used(at + 5 * MIB);
		if (i < 4)
			used[i] = heap_used;
		ck_assert_uint_eq(heap_used, used[i % 4]);
	}
	decoding(false);
	all_else_is_natural();
	ck_assert_uint_eq(walk(HERE), ~0ull);
	ck_assert_uint_eq(walk(2 * GIB + 128 * MIB), 2 * GIB + 128 * MIB);
}
END_TEST

START_TEST(every_bar_goes_back)
{
	u64 used;

	begin();
	used = heap_used;
	for (unsigned i = 0; i < 3000; i++) {
		u64 at = (i % 7 + 5) * GIB;

		move(0, 0xc0000000u + i % 1000 * 0x1000);
		ck_assert_uint_eq(walk(bars[0].mapped), ~0ull);
		move(2, at);
		move(4, (i % 5 + 1) * 16 * GIB);
		bar2_is_at(at);
	}
	decoding(false);
	ck_assert_uint_eq(heap_used, used);
	all_else_is_natural();
}
END_TEST

/* What BAR 4 at `at` shows: the memory of domUs in pieces, and nothing beside them. */
static void window_is_at(u64 at, const u64 *hpa, u32 nr)
{
	for (u32 i = 0; i < nr; i++) {
		const u64 gpa = at + hpa[i] - GIB;

		for (u64 off = 0; off < 12 * MIB; off += 12 * MIB - PAGE_SIZE)
			ck_assert_uint_eq(walk(gpa + off), hpa[i] + off);
		ck_assert_uint_eq(walk(gpa - 1), ~0ull);
		ck_assert_uint_eq(walk(gpa + 12 * MIB), ~0ull);
	}
}

/* DomUs come and go, the BAR moves: dom0 sees their memory, and of all else that is the hypervisor's nothing. */
START_TEST(domus_in_the_window)
{
	const u64 hpa[] = { GIB + 200 * MIB, 9 * GIB + 4 * MIB, 9 * GIB + 512 * MIB, GIB + 800 * MIB },
		  places[] = { 16 * GIB, 32 * GIB };
	u64 used;

	begin_with(2);
	used = heap_used;
	for (u32 i = 0; i < ARRAY_SIZE(hpa); i++)
		ck_assert(control_show(hpa[i], 12 * MIB)); /* while the BAR is nowhere */
	for (u32 i = 0; i < 100; i++) {
		const u64 at = places[i % 2];

		move(4, at);
		window_is_at(at, hpa, ARRAY_SIZE(hpa));
		ck_assert_uint_eq(walk(places[!(i % 2)] + 200 * MIB), ~0ull);
		all_else_is_natural();
		control_hide(hpa[i % 4]);
		ck_assert_uint_eq(walk(at + hpa[i % 4] - GIB), ~0ull);
		ck_assert(control_show(hpa[i % 4], 12 * MIB));
		window_is_at(at, hpa, ARRAY_SIZE(hpa));
	}
	decoding(false);
	ck_assert_uint_eq(walk(32 * GIB + 200 * MIB), ~0ull);
	decoding(true);
	for (u32 i = 0; i < ARRAY_SIZE(hpa); i++)
		control_hide(hpa[i]);
	control_hide(hpa[0]);
	for (u64 gib = 16; gib < 48; gib++)
		ck_assert_uint_eq(walk(gib * GIB + 200 * MIB), ~0ull);
	ck_assert_uint_eq(heap_used, used);
	all_else_is_natural();
}
END_TEST

/* No table is to be had: the domU's memory is not to be seen, nothing else has changed. As many domUs as there can be, no more. */
START_TEST(no_room_in_the_window)
{
	u64 before;

	begin_with(2);
	move(4, 16 * GIB);
	before = heap_used;
	heap_limit = heap_used;
	ck_assert(!control_show(GIB + 200 * MIB, 12 * MIB));
	ck_assert_uint_eq(heap_used, before);
	ck_assert_uint_eq(walk(16 * GIB + 200 * MIB), ~0ull);
	heap_limit = ~0ull / 2;
	for (u32 i = 0; i < NR_PIECES; i++)
		ck_assert(control_show(GIB + 200 * MIB + i * POOL_UNIT, POOL_UNIT));
	ck_assert(!control_show(9 * GIB, POOL_UNIT));
	ck_assert_uint_eq(walk(16 * GIB + 8 * GIB), ~0ull);
}
END_TEST

/* What is asked for beside a BAR, in the same 2 MiB, does not take its place. */
START_TEST(neighbours_on_demand)
{
	u64 regs = 0xfe000000, tail, used;

	begin();
	move(0, (u32)regs);
	ck_assert(control_covers(regs));
	ck_assert(!dom0_npt_demand(regs));
	ck_assert_uint_eq(walk(regs), ~0ull);
	ck_assert_uint_eq(walk(regs + 0x1000), regs + 0x1000);
	move(2, HERE);
	tail = HERE + control_memory.bytes;
	ck_assert_uint_eq(walk(tail), ~0ull);
	ck_assert(dom0_npt_demand(tail + 0x123));
	ck_assert_uint_eq(walk(tail + 0x123), tail + 0x123);
	bar2_is_at(HERE);
	ck_assert(dom0_npt_demand(HERE - 1));
	ck_assert_uint_eq(walk(HERE - 1), HERE - 1);
	ck_assert_uint_eq(walk(HERE - 2 * MIB), HERE - 2 * MIB);
	/* And where the private range ends inside such a block. */
	ck_assert(!dom0_npt_demand(2 * GIB - 64 * 1024 - 1));
	ck_assert(!dom0_npt_demand(GIB));
	used = heap_used;
	move(0, 0xfe200000);
	ck_assert_uint_eq(walk(regs), regs);
	ck_assert_uint_eq(heap_used, used);
}
END_TEST

/* BARs on top of each other, of memory, and of the private range: dom0's own loss. */
START_TEST(overlapping)
{
	begin();
	move(0, 0xc8000000);
	move(2, 0xc8000000);
	ck_assert_uint_eq(walk(0xc8000000), (u64)control_memory.base);
	move(2, HERE);
	ck_assert_uint_eq(walk(0xc8000000), ~0ull);
	ck_assert_uint_eq(walk(0xc8001000), 0xc8001000);
	move(2, 0);
	all_else_is_natural();
	move(4, GIB + 512 * MIB);
	ck_assert_uint_eq(bars[2].mapped, 0);
	all_else_is_natural();
	move(2, 64 * MIB);
	bar2_is_at(64 * MIB);
	move(2, HERE);
	ck_assert_uint_eq(walk(64 * MIB), 64 * MIB);
}
END_TEST

/* An address in each GiB: the tables have a limit, and beyond it dom0 is told so and all that was there stays. */
START_TEST(reached_for_everything)
{
	u64 before, got = 0;

	begin();
	move(2, HERE);
	before = heap_used;
	for (u64 gib = 100; gib < 100000; gib++)
		got += dom0_npt_demand(gib * GIB);
	ck_assert_uint_gt(got, 500);
	ck_assert_uint_le(heap_used - before, MORE_TABLES);
	bar2_is_at(HERE);
	move(2, THERE); /* may fail */
	move(2, HERE);
	bar2_is_at(HERE);
	ck_assert_uint_le(heap_used - before, MORE_TABLES);
	all_else_is_natural();
}
END_TEST

/* The same when the heap itself is empty: a BAR that cannot be mapped is nowhere, and comes when there is memory. */
START_TEST(no_memory)
{
	begin();
	for (unsigned room = 0; room < 30; room++) {
		u64 before = heap_used;

		heap_limit = heap_used + room;
		move(2, THERE);
		if (bars[1].mapped)
			break;
		ck_assert_uint_eq(warnings, room + 1);
		ck_assert_uint_eq(heap_used, before);
		ck_assert_uint_eq(walk(THERE), ~0ull);
		all_else_is_natural();
	}
	bar2_is_at(THERE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("dom0_npt");
	TCase *c = tcase_create("bars");

	tcase_add_test(c, moved_ten_thousand_times);
	tcase_add_test(c, every_bar_goes_back);
	tcase_add_test(c, domus_in_the_window);
	tcase_add_test(c, no_room_in_the_window);
	tcase_add_test(c, neighbours_on_demand);
	tcase_add_test(c, overlapping);
	tcase_add_test(c, reached_for_everything);
	tcase_add_test(c, no_memory);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	return suite_run(s);
}
