/* SPDX-License-Identifier: BSD-2-Clause */
/* Two vCPUs of one domain, step by step: what one does that the other must notice. tests/engine/suites/threads.c lets them run. */
#include "tests/engine/tables.h"

static struct vcpu second;
static struct host_cpu second_cpu;

static void add_second(void)
{
	memset(&second, 0, sizeof(second));
	second.id = 1;
	second.domain = &g.d;
	second.cr0 = CR0_PE;
	second.root = NULL;
	host_cpu_init(&second, &second_cpu, 7);
	g.d.vcpu[1] = &second;
	g.d.nr_vcpus = 2;
	ck_assert(paging_vcpu_init(&second));
}

static void second_long_mode(void)
{
	g.d.acting = &second;
	second.cr3 = (u64)ROOT << PAGE_SHIFT;
	second.cr0 = CR0_PE | CR0_PG | CR0_WP;
	second.cr4 = CR4_PAE;
	second.efer = EFER_LME | EFER_NXE;
	paging_update_modes(&second);
	g.d.acting = &g.v;
}

/* The second vCPU's access, faults included. */
static bool reaches(gva_t va, u32 access, u64 gfn)
{
	hpa_t hpa;
	u32 pfec;

	for (u32 i = 0; i < 8; i++) {
		if (host_access(&second, va, access, &hpa, &pfec))
			return hpa_to_mfn(hpa).n - g.d.first_mfn.n == gfn;
		g.d.acting = &second;
		enum verdict r = paging_fault(&second, va, pfec);
		paging_recheck(&second, va);
		g.d.acting = &g.v;
		if (r != SH_FIXED && r != SH_RETRY)
			return false;
	}
	return false;
}

static void finish_both(void)
{
	guest_audit(&g);
	guest_exit(&g);
}

static u32 moments;

/* What a vCPU writes to a table by its old writable translation, before the flush gets to it. */
static void write_at_the_last_moment(struct domain *d)
{
	moments++;
	guest_table(&g, USER_L1)[3] = at(DATA + 9, ALL);
}

START_TEST(what_was_read_before_protection_is_read_again)
{
	char text[512];

	start();
	add_second();
	second_long_mode();
	host_last_moment = write_at_the_last_moment;
	ck_assert_int_eq(paging_fault(&g.v, user(3), PFEC_U), SH_FIXED);
	host_last_moment = NULL;
	ck_assert_uint_gt(moments, 0);
	/* The entry was read, its table then protected, and written in between: that is the danger. */
	ck_assert_uint_gt(paging_audit(&g.d, text, sizeof(text)), 0);
	paging_recheck(&g.v, user(3));
	ck_assert_uint_eq(paging_audit(&g.d, text, sizeof(text)), 0);
	expect_done(user(3), U, 0, DATA + 9);
	finish_both();
}
END_TEST

/* A frame becomes a table under the first vCPU: the second may hold a writable translation of it. */
START_TEST(protection_reaches_the_other)
{
	start();
	add_second();
	second_long_mode();
	for (u32 i = 0; i < 20; i++)
		ck_assert(reaches(linear(USER_L1, 0), W, USER_L1));
	expect_done(user(1), U, 0, DATA + 1);
	for (u32 i = 0; i < 20; i++)
		ck_assert(!reaches(linear(USER_L1, 0), W, USER_L1));
	finish_both();
}
END_TEST

/* An AP as it begins: paging off, beside a vCPU in long mode; then both on the same tables. */
START_TEST(different_modes_at_once)
{
	start();
	add_second();
	ck_assert_uint_eq(second.guest_levels, 0);
	ck_assert_uint_eq(g.v.guest_levels, 4);
	ck_assert(reaches((DATA + 5) * PAGE_SIZE, W, DATA + 5));
	expect_done(user(5), U | W, 7, DATA + 5);
	ck_assert(reaches(USER_L1 * PAGE_SIZE + 8, 0, USER_L1));
	second_long_mode();
	ck_assert_uint_eq(second.guest_levels, 4);
	ck_assert(reaches(user(6), U | W, DATA + 6));
	expect_done(user(6), U | W, 8, DATA + 6);
	finish_both();
}
END_TEST

/* Under pressure a root that the other has loaded is emptied, never freed. */
START_TEST(pressure_spares_the_others_root)
{
	const struct sh_page *root;

	start_with(24);
	add_second();
	second_long_mode();
	root = second.root;
	for (u32 i = 0; i < 200; i++) {
		guest_load_cr3(&g, (u64)(i % 2 ? ROOT : ROOT2) << PAGE_SHIFT);
		expect_done(linear(DATA + i % 64, 0), W, i, DATA + i % 64);
		expect_done(user(i % NR_DATA), U, 0, DATA + i % NR_DATA);
		ck_assert(reaches(user(i % NR_DATA), U, DATA + i % NR_DATA));
		ck_assert_ptr_eq(second.root, root);
	}
	finish_both();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine, two vCPUs");
	TCase *t = tcase_create("smp");

	tcase_add_test(t, what_was_read_before_protection_is_read_again);
	tcase_add_test(t, protection_reaches_the_other);
	tcase_add_test(t, different_modes_at_once);
	tcase_add_test(t, pressure_spares_the_others_root);
	suite_add_tcase(s, t);
	return run_suite(s);
}
