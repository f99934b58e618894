/* SPDX-License-Identifier: BSD-2-Clause */
/* What an access came to, held against the reference. */
#include "tests/oracle/judge.h"

#include <string.h>

static void say_walk(const struct attempt *a, const struct ref_walk *w)
{
	static const char *const ends[] = { "done", "fault", "mmio", "crash" };

	fprintf(stderr, "; by the tables as they are: %s pfec %x gpa %llx", ends[w->end], w->pfec, (unsigned long long)w->gpa);
	for (u32 l = w->nr; l > 0; l--)
		fprintf(stderr, " %llx:%llx", (unsigned long long)w->entry[l - 1],
			(unsigned long long)entry_at(a->r, a->cpu, w->entry[l - 1]));
}

void judge_say(const struct attempt *a)
{
	static const char *const ends[] = { "done", "fault", "mmio", "crash", "stuck" };
	const struct access *g = &a->got;

	fprintf(stderr, "  got %s", ends[g->end]);
	if (g->end == ACCESS_FAULT)
		fprintf(stderr, " pfec %x at %llx", g->pfec, (unsigned long long)g->va);
	if (g->end == ACCESS_MMIO)
		fprintf(stderr, " at gpa %llx", (unsigned long long)g->gpa);
	for (u32 i = 0; g->placed && i < a->nr; i++)
		fprintf(stderr, " at gpa %llx", (unsigned long long)g->at[i]);
	for (u32 i = 0; i < a->nr * a->walks; i++)
		say_walk(a, &a->part[i % a->nr].want[i / a->nr]);
	fprintf(stderr, "\n");
}

_Noreturn void judge_refuse(const struct attempt *a, const char *what)
{
	judge_say(a);
	run_fail(a->r, what);
}

/* ---- data ---- */

static bool overlaps(gpa_t a, u32 bytes, gpa_t b, u32 b_bytes)
{
	return a < b + b_bytes && b < a + bytes;
}
static bool raced(const struct attempt *a, gpa_t at, u32 bytes)
{
	return a->raced_bytes && overlaps(at, bytes, a->raced, a->raced_bytes);
}

static bool stores(const struct attempt *a)
{
	return a->access & PFEC_W && (!a->swap || a->got.swapped);
}

/* Two vCPUs wrote to the same bytes at once: either may be the last. */
static void take_either(struct attempt *a, const gpa_t place[], u32 nr)
{
	for (u32 i = 0; i < nr && stores(a); i++)
		ref_store(&a->r->ref, place[i], machine_at(&a->r->m, place[i]), a->part[i].bytes);
}

/* The parts came to these places. */
static void take_data(struct attempt *a, const gpa_t place[], u32 nr)
{
	struct ref *ref = &a->r->ref;
	bool reads = a->swap || !(a->access & PFEC_W);

	for (u32 i = 0; i < nr; i++)
		if (raced(a, place[i], a->part[i].bytes)) {
			take_either(a, place, nr);
			return;
		}
	for (u32 i = 0; i < nr && reads; i++)
		if (memcmp(ref_see(ref, place[i]), a->got.data + a->part[i].at, a->part[i].bytes))
			judge_refuse(a, "an access read what is not there");
	if (a->swap && a->got.swapped != !memcmp(a->got.data, a->expected, a->bytes))
		judge_refuse(a, "a comparison came to another end than it must");
	for (u32 i = 0; i < nr && stores(a); i++)
		ref_store(ref, place[i], a->data + a->part[i].at, a->part[i].bytes);
}

/* Did the parts before a device's have their effect? Those of a plain store alone. */
static bool stores_before_device(const struct attempt *a)
{
	return a->got.end == ACCESS_MMIO && a->access & PFEC_W && !a->swap;
}

/* ---- marks ---- */

/* What a walk marks in the entry at `at`, which may serve it at several levels. */
static u8 marks_at(const struct attempt *a, gpa_t at)
{
	u8 marks = 0;

	for (u32 k = 0; k < a->nr * a->walks; k++) {
		const struct ref_walk *w = &a->part[k % a->nr].want[k / a->nr];

		for (u32 i = 0; i < w->nr; i++)
			if (w->entry[i] == at)
				marks |= i || !(a->access & PFEC_W) ? 0x20 : 0x60;
	}
	return marks;
}

/* Parts that were stored: a device ends a plain store in its own part, and those behind it have no effect. */
static u32 parts_stored(const struct attempt *a)
{
	u32 nr = 0;

	while (nr < a->nr && !(stores_before_device(a) && !((a->got.gpa ^ a->part[nr].va) % 4096)))
		nr++;
	return nr;
}

/*
 * Did the access's own data come to the byte at `at`, which it had in *has? Then the byte tells nothing of marks any more: there
 * are all. Where the access read it before, what it read does tell.
 */
static void uncover(const struct attempt *a, u32 walk, gpa_t at, u8 had, u8 marks, u8 *has)
{
	for (u32 k = 0; k < parts_stored(a); k++) {
		gpa_t place = a->got.placed ? a->got.at[k] : a->part[k].want[walk].gpa;

		if (overlaps(place, a->part[k].bytes, at, 1))
			*has = a->swap ? a->got.data[a->part[k].at + (at - place)] : had | marks;
	}
}

/*
 * The engine may have marked entries of a walk as they are now: nothing else, and nothing away. An
 * entry that the access's own data overwrote can't tell.
 */
static void take_marks(struct attempt *a, u32 part, u32 walk)
{
	struct ref *ref = &a->r->ref;
	const struct ref_walk *w = &a->part[part].want[walk];
	bool stored = !a->running && stores(a) && a->got.end != ACCESS_FAULT && a->got.end != ACCESS_CRASH;

	for (u32 i = 0; i < w->nr; i++) {
		gpa_t at = w->entry[i];
		u8 had = *ref_see(ref, at), marks = marks_at(a, at);
		u8 has = *(a->running ? machine_peek : machine_at)(&a->r->m, at);

		if (stored)
			uncover(a, walk, at, had, marks, &has);
		if (has == had)
			continue;
		if ((had ^ has) & ~marks || had & ~has) {
			if (!a->running && (!stored || a->got.placed))
				judge_refuse(a, "the engine changed a guest's entry otherwise than it may");
			continue; /* it will be found out by what memory must be */
		}
		ref_store(ref, at, &has, 1);
	}
}

void judge_marks_so_far(struct attempt *a)
{
	for (u32 part = 0; part < a->nr; part++)
		take_marks(a, part, 0);
	for (u32 part = 0; part < a->nr; part++)
		ref_mark_for_a_moment(&a->r->ref, &a->part[part].want[0], a->access);
}

/* Entries at that offset of any table may have gained these bits by hardware's own walks. */
static void take_marks_everywhere(struct attempt *a, u32 offset, u8 may)
{
	struct ref *ref = &a->r->ref;

	for (u32 page = 1; page < ref->nr_pages; page++) {
		u32 gfn = a->r->m.gfn_of[ref->holds[page]];
		gpa_t at = (gpa_t)gfn * 4096 + offset;
		u8 had, has;

		if (gfn == NO_FRAME)
			continue;
		had = *ref_see(ref, at);
		has = *machine_at(&a->r->m, at);
		if (stores(a) && a->got.end != ACCESS_FAULT)
			uncover(a, 0, at, had, 0, &has);
		if (had != has && had & PTE_P && !((had ^ has) & ~may) && !(had & ~has))
			ref_store(ref, at, &has, 1);
	}
}

/*
 * Where hardware itself marks the guest's level-1 entries, it does so in whichever table it remembers the way to, as
 * on a machine without a hypervisor: an entry for this address may have gained bits in any table. Under nested paging it marks
 * those of all levels, as it comes by, and keeps to that if the walk ends in a fault.
 */
static void take_remembered_marks(struct attempt *a, const struct part *p)
{
	u32 levels = a->r->ref.cpu[a->cpu].levels, bits = levels == 2 ? 10 : 9, bytes = levels == 2 ? 4 : 8;
	u32 most = a->r->m.v[a->cpu].nested ? levels : 1;

	for (u32 level = 1; levels && level <= most; level++)
		take_marks_everywhere(a, (u32)(p->va >> (12 + bits * (level - 1)) & (4096 / bytes - 1)) * bytes,
				      a->access & PFEC_W ? 0x60 : 0x20);
}

static bool hardware_marks(const struct attempt *a)
{
	return paging_marks_late || a->r->m.v[a->cpu].nested;
}

/* ---- a reference without a TLB: one end is right ---- */

static void judge_strict(struct attempt *a)
{
	const struct access *g = &a->got;
	struct ref *ref = &a->r->ref;
	const struct ref_walk *w = NULL;
	gpa_t place[MOST_PARTS];
	u32 nr = 0;

	for (u32 i = 0; i < a->nr && a->r->m.v[a->cpu].nested; i++)
		take_remembered_marks(a, &a->part[i]);
	for (; nr < a->nr; nr++) {
		w = &a->part[nr].want[0];
		a->part[nr].want[0] = ref_walk(ref, a->cpu, a->part[nr].va, a->access);
		if (w->end == REF_DONE || w->end == REF_MMIO)
			ref_mark(ref, w, a->access);
		if (w->end != REF_DONE)
			break;
		place[nr] = w->gpa;
	}
	if (nr == a->nr ? g->end != ACCESS_DONE : g->end != (enum access_end)w->end)
		judge_refuse(a, "an access came to another end than it must");
	if (g->end == ACCESS_FAULT && (g->pfec != w->pfec || g->va != a->part[nr].va))
		judge_refuse(a, "another page fault than it must be");
	if (g->end == ACCESS_MMIO && g->gpa != w->gpa)
		judge_refuse(a, "another device than it must be");
	for (u32 i = 0; i < nr && g->placed; i++)
		if (g->at[i] != place[i])
			judge_refuse(a, "an access came to another place than it must");
	if (g->end == ACCESS_DONE || stores_before_device(a))
		take_data(a, place, nr);
}

/* ---- what the architecture allows ---- */

/* Does what was read stand there, or what was written? */
static bool left_there(const struct attempt *a, const struct part *p, gpa_t gpa)
{
	const u8 *is = machine_at(&a->r->m, gpa);
	const u8 *data = stores(a) ? a->data : a->got.data;

	return is && (raced(a, gpa, p->bytes) || !memcmp(is, data + p->at, p->bytes));
}

static bool may_be_at(const struct attempt *a, const struct part *p, gpa_t gpa)
{
	return ref_has(&a->r->ref, gpa >> 12) && left_there(a, p, gpa) &&
	       ref_may_reach(&a->r->ref, a->cpu, p->va, a->access, gpa);
}

/* Where the part came to; NO_PLACE: nowhere that the architecture allows. */
static gpa_t place_of(const struct attempt *a, const struct part *p)
{
	if (a->got.placed) {
		gpa_t at = a->got.at[p - a->part];

		return ref_has(&a->r->ref, at >> 12) && ref_may_reach(&a->r->ref, a->cpu, p->va, a->access, at) ? at : NO_PLACE;
	}
	for (u32 i = 0; i < a->walks; i++)
		if (p->want[i].end == REF_DONE && may_be_at(a, p, p->want[i].gpa))
			return p->want[i].gpa;
	for (u64 gfn = 0; gfn < MEMORY_GFNS; gfn++)
		if (may_be_at(a, p, gfn * 4096 + p->va % 4096))
			return gfn * 4096 + p->va % 4096;
	return NO_PLACE;
}

static bool may_end(const struct attempt *a, const struct part *p, enum ref_end end)
{
	for (u32 i = 0; i < a->walks; i++)
		if (p->want[i].end == end && (end != REF_FAULT || p->want[i].pfec == a->got.pfec) &&
		    (end != REF_MMIO || p->want[i].gpa == a->got.gpa))
			return true;
	return false;
}

static bool may_be_device(const struct attempt *a, const struct part *p)
{
	gpa_t gpa = a->got.gpa;

	return gpa % 4096 == p->va % 4096 && !ref_has(&a->r->ref, gpa >> 12) &&
	       (may_end(a, p, REF_MMIO) || ref_may_reach(&a->r->ref, a->cpu, p->va, a->access, gpa));
}

/* May the access have ended in this part, otherwise than by having moved its bytes? */
static bool ends_here(const struct attempt *a, const struct part *p)
{
	switch (a->got.end) {
	case ACCESS_CRASH: return may_end(a, p, REF_CRASH);
	case ACCESS_FAULT: return a->got.va == p->va && may_end(a, p, REF_FAULT);
	case ACCESS_MMIO: return may_be_device(a, p);
	default: return false;
	}
}

static void judge_loose(struct attempt *a)
{
	gpa_t place[MOST_PARTS];
	u32 nr = 0;

	/* All of them: what was translated before the first page faulted after all has its marks. */
	for (u32 i = 0; i < a->nr; i++) {
		if (hardware_marks(a))
			take_remembered_marks(a, &a->part[i]);
		for (u32 walk = 0; walk < a->walks; walk++)
			take_marks(a, i, walk);
	}
	for (; nr < a->nr && !ends_here(a, &a->part[nr]); nr++) {
		if (a->got.end == ACCESS_FAULT || a->got.end == ACCESS_CRASH)
			continue;
		place[nr] = a->got.end == ACCESS_DONE || stores_before_device(a) ? place_of(a, &a->part[nr]) : 0;
		if (place[nr] == NO_PLACE)
			judge_refuse(a, "an access came to an end that the architecture does not allow");
	}
	if (nr == a->nr && a->got.end != ACCESS_DONE)
		judge_refuse(a, "an access came to an end that the architecture does not allow");
	if (a->got.end == ACCESS_DONE || stores_before_device(a))
		take_data(a, place, nr);
}

void judge(struct attempt *a)
{
	if (a->r->prog->strict)
		judge_strict(a);
	else
		judge_loose(a);
}
