/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs steps.
 *
 * loose  programs flush or forget to. Every access must come to something that the
 *        architecture allows, and leave the accessed and dirty bits that it demands.
 * strict programs flush after each change that needs it (the run sees to that). Then only one
 *        outcome is allowed, and the guest's memory must be what it must be, to the last byte.
 *        As the reference is the same for all recipes, so are their final tables.
 */
#include "tests/oracle/judge.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "trace.h"

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
	static const gva_t base[] = { [2] = 0xc0000000, [3] = 0xc0000000, [4] = 0xffff800000000000, [5] = 0xff01000000000000 };

	return base[levels];
}

static void put(struct run *r, gpa_t gpa, u64 e, u32 bytes)
{
	memcpy(machine_at(&r->m, gpa), &e, bytes);
	ref_store(&r->ref, gpa, &e, bytes);
}

#define KERNEL (PTE_P | PTE_RW | PTE_A | PTE_D)

/* The areas by superpages, behind the second map of the low memory. */
static void map_areas(struct run *r, gpa_t l2)
{
	for (u64 i = 0; i < 2 * NR_AREAS; i++)
		put(r, l2 + (KERNEL_AREAS / 0x200000 + i) * 8, (AREA(0) + i * 512) << 12 | KERNEL | PTE_PS, 8);
}

/* Each of NR_ROOTS roots serves all modes at once: the kernel's slots differ. */
static void make_kernel(struct run *r)
{
	for (u64 i = 0; i < LOW_FRAMES; i++) {
		put(r, KERNEL_L1 * 4096 + i * 8, i << 12 | KERNEL, 8);
		put(r, KERNEL_L1_32 * 4096 + i * 4, i << 12 | KERNEL, 4);
	}
	put(r, KERNEL_L2 * 4096, KERNEL_L1 << 12 | KERNEL, 8);
	put(r, KERNEL_L2 * 4096 + 8, KERNEL | PTE_PS, 8);
	map_areas(r, KERNEL_L2 * 4096);
	put(r, KERNEL_L3 * 4096, KERNEL_L2 << 12 | KERNEL, 8);
	put(r, KERNEL_L4 * 4096, KERNEL_L3 << 12 | KERNEL, 8);
	for (u64 i = 0; i < NR_ROOTS; i++) {
		gpa_t root = (ROOT_FIRST + i) * 4096;

		put(r, root + kernel_slot(2) * 4, KERNEL_L1_32 << 12 | KERNEL, 4);
		put(r, root + kernel_slot(2) * 4 + 4, KERNEL | PTE_PS, 4);
		for (u64 k = 0; k < NR_AREAS; k++)
			put(r, root + (kernel_slot(2) + KERNEL_AREAS / 0x400000 + k) * 4, AREA(k) << 12 | KERNEL | PTE_PS, 4);
		put(r, root + PAE_ROOT + kernel_slot(3) * 8, KERNEL_L2 << 12 | PTE_P, 8);
		put(r, root + kernel_slot(4) * 8, KERNEL_L3 << 12 | KERNEL, 8);
		put(r, root + kernel_slot(5) * 8, KERNEL_L4 << 12 | KERNEL, 8);
	}
}

/* One program of eight is traced, which must change nothing. The quick ways leave some events to the full ones. */
static void watch_events(const struct prog *p)
{
	memset(host_traced, 0, sizeof(host_traced));
	trace_mask = p->luck % 8 == 3 ? ~0ull : 0;
}

/* What is counted is told, and as often. */
static void compare_events(struct run *r)
{
	const u64 *count = r->m.d.counter;
	const struct {
		u32 event;
		u64 counted;
		const char *name;
	} pairs[] = {
#define PAIR(event, counted) { PN_EV_##event, counted, #event }
		PAIR(promote, count[PN_CNT_promote]),
		PAIR(demote, count[PN_CNT_demote]),
		PAIR(reclaim, count[PN_CNT_reclaim]),
		PAIR(dump, count[PN_CNT_dump]),
		PAIR(fill, count[PN_CNT_fill] + count[PN_CNT_super_direct]),
		PAIR(revoke, count[PN_CNT_wrmap_revoke]),
		PAIR(emulate, count[PN_CNT_emulate_ok]),
		PAIR(unsync, count[PN_CNT_unsync]),
		PAIR(resync, count[PN_CNT_resync]),
		PAIR(pull_through, count[PN_CNT_pull_through]),
#undef PAIR
	};
	char text[120];

	for (size_t i = 0; trace_mask && i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (host_traced[pairs[i].event] != pairs[i].counted) {
			snprintf(text, sizeof(text), "event %s was told %llu times, and counted %llu times", pairs[i].name,
				 (unsigned long long)host_traced[pairs[i].event], (unsigned long long)pairs[i].counted);
			run_fail(r, text);
		}
}

/* What one step may tell at most: the ring of a lossless trace keeps room for that and more (trace.h). A step is one trip, or a few. */
#define STEP_RECORDS 256
static u64 told(void)
{
	u64 sum = 0;

	for (unsigned i = 0; i < PN_EV_MAX; i++)
		sum += host_traced[i];
	return sum;
}

static void check_told(struct run *r, u64 before)
{
	const u64 most = STEP_RECORDS + TRACE_RECORDS_A_PAGE * r->m.d.counter[PN_CNT_pool_pages];
	char text[80];

	_Static_assert(STEP_RECORDS < TRACE_RECORDS_A_TRIP, "a trip has room for more");
	if (told() - before <= most)
		return;
	snprintf(text, sizeof(text), "one step told %llu events, of %llu at most", (unsigned long long)(told() - before),
		 (unsigned long long)most);
	run_fail(r, text);
}

void run_begin(struct run *r, const struct prog *p)
{
	r->prog = p;
	r->step = 0;
	r->over = r->logging = false;
	r->meanwhile.cpu = NOBODY;
	watch_events(p);
	machine_init(&r->m,
		     (struct machine_size){ .pool_pages = p->pool_pages,
					    .hardware = p->hardware,
					    .cpus = p->cpus < MACHINE_CPUS ? p->cpus : MACHINE_CPUS },
		     p->luck);
	r->m.clumsy = p->clumsy;
	ref_init(&r->ref);
	make_kernel(r);
	ref_forget(&r->ref);
}

u64 entry_at(const struct run *r, u32 cpu, gpa_t gpa)
{
	u64 e = 0;

	memcpy(&e, ref_see(&r->ref, gpa), entry_bytes(r->ref.cpu[cpu].levels));
	return e;
}

/* ---- checks ---- */

static void compare_frame(struct run *r, u32 f, u32 bytes)
{
	const u8 *is, *must = r->ref.memory + r->ref.page[f] * 4096;
	u32 gfn = r->m.gfn_of[f];
	char text[80];

	if (gfn != NO_FRAME)
		paging_settle(&r->m.d, (gpa_t)gfn << 12);
	is = machine_frame(&r->m, f);
	for (u32 i = 0; memcmp(is, must, bytes) && i < bytes; i++)
		if (is[i] != must[i]) {
			snprintf(text, sizeof(text), "memory of frame %x (gfn %x) at %x is %02x, must be %02x", f, gfn, i, is[i],
				 must[i]);
			run_fail(r, text);
		}
}

/* What was touched. */
static void compare_memory(struct run *r)
{
	for (u32 page = 1; page < r->ref.nr_pages; page++)
		compare_frame(r, r->ref.holds[page], 4096);
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

/* All memory is zero again. Where nobody came, it is so; a look at the beginning of each page costs little. */
void run_end(struct run *r)
{
	run_check(r);
	compare_events(r);
	for (u32 f = 0; f < MEMORY_FRAMES; f++)
		if (r->ref.page[f])
			memset(machine_frame(&r->m, f), 0, 4096);
		else
			compare_frame(r, f, 64);
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

/* ---- accesses ---- */

bool run_had_entries(const struct run *r, gpa_t gpa, u32 bytes)
{
	for (gpa_t w = gpa & ~7ull; w < gpa + bytes; w += 8)
		if (ref_see(&r->ref, w)[0] & 1 || ref_see(&r->ref, w)[4] & 1)
			return true;
	return false;
}

/* Does the program owe a flush for what it is going to overwrite? */
static bool owes_flush(const struct attempt *a)
{
	bool owes = false;

	for (u32 i = 0; i < a->nr; i++)
		if (a->part[i].want[0].end == REF_DONE)
			owes |= run_had_entries(a->r, a->part[i].want[0].gpa, a->part[i].bytes);
	return owes;
}

/* Hardware takes no other addresses than canonical ones. */
static gva_t canonical(const struct run *r, u32 cpu, gva_t va)
{
	u32 levels = r->ref.cpu[cpu].levels, unused = levels == 5 ? 7 : 16;

	return levels < 4 ? (u32)va : (u64)((s64)(va << unused) >> unused);
}

/* Shadows on which the engine says where code lies: those that hardware has for the mode. Under nested paging 64-bit code alone is asked for. */
static bool on_hardware(const struct vcpu *v)
{
	if (v->nested)
		return v->guest_levels > 3;
	return v->guest_levels > 3 ? v->shadow_levels == v->guest_levels : v->guest_levels > 1 && v->shadow_levels < 4;
}

/*
 * The backend reads the instruction that hardware has just fetched from where the engine says that it lies, and keeps that
 * answer until the engine takes it back. Any translation that a TLB may hold, or that a walk would give now, will do, whatever it
 * permits: that the instruction may be fetched has been seen. A strict program's reference has no TLB, and is asked only where the
 * guest's CR3 loads end a translation: two roots may map an address globally and otherwise, and the engine keeps the first.
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
	if (v->nested &&
	    now.end != REF_DONE) /* by a translation from before: of this code only a walk can tell, and it is past */
		return;
	if (r->prog->strict ? gpa != a->got.at[0] && !v->code.global : !ref_may_reach(&r->ref, a->cpu, va, HOST_AC, gpa))
		judge_refuse(a, "code lies elsewhere than the engine says");
}

static void split(struct attempt *a, gva_t va)
{
	u32 first = 4096 - (u32)(va % 4096);

	a->nr = a->bytes > first ? 2 : 1;
	a->part[0] = (struct part){ .va = va, .bytes = a->nr > 1 ? first : a->bytes };
	a->part[1] = (struct part){ .va = va + first, .at = first, .bytes = a->bytes - first };
}

/* More than eight bytes are as many words, each a page above the one before: entries for pages in a row. */
static void make_data(struct attempt *a, u64 value)
{
	for (u32 i = 0; i < MOST_BYTES; i += 8, value += 4096)
		memcpy(a->data + i, &value, 8);
}

/* What a comparison asks for: what stands there by the tables as they are, or something else. */
static void make_expected(struct attempt *a, bool other)
{
	memcpy(a->expected, a->data, a->bytes);
	for (u32 i = 0; i < a->nr; i++)
		if (a->part[i].want[0].end == REF_DONE)
			memcpy(a->expected + a->part[i].at, ref_see(&a->r->ref, a->part[i].want[0].gpa), a->part[i].bytes);
	a->expected[a->bytes - 1] ^= other;
}

/* Sizes that the instruction has; sixteen bytes are aligned, or else #GP. */
static bool can_swap(u32 bytes, gva_t va)
{
	return bytes <= 16 && !(bytes & (bytes - 1)) && (bytes < 16 || !(va & 15));
}

static void walk_parts(struct attempt *a, u32 walk)
{
	for (u32 i = 0; i < a->nr; i++) {
		a->part[i].want[walk] = ref_walk(&a->r->ref, a->cpu, a->part[i].va, a->access);
		if (a->access & PFEC_W && a->part[i].want[walk].end == REF_DONE)
			ref_attempt(&a->r->ref, a->part[i].want[walk].gpa);
	}
	a->walks = walk + 1;
}

/* What does not come about during a step never does. */
static void end_meanwhile(struct run *r)
{
	r->meanwhile.cpu = NOBODY;
	host_last_moment = NULL;
	host_countdown = 0;
}

static void make_access(struct run *r, const struct step *s, struct attempt *a)
{
	struct operand op = { .data = a->data, .expected = a->swap ? a->expected : NULL, .bytes = a->bytes };

	r->attempt = a;
	a->running = true;
	a->got = (s->op == OP_access ? machine_access : machine_emulated)(&r->m, s->cpu, a->part[0].va, a->access, op);
	a->running = false;
	r->attempt = NULL;
	end_meanwhile(r);
	if (r->loud)
		judge_say(a);
	r->done += a->got.end == ACCESS_DONE;
	r->faulted += a->got.end == ACCESS_FAULT;
	r->mmio += a->got.end == ACCESS_MMIO;
	if (a->got.end == ACCESS_STUCK)
		judge_refuse(a, "an access came to no end");
}

static void do_access(struct run *r, const struct step *s)
{
	bool wild = s->op == OP_emulate && r->ref.cpu[s->cpu].levels > 3; /* its addresses need not be canonical */
	gva_t va = wild ? s->a : canonical(r, s->cpu, s->a);
	struct attempt a = {
		.r = r, .cpu = s->cpu, .access = s->how & ACCESS_BITS, .bytes = (u32)s->b, .swap = s->how & HOW_SWAP
	};
	bool strict_flush = false;

	if (a.swap && (!can_swap(a.bytes, va) || !(a.access & PFEC_W)))
		return;
	split(&a, va);
	if (a.nr > 1 && !wild && (!r->ref.cpu[s->cpu].levels || canonical(r, s->cpu, a.part[1].va) != a.part[1].va))
		return;
	make_data(&a, s->c);
	walk_parts(&a, 0);
	if (a.swap)
		make_expected(&a, s->how & HOW_OTHER);
	if (r->prog->strict && a.access & PFEC_W)
		strict_flush = owes_flush(&a);
	make_access(r, s, &a);
	judge(&a);
	if (a.access & PFEC_I && a.got.end == ACCESS_DONE && a.got.placed)
		check_code(&a);
	r->over = a.got.end == ACCESS_CRASH;
	if (strict_flush && !r->over)
		run_flush_all(r);
}

/* ---- another vCPU, meanwhile ---- */

static struct run *on_now; /* whose step runs, while another vCPU is to act in it */

/* It runs in the guest: what it can do without an exit happens, at any point of what the engine does for the first. */
static void act_meanwhile(void)
{
	struct run *r = on_now;
	const struct step s = r->meanwhile;
	u32 bytes = entry_bytes(r->ref.cpu[s.cpu].levels);
	gva_t va = canonical(r, s.cpu, s.a) & ~(gva_t)(bytes - 1);
	gpa_t gpa;

	r->meanwhile.cpu = NOBODY;
	host_last_moment = NULL;
	host_countdown = 0;
	if (!machine_meanwhile(&r->m, s.cpu, va, (s.how & ACCESS_BITS) | PFEC_W, &gpa))
		return;
	if (r->attempt)
		judge_marks_so_far(r->attempt);
	if (r->loud)
		fprintf(stderr, "  meanwhile vCPU %u writes %llx at gpa %llx\n", s.cpu, (unsigned long long)s.c,
			(unsigned long long)gpa);
	if (gpa == NO_PLACE || !ref_has(&r->ref, gpa >> 12) ||
	    !ref_may_reach(&r->ref, s.cpu, va, (s.how & ACCESS_BITS) | PFEC_W, gpa))
		run_fail(r, "another vCPU's write came to where the architecture does not allow");
	memcpy(machine_peek(&r->m, gpa), &s.c, bytes);
	ref_store(&r->ref, gpa, &s.c, bytes);
	if (!r->attempt)
		return;
	r->attempt->raced = gpa;
	r->attempt->raced_bytes = bytes;
	walk_parts(r->attempt, 1);
}

static void act_at_last_moment(struct domain *d)
{
	(void)d;
	act_meanwhile();
}

/* Steps that hardware makes for a vCPU while the others run. PAE's top entries are read at a moment that nothing tells. */
static bool leaves_others_running(const struct run *r, const struct step *s)
{
	return s->op == OP_access || s->op == OP_emulate || s->op == OP_invlpg ||
	       (s->op == OP_cr3 && r->ref.cpu[s->cpu].levels != 3);
}

static void begin_meanwhile(struct run *r, const struct step *s)
{
	const struct step *w = &r->meanwhile;

	if (w->cpu == NOBODY || w->cpu == s->cpu || !leaves_others_running(r, s) || r->prog->strict || paging_marks_late ||
	    r->m.d.nested || !r->ref.cpu[w->cpu].levels)
		return;
	on_now = r;
	host_moment = act_meanwhile;
	host_countdown = (u32)w->b;
	host_last_moment = w->b ? NULL : act_at_last_moment;
}

/* ---- steps ---- */

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

static void do_invlpg(struct run *r, const struct step *s)
{
	gva_t va = canonical(r, s->cpu, s->a);

	ref_invlpg(&r->ref, s->cpu, va);
	if (r->ref.cpu[s->cpu].levels)
		machine_invlpg(&r->m, s->cpu, va);
}

static void do_step(struct run *r, const struct step *s)
{
	if (s->op == OP_modes || (s->op == OP_cr3 && !ref_has(&r->ref, s->a >> 12)))
		run_leave_nested(r);
	switch (s->op) {
	case OP_access:
	case OP_emulate:
		if (s->b && s->b <= MOST_BYTES && (s->op == OP_access || r->ref.cpu[s->cpu].levels))
			do_access(r, s);
		break;
	case OP_invlpg: do_invlpg(r, s); break;
	case OP_cr3: load_cr3(r, s->cpu, s->a); break;
	case OP_modes: do_modes(r, s); break;
	default: run_manage(r, s); break;
	}
}

void run_step(struct run *r, const struct step *s)
{
	const u64 before = told();

	if (r->loud)
		prog_print_step(stderr, s);
	if (s->op == OP_meanwhile) {
		r->meanwhile = *s;
	} else {
		begin_meanwhile(r, s);
		do_step(r, s);
		end_meanwhile(r);
	}
	if (r->ref.crowded && !r->over)
		run_flush_all(r);
	r->over |= ref_full(&r->ref);
	check_told(r, before);
	r->step++;
	if (r->step % r->check_every == 0)
		run_check(r);
}
