/* SPDX-License-Identifier: BSD-2-Clause */
/* Nested paging's page of code: the walk that is kept, and all that ends it. */
#include "tests/engine/npt_domain.h"
#include "tests/suite.h"

/* A guest's tables by level, the root of five first; they lead to CODE_PAGE. In the second loop of these tests the guest has five levels. */
enum { CODE_TABLE = 1, CODE_PAGE = 10, OTHER_PAGE = 11 };
#define CODE_VA 0x0000028e00206000ull /* 5, 56, 1 and 6 from level 4 down; 0 at level 5 */
#define LINK    (PTE_P | PTE_RW | PTE_A)

static u64 *code_entry(u32 level)
{
	return (u64 *)at((CODE_TABLE + 5 - level) * PAGE_SIZE) + (CODE_VA >> (12 + 9 * (level - 1)) & 511);
}

static u32 code_levels(int i)
{
	return i ? 5 : 4;
}

static void start_code(int i)
{
	memset(at(0), 0, 32 * PAGE_SIZE);
	for (u32 level = 5; level > 1; level--)
		*code_entry(level) = (CODE_TABLE + 6ull - level) * PAGE_SIZE | LINK;
	code_entry(1)[0] = CODE_PAGE * PAGE_SIZE | LINK;
	code_entry(1)[1] = OTHER_PAGE * PAGE_SIZE | LINK;
	v.cr3 = (CODE_TABLE + 5 - code_levels(i)) * PAGE_SIZE;
	v.cr4 = CR4_PAE | (i ? CR4_LA57 : 0);
}

/* The page that is found; NULL: none, and then no walk is kept. */
static const u8 *code_at(gva_t va)
{
	if (paging_code_page(&v, va))
		return v.code.page;
	ck_assert_uint_eq(v.code_walk.va, NO_CODE_PAGE);
	return NULL;
}

/* What a kept walk is taken for from now on, so that a new one shows. */
static u8 kept[1];

static bool is_kept(gva_t va)
{
	return code_at(va) == kept;
}

static const u8 *frame(u64 gfn)
{
	return at(gfn * PAGE_SIZE);
}

/* A walk is made and kept; it is told apart by `kept`. */
static void keep_walk(u64 gfn)
{
	v.code_walk.va = NO_CODE_PAGE;
	ck_assert_ptr_eq(code_at(CODE_VA), frame(gfn));
	ck_assert_ptr_eq(code_at(CODE_VA), frame(gfn));
	v.code_walk.page = kept;
	ck_assert(is_kept(CODE_VA));
}

START_TEST(code_is_found_and_found_again)
{
	start_code(_i);
	keep_walk(CODE_PAGE);
	ck_assert(is_kept(CODE_VA + 0x123) && is_kept(CODE_VA + PAGE_SIZE - 1));
	ck_assert_ptr_eq(code_at(CODE_VA + PAGE_SIZE + 5), frame(OTHER_PAGE));
	ck_assert_ptr_eq(code_at(CODE_VA), frame(CODE_PAGE));
	ck_assert(!code_at(CODE_VA + 2 * PAGE_SIZE) && !code_at(CODE_VA - PAGE_SIZE));
	keep_walk(CODE_PAGE);
	/* Accessed and dirty bits of other entries are nothing to it. */
	code_entry(1)[1] |= PTE_D;
	ck_assert(is_kept(CODE_VA));
}
END_TEST

/* Whatever changes, and at whatever level: the tables are read anew. */
START_TEST(any_change_of_an_entry)
{
	static const u64 bits[] = { PTE_RW, PTE_US, BIT(3), BIT(4), PTE_D, BIT(8), BIT(9), BIT(11), BIT(52), BIT(63) };
	const u32 levels = code_levels(_i);

	for (u32 level = 1; level <= levels; level++) {
		for (u32 i = 0; i < ARRAY_SIZE(bits); i++) {
			start_code(_i);
			keep_walk(CODE_PAGE);
			*code_entry(level) ^= bits[i];
			ck_assert_ptr_eq(code_at(CODE_VA), frame(CODE_PAGE));
		}
		/* The way leads through a copy of the table below, or to another page. */
		start_code(_i);
		keep_walk(CODE_PAGE);
		memcpy(at(20 * PAGE_SIZE), at((CODE_TABLE + 6 - level) * PAGE_SIZE), PAGE_SIZE);
		*code_entry(level) = (level > 1 ? 20 : OTHER_PAGE) * PAGE_SIZE | LINK;
		ck_assert_ptr_eq(code_at(CODE_VA), frame(level > 1 ? CODE_PAGE : OTHER_PAGE));
		if (level == 2) /* and what is changed below counts where the way leads now */
			*((u64 *)at(20 * PAGE_SIZE) + (CODE_VA >> 12 & 511)) = OTHER_PAGE * PAGE_SIZE | LINK;
		ck_assert_ptr_eq(code_at(CODE_VA), frame(level > 2 ? CODE_PAGE : OTHER_PAGE));
	}
}
END_TEST

START_TEST(registers_of_the_walk)
{
	start_code(_i);
	keep_walk(CODE_PAGE);
	v.cr3 |= BIT(3);
	ck_assert_ptr_eq(code_at(CODE_VA), frame(CODE_PAGE));
	memcpy(at(20 * PAGE_SIZE), at(v.cr3 & PTE_ADDR), PAGE_SIZE);
	v.cr3 = 20 * PAGE_SIZE;
	keep_walk(CODE_PAGE);
	v.cr4 |= CR4_OSXSAVE; /* nothing to a walk */
	ck_assert(is_kept(CODE_VA));
	v.cr4 ^= CR4_LA57; /* the root is a table of another level, in which the way ends */
	ck_assert(!code_at(CODE_VA));
	v.cr4 ^= CR4_LA57;
	ck_assert_ptr_eq(code_at(CODE_VA), frame(CODE_PAGE));
}
END_TEST

/* The page's frame goes, or one of the tables', of which the entries stay as they are in memory that is no longer the guest's. */
START_TEST(frames_of_the_walk_go)
{
	struct vcpu second;

	for (u32 gfn = CODE_TABLE + (_i ? 0 : 1); gfn <= CODE_PAGE; gfn += gfn == CODE_TABLE + 4 ? CODE_PAGE - gfn : 1) {
		const mfn_t mfn = p2m_lookup(&d, GFN(gfn));

		start_code(_i);
		keep_walk(CODE_PAGE);
		second = v;
		d.vcpu[1] = &second;
		d.nr_vcpus = 2;
		ck_assert(paging_remove_frame(&d, GFN(gfn)));
		ck_assert_uint_eq(second.code_walk.va, NO_CODE_PAGE);
		d.nr_vcpus = 1;
		ck_assert(!code_at(CODE_VA));
		if (gfn != CODE_PAGE) {
			ck_assert(paging_add_frame(&d, GFN(gfn), mfn));
			ck_assert_ptr_eq(code_at(CODE_VA), frame(CODE_PAGE));
			continue;
		}
		ck_assert(paging_add_frame(&d, GFN(gfn), MFN(d.first_mfn.n + 700)));
		ck_assert_ptr_eq(code_at(CODE_VA), frame(700));
	}
}
END_TEST

/* No fetch of hardware's came this way, or none will. */
START_TEST(ways_that_lead_nowhere)
{
	static const u64 nowhere[] = { 700, 1000, FRAMES, 1ull << 27 };
	const u32 levels = code_levels(_i);

	for (u32 level = 1; level <= levels; level++) {
		u64 *e = code_entry(level), good;

		start_code(_i);
		good = *e;
		for (u32 seen = 0; seen < 2; seen++) {
			*e = good & ~PTE_A;
			ck_assert(!code_at(CODE_VA) && !code_at(CODE_VA));
			*e = good & ~PTE_P;
			ck_assert(!code_at(CODE_VA) && !code_at(CODE_VA));
			for (u32 i = 0; i < ARRAY_SIZE(nowhere); i++) {
				*e = nowhere[i] * PAGE_SIZE | LINK;
				ck_assert(!code_at(CODE_VA));
			}
			*e = good;
			keep_walk(CODE_PAGE);
		}
	}
	for (u32 i = 0; i < ARRAY_SIZE(nowhere); i++) {
		v.cr3 = nowhere[i] * PAGE_SIZE;
		ck_assert(!code_at(CODE_VA));
	}
}
END_TEST

/* Entries of 2 MiB and of 1 GiB, whose bit 12 is no address; above, the bit that means them is reserved, and in a leaf it is PAT. */
START_TEST(superpages)
{
	for (u32 level = 2; level <= 3; level++) {
		u64 *e = code_entry(level);

		start_code(_i);
		*e = (level == 2 ? 512 * PAGE_SIZE : 0) | LINK | PTE_PS | BIT(12);
		keep_walk(512 + 6);
		*e ^= BIT(12);
		ck_assert_ptr_eq(code_at(CODE_VA), frame(512 + 6));
		ck_assert_ptr_eq(code_at(CODE_VA + 81 * PAGE_SIZE), frame(512 + 87));
		ck_assert(!code_at(CODE_VA + 82 * PAGE_SIZE)); /* no memory is there */
		*e &= ~PTE_A;
		ck_assert(!code_at(CODE_VA));
		*e = 1ull << (12 + 27) | LINK | PTE_PS;
		ck_assert(!code_at(CODE_VA));
	}
	for (u32 level = 4; level <= code_levels(_i); level++) {
		start_code(_i);
		*(u64 *)at((CODE_TABLE + 5 - level) * PAGE_SIZE) = LINK | PTE_PS;
		ck_assert(!code_at(0x206000));
	}
	start_code(_i);
	*code_entry(1) |= PTE_PS;
	keep_walk(CODE_PAGE);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nested paging: the page of code");
	TCase *t = tcase_create("four and five levels");

	tcase_add_checked_fixture(t, start, finish);
	tcase_add_loop_test(t, code_is_found_and_found_again, 0, 2);
	tcase_add_loop_test(t, any_change_of_an_entry, 0, 2);
	tcase_add_loop_test(t, registers_of_the_walk, 0, 2);
	tcase_add_loop_test(t, frames_of_the_walk_go, 0, 2);
	tcase_add_loop_test(t, ways_that_lead_nowhere, 0, 2);
	tcase_add_loop_test(t, superpages, 0, 2);
	suite_add_tcase(s, t);
	return suite_run(s);
}
