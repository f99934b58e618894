/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the engine's tests share, whatever tables their guest has: the guest, its memory, and accesses that must end
 * in a given way. The including header defines ACCESS_BYTES, how much its accesses move: its smallest entry, or an
 * entry.
 *
 * Frames HOLE_AT.. are a device's.
 */
#ifndef TESTS_ENGINE_EXPECT_H
#define TESTS_ENGINE_EXPECT_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "tests/engine/guest.h"
#include "tests/suite.h"

#ifndef FRAMES
#define FRAMES 512
#endif
#define HOLE_AT 496
#define HOLE    8
#define DATA    100
#define NR_DATA 32

#define U PFEC_U
#define W PFEC_W
#define X PFEC_I

static struct guest g;

static inline u64 at(u64 gfn, u64 flags)
{
	return gfn << PAGE_SHIFT | flags;
}

static inline void clear_frames(void)
{
	for (u64 f = 0; f < FRAMES; f++)
		if (guest_table(&g, f))
			memset(guest_table(&g, f), 0, PAGE_SIZE);
}

static inline void finish(void)
{
	guest_audit(&g);
	guest_exit(&g);
}

static inline void expect_done(gva_t va, u32 access, u64 value, u64 gfn)
{
	struct outcome o = guest_access(&g, va, access, value, ACCESS_BYTES);

	ck_assert_int_eq(o.kind, ACCESS_DONE);
	ck_assert_uint_eq(o.gpa, gfn * PAGE_SIZE + va % PAGE_SIZE);
}

static inline void expect_fault(gva_t va, u32 access, u32 pfec)
{
	struct outcome o = guest_access(&g, va, access, 0, ACCESS_BYTES);

	ck_assert_int_eq(o.kind, ACCESS_FAULT);
	ck_assert_uint_eq(o.pfec, pfec);
}

static inline int run_suite(Suite *s)
{
	guest_prepare();
	return suite_run(s);
}

#endif
