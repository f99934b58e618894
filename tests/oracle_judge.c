/* SPDX-License-Identifier: BSD-2-Clause */
/* The oracle's judgement: what an access came to against what the reference allows. */
#include "oracle_run.h"

struct run *run;

_Noreturn void fail(struct run *r, const char *what)
{
	u64 first = r->logged > LOG_LINES ? r->logged - LOG_LINES : 0;

	fprintf(stderr, "oracle (%s, %s): seed %llu, step %llu: %s\n", paging_recipe_name,
		r->strict ? "strict" : "loose", (unsigned long long)r->seed, (unsigned long long)r->step, what);
	for (u64 i = first; i < r->logged; i++)
		fprintf(stderr, "  %s\n", r->log[i % LOG_LINES]);
	exit(EXIT_FAILURE);
}

u64 peek(struct run *r, u64 gfn, u32 slot)
{
	u64 e = 0;

	memcpy(&e, ref_at(&r->ref, gfn * 4096 + slot * entry_bytes(r)), entry_bytes(r));
	return e;
}

u32 path_of(struct run *r, gva_t va, struct place path[4])
{
	u32 bits = r->pae ? 9 : 10, n = 0;
	u64 gfn = r->ref.cr3 >> 12;

	for (u32 level = r->pae ? 4 : 2; level > 0; level--) {
		u32 slot = va >> (12 + bits * (level - 1)) & ((1u << bits) - 1);
		u64 e;

		if (!ref_at(&r->ref, gfn * 4096))
			return n;
		path[n++] = (struct place){ gfn, slot, level };
		e = peek(r, gfn, slot);
		if (!(e & PTE_P) || (level < 4 && e & PTE_PS))
			return n;
		gfn = (e & PTE_ADDR) >> 12;
	}
	return n;
}

static void log_path(struct run *r, gva_t va)
{
	struct place path[4];
	u32 n = paging(r) ? path_of(r, va, path) : 0;

	for (u32 i = 0; i < n; i++)
		LOG(r, "   level %u: gfn %llx slot %u: %llx", path[i].level, (unsigned long long)path[i].gfn,
		    path[i].slot, (unsigned long long)peek(r, path[i].gfn, path[i].slot));
}

void step_sets(struct run *r)
{
	bool crowded = false;

	if (r->strict)
		return;
	for (u32 i = 0; i < r->nr_vas; i++) {
		ref_step(&r->ref, &r->va[i]);
		crowded |= r->va[i].nr_tables > REF_MAX_SET / 2 || r->va[i].nr_cands > REF_MAX_SET / 2;
	}
	if (!crowded)
		return;
	LOG(r, "cr3 %llx (to keep the sets small)", (unsigned long long)r->ref.cr3);
	guest_load_cr3(&r->g, r->ref.cr3);
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_flush(&r->va[i]);
	step_sets(r);
}

void decided(struct guest *g)
{
	struct run *r = run;

	(void)g;
	if (r->strict)
		return;
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_step(&r->ref, &r->va[i]);
	r->checked = r->using->nr_cands;
}

void flush_all(struct run *r)
{
	for (u32 i = 0; i < r->nr_vas; i++)
		ref_flush(&r->va[i]);
	step_sets(r);
}

void judge_strict(struct run *r, struct outcome want, struct outcome got)
{
	if (got.kind != want.kind || got.pfec != want.pfec || got.gpa != want.gpa || got.value != want.value) {
		LOG(r, "-> kind %d pfec %x gpa %llx value %llx, wanted kind %d pfec %x gpa %llx value %llx", got.kind,
		    got.pfec, (unsigned long long)got.gpa, (unsigned long long)got.value, want.kind, want.pfec,
		    (unsigned long long)want.gpa, (unsigned long long)want.value);
		log_path(r, r->using->page);
		fail(r, "an access came to another end than it must");
	}
}

void judge_loose(struct run *r, struct outcome now, struct outcome got, u32 access)
{
	bool same = got.kind == now.kind && got.pfec == now.pfec && got.gpa == now.gpa;

	if (got.kind == ACCESS_DONE && paging(r)) {
		struct ref_va a = *r->using;

		a.nr_cands = r->checked;
		same = ref_allows(&r->ref, &a, access, got.gpa >> 12);
	}
	if (same)
		return;
	LOG(r, "-> kind %d pfec %x gpa %llx, tables now: kind %d pfec %x gpa %llx", got.kind, got.pfec,
	    (unsigned long long)got.gpa, now.kind, now.pfec, (unsigned long long)now.gpa);
	log_path(r, r->using->page);
	for (u32 i = 0; i < r->using->nr_cands; i++)
		LOG(r, "   may be cached%s: gfn %llx rw %d us %d nx %d dirty %d", i < r->checked ? "" : " by now",
		    (unsigned long long)r->using->cand[i].gfn, r->using->cand[i].rw, r->using->cand[i].us,
		    r->using->cand[i].nx, r->using->cand[i].dirty);
	fail(r, "an access came to an end that the architecture does not allow");
}

bool may_read(struct run *r, gva_t va, u32 access, u64 value)
{
	for (u32 i = 0; i < r->using->nr_cands; i++) {
		u64 gfn = r->using->cand[i].gfn;
		const void *p = ref_at(&r->ref, gfn * 4096 + va % 4096);

		if (p && !memcmp(p, &value, 8) && ref_allows(&r->ref, r->using, access, gfn))
			return true;
	}
	return false;
}
