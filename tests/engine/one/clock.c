/* SPDX-License-Identifier: BSD-2-Clause */
/* The part clock, in the recipe shadow2: which kept root goes when pages run out, and whose loaded root is emptied. */
#include "engine.h"
#include "recipe.h"
#include "tests/engine/tables.h"

enum { FIRST = 200, KEPT = 8, OWN = 300, NR_VCPUS = 3 };

static u32 hand(void)
{
	return clock_domain(&g.d)->hand;
}

static struct sh_page *shadow(u64 gfn)
{
	return sh_frame(&g.d, GFN(gfn))->shadows;
}

/* As many pages as are free, and one more. True: there are as many. */
static bool one_more_page(void)
{
	return clock_make_room(&g.d, g.d.shadow->free + 1);
}

/* ---- kept roots ---- */

static void use(u64 gfn)
{
	guest_load_cr3(&g, gfn * PAGE_SIZE);
	expect_done(user(0), U, 0, DATA);
}

/* It has the tables of ROOT, so that it goes with no page but its own. */
static void keep(u64 gfn)
{
	memcpy(guest_table(&g, gfn), guest_table(&g, ROOT), PAGE_SIZE);
	use(gfn);
	use(ROOT);
}

/* Roots that are kept, in the order in which the hand comes to them. Returns how many. */
static u32 from_hand(u64 *gfns)
{
	const struct sh_domain *s = g.d.shadow;
	struct sh_page *sp = pool_go_on(s, hand());
	u32 n = 0;

	for (u32 left = s->pages + s->idle; left; left--, sp = pool_next_round(s, sp))
		if (sp->used && sp->pinned && !sp->loaded)
			gfns[n++] = sp->gfn;
	return n;
}

static void keep_some(u64 *order)
{
	for (u64 i = 0; i < KEPT; i++)
		keep(FIRST + i);
	/* Those that the test's beginning has left, such as that of paging off, are gone. */
	clock_unpin_kept(&g.d, ~0u);
	ck_assert_uint_eq(from_hand(order), 0);
	for (u64 i = 0; i < KEPT; i++)
		keep(FIRST + i);
	ck_assert_uint_eq(from_hand(order), KEPT);
}

/* One page is wanted: this root goes and no other. */
static void expect_gone(u64 gfn)
{
	u64 before[KEPT + 2], after[KEPT + 2];
	const u32 n = from_hand(before);

	ck_assert(one_more_page());
	ck_assert_msg(!shadow(gfn), "root %x is still there", (unsigned)gfn);
	ck_assert_uint_eq(from_hand(after), n - 1);
	ck_assert(shadow(ROOT)->pinned && shadow(ROOT)->entries && g.v.root == shadow(ROOT));
}

START_TEST(a_root_that_was_used_is_spared_once)
{
	u64 order[KEPT + 2];
	const struct sh_page *page;

	keep_some(order);
	page = shadow(order[0]);
	/* All were loaded since the hand was there: it comes round a second time. */
	expect_gone(order[0]);
	/* Where it was stands another root now, which was used; the hand has gone on. */
	keep(FIRST + KEPT);
	ck_assert_ptr_eq(shadow(FIRST + KEPT), page);
	expect_gone(order[1]);
	use(order[2]);
	use(ROOT);
	for (u32 i = 3; i < KEPT; i++)
		expect_gone(order[i]);
	expect_gone(order[2]);
	expect_gone(FIRST + KEPT);
	ck_assert_uint_eq(from_hand(order), 0);
	ck_assert_uint_eq(trips(user(0), U, 0), 0);
}
END_TEST

/* One that stands right behind the hand, and was used: the hand comes to it at the end of the second round, idle pages counted. */
START_TEST(two_whole_rounds)
{
	u64 order[KEPT + 2];

	keep_some(order);
	clock_unpin_kept(&g.d, ~0u);
	ck_assert_uint_ne(g.d.shadow->idle, 0);
	keep(FIRST);
	clock_domain(&g.d)->hand = pool_next_round(g.d.shadow, shadow(FIRST))->mfn;
	expect_gone(FIRST);
}
END_TEST

/* As many go as are wanted at once, in the hand's order, and loaded roots stay as they are while that is enough. */
START_TEST(no_more_than_are_wanted)
{
	u64 order[KEPT + 2], left[KEPT + 2];

	keep_some(order);
	ck_assert(clock_make_room(&g.d, g.d.shadow->free));
	ck_assert_uint_eq(from_hand(left), KEPT);
	ck_assert(clock_make_room(&g.d, g.d.shadow->free + 3));
	ck_assert_uint_eq(from_hand(left), KEPT - 3);
	for (u32 i = 0; i < KEPT - 3; i++)
		ck_assert_uint_eq(left[i], order[i + 3]);
	ck_assert(shadow(ROOT)->entries);
	/* More than all: kept roots go and the loaded one is emptied. */
	ck_assert(!clock_make_room(&g.d, g.d.shadow->pages + 1));
	ck_assert_uint_eq(from_hand(left), 0);
	ck_assert(shadow(ROOT)->pinned && !shadow(ROOT)->entries);
	expect_done(user(0), U, 0, DATA);
}
END_TEST

/* ---- a pool of another size ---- */

static struct sh_page *last_page(void)
{
	struct sh_page *last = NULL;

	pool_for_each(g.d.shadow, sp)
		last = sp;
	return last;
}

/* A page of the first block that has none in use: that goes first when the pool shrinks. */
static struct sh_page *page_that_goes(void)
{
	for (const struct pool_block *b = g.d.shadow->blocks; b; b = b->next) {
		struct sh_page *sp = pool_block_first(b), *end = sp + POOL_BLOCK_PAGES;

		while (sp < end && !sp->used)
			sp++;
		if (sp == end)
			return end - 1;
	}
	ck_abort_msg("all blocks are in use");
}

/* What the pool gives back is somebody else's at once, who writes to it. */
static void others_write_to_free_memory(void)
{
	static void *pages[4096];
	u32 n = 0;

	while (n < ARRAY_SIZE(pages) && (pages[n] = plat_alloc_pages(1)))
		memset(pages[n++], 0xff, PAGE_SIZE);
	while (n)
		plat_free_pages(pages[--n], 1);
}

START_TEST(a_hand_that_points_to_no_page)
{
	u64 order[KEPT + 2];

	keep_some(order);
	clock_domain(&g.d)->hand = page_that_goes()->mfn;
	ck_assert_int_eq(paging_pool_resize(&g.d, 60), POOL_OK);
	ck_assert(!pool_owns(g.d.shadow, hand()));
	others_write_to_free_memory();
	ck_assert_uint_eq(from_hand(order), KEPT);
	for (u32 i = 0; i < KEPT; i++) {
		expect_gone(order[i]);
		ck_assert(pool_owns(g.d.shadow, hand()));
	}
}
END_TEST

/* Pages that the pool has grown by are on the hand's way. */
START_TEST(a_pool_that_grows)
{
	struct sh_page *taken[120];
	u64 order[KEPT + 2];
	u32 last, n = 0;

	keep_some(order);
	expect_gone(order[0]);
	last = last_page()->mfn;
	ck_assert_int_eq(paging_pool_resize(&g.d, 250), POOL_OK);
	while (pool_next(pool_page(last)) != g.d.shadow->free_list && n < ARRAY_SIZE(taken))
		taken[n++] = sh_take_page(&g.d, NULL);
	keep(FIRST + KEPT);
	ck_assert_ptr_eq(shadow(FIRST + KEPT), pool_next(pool_page(last)));
	while (n)
		sh_give_page(&g.d, taken[--n]);
	for (u32 i = 1; i < KEPT; i++)
		expect_gone(order[i]);
	expect_gone(FIRST + KEPT); /* when the hand comes there again */
}
END_TEST

/* ---- loaded roots ---- */

static struct vcpu other[NR_VCPUS - 1];
static struct host_cpu other_cpu[NR_VCPUS - 1];

static u64 root_of(u32 i)
{
	return OWN + 4 * i;
}

/* Four tables of its own lead to DATA. */
static void build_own(u32 i)
{
	for (u64 t = 0; t < 3; t++)
		guest_table(&g, root_of(i) + t)[t ? 0 : USER >> 39] = at(root_of(i) + t + 1, ALL);
	guest_table(&g, root_of(i) + 3)[0] = at(DATA, ALL);
}

static void start_several(void)
{
	start_with(120);
	for (u32 i = 0; i < NR_VCPUS; i++)
		build_own(i);
	guest_load_cr3(&g, root_of(0) * PAGE_SIZE);
	for (u32 i = 1; i < NR_VCPUS; i++) {
		struct vcpu *v = &other[i - 1];

		*v = (struct vcpu){ .id = i, .domain = &g.d, .cr0 = CR0_PE };
		host_cpu_init(v, &other_cpu[i - 1], i);
		g.d.vcpu[i] = v;
		g.d.nr_vcpus = i + 1;
		ck_assert(paging_vcpu_init(v));
		v->cr0 = CR0_PE | CR0_PG | CR0_WP;
		v->cr3 = root_of(i) * PAGE_SIZE;
		v->cr4 = CR4_PAE;
		v->efer = EFER_LME | EFER_NXE;
		paging_update_modes(v);
	}
	clock_unpin_kept(&g.d, ~0u);
}

static bool is_full(u32 i)
{
	return shadow(root_of(i))->entries;
}

static void fill_all(void)
{
	for (u32 i = 0; i < NR_VCPUS; i++) {
		struct vcpu *v = g.d.vcpu[i];
		u32 pfec, tries = 0;
		hpa_t hpa;

		for (; !host_access(v, user(0), U, &hpa, &pfec); tries++) {
			ck_assert_uint_lt(tries, 8);
			g.d.acting = v;
			paging_fault(v, user(0), pfec);
		}
		ck_assert(is_full(i));
	}
	g.d.acting = &g.v;
}

static void expect_emptied(u32 those)
{
	for (u32 i = 0; i < NR_VCPUS; i++)
		ck_assert_msg(is_full(i) == !(those >> i & 1), "of vCPU %u the root is %s", i, is_full(i) ? "full" : "empty");
}

START_TEST(loaded_roots_are_emptied_in_turn)
{
	struct sh_page *root;
	u64 before;

	for (u32 round = 0; round < 2 * NR_VCPUS; round++) {
		fill_all();
		ck_assert(one_more_page());
		expect_emptied(1u << round % NR_VCPUS);
	}
	/* Two for what one does not free: its four tables are three shadows beside the root. */
	fill_all();
	ck_assert(clock_make_room(&g.d, g.d.shadow->free + 4));
	expect_emptied(3);
	/* One whose vCPU has none yet is passed over; and each comes once in a search. */
	fill_all();
	root = g.d.vcpu[2]->root;
	g.d.vcpu[2]->root = NULL;
	ck_assert(one_more_page());
	expect_emptied(1);
	g.d.vcpu[2]->root = root;
	before = count(PN_CNT_reclaim);
	ck_assert(!clock_make_room(&g.d, g.d.shadow->pages + 1));
	expect_emptied(7);
	ck_assert_uint_eq(count(PN_CNT_reclaim), before + NR_VCPUS);
	fill_all();
}
END_TEST

static void start_pool(void)
{
	start_with(120);
}

int main(void)
{
	Suite *s = suite_create("clock");
	TCase *t = tcase_create("kept roots");

	tcase_add_checked_fixture(t, start_pool, finish);
	tcase_add_test(t, a_root_that_was_used_is_spared_once);
	tcase_add_test(t, two_whole_rounds);
	tcase_add_test(t, no_more_than_are_wanted);
	tcase_add_test(t, a_hand_that_points_to_no_page);
	tcase_add_test(t, a_pool_that_grows);
	suite_add_tcase(s, t);
	t = tcase_create("loaded roots");
	tcase_add_checked_fixture(t, start_several, finish);
	tcase_add_test(t, loaded_roots_are_emptied_in_turn);
	suite_add_tcase(s, t);
	return run_suite(s);
}
