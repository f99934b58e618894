/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The audit: every entry derived again, every count counted again. It changes
 * nothing but the `seen` counters, takes no memory, and may run whenever no fault is
 * being handled.
 */
#include "engine.h"
#include "recipe.h"

void audit_report(struct audit *a, const char *fmt, ...)
{
	va_list args;
	int n;

	a->faults++;
	if (a->used >= a->size)
		return;
	va_start(args, fmt);
	n = vsnprintf(a->text + a->used, a->size - a->used, fmt, args);
	va_end(args);
	a->used += n > 0 ? (size_t)n : 0;
	if (a->used + 1 < a->size) {
		a->text[a->used++] = '\n';
		a->text[a->used] = 0;
	}
}

static bool in_hash(const struct sh_domain *s, const struct sh_page *sp)
{
	return sh_hash_find(s, sp->gfn, sp->role) == sp;
}

static bool at_frame(const struct frame_info *f, const struct sh_page *sp)
{
	for (const struct sh_page *p = f->shadows; p; p = p->same_frame)
		if (p == sp)
			return true;
	return false;
}

static u32 times_loaded(const struct domain *d, const struct sh_page *sp)
{
	u32 n = 0;

	for (u32 i = 0; i < d->nr_vcpus; i++)
		n += d->vcpu[i] && d->vcpu[i]->root == sp;
	return n;
}

static void audit_books(struct audit *a, const struct sh_page *sp)
{
	const struct domain *d = a->domain;
	u32 loaded = times_loaded(d, sp);

	if (sp->loaded != loaded)
		audit_report(a, "smfn %x: loaded by %u, its book says %u", sp->mfn, loaded, sp->loaded);
	if (sp->refs != sp->seen + loaded + sp->pinned)
		audit_report(a, "smfn %x: %u references, its book says %u", sp->mfn, sp->seen + loaded + sp->pinned,
			     sp->refs);
	if (!SYNC_PROTECTS_TABLES)
		return;
	if (!in_hash(d->shadow, sp))
		audit_report(a, "smfn %x: not in the hash", sp->mfn);
	if (sp->role & ROLE_DIRECT)
		return;
	mfn_t mfn = p2m_lookup(d, GFN(sp->gfn));
	if (!mfn_valid(mfn) || plat_map(mfn) != sp->guest)
		audit_report(a, "smfn %x: gfn %x is not where its book says", sp->mfn, sp->gfn);
	else if (at_frame(frame_of(d, mfn), sp) == sp->parked)
		audit_report(a, "smfn %x: %slisted at gfn %x", sp->mfn, sp->parked ? "parked, and " : "not ", sp->gfn);
	if (sp->parked && (!sp->pinned || sp->refs > 1))
		audit_report(a, "smfn %x: parked, and in use", sp->mfn);
}

static void audit_free(struct audit *a)
{
	const struct sh_domain *s = a->domain->shadow;
	u32 used = 0, listed = 0, idle = 0;

	pool_for_each(s, sp)
		used += sp->used;
	for (const struct sh_page *sp = s->free_list; sp; sp = sp->hash_next) {
		const u64 *t = sp->table;

		if (++listed > s->pages)
			break;
		for (u32 i = 0; i < PAGE_SIZE / sizeof(*t); i++)
			if (t[i]) {
				audit_report(a, "smfn %x: free, but not zero", sp->mfn);
				break;
			}
	}
	for (const struct sh_page *sp = s->idle_list; sp && idle <= s->idle; sp = sp->hash_next)
		idle++;
	if (idle != s->idle)
		audit_report(a, "pool: %u listed as idle, %u counted as idle", idle, s->idle);
	if (listed != s->free || used + listed != s->pages || used != a->domain->counter[PN_CNT_shadow_used])
		audit_report(a, "pool of %u: %u used, %u listed as free, %u counted as free", s->pages, used, listed,
			     s->free);
}

/* No run of memory is both mapped writable by superpages and home to guest tables. */
static void audit_runs(struct audit *a)
{
	const struct domain *d = a->domain;

	for (u64 i = 0; i < nr_runs(d); i++) {
		struct sh_run *run = &d->shadow->runs[i];
		u32 tables = 0;

		for (u64 f = 0; f < SH_RUN; f++) {
			u64 n = (d->first_mfn.n / SH_RUN + i) * SH_RUN + f;

			if (n - d->first_mfn.n < d->nr_pages)
				tables += frame_of(d, MFN(n))->shadows != NULL;
		}
		if (run->maps != run->seen || run->tables != tables || (run->maps && run->tables))
			audit_report(a, "run %llu: %u superpages, %u tables, its book says %u and %u",
				     (unsigned long long)i, run->seen, tables, run->maps, run->tables);
		run->seen = 0;
	}
}

static void audit_frames(struct audit *a)
{
	const struct domain *d = a->domain;

	for (u64 i = 0; i < d->nr_pages; i++) {
		const struct frame_info *f = frame_of(d, MFN(d->first_mfn.n + i));

		if (f->writable != f->seen)
			audit_report(a, "mfn %llx: %u writable mappings, its book says %u",
				     (unsigned long long)(d->first_mfn.n + i), f->seen, f->writable);
		for (u32 part = 0; part < SH_WRMAP_CHAIN; part++)
			if (policy.wrmap[part] && policy.wrmap[part]->known &&
			    policy.wrmap[part]->known(d, MFN(d->first_mfn.n + i)) != f->writable)
				audit_report(a, "mfn %llx: %u writable mappings, wrmap knows %u",
					     (unsigned long long)(d->first_mfn.n + i), f->writable,
					     policy.wrmap[part]->known(d, MFN(d->first_mfn.n + i)));
		for (const struct sh_page *sp = f->shadows; sp; sp = sp->same_frame)
			if (!sp->used || sp->guest != plat_map(MFN(d->first_mfn.n + i)))
				audit_report(a, "mfn %llx: lists smfn %x, which is not its shadow",
					     (unsigned long long)(d->first_mfn.n + i), sp->mfn);
	}
}

unsigned sh_audit(struct domain *d, char *text, size_t size)
{
	struct sh_domain *s = d->shadow;
	struct audit a = { .domain = d, .text = text, .size = size };

	if (size)
		text[0] = 0;
	for (u64 i = 0; i < d->nr_pages; i++)
		frame_of(d, MFN(d->first_mfn.n + i))->seen = 0;
	pool_for_each(s, sp)
		sp->seen = 0;
	pool_for_each(s, sp)
		if (sp->used && sp->role)
			sp->mode->audit(d, sp, &a);
	pool_for_each(s, sp)
		if (sp->used && sp->role)
			audit_books(&a, sp);
	sh_audit_unsync(&a);
	audit_free(&a);
	audit_frames(&a);
	if (SUPER_HIGHEST_LEAF > 1)
		audit_runs(&a);
	return a.faults;
}
