/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One plain fill, every call of the engine told: a page is touched for the first time, by a table in use. Prints a line
 * a call, its depth below paging_fault and its address; tests/engine/path.sh says what they are.
 * Linked with an engine that is compiled with -finstrument-functions, by the plain ways of shadow3.
 */
#include <stdio.h>

#include "tests/engine/guest.h"

enum { ROOT = 16, L3, L2, L1, DATA, FRAMES = 64 };
enum { FAR = 300 }; /* no prefetch gets there */
#define USER 0x400000000000ull

static struct guest g;
static bool telling;
static int depth;

void __cyg_profile_func_enter(void *fn, void *from);
void __cyg_profile_func_exit(void *fn, void *from);

__attribute__((no_instrument_function)) void __cyg_profile_func_enter(void *fn, void *from)
{
	if (telling)
		printf("%d %p\n", depth++, fn);
}

__attribute__((no_instrument_function)) void __cyg_profile_func_exit(void *fn, void *from)
{
	if (telling)
		depth--;
}

static void link_table(u64 table, u64 slot, u64 to)
{
	guest_table(&g, table)[slot] = to << PAGE_SHIFT | ALL;
}

int main(void)
{
	enum verdict r;

	guest_prepare();
	guest_init(&g, FRAMES, FRAMES, 0, 0, 1);
	link_table(ROOT, USER >> 39, L3);
	link_table(L3, 0, L2);
	link_table(L2, 0, L1);
	link_table(L1, 0, DATA);
	link_table(L1, FAR, DATA + 1);
	guest_long_mode(&g, ROOT, EFER_NXE);
	guest_access(&g, USER, PFEC_U, 0, 8);
	telling = true;
	r = paging_fault(&g.v, USER + FAR * PAGE_SIZE, PFEC_U);
	telling = false;
	guest_exit(&g);
	return r != SH_FIXED;
}
