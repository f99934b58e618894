/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracle's reference: a plain walker, and the history of what a TLB may hold. */
#include "tests/oracle/ref.h"

#include <string.h>

/* Longest search before the history counts as crowded. */
#define LONG_SEARCH 3000

void ref_init(struct ref *r)
{
	for (u32 i = 1; i < r->nr_versions; i++)
		r->last[r->version[i].word] = 0;
	memset(r->cpu, 0, sizeof(r->cpu));
	memset(r->memory, 0, r->nr_pages * 4096);
	memset(r->page, 0, sizeof(r->page));
	memset(r->dirty, 0, sizeof(r->dirty));
	memset(r->attempted, 0, sizeof(r->attempted));
	for (u64 g = 0; g < MEMORY_GFNS; g++)
		r->frame[g] = (u16)first_frame(g);
	r->nr_pages = 1; /* the first is zero, for all */
	r->crowded = false;
	r->now = r->nr_versions = 1;
	for (u32 i = 0; i < REF_CPUS; i++) {
		r->cpu[i].cr0 = CR0_PE;
		r->cpu[i].nr_windows = 1;
		r->cpu[i].window[0].start = 1;
	}
}

/* ---- entries ---- */

static u32 bits_of(u32 levels)
{
	return levels == 2 ? 10 : 9;
}
static u32 shift_of(u32 levels, u32 level)
{
	return 12 + (level - 1) * bits_of(levels);
}

/* Where the entry lies; a PAE root's are never read through here but when they are loaded. */
static gpa_t entry_gpa(u32 levels, u64 table, u32 level, gva_t va)
{
	u64 index = va >> shift_of(levels, level) & ((1u << bits_of(levels)) - 1);

	return table * 4096 + index * (levels == 2 ? 4 : 8);
}

/* Of the word's page there may be none: all zero, and no history. */
static u32 word_of(const struct ref *r, gpa_t gpa)
{
	return (u32)(ref_see(r, gpa) - r->memory) / 8;
}

static bool maps_page(u32 levels, bool pse, u64 e, u32 level)
{
	if (level == 1)
		return true;
	return level == 2 && e & 0x80 && (levels > 2 || pse);
}

static bool reserved(u32 levels, bool pse, bool nxe, u64 e, u32 level)
{
	bool big = maps_page(levels, pse, e, level) && level > 1;

	if (levels == 2)
		return big && (e >> 21 & 1);
	if (e >> 40 & 0xfff || (e >> 63 && !nxe))
		return true;
	if (levels == 3 && e >> 52 & 0x7ff)
		return true;
	if (level > 2) /* no gigabyte pages; and what would be G is nobody's where nothing can be mapped */
		return e & (level == 3 ? 0x80 : 0x180);
	return big && e & 0x1fe000;
}

static u64 frame_in(u64 e)
{
	return (e & 0xffffffffff000ull) / 4096;
}

static u64 page_gfn(u32 levels, u64 e, u32 level, gva_t va)
{
	u64 span = 1ull << bits_of(levels) * (level - 1), first;

	if (levels == 2 && level == 2)
		first = (e >> 22) * 1024 + ((e >> 13 & 0xff) << 20);
	else
		first = frame_in(e) / span * span;
	return first + (va / 4096) % span;
}

static bool permits(const struct ref_cpu *c, bool rw, bool us, bool nx, u32 access)
{
	if (access & PFEC_U && !us)
		return false;
	if (access & PFEC_W && !rw && (access & PFEC_U || c->cr0 & CR0_WP))
		return false;
	if (access & PFEC_I && nx && c->efer & EFER_NXE)
		return false;
	if (access & PFEC_U || !us)
		return true;
	if (access & PFEC_I)
		return !(c->cr4 & CR4_SMEP);
	return !(c->cr4 & CR4_SMAP) || access & HOST_AC;
}

/* ---- the walk ---- */

static u64 word_at(const struct ref *r, gpa_t gpa, u32 levels)
{
	u64 w;

	memcpy(&w, ref_see(r, gpa & ~7ull), 8);
	return levels == 2 ? (u32)(w >> (gpa & 4) * 8) : w;
}

static u32 error_code(const struct ref_cpu *c, u32 access, u32 more)
{
	u32 fetch = (c->efer & EFER_NXE && c->cr4 & CR4_PAE) || c->cr4 & CR4_SMEP ? PFEC_I : 0;

	return (access & (PFEC_W | PFEC_U | fetch)) | more;
}

static struct ref_walk ended(const struct ref *r, struct ref_walk w, gpa_t gpa)
{
	w.end = ref_has(r, gpa / 4096) ? REF_DONE : REF_MMIO;
	w.gpa = gpa;
	return w;
}

static struct ref_walk faulted(const struct ref_cpu *c, u32 access, u32 more)
{
	return (struct ref_walk){ .end = REF_FAULT, .pfec = error_code(c, access, more) };
}

/* 32-bit addresses always are. */
static bool canonical(u32 levels, gva_t va)
{
	u64 sign = va >> (levels == 5 ? 56 : 47);

	return levels < 4 || !sign || sign == (levels == 5 ? 0xff : 0x1ffff);
}

struct ref_walk ref_walk(const struct ref *r, u32 cpu, gva_t va, u32 access)
{
	const struct ref_cpu *c = &r->cpu[cpu];
	bool rw = true, us = true, nx = false, pse = c->cr4 & CR4_PSE, nxe = c->efer & EFER_NXE;
	struct ref_walk w = { .nr = 0 };
	u64 table = frame_in(c->cr3);
	u32 level = c->levels;

	if (!level)
		return ended(r, w, (u32)va);
	if (!canonical(level, va))
		return faulted(c, access, 0);
	if (level == 3) {
		u64 top = c->pdpte[va >> 30 & 3];

		if (!(top & 1))
			return faulted(c, access, 0);
		table = frame_in(top);
		level = 2;
	}
	for (;; level--) {
		gpa_t at = entry_gpa(c->levels, table, level, va);
		u64 e;

		if (!ref_has(r, table))
			return (struct ref_walk){ .end = REF_CRASH };
		e = word_at(r, at, c->levels);
		if (!(e & 1))
			return faulted(c, access, 0);
		if (reserved(c->levels, pse, nxe, e, level))
			return faulted(c, access, PFEC_P | PFEC_RSVD);
		for (u32 i = w.nr++; i > 0; i--)
			w.entry[i] = w.entry[i - 1];
		w.entry[0] = at;
		rw &= e >> 1 & 1;
		us &= e >> 2 & 1;
		nx |= c->levels > 2 && e >> 63;
		table = frame_in(e);
		if (!maps_page(c->levels, pse, e, level))
			continue;
		if (!permits(c, rw, us, nx, access))
			return faulted(c, access, PFEC_P);
		return ended(r, w, page_gfn(c->levels, e, level, va) * 4096 + va % 4096);
	}
}

void ref_mark(struct ref *r, const struct ref_walk *w, u32 access)
{
	for (u32 i = 0; i < w->nr; i++) {
		u8 old = *ref_see(r, w->entry[i]), e = old | (!i && access & PFEC_W ? 0x60 : 0x20);

		if (e != old)
			ref_store(r, w->entry[i], &e, 1);
	}
}

void ref_mark_for_a_moment(struct ref *r, const struct ref_walk *w, u32 access)
{
	bool dirty[REF_LEVELS];
	u8 was[REF_LEVELS];

	if (w->end != REF_DONE && w->end != REF_MMIO)
		return;
	for (u32 i = 0; i < w->nr; i++) {
		was[i] = *ref_see(r, w->entry[i]);
		dirty[i] = r->dirty[r->frame[w->entry[i] / 4096]];
	}
	ref_mark(r, w, access);
	for (u32 i = 0; i < w->nr; i++)
		if (*ref_see(r, w->entry[i]) != was[i])
			ref_store(r, w->entry[i], &was[i], 1);
	for (u32 i = 0; i < w->nr; i++)
		r->dirty[r->frame[w->entry[i] / 4096]] = dirty[i];
}

/* ---- history ---- */

void ref_forget(struct ref *r)
{
	for (u32 i = 0; i < REF_CPUS; i++) {
		struct ref_cpu *c = &r->cpu[i];

		c->window[0] = c->window[c->nr_windows - 1];
		c->window[0].begin = BY_FLUSH;
		c->window[0].start = 1;
		c->nr_windows = 1;
	}
	for (u32 i = 1; i < r->nr_versions; i++)
		r->last[r->version[i].word] = 0;
	r->now = r->nr_versions = 1;
	r->crowded = false;
}

/* The page that holds a frame's contents from now on. */
static u8 *page_for(struct ref *r, u32 frame)
{
	if (!r->page[frame]) {
		r->holds[r->nr_pages] = (u16)frame;
		r->page[frame] = (u16)r->nr_pages++;
	}
	return r->memory + r->page[frame] * 4096;
}

void ref_store(struct ref *r, gpa_t gpa, const void *buf, u32 bytes)
{
	u32 frame = r->frame[gpa / 4096];
	u8 *p = page_for(r, frame) + gpa % 4096;

	r->now++;
	for (u32 w = (u32)(p - r->memory) / 8; w <= (u32)(p + bytes - 1 - r->memory) / 8; w++) {
		struct ref_version *v = &r->version[r->nr_versions];

		memcpy(&v->old, r->memory + w * 8, 8);
		v->until = r->now;
		v->prev = r->last[w];
		v->word = w;
		r->last[w] = r->nr_versions++;
	}
	memcpy(p, buf, bytes);
	r->dirty[frame] = true;
	r->crowded |= r->nr_versions > REF_VERSIONS - 128;
}

void ref_attempt(struct ref *r, gpa_t gpa)
{
	r->attempted[r->frame[gpa / 4096]] = true;
}

/* A new window; what begins it says what it flushes. Windows that no query can reach any more are dropped. */
static void begin(struct ref *r, u32 cpu, enum ref_begin how, gva_t va)
{
	struct ref_cpu *c = &r->cpu[cpu];

	if (how == BY_FLUSH || !c->levels)
		c->nr_windows = 0;
	c->window[c->nr_windows++] = (struct ref_window){
		.start = r->now,
		.begin = c->levels ? how : BY_FLUSH,
		.nxe = c->efer & EFER_NXE,
		.pse = c->cr4 & CR4_PSE,
		.pge = c->cr4 & CR4_PGE,
		.cr3 = c->cr3,
		.pdpte = { c->pdpte[0], c->pdpte[1], c->pdpte[2], c->pdpte[3] },
		.va = va,
	};
	r->crowded |= c->nr_windows > REF_WINDOWS - 4;
}

static void load_pdptes(struct ref *r, u32 cpu)
{
	struct ref_cpu *c = &r->cpu[cpu];

	if (c->levels == 3 && ref_has(r, frame_in(c->cr3)))
		memcpy(c->pdpte, ref_see(r, c->cr3 & 0xffffffe0), sizeof(c->pdpte));
}

bool ref_pae_root_good(const struct ref *r, u64 cr3)
{
	u64 e[4];

	if (!ref_has(r, frame_in(cr3)))
		return false;
	memcpy(e, ref_see(r, cr3 & 0xffffffe0), sizeof(e));
	for (u32 i = 0; i < 4; i++)
		if (e[i] & 1 && (e[i] & 0x1e6 || e[i] >> 40))
			return false;
	return true;
}

static bool any_global(const struct ref_cpu *c)
{
	for (u32 i = 0; i < c->nr_windows; i++)
		if (c->window[i].pge)
			return true;
	return false;
}

void ref_load_cr3(struct ref *r, u32 cpu, u64 cr3)
{
	struct ref_cpu *c = &r->cpu[cpu];

	c->cr3 = cr3;
	load_pdptes(r, cpu);
	begin(r, cpu, any_global(c) ? BY_CR3 : BY_FLUSH, 0);
}

void ref_invlpg(struct ref *r, u32 cpu, gva_t va)
{
	if (r->cpu[cpu].levels)
		begin(r, cpu, BY_INVLPG, va);
}

static u32 levels_of(const struct ref_cpu *c)
{
	if (!(c->cr0 & CR0_PG))
		return 0;
	if (!(c->cr4 & CR4_PAE))
		return 2;
	if (!(c->efer & EFER_LME))
		return 3;
	return c->cr4 & CR4_LA57 ? 5 : 4;
}

void ref_set_modes(struct ref *r, u32 cpu, u64 cr0, u64 cr4, u64 efer)
{
	struct ref_cpu *c = &r->cpu[cpu];
	bool flush = (c->cr0 ^ cr0) & CR0_PG || (c->cr4 ^ cr4) & (CR4_PGE | CR4_PAE | CR4_LA57);
	bool reads_anew = (c->cr4 ^ cr4) & CR4_PSE || (c->efer ^ efer) & EFER_NXE;
	bool loads = flush || (c->cr4 ^ cr4) & (CR4_PSE | CR4_SMEP);

	c->cr0 = cr0;
	c->cr4 = cr4;
	c->efer = efer;
	c->levels = levels_of(c);
	loads &= c->levels == 3;
	if (loads)
		load_pdptes(r, cpu);
	if (flush || reads_anew || loads)
		begin(r, cpu, flush ? BY_FLUSH : loads ? BY_CR3 : BY_MODE, 0);
}

/* ---- what may be cached ---- */

struct search {
	struct ref *r;
	const struct ref_cpu *c;
	gva_t va;
	u32 access, levels;
	struct ref_goal goal;
	const struct ref_window *first, *last; /* the run of windows in which paging-structure caches live on */
	u32 end;                               /* the run's last moment */
	bool global;                           /* only global translations are left of this run */
	u32 nr_gone;
	gva_t gone[REF_WINDOWS]; /* flushed one by one since */
};

struct part {
	u64 table;
	u32 level, since;
	bool rw, us, nx;
};

static bool look(struct search *s, struct part p);

static bool survives(const struct search *s, const struct ref_window *w, u64 e, u32 level)
{
	u32 shift = shift_of(s->levels, level);

	if (s->global && !(e & BIT(8) && w->pge))
		return false;
	for (u32 i = 0; i < s->nr_gone; i++)
		if (s->gone[i] >> shift == s->va >> shift)
			return false;
	return true;
}

/* The entry `e` read at a moment of window w. */
static bool follow(struct search *s, const struct ref_window *w, struct part p, u64 e)
{
	if (!(e & 1) || !(e & 0x20) || reserved(s->levels, w->pse, w->nxe, e, p.level))
		return false;
	p.rw &= e >> 1 & 1;
	p.us &= e >> 2 & 1;
	p.nx |= s->levels > 2 && e >> 63;
	if (maps_page(s->levels, w->pse, e, p.level)) {
		gpa_t gpa = page_gfn(s->levels, e, p.level, s->va) * 4096 + s->va % 4096;

		return (e & 0x40 || !(s->access & PFEC_W)) && permits(s->c, p.rw, p.us, p.nx, s->access) &&
		       survives(s, w, e, p.level) && s->goal.wanted(s->goal.arg, gpa);
	}
	p.table = frame_in(e);
	p.level--;
	return look(s, p);
}

/* An entry that stood from `from` until `to`: at each window of the run in which it could be read. */
static bool version(struct search *s, struct part p, u64 e, u32 from, u32 to)
{
	for (const struct ref_window *w = s->first; w <= s->last; w++) {
		u32 since = p.since;

		if (w->start > since)
			since = w->start;
		if (from > since)
			since = from;
		if (since >= to || since > (w == s->last ? s->end : w[1].start))
			continue;
		struct part q = p;
		q.since = since;
		if (follow(s, w, q, e))
			return true;
	}
	return false;
}

static bool look(struct search *s, struct part p)
{
	const struct ref *r = s->r;
	gpa_t at = entry_gpa(s->levels, p.table, p.level, s->va);
	u32 to = ~0u, i;
	u64 word;

	if (!ref_has(r, p.table))
		return false;
	memcpy(&word, ref_see(r, at & ~7ull), 8);
	i = r->last[word_of(r, at)];
	while (to > p.since) {
		u32 from = i ? r->version[i].until : 0;

		if (s->r->visited++ > LONG_SEARCH)
			s->r->crowded = true;
		if (from <= s->end && version(s, p, s->levels == 2 ? (u32)(word >> (at & 4) * 8) : word, from, to))
			return true;
		if (!i)
			return false;
		to = from;
		word = r->version[i].old;
		i = r->version[i].prev;
	}
	return false;
}

static bool look_in_run(struct search *s)
{
	struct part p = { .table = frame_in(s->last->cr3), .level = s->levels, .since = s->first->start, .rw = true, .us = true };

	if (s->levels == 3) { /* loaded with CR3, so there is no older version */
		u64 top = s->last->pdpte[s->va >> 30 & 3];

		if (!(top & 1))
			return false;
		p.table = frame_in(top);
		p.level = 2;
	}
	return look(s, p);
}

bool ref_may(struct ref *r, u32 cpu, gva_t va, u32 access, struct ref_goal goal)
{
	const struct ref_cpu *c = &r->cpu[cpu];
	struct search s = { .r = r, .c = c, .va = va, .access = access, .levels = c->levels, .goal = goal };

	if (!c->levels)
		return goal.wanted(goal.arg, (u32)va);
	if (!canonical(c->levels, va))
		return false;
	r->visited = 0;
	s.end = r->now;
	for (s.last = &c->window[c->nr_windows - 1]; s.last >= c->window; s.last = s.first - 1) {
		for (s.first = s.last; s.first->begin == BY_MODE && s.first > c->window; s.first--)
			;
		if (look_in_run(&s))
			return true;
		s.end = s.first->start;
		if (s.first->begin == BY_INVLPG && s.first->va / 4096 == va / 4096)
			return false;
		if (s.first->begin == BY_INVLPG)
			s.gone[s.nr_gone++] = s.first->va;
		if (s.first->begin == BY_FLUSH)
			return false;
		s.global |= s.first->begin == BY_CR3;
	}
	return false;
}

static bool is_it(const void *arg, gpa_t gpa)
{
	return *(const gpa_t *)arg == gpa;
}

bool ref_may_reach(struct ref *r, u32 cpu, gva_t va, u32 access, gpa_t gpa)
{
	return ref_may(r, cpu, va, access, (struct ref_goal){ is_it, &gpa });
}
