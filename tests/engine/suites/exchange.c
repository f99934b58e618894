/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What exchanging one part changes: the same guest does the same under a recipe and under its variants, and each of them takes
 * the trips and counts the events that stand in its row. A part that does nothing, or another than is meant, shows beside
 * the row of its base. Built for every recipe that has a row here (tests/engine/engine.mk reads the names with grep).
 */
#include "tests/engine/unsync.h"

/* How things stood when the measured part of a scenario began. */
static struct {
	u64 counter[PN_CNT_MAX];
	u32 faults, emulated;
} then;

static void begin(void)
{
	memcpy(then.counter, g.d.counter, sizeof(then.counter));
	then.faults = g.faults;
	then.emulated = g.emulated;
}

struct row {
	const char *recipe;
	u32 trips, emulated;
	struct {
		enum pn_counter counter;
		u64 n;
		const char *name;
	} count[4];
};
#define N(name, n)                                                                                                               \
	{                                                                                                                        \
		PN_CNT_##name, n, #name                                                                                          \
	}

static const struct row *row_of(const struct row *rows)
{
	while (rows->recipe && strcmp(rows->recipe, paging_recipe_name))
		rows++;
	return rows->recipe ? rows : NULL;
}

static void compare(const struct row *rows)
{
	const struct row *r = row_of(rows);

	ck_assert_uint_eq(g.faults - then.faults, r->trips);
	ck_assert_uint_eq(g.emulated - then.emulated, r->emulated);
	for (u32 i = 0; i < ARRAY_SIZE(r->count) && r->count[i].name; i++) {
		u64 n = count(r->count[i].counter) - then.counter[r->count[i].counter];

		ck_assert_msg(n == r->count[i].n, "%s: %llu, not %llu", r->count[i].name, (unsigned long long)n,
			      (unsigned long long)r->count[i].n);
	}
}

/* ---- sync ---- */

#define SYNC(u, r, p)                                                                                                            \
	{                                                                                                                        \
		N(unsync, u), N(resync, r), N(pull_through, p)                                                                   \
	}
/*
 * Under `emulate` each write is a trip; a table that went out wholly comes back at the touch; of a leaf out of sync the
 * touch pulls one entry. (The ninth resync is that of the table that stood out of sync at the beginning.)
 */
static const struct row demand_fault_rows[] = {
	{ "shadow2", 24, 16, SYNC(0, 0, 0) },          { "shadow2+oos", 24, 0, SYNC(8, 9, 0) },
	{ "shadow2+unsync_l1", 16, 0, SYNC(0, 0, 8) }, { "shadow1", 24, 0, SYNC(8, 9, 0) },
	{ "shadow3", 16, 0, SYNC(0, 0, 8) },           { NULL },
};

START_TEST(demand_faults)
{
	expect_done(user(0), U | W, 1, DATA);
	store(USER_L1, 511, 0);
	begin();
	for (u32 i = 0; i < 8; i++) {
		expect_fault(user(NR_DATA + i), U | W, U | W);
		store(USER_L1, NR_DATA + i, 0xdead0);
		store(USER_L1, NR_DATA + i, at(DATA + 60 + i, ALL));
		expect_done(user(NR_DATA + i), U | W, 1, DATA + 60 + i);
	}
	compare(demand_fault_rows);
}
END_TEST

/* Two writes to a table of each of the four levels, then a root load. */
static const struct row every_level_rows[] = {
	{ "shadow2", 8, 8, SYNC(0, 0, 0) }, { "shadow2+oos", 4, 0, SYNC(4, 4, 0) }, { "shadow2+unsync_l1", 7, 6, SYNC(1, 1, 0) },
	{ "shadow1", 4, 0, SYNC(4, 4, 0) }, { "shadow3", 7, 6, SYNC(1, 1, 0) },     { NULL },
};

START_TEST(tables_of_every_level)
{
	expect_done(user(0), U | W, 1, DATA);
	begin();
	for (u64 t = USER_L1; t >= ROOT; t--) {
		store(t, 90, 0);
		store(t, 90, at(DATA, PTE_US)); /* not present */
	}
	load_root();
	compare(every_level_rows);
}
END_TEST

/* ---- wrmap ---- */

#define WRMAP(f, h, m, s)                                                                                                        \
	{                                                                                                                        \
		N(wrmap_fixup_hit, f), N(wrmap_guess_hit, h), N(wrmap_guess_miss, m), N(wrmap_scan, s)                           \
	}
static const struct row resync_rows[] = {
	{ "shadow1", 4, 0, WRMAP(4, 0, 0, 0) },
	{ "shadow1-fixup", 4, 0, WRMAP(0, 0, 0, 4) },
	{ "shadow3", 4, 0, WRMAP(4, 0, 0, 0) },
	{ "shadow3-fixup", 4, 0, WRMAP(0, 0, 32, 4) },
	{ NULL },
};

/* A table goes out of sync through an entry where no guess looks, and comes back. */
START_TEST(write_access_is_taken_back)
{
	expect_done(user(0), U, 0, DATA);
	store(USER_L1, 40, at(70, ALL));
	another_l1(70, 20);
	load_root();
	begin();
	for (u32 i = 0; i < 4; i++) {
		expect_done(user(40) + 8 * i, U | W, at(DATA + i, ALL), 70);
		ck_assert(unsync(70));
		load_root();
		ck_assert_uint_eq(frame(70)->writable, 0);
	}
	compare(resync_rows);
}
END_TEST

static const struct row promotion_rows[] = {
	{ "shadow2", 24, 8, WRMAP(0, 8, 0, 0) },
	{ "shadow2-guess", 24, 8, WRMAP(0, 0, 0, 8) },
	{ NULL },
};

/* Pages that the guest's kernel has written become tables. */
START_TEST(pages_that_become_tables)
{
	expect_done(user(0), U, 0, DATA);
	begin();
	for (u32 i = 0; i < 8; i++) {
		store(70 + i, 0, at(DATA + i, ALL));
		store(USER_L2, 20 + i, at(70 + i, ALL));
		expect_done(USER + ((20ull + i) << 21), U, 0, DATA + i);
		ck_assert_uint_eq(frame(70 + i)->writable, 0);
	}
	compare(promotion_rows);
}
END_TEST

/* ---- prefetch ---- */

#define PREFETCH(p, u, w)                                                                                                        \
	{                                                                                                                        \
		N(prefetched, p), N(prefetch_used, u), N(prefetch_wasted, w)                                                     \
	}
/* shadow3 fills up to 31 behind the fault's entry, kvm the eight in whose midst it is. */
static const struct row prefetch_rows[] = {
	{ "shadow3", 1, 0, PREFETCH(31, 11, 20) },
	{ "shadow3-prefetch", 12, 0, PREFETCH(0, 0, 0) },
	{ "kvm", 2, 0, PREFETCH(14, 10, 4) },
	{ "kvm-prefetch", 12, 0, PREFETCH(0, 0, 0) },
	{ NULL },
};

/* Of a table's 32 entries twelve are used, then the table goes. */
START_TEST(entries_beside)
{
	begin();
	for (u32 again = 0; again < 20; again++)
		for (u32 i = 0; i < 12; i++)
			expect_done(user(i), U, 0, DATA + i);
	guest_table(&g, USER_L2)[0] = 0;
	paging_guest_wrote(&g.d, USER_L2 * PAGE_SIZE, 8);
	load_root();
	compare(prefetch_rows);
}
END_TEST

/* ---- reclaim ---- */

#define RECLAIM(e, b)                                                                                                            \
	{                                                                                                                        \
		N(early_unshadow, e), N(batch_unshadow, b)                                                                       \
	}
/* shadow3 believes the second zero in a row, kvm the third write; the first use as data is a fault as any. */
static const struct row tear_down_rows[] = {
	{ "shadow3", 3, 2, RECLAIM(1, 0) },
	{ "shadow3-early", 32, 32, RECLAIM(0, 0) },
	{ "kvm", 4, 3, RECLAIM(0, 1) },
	{ "kvm-flood", 32, 32, RECLAIM(0, 0) },
	{ NULL },
};

/* Sixteen tables are unlinked one by one, and the page that linked them is used as data. */
START_TEST(a_table_of_tables_is_taken_down)
{
	for (u32 i = 0; i < 16; i++)
		another_l1(70 + i, 20 + i);
	begin();
	for (u32 i = 0; i < 16; i++)
		store(USER_L2, 20 + i, 0);
	for (u32 i = 0; i < 16; i++)
		store(USER_L2, 100 + i, i << 1);
	compare(tear_down_rows);
}
END_TEST

int main(void)
{
	Suite *s = suite_create(paging_recipe_name);
	TCase *t = tcase_create("exchanged");
	const struct {
		const struct row *rows;
		const TTest *test;
	} scenario[] = {
		{ demand_fault_rows, demand_faults },        { every_level_rows, tables_of_every_level },
		{ resync_rows, write_access_is_taken_back }, { promotion_rows, pages_that_become_tables },
		{ prefetch_rows, entries_beside },           { tear_down_rows, a_table_of_tables_is_taken_down },
	};

	tcase_add_checked_fixture(t, start, finish);
	for (u32 i = 0; i < ARRAY_SIZE(scenario); i++)
		if (row_of(scenario[i].rows))
			tcase_add_test(t, scenario[i].test);
	suite_add_tcase(s, t);
	return run_suite(s);
}
