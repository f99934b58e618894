/* SPDX-License-Identifier: BSD-2-Clause */
/* Every pair of guest and shadow levels: that each works, and what only some modes have. */
#include "tests/engine/modes.h"

#include "engine.h"

static const struct pair *pair;

/* From NR_PAIRS on the same pairs again, and no emulation knows any of the guest's instructions. */
static void begin(int i, u64 pool)
{
	pair = &pairs[i % NR_PAIRS];
	plat_cr3_unseen = pair->fenced;
	modes_start(pair->shadow, pool);
	g.clumsy = i < NR_PAIRS ? 0 : 64;
}

static void enter(const struct space *s)
{
	ck_assert(space_enter(s, CR0_WP, CR4_PSE, EFER_NXE));
	ck_assert_uint_eq(g.on->guest_levels, s->levels);
}

/* ---- all pairs ---- */

START_TEST(maps_and_follows)
{
	struct space s;

	begin(_i, 0);
	s = space_new(pair->guest);
	enter(&s);
	ck_assert_uint_eq(g.v.shadow_levels, pair->shadow);
	for (u32 i = 0; i < NR_DATA; i++)
		expect_done(user(s.levels, i) + 8 * i, U | W, i, DATA + i);
	store(s.levels, entry_for(&s, user(s.levels, NR_DATA), 1), at(DATA + 3, ALL & ~PTE_RW));
	expect_done(user(s.levels, NR_DATA) + 24, U, 0, DATA + 3);
	ck_assert_uint_eq(guest_access(&g, user(s.levels, NR_DATA) + 24, U, 0, 4).value, 3);
	expect_fault(user(s.levels, NR_DATA), U | W, U | W | PFEC_P);
	store(s.levels, entry_for(&s, user(s.levels, NR_DATA), 1), 0);
	guest_invlpg(&g.v, user(s.levels, NR_DATA));
	expect_fault(user(s.levels, NR_DATA), U, U);
	finish();
}
END_TEST

/* Two spaces share the tables below one upper entry; writes reach both, whoever is loaded. */
START_TEST(tables_shared_between_spaces)
{
	const u32 n = pairs[_i % NR_PAIRS].guest;
	gva_t va = user(n, 0), linear_va = linear(n, 0);
	struct space s, t;

	begin(_i, 0);
	s = space_new(n);
	t = (struct space){ .levels = n, .root = new_table() };
	set_entry(n, entry_for(&t, va, n), get_entry(n, entry_for(&s, va, n)));
	set_entry(n, entry_for(&t, linear_va, n), get_entry(n, entry_for(&s, linear_va, n)));
	for (u32 round = 0; round < 4; round++) {
		enter(round & 1 ? &t : &s);
		expect_done(user(n, 1), U | W, round, DATA + 1);
		expect_done(user(n, 0), U, 0, round ? 200 + round : DATA);
		store(n, entry_for(&s, va, 1), at(201 + round, ALL));
		guest_invlpg(g.on, va);
		expect_done(va, U | W, 7, 201 + round);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* A page is a level-2 table whose first entry leads to itself, so it is a level-1 table and data as well. */
static void recycle_as_two_levels(const struct space *s, gpa_t table)
{
	gva_t far = user(s->levels, 0) + BIT(30);
	gpa_t p = entry_for(s, far, 3);

	store(s->levels, p, at(table >> PAGE_SHIFT, ALL & ~PTE_D));
	store(s->levels, table, at(table >> PAGE_SHIFT, ALL));
	guest_invlpg(&g.v, far);
	expect_done(far + 8, U, 0, table >> PAGE_SHIFT);
	store(s->levels, p, 0);
	guest_invlpg(&g.v, far);
}

/* A level-1 table goes; its page is data; then it is a table of another level, then data again. */
START_TEST(tables_recycled)
{
	const u32 n = pairs[_i % NR_PAIRS].guest, size = entry_bytes(n);
	gva_t va = user(n, 0);
	struct space s;
	gpa_t upper, table;

	begin(_i, 0);
	s = space_new(n);
	upper = entry_for(&s, va, 2);
	table = entry_for(&s, va, 1) & PAGE_MASK;
	enter(&s);
	for (u32 round = 0; round < 3; round++) {
		u64 old = get_entry(n, upper);

		expect_done(va, U | W, round, DATA);
		store(n, upper, 0);
		guest_invlpg(&g.v, va);
		expect_fault(va, U, U);
		for (u32 i = 0; i < PAGE_SIZE / size; i += 7)
			store(n, table + i * size, (u64)i * 0x1001001);
		for (u32 i = 0; i < PAGE_SIZE / size; i += 7)
			ck_assert_uint_eq(get_entry(n, table + i * size), size == 4 ? (u32)(i * 0x1001001) : (u64)i * 0x1001001);
		for (u32 i = 0; i < PAGE_SIZE / size; i++)
			store(n, table + i * size, 0);
		guest_audit(&g);
		if (n > 3)
			recycle_as_two_levels(&s, table);
		for (u32 i = 0; i < NR_DATA; i++)
			store(n, table + (va >> 12 & (PAGE_SIZE / size - 1)) * size + i * size, at(DATA + i, ALL));
		store(n, upper, old);
	}
	finish();
}
END_TEST

/* The classic recursive map: one slot of the top table that windows over entries leads back to it. */
START_TEST(linear_tables)
{
	const u32 n = pairs[_i % NR_PAIRS].guest, size = entry_bytes(n), slots = n == 2 ? 1024 : 512, slot = n == 2 ? 300 : 200;
	const u32 top = n == 3 ? 2 : n;
	struct space s;
	gva_t self = 0, window;
	u64 table;

	begin(_i, 0);
	s = space_new(n);
	/* With PAE the second gigabyte's table: its windows show that gigabyte's tables. */
	table = n == 3 ? pte_gfn(get_entry(3, entry_for(&s, user_base(3), 3))).n : s.root;
	set_entry(n, table * PAGE_SIZE + slot * size, at(table, KERNEL));
	enter(&s);
	self = n == 3 ? user_base(3) & ~(BIT(30) - 1) : 0;
	self |= (gva_t)slot << level_shift(n, top);
	if (n > 3 && slot & 256)
		self |= ~0ull << level_shift(n, n + 1);
	/* The level-1 entry for va lies in the window at va's number times the entry's size. */
	window = self + ((user(n, 5) & (BIT(level_shift(n, top + 1)) - 1)) >> 12) * size;
	expect_done(window, 0, 0, entry_for(&s, user(n, 5), 1) >> PAGE_SHIFT);
	for (u32 round = 0; round < 20; round++) {
		struct outcome o = guest_access(&g, window, W, at(DATA + round, ALL), size);

		ck_assert_int_eq(o.kind, ACCESS_DONE);
		ck_assert_uint_eq(o.gpa, entry_for(&s, user(n, 5), 1));
		guest_invlpg(&g.v, user(n, 5));
		expect_done(user(n, 5), U | W, round, DATA + round);
	}
	guest_audit(&g);
	/* The table itself, through itself as often as there are levels; another mapping made there. */
	window = self;
	for (u32 l = 1; l < top; l++)
		window |= (gva_t)slot << level_shift(n, l);
	expect_done(window + slot * size, 0, 0, table);
	ck_assert_uint_eq(guest_access(&g, window + slot * size, 0, 0, size).value & PTE_ADDR, table << PAGE_SHIFT);
	ck_assert_int_eq(guest_access(&g, window + (slots - 3) * size, W, at(table, KERNEL), size).kind, ACCESS_DONE);
	ck_assert_uint_eq(get_entry(n, table * PAGE_SIZE + (slots - 3) * size), at(table, KERNEL));
	finish();
}
END_TEST

START_TEST(smallest_pool)
{
	const u32 n = pairs[_i % NR_PAIRS].guest;
	struct space s, t;

	begin(_i, 1);
	s = space_new(n);
	t = (struct space){ .levels = n, .root = new_table() };
	for (u32 i = 0; i < NR_DATA; i++)
		set_entry(n, entry_for(&t, user(n, i) + (i & 3) * BIT(29), 1), at(DATA + i, ALL));
	for (u32 round = 0; round < 3; round++) {
		enter(&s);
		for (u32 i = 0; i < NR_DATA; i++) {
			expect_done(user(n, i), U | W, i, DATA + i);
			expect_done(linear(n, i * PAGE_SIZE), 0, 0, i);
		}
		enter(&t);
		for (u32 i = 0; i < NR_DATA; i++)
			expect_done(user(n, i) + (i & 3) * BIT(29), U | W, i, DATA + i);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* ---- changes of mode ---- */

/* All modes in turn over the same memory, many times; what one writes the next one reads. Tables are written while their
 * mode is not the current one. */
START_TEST(modes_forth_and_back)
{
	struct space s[6] = { { 0 } };
	u64 rng = 7;

	modes_start((u32)_i, 0);
	for (u32 n = 2; n <= 5; n++)
		s[n] = space_new(n);
	for (u32 round = 0; round < 60; round++) {
		u32 n = 2 + host_random(&rng) % 4, other = 2 + host_random(&rng) % 4, page = round % NR_DATA;

		if (round % 5 == 0) {
			ck_assert(guest_set_modes(&g, CR0_PE, round % 2 ? CR4_PAE : 0, 0));
			ck_assert_uint_ge(g.v.shadow_levels, (u32)_i);
			expect_done((DATA + page) * PAGE_SIZE, W, round, DATA + page);
			/* Without paging the guest writes to tables, too. */
			ck_assert_int_eq(guest_access(&g, entry_for(&s[n], user(n, page), 1), W, at(DATA + round, ALL), 4).kind,
					 ACCESS_DONE);
			enter(&s[n]);
			expect_done(user(n, page), U | W, round, DATA + round);
			expect_done(linear(n, entry_for(&s[n], user(n, page), 1)), W, at(DATA + page, ALL),
				    entry_for(&s[n], user(n, page), 1) >> PAGE_SHIFT);
			guest_invlpg(&g.v, user(n, page));
		}
		enter(&s[n]);
		expect_done(user(n, page), U | W, round, DATA + page);
		/* Another mode's table, by this mode's linear map. */
		gpa_t p = entry_for(&s[other], user(other, page), 1);

		ck_assert_int_eq(guest_access(&g, linear(n, p), W, at(300 + page, ALL), 4).kind, ACCESS_DONE);
		enter(&s[other]);
		expect_done(user(other, page), U | W, round, 300 + page);
		store(other, p, at(DATA + page, ALL));
		guest_invlpg(&g.v, user(other, page));
		expect_done(user(other, page), U, 0, DATA + page);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/*
 * One frame is a level-1 table of a 32-bit guest and of a PAE guest, and a level-2 table of the first: its bytes mean
 * something in each.
 */
START_TEST(one_frame_of_several_types)
{
	const u32 frame = 60;
	struct space two, pae;

	modes_start((u32)_i, 0);
	two = space_new(2);
	pae = space_new(3);
	/* As one entry of 64 bits, or two of 32 of which the second is absent. */
	memset(guest_table(&g, frame), 0, PAGE_SIZE);
	guest_table(&g, frame)[0] = at(DATA + 1, ALL);
	set_entry(2, entry_for(&two, 0x80000000, 2), at(frame, ALL));
	set_entry(2, entry_for(&two, 0x80400000, 2), at(two.root, ALL)); /* the root as a level-1 table */
	set_entry(3, entry_for(&pae, 0x80000000, 2), at(frame, ALL));
	for (u32 round = 0; round < 6; round++) {
		u64 gfn = DATA + 1 + round;

		enter(&two);
		expect_done(0x80000000, U | W, round, gfn);
		expect_done(0x80400000 + (0x80000000u >> 22) * PAGE_SIZE, U, 0, frame);
		enter(&pae);
		expect_done(0x80000000, U | W, round, gfn);
		if (round & 1) {
			store(3, frame * PAGE_SIZE, at(gfn + 1, ALL));
			guest_invlpg(&g.v, 0x80000000);
			expect_done(0x80000000, U, 0, gfn + 1);
		}
		enter(&two);
		if (!(round & 1)) {
			store(2, frame * PAGE_SIZE, at(gfn + 1, ALL));
			guest_invlpg(&g.v, 0x80000000);
		}
		expect_done(0x80000000, U, 0, gfn + 1);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* ---- 32-bit tables ---- */

START_TEST(superpages_of_4_mib)
{
	const gva_t va = 0x80000000;
	struct space s;
	gpa_t p;

	modes_start((u32)_i, 0);
	s = space_new(2);
	p = entry_for(&s, va, 2);
	enter(&s);
	store(2, p, ALL | PTE_PS);
	expect_done(va + 300 * PAGE_SIZE, U | W, 1, 300);
	ck_assert_int_eq(guest_access(&g, va + HOLE_AT * PAGE_SIZE, U, 0, 4).gpa, HOLE_AT * PAGE_SIZE);
	/* Both halves of it, which are two superpages of other tables. */
	ck_assert_int_eq(guest_access(&g, va + BIT(21) + 5 * PAGE_SIZE, U, 0, 4).kind, ACCESS_MMIO);
	/* PSE-36: bits 13 to 20 are address bits 32 to 39. */
	store(2, p, ALL | PTE_PS | BIT(13) | BIT(20));
	guest_invlpg(&g.v, va);
	ck_assert_int_eq(guest_access(&g, va + 0x1234, U, 0, 4).kind, ACCESS_MMIO);
	ck_assert_uint_eq(g.v.fault.gpa, BIT(39) | BIT(32) | 0x1234);
	store(2, p, ALL | PTE_PS | BIT(21));
	guest_invlpg(&g.v, va);
	expect_fault(va, U, U | PFEC_P | PFEC_RSVD);
	/* Without CR4.PSE the bit means nothing, and the rest of the entry names a table. */
	store(2, p, at(60, ALL | PTE_PS));
	memset(guest_table(&g, 60), 0, PAGE_SIZE);
	guest_table(&g, 60)[0] = at(DATA, ALL);
	ck_assert(space_enter(&s, CR0_WP, 0, 0));
	expect_done(va, U | W, 0, DATA);
	enter(&s);
	ck_assert_int_eq(guest_access(&g, va + 5 * PAGE_SIZE, U, 0, 4).kind, ACCESS_MMIO);
	ck_assert_uint_eq(g.v.fault.gpa, (60ull >> 1 << 32) + 5 * PAGE_SIZE);
	finish();
}
END_TEST

/* A superpage's two halves have shadows of their own where shadow entries map half of what the guest's do. */
START_TEST(halves_of_a_superpage)
{
	const gva_t va = 0x80000000, again = 0x81000000;
	const u64 far = 600; /* in the upper half */
	struct space s;

	guest_init(&g, far + 1, HOLE_AT, HOLE, 64, 42);
	g.d.min_shadow_levels = (u32)_i;
	guest_set_modes(&g, CR0_PE, CR4_PAE, 0);
	next_table = TABLE_FIRST;
	s = space_new(2);
	set_entry(2, entry_for(&s, va, 2), ALL | PTE_PS);
	set_entry(2, entry_for(&s, again, 2), 0);
	enter(&s);
	expect_done(va + 300 * PAGE_SIZE, U | W, 1, 300);
	expect_done(va + far * PAGE_SIZE, U | W, 1, far);
	/* The same superpage once more: its shadows are there already. */
	store(2, entry_for(&s, again, 2), ALL | PTE_PS);
	expect_done(again + far * PAGE_SIZE, U | W, 1, far);
	expect_done(again + 300 * PAGE_SIZE, U | W, 1, 300);
	guest_audit(&g);
	/* One INVLPG is for both halves. */
	store(2, entry_for(&s, va, 2), 0);
	guest_invlpg(&g.v, va + 300 * PAGE_SIZE);
	expect_fault(va + far * PAGE_SIZE, U, U);
	finish();
}
END_TEST

/* ---- PAE's four top entries ---- */

static struct space pae_start(int i)
{
	struct space s;

	modes_start((u32)i, 0);
	s = space_new(3);
	enter(&s);
	return s;
}

/* What memory says of them counts when they are loaded, and not before. */
START_TEST(pdptes_count_from_the_next_load)
{
	struct space s = pae_start(_i);
	gpa_t p = entry_for(&s, user(3, 0), 3);
	u64 old = get_entry(3, p);

	expect_done(user(3, 0), U | W, 1, DATA);
	store(3, p, 0);
	expect_done(user(3, 1), U | W, 1, DATA + 1);
	guest_invlpg(&g.v, user(3, 2));
	expect_done(user(3, 2), U | W, 1, DATA + 2);
	ck_assert(guest_load_cr3(&g, space_cr3(&s)));
	expect_fault(user(3, 0), U, U);
	store(3, p, old);
	expect_fault(user(3, 0), U, U);
	ck_assert(guest_load_cr3(&g, space_cr3(&s)));
	expect_done(user(3, 0), U, 1, DATA);
	/* Another table for the same gigabyte. */
	struct space t = { .levels = 3, .root = new_table() };

	set_entry(3, entry_for(&t, user(3, 0), 1), at(DATA + 9, ALL));
	store(3, p, get_entry(3, entry_for(&t, user(3, 0), 3)));
	ck_assert(guest_load_cr3(&g, space_cr3(&s)));
	expect_done(user(3, 0), U, 0, DATA + 9);
	expect_fault(user(3, 1), U, U);
	finish();
}
END_TEST

/* Bits that hardware refuses, present or not; a refused load changes nothing. */
START_TEST(reserved_bits_of_the_four)
{
	static const u64 reserved[] = { BIT(1),  BIT(2),  BIT(5),  BIT(6),  BIT(7), BIT(8),
					BIT(40), BIT(51), BIT(52), BIT(62), BIT(63) };
	static const u64 ignored[] = { BIT(3), BIT(4), BIT(9), BIT(10), BIT(11) };
	struct space s = pae_start(_i), t = space_new(3);
	gpa_t p = entry_for(&t, BIT(31), 3);

	for (u32 i = 0; i < ARRAY_SIZE(reserved); i++) {
		store(3, p, at(60, PTE_P | reserved[i]));
		ck_assert(!guest_load_cr3(&g, space_cr3(&t)));
		ck_assert_uint_eq(g.v.cr3, space_cr3(&s));
		expect_done(user(3, i), U | W, i, DATA + i);
		ck_assert(!space_enter(&t, CR0_WP, 0, EFER_NXE));
		ck_assert_uint_eq(g.v.guest_levels, 0);
		enter(&s);
		store(3, p, at(60, reserved[i]));
		ck_assert(guest_load_cr3(&g, space_cr3(&t)));
		expect_done(user(3, i), U | W, i, DATA + i);
		expect_fault(BIT(31), U, U);
		ck_assert(guest_load_cr3(&g, space_cr3(&s)));
	}
	for (u32 i = 0; i < ARRAY_SIZE(ignored); i++) {
		store(3, p, at(60, PTE_P | ignored[i]));
		ck_assert(guest_load_cr3(&g, space_cr3(&t)));
		expect_fault(BIT(31), U, U);
		ck_assert(guest_load_cr3(&g, space_cr3(&s)));
	}
	finish();
}
END_TEST

/* A page full of roots: 128 sets of four, of which only the values count. */
START_TEST(many_roots_in_one_page)
{
	struct space s = pae_start(_i);
	u64 roots = new_table(), table = pte_gfn(get_entry(3, entry_for(&s, user(3, 0), 3))).n;

	for (u32 i = 0; i < 128; i++) {
		u64 *four = guest_table(&g, roots) + i * 4;

		memcpy(four, (u8 *)guest_table(&g, s.root) + PAE_ROOT_AT, 32);
		/* The same gigabyte here and there: 3 sets of values. */
		four[1] = i % 3 == 1 ? 0 : at(table, PTE_P);
		four[2] = i % 3 == 2 ? 0 : at(table, PTE_P);
	}
	for (u32 i = 0; i < 256; i++) {
		ck_assert(guest_load_cr3(&g, roots * PAGE_SIZE + i % 128 * 32));
		if (i % 128 % 3 == 1)
			expect_fault(user(3, 0), U, U);
		else
			expect_done(user(3, i % NR_DATA), U | W, i, DATA + i % NR_DATA);
		if (i % 128 % 3 == 2)
			expect_fault(BIT(31), U, U);
		else
			expect_done(BIT(31) + i % NR_DATA * PAGE_SIZE, U, 0, DATA + i % NR_DATA);
	}
	/* Where roots are kept, sets of the same values share one: three here, the first, and those without paging. */
	if (g.d.counter[PN_CNT_root_hit])
		ck_assert_uint_le(g.d.counter[PN_CNT_root_miss], 6);
	/* The page is no shadowed table: the guest writes to it without a trip. */
	expect_done(linear(3, roots * PAGE_SIZE), W, 0, roots);
	u32 before = g.faults;

	for (u32 i = 1; i < 64; i++)
		expect_done(linear(3, roots * PAGE_SIZE + i * 64), W, 0, roots);
	ck_assert_uint_eq(g.faults, before);
	finish();
}
END_TEST

/* Sets of four whose shadows get the same number, and are told apart all the same. */
START_TEST(roots_of_one_number)
{
	const u64 first = 200, sets = 4;
	struct space s = pae_start(_i);
	u64 roots = new_table();

	/* The second entry counts 31 times as much as the third. */
	for (u32 i = 0; i < sets; i++) {
		u64 *four = guest_table(&g, roots) + i * 4;

		memcpy(four, (u8 *)guest_table(&g, s.root) + PAE_ROOT_AT, 32);
		four[1] = at(first + i, PTE_P);
		four[2] = at(first + 31 * (sets - i), PTE_P);
		memset(guest_table(&g, first + i), 0, PAGE_SIZE);
		memset(guest_table(&g, 60 + i), 0, PAGE_SIZE);
		guest_table(&g, first + i)[0] = at(60 + i, ALL & ~PTE_D);
		guest_table(&g, 60 + i)[0] = at(DATA + i, ALL);
	}
	for (u32 i = 0; i < 8 * sets; i++) {
		ck_assert(guest_load_cr3(&g, roots * PAGE_SIZE + i % sets * 32));
		expect_done(user(3, 0), U | W, i, DATA + i % sets);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* Hardware holds the shadow's four, too: what is taken from under them is never walked again. */
START_TEST(shadows_go_from_under_a_loaded_root)
{
	struct space s = pae_start(_i);
	u64 table = pte_gfn(get_entry(3, entry_for(&s, user(3, 0), 3))).n;

	for (u32 i = 0; i < 20; i++) {
		expect_done(user(3, i), U | W, i, DATA + i);
		paging_unshadow(&g.v, table * PAGE_SIZE);
		/* The freed page becomes a shadow of something else at once. */
		expect_done(linear(3, (200 + i) * PAGE_SIZE), W, i, 200 + i);
		expect_done(user(3, i), U | W, i, DATA + i);
		guest_audit(&g);
	}
	finish();
}
END_TEST

/* ---- vCPUs ---- */

/* Two vCPUs in any two modes share memory: one writes the other's tables, then both use them. */
START_TEST(vcpus_in_different_modes)
{
	static const u32 with[] = { 0, 2, 3, 4, 5 };
	const u32 n = pairs[_i % NR_PAIRS].guest, m = with[_i / NR_PAIRS];
	struct space s, t = { 0 };

	begin(_i % NR_PAIRS, 0);
	s = space_new(n);
	if (m)
		t = space_new(m);
	enter(&s);
	guest_switch(&g, 1);
	if (m)
		enter(&t);
	for (u32 round = 0; round < 12; round++) {
		gpa_t p = entry_for(&s, user(n, round), 1);

		guest_switch(&g, 0);
		expect_done(user(n, round), U | W, round, DATA + round);
		guest_switch(&g, 1);
		ck_assert_int_eq(guest_access(&g, m ? linear(m, p) : p, W, at(300 + round, ALL), 4).kind, ACCESS_DONE);
		if (m)
			expect_done(user(m, round), U | W, round, DATA + round);
		guest_switch(&g, 0);
		guest_invlpg(g.on, user(n, round));
		expect_done(user(n, round), U | W, round, 300 + round);
		guest_audit(&g);
	}
	finish();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("modes");
	TCase *t = tcase_create("all pairs");

	tcase_add_loop_test(t, maps_and_follows, 0, 2 * NR_PAIRS);
	tcase_add_loop_test(t, tables_shared_between_spaces, 0, 2 * NR_PAIRS);
	tcase_add_loop_test(t, tables_recycled, 0, 2 * NR_PAIRS);
	tcase_add_loop_test(t, linear_tables, 0, 2 * NR_PAIRS);
	tcase_add_loop_test(t, smallest_pool, 0, 2 * NR_PAIRS);
	suite_add_tcase(s, t);

	t = tcase_create("changes of mode");
	tcase_add_loop_test(t, modes_forth_and_back, 2, 6);
	tcase_add_loop_test(t, one_frame_of_several_types, 2, 6);
	tcase_add_loop_test(t, vcpus_in_different_modes, 0, 5 * NR_PAIRS);
	suite_add_tcase(s, t);

	t = tcase_create("32-bit tables");
	tcase_add_loop_test(t, superpages_of_4_mib, 2, 6);
	tcase_add_loop_test(t, halves_of_a_superpage, 2, 6);
	suite_add_tcase(s, t);

	t = tcase_create("PAE");
	tcase_add_loop_test(t, pdptes_count_from_the_next_load, 3, 6);
	tcase_add_loop_test(t, reserved_bits_of_the_four, 3, 6);
	tcase_add_loop_test(t, many_roots_in_one_page, 3, 6);
	tcase_add_loop_test(t, roots_of_one_number, 3, 6);
	tcase_add_loop_test(t, shadows_go_from_under_a_loaded_root, 3, 6);
	suite_add_tcase(s, t);
	return run_suite(s);
}
