/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Every mix of entry bits at two levels, of the CPU's modes and of the kind of access, in every pair of guest and shadow
 * levels, in the manner of kvm-unit-tests' `access`. What must happen is worked out here from the bits alone
 * (APM volume 2, chapter 5), by code that shares nothing with the engine's walk.
 *
 * Each combination is written by the guest itself over a mapping in use, flushed by INVLPG and tried; then the outcome, the error code, and
 * the accessed and dirty bits of both entries must be the expected ones. `-s n` tries every nth only.
 */
#include <stdio.h>
#include <unistd.h>

#include "tests/engine/modes.h"

/* ---- what is tried ---- */

struct cpu_mode {
	bool wp, nxe, smep, smap, pse;
};

struct trial {
	u32 levels, upper_level; /* of the entry that varies beside the level-1 entry */
	struct cpu_mode cpu;
	u64 upper, leaf;
	u32 access; /* W, U, X, HOST_AC */
};

enum { BIT_RW, BIT_US, BIT_A, BIT_D, BIT_NX, BIT_RSVD, ENTRY_BITS };

static u32 stride = 1;

/* A bit that is reserved in such an entry, a different one from time to time; 0: there is none. */
static u64 a_reserved_bit(const struct trial *t, u32 level, bool big, u32 n)
{
	static const u64 legacy[] = { BIT(40), BIT(51), BIT(52), BIT(62) }, lng[] = { BIT(40), BIT(45), BIT(51) };
	const u32 high = level > 3 ? 2 : 0; /* bit 8 is reserved there, and at level 3 it is not */

	if (t->levels == 2)
		return big && t->cpu.pse ? BIT(21) : 0;
	if (big && n % 2 && level == 2)
		return BIT(13 + n % 8);
	if (high && n % 4 < high)
		return BIT(8);
	return t->levels == 3 ? legacy[n % 4] : lng[n % 3];
}

static u64 entry_from(const struct trial *t, u32 bits, u32 level, bool big, u32 n)
{
	u64 e = PTE_P;

	e |= bits & BIT(BIT_RW) ? PTE_RW : 0;
	e |= bits & BIT(BIT_US) ? PTE_US : 0;
	e |= bits & BIT(BIT_A) ? PTE_A : 0;
	e |= bits & BIT(BIT_D) && (big || level == 1) ? PTE_D : 0;
	e |= bits & BIT(BIT_NX) && t->levels > 2 ? PTE_NX : 0;
	e |= bits & BIT(BIT_RSVD) ? a_reserved_bit(t, level, big, n) : 0;
	return e | (big ? PTE_PS : 0);
}

/* ---- what must happen ---- */

struct expected {
	bool fault;
	u32 pfec;
	u64 upper, leaf; /* the entries afterwards */
	u64 gfn;
};

static bool is_big(const struct trial *t, u64 e, u32 level)
{
	if (level == 1 || !(e & PTE_PS))
		return false;
	if (t->levels == 2)
		return t->cpu.pse;
	return level == 2;
}

static bool has_reserved(const struct trial *t, u64 e, u32 level)
{
	if (t->levels == 2)
		return is_big(t, e, level) && e & BIT(21);
	if (e & PTE_NX && !t->cpu.nxe)
		return true;
	if (e >> 40 & 0xfff || (t->levels == 3 && e >> 52 & 0x7ff))
		return true;
	if (level > 1 && e & PTE_PS && !is_big(t, e, level))
		return true;
	if (level > 3 && e & BIT(8))
		return true;
	return is_big(t, e, level) && e & 0x1fe000;
}

static bool allowed(const struct trial *t, bool rw, bool us, bool nx)
{
	bool user = t->access & U, write = t->access & W, fetch = t->access & X;

	if (user)
		return us && (rw || !write) && !(fetch && nx);
	if (write && !rw && t->cpu.wp)
		return false;
	if (fetch)
		return !nx && !(us && t->cpu.smep);
	return !us || !t->cpu.smap || t->access & HOST_AC;
}

static void expect_end(const struct trial *t, u32 more, struct expected *x)
{
	u32 reported = W | U | (t->cpu.smep || (t->cpu.nxe && t->levels > 2) ? X : 0);

	x->fault = true;
	x->pfec = (t->access & reported) | more;
}

static struct expected expect(const struct trial *t, u32 slot)
{
	struct expected x = { .upper = t->upper, .leaf = t->leaf };
	bool big = is_big(t, t->upper, t->upper_level);
	u64 last = big ? t->upper : t->leaf, all = big ? t->upper : t->upper & t->leaf;
	bool nx = (t->upper | (big ? 0 : t->leaf)) & PTE_NX;

	if (!(t->upper & PTE_P)) {
		expect_end(t, 0, &x);
	} else if (has_reserved(t, t->upper, t->upper_level)) {
		expect_end(t, PFEC_P | PFEC_RSVD, &x);
	} else if (!(last & PTE_P)) {
		expect_end(t, 0, &x);
	} else if (!big && has_reserved(t, t->leaf, 1)) {
		expect_end(t, PFEC_P | PFEC_RSVD, &x);
	} else if (!allowed(t, all & PTE_RW, all & PTE_US, nx)) {
		expect_end(t, PFEC_P, &x);
	} else {
		u64 *marked = big ? &x.upper : &x.leaf;

		x.upper |= PTE_A;
		*marked |= PTE_A | (t->access & W ? PTE_D : 0);
		x.gfn = big ? slot : DATA;
	}
	return x;
}

/* ---- trying ---- */

struct place {
	struct space s;
	gva_t va;
	u32 slot; /* of va in a superpage at frame 0: the frame it comes to */
	u64 next; /* where the upper entry leads if it is no superpage: a table's gfn */
	gpa_t upper, leaf;
	u64 last_upper;
};

static void complain(const struct trial *t, const char *what)
{
	ck_abort_msg("%u levels on %u, level-%u entry %llx, level-1 entry %llx, access %x, wp %d nxe %d smep %d smap %d "
		     "pse %d: %s",
		     t->levels, g.d.min_shadow_levels, t->upper_level, (unsigned long long)t->upper, (unsigned long long)t->leaf,
		     t->access, t->cpu.wp, t->cpu.nxe, t->cpu.smep, t->cpu.smap, t->cpu.pse, what);
}

/* As a kernel does: PTE_A of upper entries is for hardware to set, so they are written anew only where they change. */
static void write_entries(struct place *p, const struct trial *t)
{
	if (get_entry(t->levels, p->upper) != t->upper)
		store(t->levels, p->upper, t->upper);
	if (get_entry(t->levels, p->leaf) != t->leaf)
		store(t->levels, p->leaf, t->leaf);
	guest_invlpg(&g.v, p->va);
}

static void try(struct place *p, const struct trial *t)
{
	struct expected x = expect(t, p->slot);
	struct outcome o;

	write_entries(p, t);
	o = guest_access(&g, p->va, t->access, 0, 4);
	if (o.kind == ACCESS_FAULT && !x.fault)
		complain(t, "an unexpected fault");
	else if (o.kind == ACCESS_DONE && x.fault)
		complain(t, "no fault");
	else if (o.kind != ACCESS_FAULT && o.kind != ACCESS_DONE)
		complain(t, "neither fault nor success");
	else if (x.fault && o.pfec != x.pfec)
		complain(t, "another error code");
	else if (!x.fault && o.gpa != x.gfn * PAGE_SIZE + p->va % PAGE_SIZE)
		complain(t, "another frame");
	if (get_entry(t->levels, p->upper) != x.upper)
		complain(t, "the upper entry was left otherwise");
	if (get_entry(t->levels, p->leaf) != x.leaf)
		complain(t, "the level-1 entry was left otherwise");
}

/* Give every right and use it, so that what follows has shadows to be taken away. */
static void grant(struct place *p, const struct trial *t)
{
	struct trial all = { .levels = t->levels, .upper = at(p->next, ALL & ~PTE_D), .leaf = at(DATA, ALL) };

	write_entries(p, &all);
	if (guest_access(&g, p->va, U | W, 0, 4).kind != ACCESS_DONE)
		complain(t, "a plain access before it failed");
}

static u32 try_accesses(struct place *p, struct trial *t)
{
	static const u32 kinds[] = { 0, W, X, U, U | W, U | X, HOST_AC, HOST_AC | W };
	u32 n = t->cpu.smap ? 8 : 6;

	grant(p, t);
	for (u32 i = 0; i < n; i++) {
		t->access = kinds[i];
		try(p, t);
	}
	return n;
}

/* All level-1 entries under one upper entry. A superpage and an absent entry need one only. */
static u32 try_leaves(struct place *p, struct trial *t, u32 *serial)
{
	u32 tried = 0, states = t->upper & PTE_P && !is_big(t, t->upper, t->upper_level) ? BIT(ENTRY_BITS) + 1 : 1;

	for (u32 i = 0; i < states; i++) {
		if ((*serial)++ % stride)
			continue;
		t->leaf = i < BIT(ENTRY_BITS) ? at(DATA, entry_from(t, i, 1, false, *serial)) : at(DATA, ALL & ~PTE_P);
		tried += try_accesses(p, t);
	}
	return tried;
}

static u32 try_uppers(struct place *p, struct trial *t, u32 *serial)
{
	u32 tried = 0;

	for (u32 i = 0; i < 2 * BIT(ENTRY_BITS); i++) {
		bool big = i >> ENTRY_BITS;

		if (i & BIT(BIT_D) && !big)
			continue;
		t->upper = entry_from(t, i, t->upper_level, big, *serial);
		if (!is_big(t, t->upper, t->upper_level))
			t->upper |= at(p->next, 0);
		tried += try_leaves(p, t, serial);
	}
	t->upper = at(p->next, ALL & ~PTE_P);
	return tried + try_leaves(p, t, serial);
}

/* CPU modes by number, those that the guest's tables make a difference in. */
static struct cpu_mode mode_from(u32 levels, u32 i)
{
	return (struct cpu_mode){ .wp = i & 1, .smep = i & 2, .smap = i & 4, .nxe = i & 8, .pse = levels > 2 || i & 16 };
}

static void set_mode(const struct place *p, const struct cpu_mode *c)
{
	u64 cr4 = (c->smep ? CR4_SMEP : 0) | (c->smap ? CR4_SMAP : 0) | (c->pse ? CR4_PSE : 0);

	ck_assert(space_enter(&p->s, c->wp ? CR0_WP : 0, cr4, c->nxe ? EFER_NXE : 0));
}

static u32 try_pair(const struct pair *pair, u32 upper_level)
{
	struct place p;
	struct trial t = { .levels = pair->guest, .upper_level = upper_level };
	u32 tried = 0, serial = 0;

	modes_start(pair->shadow, 0);
	p.s = space_new(pair->guest);
	p.slot = 5;
	/* A gigabyte and more above what space_new mapped, the lowest frames in any superpage. */
	p.va = user_base(pair->guest) + BIT(30) + p.slot * PAGE_SIZE;
	p.leaf = entry_for(&p.s, p.va, 1);
	p.upper = entry_for(&p.s, p.va, upper_level);
	p.next = pte_gfn(get_entry(pair->guest, p.upper)).n;
	for (u32 i = 0; i < (pair->guest == 2 ? 32 : 16); i++) {
		t.cpu = mode_from(pair->guest, i);
		set_mode(&p, &t.cpu);
		tried += try_uppers(&p, &t, &serial);
		guest_audit(&g);
	}
	finish();
	return tried;
}

START_TEST(every_combination)
{
	const struct pair *pair = &pairs[_i];
	u32 top = pair->guest == 3 ? 2 : pair->guest, tried = 0;

	for (u32 level = 2; level <= top; level++)
		tried += try_pair(pair, level);
	printf("access: %u on %u: %u combinations\n", pair->guest, pair->shadow, tried);
	fflush(stdout);
}
END_TEST

int main(int argc, char **argv)
{
	Suite *s = suite_create("access");
	TCase *t = tcase_create("all pairs");

	if (getopt(argc, argv, "s:") == 's')
		stride = (u32)atoi(optarg);
	if (!stride) {
		fprintf(stderr, "usage: %s [-s every nth]\n", argv[0]);
		return EXIT_FAILURE;
	}
	tcase_set_timeout(t, 0);
	tcase_add_loop_test(t, every_combination, 0, NR_UNFENCED);
	suite_add_tcase(s, t);
	return run_suite(s);
}
