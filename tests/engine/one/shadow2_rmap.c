/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The chains of the part rmap, entry by entry: one frame mapped by 2048 of them, in guests of two, three and four levels. After each
 * mapping and unmapping the chain is what a list of the test's own says, from either end; and whoever takes one off looks at its
 * neighbours alone, because meanwhile all others hold what would lead astray.
 */
#include "engine.h"
#include "recipe.h"
#include "tests/engine/modes.h"

#define MAPPINGS 2048
#define MANY_AT  0x1000000 /* behind user_base: where a leaf table begins, in every mode */
#define POOL     256
#define ASTRAY   0xffffffff /* no place: what follows it ends the test */

static const struct {
	u32 guest, shadow;
} of_chains[] = { { 2, 2 }, { 2, 3 }, { 3, 3 }, { 4, 4 } };
#define NR_MODES ((int)ARRAY_SIZE(of_chains))

enum order { OLDEST_FIRST, NEWEST_FIRST, ANY_ORDER, NR_ORDERS };

static struct space space;
static u32 shadow_entries; /* of a leaf */
static mfn_t shared;       /* the frame */

/* The mappings that there are, by number, newest first. */
static struct {
	u32 n;
	u32 by[MAPPINGS];
} chain;

static gva_t va_of(u32 i)
{
	return user_base(space.levels) + MANY_AT + i * PAGE_SIZE;
}

/* Where the shadow has mapping i, for which a guest table of 1024 entries may have two shadows; 0: its table has none. */
static u32 place_of(u32 i)
{
	const gpa_t entry = entry_for(&space, va_of(i), 1);
	const u32 slot = (u32)(entry % PAGE_SIZE) / entry_bytes(space.levels);
	const struct sh_page *sp = sh_frame(&g.d, GFN(entry / PAGE_SIZE))->shadows;

	while (sp && ROLE_QUADRANT(sp->role) != slot / shadow_entries)
		sp = sp->same_frame;
	return sp ? rmap_place(sp, slot % shadow_entries) : 0;
}

static struct rmap_pair pair_of(u32 i)
{
	const u32 place = place_of(i);
	const struct rmap_pair *pair = place ? rmap_pair(place) : NULL;

	return pair ? *pair : (struct rmap_pair){ 0 };
}

static u32 place_at(u32 nth)
{
	return nth < chain.n ? place_of(chain.by[nth]) : 0;
}

/* Not by ck_assert, which makes a system call even where all is well. */
static void must_be(u32 is, u32 is_to_be, const char *what, u32 nth)
{
	if (is != is_to_be)
		ck_abort_msg("%s of the entry that is number %u of %u: %x, not %x", what, nth, chain.n, is, is_to_be);
}

static void check_chain(void)
{
	bool chained[MAPPINGS] = { false };
	u32 place = rmap_listed(&g.d, shared, 0);

	for (u32 nth = 0; nth < chain.n; nth++) {
		must_be(place, place_at(nth), "the place", nth);
		must_be(pair_of(chain.by[nth]).newer, nth ? place_at(nth - 1) : 0, "the newer one", nth);
		chained[chain.by[nth]] = true;
		place = rmap_listed(&g.d, shared, place);
	}
	must_be(place, 0, "what follows the last", chain.n);
	for (u32 i = 0; i < MAPPINGS; i++)
		if (!chained[i] && (pair_of(i).older || pair_of(i).newer))
			ck_abort_msg("entry %u is on no chain, and has links", i);
	ck_assert_uint_eq(frame_of(&g.d, shared)->writable, chain.n);
}

/* ---- leading astray ---- */

static u32 head_was;
static struct rmap_pair pair_was[MAPPINGS];

static u32 *head(void)
{
	return &rmap_domain(&g.d)->heads[shared.n];
}

/* All links but those of numbers first to last; the head's, unless it is to change. */
static void spoil(u32 first, u32 last)
{
	head_was = *head();
	if (first > 1)
		*head() = ASTRAY;
	for (u32 nth = 0; nth < chain.n; nth++) {
		struct rmap_pair *pair = rmap_pair(place_at(nth));

		if (!pair || (nth >= first && nth <= last))
			continue;
		pair_was[nth] = *pair;
		*pair = (struct rmap_pair){ ASTRAY, ASTRAY };
	}
}

static void mend(u32 first, u32 last)
{
	if (first > 1) {
		must_be(*head(), ASTRAY, "the head", first);
		*head() = head_was;
	}
	for (u32 nth = 0; nth < chain.n; nth++) {
		struct rmap_pair *pair = rmap_pair(place_at(nth));

		if (!pair || (nth >= first && nth <= last))
			continue;
		must_be(pair->older & pair->newer, ASTRAY, "the links", nth);
		*pair = pair_was[nth];
	}
}

/* ---- mapping and unmapping ---- */

static void map_one(u32 i)
{
	spoil(0, 0);
	store(space.levels, entry_for(&space, va_of(i), 1), at(DATA, ALL));
	mend(0, 0);
	memmove(chain.by + 1, chain.by, chain.n++ * sizeof(chain.by[0]));
	chain.by[0] = i;
}

static void unmap_nth(u32 nth)
{
	const u32 first = nth ? nth - 1 : 0;

	spoil(first, nth + 1);
	store(space.levels, entry_for(&space, va_of(chain.by[nth]), 1), 0);
	mend(first, nth + 1);
	memmove(chain.by + nth, chain.by + nth + 1, (--chain.n - nth) * sizeof(chain.by[0]));
}

static u32 any_below(u32 n)
{
	g.rng = g.rng * 6364136223846793005ull + 1442695040888963407ull;
	return (u32)(g.rng >> 33) % n;
}

static u32 one_that_is_not_mapped(void)
{
	bool mapped[MAPPINGS] = { false };
	u32 i = any_below(MAPPINGS);

	for (u32 nth = 0; nth < chain.n; nth++)
		mapped[chain.by[nth]] = true;
	while (mapped[i])
		i = (i + 1) % MAPPINGS;
	return i;
}

static u64 pages_of_links(void)
{
	return g.d.counter[PN_CNT_rmap_pages] - sh_book_pages(&g.d, sizeof(u32));
}

/* Each of their pages is touched, and was mapped by nothing yet. */
static void touch_all(void)
{
	for (u32 i = 0; i < MAPPINGS; i++) {
		expect_done(va_of(i), U | W, 1, DATA);
		chain.by[MAPPINGS - 1 - i] = i;
	}
	chain.n = MAPPINGS;
	check_chain();
	ck_assert_uint_eq(pages_of_links(), MAPPINGS / RMAP_PAIRS);
	guest_audit(&g);
}

/* The tables are there before the engine sees them. */
static void start_chain(int mode)
{
	modes_start(of_chains[mode].shadow, POOL);
	space = space_new(of_chains[mode].guest);
	shadow_entries = of_chains[mode].shadow == 2 ? 1024 : 512;
	for (u32 i = 0; i < MAPPINGS; i++)
		set_entry(space.levels, entry_for(&space, va_of(i), 1), at(DATA, ALL));
	ck_assert(space_enter(&space, CR0_WP, 0, 0));
	ck_assert(g.v.guest_levels == of_chains[mode].guest && g.v.shadow_levels == of_chains[mode].shadow);
	shared = p2m_lookup(&g.d, GFN(DATA));
	touch_all();
}

START_TEST(chains_in_every_order)
{
	start_chain(_i / NR_ORDERS);
	while (chain.n) {
		switch ((enum order)(_i % NR_ORDERS)) {
		case OLDEST_FIRST: unmap_nth(chain.n - 1); break;
		case NEWEST_FIRST: unmap_nth(0); break;
		default:
			/* Three go for each that comes. */
			if (any_below(4))
				unmap_nth(any_below(chain.n));
			else if (chain.n < MAPPINGS)
				map_one(one_that_is_not_mapped());
		}
		check_chain();
		if (chain.n % 256 == 0)
			guest_audit(&g);
	}
	finish();
}
END_TEST

/*
 * Guest tables are unlinked one by one: their shadows go, with all that they map and their pages of links, the second of two as well.
 * Shadows that are made of the same pages afterwards begin without links.
 */
START_TEST(leaves_of_a_chain_go)
{
	const u32 entries = PAGE_SIZE / entry_bytes(of_chains[_i].guest);
	u64 parent[MAPPINGS / 512];

	start_chain(_i);
	for (u32 i = 0; i < MAPPINGS; i += entries) {
		parent[i / entries] = get_entry(space.levels, entry_for(&space, va_of(i), 2));
		store(space.levels, entry_for(&space, va_of(i), 2), 0);
		chain.n -= entries; /* the oldest */
		check_chain();
		ck_assert_uint_eq(pages_of_links(), chain.n / RMAP_PAIRS);
		guest_audit(&g);
	}
	for (u32 i = 0; i < MAPPINGS; i += entries)
		store(space.levels, entry_for(&space, va_of(i), 2), parent[i / entries]);
	touch_all();
	finish();
}
END_TEST

/* The frame becomes a table: all its mappings become read-only, each found by the head alone, and the map of it is empty. */
START_TEST(a_chain_is_revoked)
{
	gpa_t entry;

	start_chain(_i);
	entry = DATA * PAGE_SIZE + entry_for(&space, va_of(0), 1) % PAGE_SIZE; /* both begin a table */
	memset(guest_table(&g, DATA), 0, PAGE_SIZE);
	set_entry(space.levels, entry, at(DATA + 1, ALL));
	store(space.levels, entry_for(&space, va_of(2 * MAPPINGS), 2), at(DATA, ALL));
	expect_done(va_of(2 * MAPPINGS), U, 0, DATA + 1);
	ck_assert_uint_eq(g.d.counter[PN_CNT_wrmap_rmap_hit], MAPPINGS);
	chain.n = 0;
	check_chain();
	finish();
}
END_TEST

/* One page is left, and two leaves want links: the mapping that finds none is not writable, and the chain is as it was. */
START_TEST(a_page_for_one_link_of_two)
{
	struct sh_page *taken[POOL];
	u32 n = 0;

	modes_start(4, POOL);
	space = space_new(4);
	ck_assert(space_enter(&space, CR0_WP, 0, 0));
	shared = p2m_lookup(&g.d, GFN(DATA));
	expect_done(linear(4, DATA * PAGE_SIZE), W, 1, DATA);
	expect_done(user(4, 1), U | W, 1, DATA + 1);
	while (g.d.shadow->free > 1)
		taken[n++] = sh_take_page(&g.d, NULL);
	store(4, entry_for(&space, user(4, 40), 1), at(DATA, ALL));
	ck_assert_uint_eq(g.d.shadow->free, 0);
	ck_assert_uint_eq(frame_of(&g.d, shared)->writable, 1);
	guest_audit(&g);
	while (n)
		sh_give_page(&g.d, taken[--n]);
	expect_done(user(4, 40), U | W, 1, DATA);
	ck_assert_uint_eq(frame_of(&g.d, shared)->writable, 2);
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("shadow2+rmap");
	TCase *t = tcase_create("chains");

	tcase_set_timeout(t, 300);
	tcase_add_loop_test(t, chains_in_every_order, 0, NR_MODES * NR_ORDERS);
	tcase_add_loop_test(t, leaves_of_a_chain_go, 0, NR_MODES);
	tcase_add_loop_test(t, a_chain_is_revoked, 0, NR_MODES);
	tcase_add_test(t, a_page_for_one_link_of_two);
	suite_add_tcase(s, t);
	return run_suite(s);
}
