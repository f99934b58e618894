/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit, by whose word all other tests go: it finds each damage to what the recipe shadow2 keeps, says what is wrong, and finds
 * nothing once the damage is undone.
 */
#include <stdlib.h>

#include "engine.h"
#include "tests/engine/tables.h"

static struct sh_domain *s;
static struct sh_page *root, *l2, *l1, *spare; /* shadows, and a page that is free */
static u64 *up, *e;                            /* their entries: from l2 to l1, and from there to DATA */

static struct frame_info *frame(u64 gfn)
{
	return sh_frame(&g.d, GFN(gfn));
}

static void start_audit(void)
{
	start();
	expect_done(user(0), U | W, 1, DATA);
	s = g.d.shadow;
	root = sh_root(&g.v);
	l2 = frame(USER_L2)->shadows;
	l1 = frame(USER_L1)->shadows;
	spare = s->free_list;
	up = l2->table;
	e = l1->table;
	guest_audit(&g);
}

static u64 apart(const struct sh_page *to, const struct sh_page *from)
{
	return ((u64)to->mfn - from->mfn) << PAGE_SHIFT;
}

/* Each is done by 1 and undone by -1. */
#define DAMAGE(name, how)                                                                                                        \
	static void name(int by)                                                                                                 \
	{                                                                                                                        \
		how;                                                                                                             \
	}

/* Leaf entries. */
DAMAGE(a_right, (void)by; e[0] ^= PTE_US)
DAMAGE(another_frame, e[0] += (u64)by * PAGE_SIZE)
DAMAGE(a_foreign_frame, e[0] += (u64)by * g.machine_frames * PAGE_SIZE)
DAMAGE(a_table_mapped, (void)by; e[7] ^= mfn_to_hpa(p2m_lookup(&g.d, GFN(USER_L1))) | ALL)
DAMAGE(an_entry_less, (void)by; e[0] ^= mfn_to_hpa(p2m_lookup(&g.d, GFN(DATA))) | ALL) /* never wrong, but the count is */
DAMAGE(not_live, memset(l1->live, by > 0 ? 0 : 0xff, sizeof(l1->live)))

/* The guest's entries, behind the engine's back. */
DAMAGE(guest_leaf_gone, (void)by; guest_table(&g, USER_L1)[0] ^= at(DATA, ALL))
DAMAGE(guest_link_gone, (void)by; guest_table(&g, USER_L2)[0] ^= at(USER_L1, ALL))
DAMAGE(guest_link_elsewhere, (void)by; guest_table(&g, USER_L2)[0] ^= at(USER_L1, ALL) ^ at(DATA, ALL))

/* Links. */
DAMAGE(a_links_right, (void)by; up[0] ^= PTE_NX)
DAMAGE(a_link_to_a_free_page, up[0] += (u64)by * apart(spare, l1))
DAMAGE(a_link_to_no_page, up[0] += (u64)by * g.machine_frames * PAGE_SIZE)
DAMAGE(a_link_to_the_root, up[0] += (u64)by * apart(root, l1))

/* A shadow's books. */
DAMAGE(references, l1->refs += (u32)by)
DAMAGE(loads, root->loaded += (u32)by)
DAMAGE(entries, l2->entries += (u32)by)
DAMAGE(a_gfn_without_memory, (void)by; l1->gfn ^= USER_L1 ^ HOLE_AT)
DAMAGE(anothers_gfn, (void)by; l1->gfn ^= USER_L1 ^ USER_L2)
DAMAGE(parked, l1->parked = by > 0)
DAMAGE(a_loaded_root_parked, root->parked = by > 0)

/* A frame's. */
DAMAGE(writable_mappings, frame(DATA)->writable += (u32)by)
DAMAGE(not_listed, frame(USER_L1)->shadows = by > 0 ? NULL : l1)
DAMAGE(anothers_shadow, frame(USER_L1)->shadows = by > 0 ? l2 : l1)
DAMAGE(a_free_page_listed, frame(USER_L1)->shadows = by > 0 ? spare : l1)

/* The pool's. */
DAMAGE(not_zero, (void)by; ((u64 *)spare->table)[9] ^= 1)
DAMAGE(free_pages, s->free += (u32)by)
DAMAGE(idle_pages, s->idle += (u32)by)
DAMAGE(used_pages, g.d.counter[PN_CNT_shadow_used] += (u64)by)

static void endless_list(int by)
{
	static struct sh_page *next;

	if (by > 0)
		next = spare->hash_next;
	spare->hash_next = by > 0 ? spare : next;
}

static void endless_idle_list(int by)
{
	static struct sh_page *next;

	if (by > 0) {
		ck_assert_int_eq(paging_pool_resize(&g.d, s->pages - 3), POOL_OK);
		next = s->idle_list->hash_next;
	}
	s->idle_list->hash_next = by > 0 ? s->idle_list : next;
}

static void not_in_hash(int by)
{
	if (by > 0)
		sh_hash_remove(s, l1);
	else
		sh_hash_add(s, l1);
}

static void a_clean_frame(int by)
{
	if (by > 0)
		ck_assert(paging_log_dirty(&g.d, true));
	e[0] ^= PTE_RW;
	if (by < 0)
		ck_assert(paging_log_dirty(&g.d, false));
}

static const struct {
	void (*damage)(int by);
	const char *finding;
} cases[] = {
	{ a_right, "derived" },
	{ another_frame, "derived" },
	{ a_foreign_frame, "no frame of the domain" },
	{ a_table_mapped, "guest table writable" },
	{ an_entry_less, "writable mappings" },
	{ not_live, "not marked as live" },
	{ guest_leaf_gone, "derived 0" },
	{ guest_link_gone, "not what the guest's entry gives" },
	{ guest_link_elsewhere, "not what the guest's entry gives" },
	{ a_links_right, "not what the guest's entry gives" },
	{ a_link_to_a_free_page, "links to no shadow in use" },
	{ a_link_to_no_page, "links to no shadow in use" },
	{ a_link_to_the_root, "level 2 links to level 4" },
	{ references, "references, its book says" },
	{ loads, "loaded by 1, its book says 2" },
	{ entries, "entries, its book says" },
	{ a_gfn_without_memory, "is not where its book says" },
	{ anothers_gfn, "is not where its book says" },
	{ parked, "parked, and listed" },
	{ parked, "parked, and in use" },
	{ a_loaded_root_parked, "parked, and in use" },
	{ writable_mappings, "writable mappings" },
	{ not_listed, "not listed" },
	{ anothers_shadow, "which is not its shadow" },
	{ a_free_page_listed, "which is not its shadow" },
	{ not_zero, "free, but not zero" },
	{ free_pages, "pool of" },
	{ idle_pages, "counted as idle" },
	{ used_pages, "pool of" },
	{ endless_list, "listed as free" },
	{ endless_idle_list, "counted as idle" },
	{ not_in_hash, "not in the hash" },
	{ a_clean_frame, "maps a clean frame writable" },
};

START_TEST(damage_is_found)
{
	static char text[4096];

	cases[_i].damage(1);
	ck_assert_uint_ge(paging_audit(&g.d, text, sizeof(text)), 1);
	ck_assert_msg(strstr(text, cases[_i].finding), "audit said: %s", text);
	cases[_i].damage(-1);
}
END_TEST

/* Without paging on a machine with a fence: shadows of no table, each with a copy that hardware walks. */
START_TEST(damage_behind_a_fence)
{
	static char text[3][4096];
	u64 *hw;

	plat_cr3_unseen = true;
	start();
	plat_cr3_unseen = false;
	s = g.d.shadow;
	guest_set_modes(&g, CR0_PE, CR4_PAE, 0);
	expect_done(DATA * PAGE_SIZE, W, 1, DATA);
	pool_for_each(s, sp)
		if (sp->used && ROLE_LEVEL(sp->role) == 1 && !sp->gfn)
			e = sp->table;
	hw = e + pool_hw_offset / sizeof(*e);
	ck_assert(e[DATA] && e[DATA] == hw[DATA]);
	hw[DATA] ^= PTE_RW;
	ck_assert_uint_ge(paging_audit(&g.d, text[0], sizeof(text[0])), 1);
	hw[DATA] ^= PTE_RW;
	hw = (u64 *)((u8 *)s->free_list->table + pool_hw_offset);
	hw[9] = 1;
	ck_assert_uint_ge(paging_audit(&g.d, text[1], sizeof(text[1])), 1);
	hw[9] = 0;
	e[HOLE_AT] = e[DATA] & ~PTE_RW;
	ck_assert_uint_ge(paging_audit(&g.d, text[2], sizeof(text[2])), 1);
	e[HOLE_AT] = 0;
	ck_assert_ptr_nonnull(strstr(text[0], "but hardware has"));
	ck_assert_ptr_nonnull(strstr(text[1], "free, but not zero"));
	ck_assert_ptr_nonnull(strstr(text[2], "derived 0"));
	finish();
}
END_TEST

/* A short buffer is filled and ended, no more; and the faults are counted all the same. */
START_TEST(short_buffers)
{
	char text[64];

	a_right(1);
	memset(text, 'x', sizeof(text));
	ck_assert_uint_ge(paging_audit(&g.d, text, 20), 1);
	ck_assert_uint_le(strlen(text), 19);
	ck_assert_int_eq(text[20], 'x');
	ck_assert_uint_ge(paging_audit(&g.d, NULL, 0), 1);
	a_right(-1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("the audit");
	TCase *t = tcase_create("shadow2");

	tcase_add_checked_fixture(t, start_audit, finish);
	tcase_add_loop_test(t, damage_is_found, 0, ARRAY_SIZE(cases));
	tcase_add_test(t, short_buffers);
	suite_add_tcase(suite, t);
	t = tcase_create("fence");
	tcase_add_test(t, damage_behind_a_fence);
	suite_add_tcase(suite, t);
	return run_suite(suite);
}
