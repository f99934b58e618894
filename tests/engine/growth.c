/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What an operation costs does not grow with what there is: the phases of workloads/growth.c, small and sixteen times as large. Not
 * time is held but steps: the engine under this test is compiled with -fsanitize-coverage=trace-pc, which calls a function of ours
 * wherever a block of straight code begins. Each entry, mapping or page that something looks at, one after the other, is a step at least.
 *
 * Built for the recipes in GROWTH_RECIPES (engine.mk). Which costs grow by design, docs/growth.md says; they are not held here.
 */
#define FRAMES       16384
#define ACCESS_BYTES 8
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "tests/engine/expect.h"

#define USER   0x400000000000ull
#define LINEAR 0xffff888000000000ull

#define SMALL 128
#define LARGE 2048
#define MOST  0.03 /* exponent: sixteen times as large costs at most 9 % more an operation */

enum { KERNEL_L3 = 4, KERNEL_L2, FIRST_FREE = 16, ROUNDS = 4, CLEANED = 16 /* pages */ };

static u64 steps, next_frame;

void __sanitizer_cov_trace_pc(void);
void __sanitizer_cov_trace_pc(void)
{
	steps++;
}

/* ---- the guest ---- */

static u64 new_frame(void)
{
	ck_assert_uint_lt(next_frame, FRAMES);
	return next_frame++;
}

/* All memory is mapped at LINEAR, by superpages. */
static u64 new_root(void)
{
	u64 root = new_frame();

	guest_table(&g, root)[LINEAR >> 39 & 511] = at(KERNEL_L3, KERNEL);
	return root;
}

static gva_t user(u32 page)
{
	return USER + page * PAGE_SIZE;
}

/* The table of that level on va's way, made if need be: behind the engine's back, so no shadow may know of it yet. */
static u64 table_for(u64 root, gva_t va, u32 level)
{
	u64 table = root;

	for (u32 l = 4; l > level; l--) {
		u64 *e = &guest_table(&g, table)[va >> (12 + 9 * (l - 1)) & 511];

		if (!*e)
			*e = at(new_frame(), ALL);
		table = pte_gfn(*e).n;
	}
	return table;
}

static void begin(u64 pool_pages)
{
	guest_init(&g, FRAMES, FRAMES, 0, pool_pages, 42);
	clear_frames();
	guest_table(&g, KERNEL_L3)[0] = at(KERNEL_L2, KERNEL);
	for (u64 i = 0; i < FRAMES / 512; i++)
		guest_table(&g, KERNEL_L2)[i] = at(i * 512, KERNEL | PTE_PS);
	next_frame = FIRST_FREE;
}

static void store(u64 table, u64 slot, u64 value)
{
	struct outcome o = guest_access(&g, LINEAR + table * PAGE_SIZE + slot * 8, W, value, 8);

	ck_assert(o.kind == ACCESS_DONE && guest_table(&g, table)[slot] == value);
}

static void load(u64 root)
{
	ck_assert(guest_load_cr3(&g, root * PAGE_SIZE));
}

/* ---- costs: what one operation among n takes, in steps ---- */

static double since(u64 before, u64 operations)
{
	return (double)(steps - before) / (double)operations;
}

/* Address spaces in turn, with pages in the pool for four fifths of them. */
static double switches(u32 n)
{
	u64 root[LARGE], data[LARGE], before = 0;

	begin(n * 16 / 5 + 9);
	for (u32 i = 0; i < n; i++) {
		root[i] = new_root();
		data[i] = new_frame();
		guest_table(&g, table_for(root[i], USER, 1))[0] = at(data[i], ALL);
	}
	guest_long_mode(&g, root[0], EFER_NXE);
	for (u32 round = 0; round <= ROUNDS; round++) {
		if (round == 1)
			before = steps;
		for (u32 i = 0; i < n; i++) {
			load(root[i]);
			expect_done(USER, U | W, i, data[i]);
		}
	}
	return since(before, ROUNDS * n);
}

struct aliases {
	u64 root, frame;
};

/* Mapping i's table. */
static u64 alias_table(const struct aliases *a, u32 i)
{
	return table_for(a->root, user(i), 1);
}

/* A frame with n mappings, each used in its turn. */
static struct aliases map_aliases(u32 n)
{
	struct aliases a;

	begin(320);
	a.root = new_root();
	a.frame = new_frame();
	for (u32 i = 0; i < n; i++)
		guest_table(&g, alias_table(&a, i))[i % 512] = at(a.frame, ALL);
	guest_long_mode(&g, a.root, EFER_NXE);
	for (u32 i = 0; i < n; i++)
		expect_done(user(i) + 8 * (i % 512), U | W, 0, a.frame);
	return a;
}

static void unalias(const struct aliases *a, u32 i)
{
	store(alias_table(a, i), i % 512, 0);
	guest_invlpg(&g.v, user(i));
}

static double unaliasings(u32 n)
{
	struct aliases a = map_aliases(n);
	u64 before = steps;

	for (u32 i = 0; i < n; i++)
		unalias(&a, i);
	return since(before, n);
}

static double unaliasings_back(u32 n)
{
	struct aliases a = map_aliases(n);
	u64 before = steps;

	for (u32 i = n; i--;)
		unalias(&a, i);
	return since(before, n);
}

/* The frame becomes a table: a step or more for each mapping, but no more for each than among few. */
static double promotion(u32 n)
{
	struct aliases a = map_aliases(n);
	u64 l2 = table_for(a.root, USER, 2), data = new_frame(), slot = (n + 511) / 512, before;

	store(a.frame, 0, at(data, ALL));
	before = steps;
	store(l2, slot, at(a.frame, ALL));
	expect_done(USER + (slot << 21), U, 0, data);
	load(a.root);
	return since(before, n);
}

static u64 table[LARGE], page[LARGE][2], tables_root;

static u64 in_table(u32 t)
{
	return USER + ((u64)t << 21);
}

static void point(u32 t, u32 which)
{
	store(table[t], 0, at(page[t][which], ALL));
}

/* n level-1 tables in use, each of which was written and loaded before. */
static void make_tables(u32 n)
{
	begin(2 * n + 288);
	tables_root = new_root();
	for (u32 t = 0; t < n; t++) {
		page[t][0] = new_frame();
		page[t][1] = new_frame();
		table[t] = table_for(tables_root, in_table(t), 1);
		guest_table(&g, table[t])[0] = at(page[t][0], ALL);
	}
	guest_long_mode(&g, tables_root, EFER_NXE);
	for (u32 round = 0; round < 2; round++) {
		for (u32 t = 0; t < n; t++) {
			expect_done(in_table(t), U, 0, page[t][round]);
			point(t, !round);
		}
		load(tables_root);
	}
	for (u32 t = 0; t < n; t++)
		expect_done(in_table(t), U, 0, page[t][0]);
}

static double writes_in_turn(u32 n)
{
	u64 before;

	make_tables(n);
	before = steps;
	for (u32 round = 1; round <= ROUNDS; round++)
		for (u32 t = 0; t < n; t++)
			point(t, round & 1);
	return since(before, ROUNDS * n);
}

static double resyncs(u32 n)
{
	u64 before;

	make_tables(n);
	before = steps;
	for (u32 t = 0; t < n; t++)
		point(t, 1);
	load(tables_root);
	return since(before, n);
}

static double resyncs_each(u32 n)
{
	u64 before;

	make_tables(n);
	before = steps;
	for (u32 t = 0; t < n; t++) {
		point(t, 1);
		load(tables_root);
	}
	return since(before, n);
}

/*
 * Log-dirty: of n level-1 tables that map pages writable, and were all written through once, a few are written through again before all
 * is clean anew.
 */
static double cleaning(u32 n)
{
	static u64 bits[FRAMES / 64];
	u64 before;

	make_tables(n);
	ck_assert(paging_log_dirty(&g.d, true));
	for (u32 round = 0; round < 2; round++) {
		for (u32 t = 0; t < (round ? CLEANED : n); t++)
			expect_done(in_table(t), U | W, 0, page[t][0]);
		before = steps;
		ck_assert_uint_ge(paging_log_dirty_clean(&g.d, 0, FRAMES, bits), CLEANED);
	}
	return since(before, CLEANED);
}

/*
 * Frames in superpages, each of which one of n level-2 tables maps whole, become tables: the superpages' entries are taken apart. Both pools
 * count as small ones: a large one has a fault look first whether a search is due.
 */
static double shattering(u32 n)
{
	enum { WHOLE = FRAMES / 2, WHOLES = WHOLE / 512, OTHER = WHOLE - 512, TABLE = 5, PAGE = 7 /* of a superpage */ };
	u64 root, before;

	sh_search_pages = FRAMES;
	begin(2 * n + 288);
	root = new_root();
	for (u32 t = 0; t < n; t++)
		guest_table(&g, table_for(root, USER + ((u64)t << 30), 2))[0] =
			at(t < WHOLES ? WHOLE + t * 512 : OTHER, ALL | PTE_PS);
	guest_long_mode(&g, root, EFER_NXE);
	for (u32 t = 0; t < n; t++)
		expect_done(USER + ((u64)t << 30), U | W, t, t < WHOLES ? WHOLE + t * 512 : OTHER);
	for (u32 t = 0; t < WHOLES; t++) {
		guest_table(&g, WHOLE + t * 512 + TABLE)[0] = at(WHOLE + t * 512 + PAGE, ALL);
		store(table_for(root, USER + ((u64)t << 30), 2), 1, at(WHOLE + t * 512 + TABLE, ALL));
	}
	before = steps;
	for (u32 t = 0; t < WHOLES; t++)
		expect_done(USER + ((u64)t << 30) + (1 << 21), U, 0, WHOLE + t * 512 + PAGE);
	sh_search_pages = 4096;
	ck_assert_uint_eq(g.d.counter[PN_CNT_super_shatter], strcmp(paging_recipe_name, "shadow3") ? WHOLES : 0);
	return since(before, WHOLES);
}

/* ---- held ---- */

static const struct {
	const char *what;
	double (*cost)(u32 n);
} held[] = {
	{ "switch", switches },      { "unalias", unaliasings },    { "unalias-back", unaliasings_back },
	{ "promote", promotion },    { "in-turn", writes_in_turn }, { "resync", resyncs },
	{ "touched", resyncs_each }, { "clean", cleaning },         { "shatter", shattering },
};

/* What goes through all pages of the pool: the audit. */
static double audits(u32 n)
{
	u64 before;

	switches(n);
	before = steps;
	guest_audit(&g);
	return since(before, 1);
}

START_TEST(a_cost_that_grows_is_seen)
{
	double small = audits(SMALL), large;

	finish();
	large = audits(LARGE);
	finish();
	ck_assert_double_ge(log(large / small) / log((double)LARGE / SMALL), 0.5);
}
END_TEST

static double cost_among(u32 i, u32 n)
{
	double cost = held[i].cost(n);

	finish();
	return cost;
}

START_TEST(a_cost_does_not_grow)
{
	double small = cost_among((u32)_i, SMALL), large = cost_among((u32)_i, LARGE);
	double exponent = log(large / small) / log((double)LARGE / SMALL);

	ck_assert_msg(exponent <= MOST, "%s: %.1f steps among %d, %.1f among %d: exponent %.2f", held[_i].what, small, SMALL,
		      large, LARGE, exponent);
	printf("%s, %s: %.1f steps among %d, %.1f among %d: exponent %.2f\n", paging_recipe_name, held[_i].what, small, SMALL,
	       large, LARGE, exponent);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("engine: growth");
	TCase *t = tcase_create("growth");

	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, a_cost_does_not_grow, 0, ARRAY_SIZE(held));
	tcase_add_test(t, a_cost_that_grows_is_seen);
	suite_add_tcase(s, t);
	return run_suite(s);
}
