/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A small 4-level address space that most engine tests begin with:
 *
 *   USER + i pages      frames DATA + i, through tables 16 (L4), 17, 18, 19 (L1), for i below NR_DATA
 *   LINEAR + gpa        every frame, as Linux maps its memory, through tables 4, 5, 6 (L1)
 *   frame 20            a second root with the same entries
 */
#ifndef TESTS_ENGINE_TABLES_H
#define TESTS_ENGINE_TABLES_H

#define ACCESS_BYTES 8
#include "tests/engine/expect.h"

#define USER   0x400000000000ull
#define LINEAR 0xffff888000000000ull

enum { ROOT = 16, USER_L3, USER_L2, USER_L1, ROOT2 };

static inline gva_t linear(u64 gfn, u32 slot)
{
	return LINEAR + gfn * PAGE_SIZE + slot * 8;
}
static inline gva_t user(u32 page)
{
	return USER + page * PAGE_SIZE;
}

static void build_tables(void)
{
	clear_frames();
	guest_table(&g, ROOT)[LINEAR >> 39 & 511] = at(4, KERNEL);
	guest_table(&g, 4)[0] = at(5, KERNEL);
	guest_table(&g, 5)[0] = at(6, KERNEL);
	for (u64 f = 0; f < FRAMES; f++)
		guest_table(&g, 6)[f] = at(f, KERNEL);
	guest_table(&g, ROOT)[USER >> 39] = at(USER_L3, ALL);
	guest_table(&g, USER_L3)[0] = at(USER_L2, ALL);
	guest_table(&g, USER_L2)[0] = at(USER_L1, ALL);
	for (u64 i = 0; i < NR_DATA; i++)
		guest_table(&g, USER_L1)[i] = at(DATA + i, ALL);
	memcpy(guest_table(&g, ROOT2), guest_table(&g, ROOT), PAGE_SIZE);
}

static void start_with(u64 pool_pages)
{
	guest_init(&g, FRAMES, HOLE_AT, HOLE, pool_pages, 42);
	build_tables();
	guest_long_mode(&g, ROOT, EFER_NXE);
}

static inline void start(void)
{
	start_with(0);
}

static inline void expect_crash(gva_t va, const char *reason)
{
	ck_assert_int_eq(guest_access(&g, va, 0, 0, 8).kind, ACCESS_CRASH);
	ck_assert_msg(strstr(g.d.reason, reason), "reason: %s", g.d.reason);
}

/* Trips that an access takes. */
static inline u32 trips(gva_t va, u32 access, u64 value)
{
	u32 before = g.faults;

	ck_assert_int_eq(guest_access(&g, va, access, value, 8).kind, ACCESS_DONE);
	return g.faults - before;
}

static inline u64 count(enum pn_counter c)
{
	return g.d.counter[c];
}

#endif
