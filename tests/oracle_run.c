/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs steps, and judges what they came to.
 *
 * loose  programs flush or forget to. Every access must come to something that the
 *        architecture allows, and leave the accessed and dirty bits that it demands.
 * strict programs flush after each change that needs it (the run sees to that). Then only one
 *        outcome is allowed, and the guest's memory must be what it must be, to the last byte.
 *        As the reference is the same for all recipes, so are their final tables.
 */
#include "oracle_run.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void run_fail(struct run *r, const char *what)
{
	fprintf(stderr, "oracle (%s): step %u: %s\n", paging_recipe_name, r->step, what);
	fflush(stderr);
	if (r->failed)
		r->failed();
	_exit(EXIT_FAILURE);
}

/* ---- the kernel's tables ---- */

u32 kernel_slot(u32 levels)
{
	static const u32 slot[] = { [2] = 768, [3] = 3, [4] = 256, [5] = 257 };

	return slot[levels];
}

gva_t kernel_base(u32 levels)
{
	static const gva_t base[] = { [2] = 0xc0000000, [3] = 0xc0000000, [4] = 0xffff800000000000,
				      [5] = 0xff01000000000000 };

	return base[levels];
}

static void put(struct run *r, gpa_t gpa, u64 e, u32 bytes)
{
	memcpy(machine_at(&r->m, gpa), &e, bytes);
	memcpy(r->ref.memory + gpa, &e, bytes);
}

#define KERNEL (PTE_P | PTE_RW | PTE_A | PTE_D)

/* Each of NR_ROOTS roots serves all modes at once: the kernel's slots differ. */
static void make_kernel(struct run *r)
{
	for (u64 i = 0; i < FRAMES; i++) {
		put(r, KERNEL_L1 * 4096 + i * 8, i << 12 | KERNEL, 8);
		put(r, KERNEL_L1_32 * 4096 + i * 4, i << 12 | KERNEL, 4);
	}
	put(r, KERNEL_L2 * 4096, KERNEL_L1 << 12 | KERNEL, 8);
	put(r, KERNEL_L2 * 4096 + 8, KERNEL | PTE_PS, 8);
	put(r, KERNEL_L3 * 4096, KERNEL_L2 << 12 | KERNEL, 8);
	put(r, KERNEL_L4 * 4096, KERNEL_L3 << 12 | KERNEL, 8);
	for (u64 i = 0; i < NR_ROOTS; i++) {
		gpa_t root = (ROOT_FIRST + i) * 4096;

		put(r, root + kernel_slot(2) * 4, KERNEL_L1_32 << 12 | KERNEL, 4);
		put(r, root + kernel_slot(2) * 4 + 4, KERNEL | PTE_PS, 4);
		put(r, root + PAE_ROOT + kernel_slot(3) * 8, KERNEL_L2 << 12 | PTE_P, 8);
		put(r, root + kernel_slot(4) * 8, KERNEL_L3 << 12 | KERNEL, 8);
		put(r, root + kernel_slot(5) * 8, KERNEL_L4 << 12 | KERNEL, 8);
	}
}

void run_begin(struct run *r, const struct prog *p)
{
	r->prog = p;
	r->step = 0;
	r->over = r->logging = false;
	machine_init(&r->m,
		     (struct machine_size){ .frames = FRAMES, .hole_at = HOLE_AT, .hole = HOLE, .pool_pages = p->pool_pages,
					    .hardware = p->hardware,
					    .cpus = p->cpus < MACHINE_CPUS ? p->cpus : MACHINE_CPUS },
		     p->luck);
	r->m.clumsy = p->clumsy;
	ref_init(&r->ref);
	for (u64 f = 0; f < FRAMES; f++)
		if (f - HOLE_AT < HOLE)
			r->ref.absent[f] = true;
		else
			memset(machine_at(&r->m, f * 4096), 0, 4096);
	make_kernel(r);
}

u64 entry_at(const struct run *r, u32 cpu, gpa_t gpa)
{
	u64 e = 0;

	memcpy(&e, r->ref.memory + gpa, entry_bytes(r->ref.cpu[cpu].levels));
	return e;
}

/* ---- checks ---- */

static void compare_memory(struct run *r)
{
	char text[80];

	for (u64 f = 0; f < FRAMES; f++) {
		const u8 *is = machine_at(&r->m, f * 4096), *must = r->ref.memory + f * 4096;

		if (!ref_has(&r->ref, f) || !memcmp(is, must, 4096))
			continue;
		for (u32 i = 0; i < 4096; i++)
			if (is[i] != must[i]) {
				snprintf(text, sizeof(text), "guest memory at %llx is %02x, must be %02x",
					 (unsigned long long)f * 4096 + i, is[i], must[i]);
				run_fail(r, text);
			}
	}
}

void run_check(struct run *r)
{
	static char text[4096];

	compare_memory(r);
	if (r->m.d.state != PN_CRASHED && paging_audit(&r->m.d, text, sizeof(text))) {
		fprintf(stderr, "%s", text);
		run_fail(r, "the audit found faults");
	}
}

void run_end(struct run *r)
{
	run_check(r);
	machine_exit(&r->m);
}

/* ---- flushes ---- */

static void set_modes(struct run *r, u32 cpu, u64 cr0, u64 cr4, u64 efer)
{
	ref_set_modes(&r->ref, cpu, cr0, cr4, efer);
	if (!machine_set_modes(&r->m, cpu, cr0, cr4, efer))
		run_fail(r, "a PAE root was refused that holds no reserved bits");
}

/* A root that is outside memory kills the domain when it is loaded. */
static void load_cr3(struct run *r, u32 cpu, u64 cr3)
{
	const struct ref_cpu *c = &r->ref.cpu[cpu];

	if (c->levels == 3 && ref_has(&r->ref, cr3 >> 12) && !ref_pae_root_good(&r->ref, cr3)) {
		if (machine_load_cr3(&r->m, cpu, cr3))
			run_fail(r, "a PAE root was loaded that holds reserved bits");
		return; /* #GP */
	}
	ref_load_cr3(&r->ref, cpu, cr3);
	if (!machine_load_cr3(&r->m, cpu, cr3))
		run_fail(r, "a PAE root was refused that holds no reserved bits");
	if (r->m.d.state != PN_CRASHED)
		return;
	if (!c->levels || ref_has(&r->ref, cr3 >> 12))
		run_fail(r, r->m.d.reason);
	r->over = true;
}

/* Everything, global translations too, as kernels do it. */
static void flush_cpu(struct run *r, u32 cpu)
{
	const struct ref_cpu *c = &r->ref.cpu[cpu];

	if (c->levels == 3 && !ref_pae_root_good(&r->ref, c->cr3))
		set_modes(r, cpu, c->cr0 & ~CR0_PG, c->cr4, c->efer);
	if (c->levels && c->cr4 & CR4_PGE) {
		set_modes(r, cpu, c->cr0, c->cr4 & ~CR4_PGE, c->efer);
		set_modes(r, cpu, c->cr0, c->cr4 | CR4_PGE, c->efer);
	}
	load_cr3(r, cpu, c->cr3);
}

void run_flush_all(struct run *r)
{
	for (u32 i = 0; i < r->m.d.nr_vcpus && !r->over; i++)
		flush_cpu(r, i);
	ref_forget(&r->ref);
}

/* ---- judging ---- */

#define MOST_PARTS 2

struct part {
	gva_t va;
	u32 at, bytes; /* in the data */
	struct ref_walk want;
};

struct attempt {
	struct run *r;
	u32 cpu, access, bytes, nr;
	struct part part[MOST_PARTS];
	u8 data[8];
	struct access got;
};

static void split(struct attempt *a, gva_t va)
{
	u32 first = 4096 - (u32)(va % 4096);

	a->nr = a->bytes > first ? 2 : 1;
	a->part[0] = (struct part){ .va = va, .bytes = a->nr > 1 ? first : a->bytes };
	a->part[1] = (struct part){ .va = va + first, .at = first, .bytes = a->bytes - first };
}

static void say_access(const struct attempt *a)
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
	for (u32 i = 0; i < a->nr; i++) {
		const struct ref_walk *w = &a->part[i].want;

		fprintf(stderr, "; by the tables as they are: %s pfec %x gpa %llx", ends[w->end], w->pfec,
			(unsigned long long)w->gpa);
		for (u32 l = w->nr; l > 0; l--)
			fprintf(stderr, " %llx:%llx", (unsigned long long)w->entry[l - 1],
				(unsigned long long)entry_at(a->r, a->cpu, w->entry[l - 1]));
	}
	fprintf(stderr, "\n");
}

static _Noreturn void refuse(const struct attempt *a, const char *what)
{
	say_access(a);
	run_fail(a->r, what);
}

static void store_part(struct attempt *a, const struct part *p, gpa_t gpa)
{
	if (a->access & PFEC_W)
		ref_store(&a->r->ref, gpa, a->data + p->at, p->bytes);
	else if (memcmp(a->r->ref.memory + gpa, a->got.data + p->at, p->bytes))
		refuse(a, "an access read what is not there");
}

/* A reference without a TLB: one end is right. */
static void judge_strict(struct attempt *a)
{
	const struct access *g = &a->got;
	struct ref *ref = &a->r->ref;
	const struct part *p = a->part;

	for (; p < a->part + a->nr; p++) {
		struct ref_walk w = a->part[p - a->part].want = ref_walk(ref, a->cpu, p->va, a->access);

		if (w.end == REF_DONE || w.end == REF_MMIO)
			ref_mark(ref, &w, a->access);
		if (w.end != REF_DONE)
			break;
	}
	if (p == a->part + a->nr ? g->end != ACCESS_DONE : g->end != (enum access_end)p->want.end)
		refuse(a, "an access came to another end than it must");
	if (g->end == ACCESS_FAULT && (g->pfec != p->want.pfec || g->va != p->va))
		refuse(a, "another page fault than it must be");
	if (g->end == ACCESS_MMIO && g->gpa != p->want.gpa)
		refuse(a, "another device than it must be");
	if (g->end != ACCESS_DONE && !(g->end == ACCESS_MMIO && a->access & PFEC_W))
		return;
	for (const struct part *q = a->part; q < p; q++) {
		if (g->placed && g->at[q - a->part] != q->want.gpa)
			refuse(a, "an access came to another place than it must");
		store_part(a, q, q->want.gpa);
	}
}

/* Does what was read stand there, or what was written? */
struct trace_goal {
	const struct attempt *a;
	const struct part *p;
};

static bool left_there(const void *arg, gpa_t gpa)
{
	const struct trace_goal *t = arg;
	const u8 *is = machine_at(&t->a->r->m, gpa);
	const u8 *data = t->a->access & PFEC_W ? t->a->data : t->a->got.data;

	return is && !memcmp(is, data + t->p->at, t->p->bytes);
}

static bool overlaps(gpa_t a, u32 bytes, gpa_t at)
{
	return at - a < bytes;
}

/* What a walk marks in the entry at `at`, which may serve it at several levels. */
static u8 marks_at(const struct attempt *a, gpa_t at)
{
	u8 marks = 0;

	for (const struct part *p = a->part; p < a->part + a->nr; p++)
		for (u32 i = 0; i < p->want.nr; i++)
			if (p->want.entry[i] == at)
				marks |= i || !(a->access & PFEC_W) ? 0x20 : 0x60;
	return marks;
}

/*
 * The engine may have marked entries of the walk as it is now: nothing else, and nothing away. An
 * entry that the access's own data overwrote can't tell.
 */
static void take_marks(struct attempt *a, const struct part *p)
{
	struct ref *ref = &a->r->ref;
	const struct ref_walk *w = &p->want;
	bool write = a->access & PFEC_W, stored = write && a->got.end != ACCESS_FAULT && a->got.end != ACCESS_CRASH;

	for (u32 i = 0; i < w->nr; i++) {
		gpa_t at = w->entry[i];
		u8 had = ref->memory[at], has = *machine_at(&a->r->m, at);
		u8 marks = marks_at(a, at);
		bool covered = false;

		for (u32 k = 0; stored && k < a->nr; k++)
			covered |= overlaps(a->got.placed ? a->got.at[k] : a->part[k].want.gpa, a->part[k].bytes, at);
		if (covered)
			has = had | marks;
		if (has == had)
			continue;
		if ((had ^ has) & ~marks || had & ~has) {
			if (!stored || a->got.placed)
				refuse(a, "the engine changed a guest's entry otherwise than it may");
			continue; /* it will be found out by what memory must be */
		}
		ref_store(ref, at, &has, 1);
	}
}

/* Where the part came to; ~0: nowhere that the architecture allows. */
static gpa_t place_of(struct attempt *a, const struct part *p)
{
	struct ref *ref = &a->r->ref;
	struct trace_goal t = { a, p };
	static gpa_t found;

	if (a->got.placed) {
		found = a->got.at[p - a->part];
		return ref_may_reach(ref, a->cpu, p->va, a->access, found) ? found : ~0ull;
	}
	if (p->want.end == REF_DONE && left_there(&t, p->want.gpa) &&
	    ref_may_reach(ref, a->cpu, p->va, a->access, p->want.gpa))
		return p->want.gpa;
	for (u64 f = 0; f < FRAMES; f++)
		if (ref_has(ref, f) && left_there(&t, f * 4096 + p->va % 4096) &&
		    ref_may_reach(ref, a->cpu, p->va, a->access, f * 4096 + p->va % 4096))
			return f * 4096 + p->va % 4096;
	return ~0ull;
}

/*
 * Where hardware itself marks the guest's level-1 entries, it does so in whichever table it remembers the way to, as
 * on a machine without a hypervisor: an entry for this address may have gained bits in any table.
 */
static void take_remembered_marks(struct attempt *a, const struct part *p)
{
	struct ref *ref = &a->r->ref;
	u32 levels = ref->cpu[a->cpu].levels, bytes = levels == 2 ? 4 : 8;
	u32 offset = (u32)(p->va >> 12) % (4096 / bytes) * bytes;
	u8 may = a->access & PFEC_W ? 0x60 : 0x20;

	for (u64 f = 0; levels && f < FRAMES; f++) {
		gpa_t at = f * 4096 + offset;
		u8 had, has;

		if (!ref_has(ref, f))
			continue;
		had = ref->memory[at];
		has = *machine_at(&a->r->m, at);
		if (had != has && had & PTE_P && !((had ^ has) & ~may) && !(had & ~has))
			ref_store(ref, at, &has, 1);
	}
}

static void judge_loose(struct attempt *a)
{
	const struct access *g = &a->got;
	const struct part *p = a->part, *end = a->part + a->nr;
	gpa_t place[MOST_PARTS];

	/* All of them: what was translated before the first page faulted after all has its marks. */
	for (const struct part *q = p; q < end; q++) {
		if (paging_marks_late)
			take_remembered_marks(a, q);
		take_marks(a, q);
	}
	for (; p < end; p++) {
		bool here = g->end == ACCESS_FAULT && g->va == p->va;

		if (g->end == ACCESS_CRASH && p->want.end == REF_CRASH)
			return;
		if (here && p->want.end == REF_FAULT && p->want.pfec == g->pfec)
			return;
		if (g->end == ACCESS_MMIO && g->gpa % 4096 == p->va % 4096 && !ref_has(&a->r->ref, g->gpa >> 12) &&
		    ((p->want.end == REF_MMIO && p->want.gpa == g->gpa) ||
		     ref_may_reach(&a->r->ref, a->cpu, p->va, a->access, g->gpa)))
			break;
		if (g->end == ACCESS_FAULT || g->end == ACCESS_CRASH || g->end == ACCESS_MMIO)
			continue;
		place[p - a->part] = place_of(a, p);
		if (g->end != ACCESS_DONE || place[p - a->part] == ~0ull)
			refuse(a, "an access came to an end that the architecture does not allow");
	}
	if (p == end && g->end != ACCESS_DONE)
		refuse(a, "an access came to an end that the architecture does not allow");
	if (g->end == ACCESS_MMIO && !(a->access & PFEC_W && p > a->part))
		return;
	for (const struct part *q = a->part; q < p; q++)
		store_part(a, q, g->end == ACCESS_MMIO ? place_of(a, q) : place[q - a->part]);
}

/* ---- steps ---- */

bool run_had_entries(const struct run *r, gpa_t gpa, u32 bytes)
{
	for (gpa_t w = gpa & ~7ull; w < gpa + bytes; w += 8)
		if (r->ref.memory[w] & 1 || r->ref.memory[w + 4] & 1)
			return true;
	return false;
}

/* Does the program owe a flush for what it is going to overwrite? */
static bool owes_flush(const struct attempt *a)
{
	bool owes = false;

	for (u32 i = 0; i < a->nr; i++)
		if (a->part[i].want.end == REF_DONE)
			owes |= run_had_entries(a->r, a->part[i].want.gpa, a->part[i].bytes);
	return owes;
}

/* Hardware takes no other addresses than canonical ones. */
static gva_t canonical(const struct run *r, u32 cpu, gva_t va)
{
	u32 levels = r->ref.cpu[cpu].levels, unused = levels == 5 ? 7 : 16;

	return levels < 4 ? (u32)va : (u64)((s64)(va << unused) >> unused);
}

/* Shadows on which the engine says where code lies: those that hardware has for the mode. */
static bool on_hardware(const struct vcpu *v)
{
	return v->guest_levels > 3 ? v->shadow_levels == v->guest_levels : v->guest_levels > 1 && v->shadow_levels < 4;
}

/*
 * The backend reads the instruction that hardware has just fetched from where the engine says that it lies, and keeps that
 * answer until the engine takes it back. Any translation that a TLB may hold, or that a walk would give now, will do, whatever it
 * permits: that the instruction may be fetched has been seen.
 */
static void check_code(struct attempt *a)
{
	struct run *r = a->r;
	struct vcpu *v = &r->m.v[a->cpu];
	gva_t va = a->part[0].va;
	struct ref_walk now;
	gpa_t gpa;

	if (!on_hardware(v) || (v->code.va != (va & PAGE_MASK) && !paging_code_page(v, va)))
		return;
	gpa = machine_place(&r->m, v->code.page) | (va & ~PAGE_MASK);
	now = ref_walk(&r->ref, a->cpu, va, HOST_AC);
	if (!r->prog->strict && now.end == REF_DONE && now.gpa == gpa)
		return;
	if (r->prog->strict ? gpa != a->got.at[0] : !ref_may_reach(&r->ref, a->cpu, va, HOST_AC, gpa))
		refuse(a, "code lies elsewhere than the engine says");
}

static void do_access(struct run *r, const struct step *s)
{
	gva_t va = canonical(r, s->cpu, s->a);
	struct attempt a = { .r = r, .cpu = s->cpu, .access = s->how, .bytes = (u32)s->b };
	bool strict_flush = false;

	memcpy(a.data, &s->c, 8);
	split(&a, va);
	if (a.nr > 1 && (!r->ref.cpu[s->cpu].levels || canonical(r, s->cpu, a.part[1].va) != a.part[1].va))
		return;
	for (u32 i = 0; i < a.nr; i++)
		a.part[i].want = ref_walk(&r->ref, s->cpu, a.part[i].va, a.access);
	if (r->prog->strict && a.access & PFEC_W)
		strict_flush = owes_flush(&a);
	for (u32 i = 0; a.access & PFEC_W && i < a.nr; i++)
		if (a.part[i].want.end == REF_DONE)
			r->ref.attempted[a.part[i].want.gpa / 4096] = true;
	a.got = (s->op == OP_access ? machine_access : machine_emulated)(&r->m, s->cpu, va, a.access, a.data, a.bytes);
	if (r->loud)
		say_access(&a);
	r->done += a.got.end == ACCESS_DONE;
	r->faulted += a.got.end == ACCESS_FAULT;
	r->mmio += a.got.end == ACCESS_MMIO;
	if (a.got.end == ACCESS_STUCK)
		refuse(&a, "an access came to no end");
	if (r->prog->strict)
		judge_strict(&a);
	else
		judge_loose(&a);
	if (a.access & PFEC_I && a.got.end == ACCESS_DONE && a.got.placed)
		check_code(&a);
	r->over = a.got.end == ACCESS_CRASH;
	if (strict_flush && !r->over)
		run_flush_all(r);
}

static void do_modes(struct run *r, const struct step *s)
{
	const struct ref_cpu *c = &r->ref.cpu[s->cpu];
	u64 cr0 = s->a, cr4 = s->b, efer = s->c, kind = CR4_PAE | CR4_LA57;
	bool other = ((c->cr4 ^ cr4) & kind || (c->efer ^ efer) & EFER_LME) || !(c->cr0 & CR0_PG);

	if (!other) { /* the same tables, read otherwise; some changes load a PAE root anew: here, all do */
		if (c->levels == 3 && !ref_pae_root_good(&r->ref, c->cr3))
			return;
		set_modes(r, s->cpu, cr0, cr4, efer);
		if (r->prog->strict)
			flush_cpu(r, s->cpu);
		else if (c->levels == 3)
			load_cr3(r, s->cpu, c->cr3);
		return;
	}
	set_modes(r, s->cpu, c->cr0 & ~CR0_PG, c->cr4, c->efer);
	set_modes(r, s->cpu, c->cr0, cr4, efer);
	if (!(cr0 & CR0_PG) || !ref_has(&r->ref, s->how >> 12))
		return;
	if (cr4 & CR4_PAE && !(efer & EFER_LME) && !ref_pae_root_good(&r->ref, s->how))
		return;
	load_cr3(r, s->cpu, s->how);
	set_modes(r, s->cpu, cr0, cr4, efer);
}

void run_step(struct run *r, const struct step *s)
{
	if (r->loud)
		prog_print_step(stderr, s);
	switch (s->op) {
	case OP_access:
	case OP_emulate:
		if (s->b && s->b <= 8 && (s->op == OP_access || r->ref.cpu[s->cpu].levels))
			do_access(r, s);
		break;
	case OP_invlpg:
		ref_invlpg(&r->ref, s->cpu, canonical(r, s->cpu, s->a));
		if (r->ref.cpu[s->cpu].levels)
			paging_invlpg(&r->m.v[s->cpu], canonical(r, s->cpu, s->a));
		break;
	case OP_cr3:
		load_cr3(r, s->cpu, s->a);
		break;
	case OP_modes:
		do_modes(r, s);
		break;
	default:
		run_manage(r, s);
		break;
	}
	if (r->ref.crowded && !r->over)
		run_flush_all(r);
	r->step++;
	if (r->step % r->check_every == 0)
		run_check(r);
}
