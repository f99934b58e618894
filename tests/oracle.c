/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle: random guest programs on the engine, each step judged by the
 * reference (oracle_ref.h). It is built once a recipe.
 *
 * loose  programs flush or forget to. Every access must come to something that the
 *        architecture allows, and leave the accessed and dirty bits that it demands.
 * strict programs flush after each change that needs it. Then only one outcome is
 *        allowed: accesses must agree with a reference without any TLB, and so must
 *        the guest's memory, its tables included, to the last byte. As that reference
 *        is the same for all recipes, their final tables are the same too.
 *
 * A failure prints the seed and the program's last steps. Run one again with --seed.
 */
#include <unistd.h>

#include "oracle_run.h"

static void add_va(struct run *r, gva_t va)
{
	if (r->nr_vas == MAX_VAS)
		abort();
	r->va[r->nr_vas++].page = va;
}

static void make_universe(struct run *r)
{
	static const u32 top[] = { 0, 1, SLOT_SELF };

	for (u32 i = 0; i < FRAMES; i++)
		add_va(r, kernel_base(r) + i * 4096ull);
	for (u32 i = 0; i < 8; i++) /* the kernel's superpage */
		add_va(r, kernel_base(r) + (r->pae ? 0x200000 : 0x400000) + (14 + i) * 4096ull);
	if (!r->pae) {
		for (u64 a = 0; a < 4; a++)
			for (u64 b = 0; b < 4; b++)
				add_va(r, a << 22 | b << 12);
		return;
	}
	for (u64 a = 0; a < ARRAY_SIZE(top); a++)
		for (u64 b = 0; b < ARRAY_SIZE(top); b++)
			for (u64 c = 0; c < ARRAY_SIZE(top); c++)
				for (u64 e = 0; e < 4; e++)
					add_va(r, (u64)top[a] << 39 | (u64)top[b] << 30 | (u64)top[c] << 21 | e << 12);
}

static void make_tables(struct run *r)
{
	u64 l1 = KERNEL_L1;

	for (u64 f = 0; f < FRAMES; f++)
		if (f - HOLE_AT >= HOLE)
			memset(guest_at(&r->g, f * 4096), 0, 4096);
	for (u32 i = 0; i < FRAMES; i++)
		poke(r, l1, i, (u64)i << 12 | KERNEL);
	if (r->pae) {
		poke(r, 4, 0, 5ull << 12 | KERNEL);
		poke(r, 5, 0, l1 << 12 | KERNEL);
		poke(r, 5, 1, KERNEL | PTE_PS);
	}
	for (u32 i = 0; i < NR_ROOTS; i++) {
		poke(r, ROOT_FIRST + i, r->pae ? 256 : 768, (r->pae ? 4 : l1) << 12 | KERNEL);
		if (!r->pae)
			poke(r, ROOT_FIRST + i, 769, KERNEL | PTE_PS);
	}
	for (u64 t = TABLE_FIRST; t < TABLE_END; t++)
		for (u32 s = 0; s < 4; s++)
			poke(r, t, s, s == SLOT_SELF && one_in(r, 2) ? t << 12 | ALL : some_entry(r));
}

static void compare_memory(struct run *r)
{
	for (u64 f = 0; r->strict && f < FRAMES; f++)
		if (f - HOLE_AT >= HOLE && memcmp(guest_at(&r->g, f * 4096), ref_at(&r->ref, f * 4096), 4096)) {
			LOG(r, "frame %llx differs", (unsigned long long)f);
			fail(r, "the guest's memory is not what it must be");
		}
}

static void check_state(struct run *r)
{
	char text[2048];

	compare_memory(r);
	if (paging_audit(&r->g.d, text, sizeof(text))) {
		fprintf(stderr, "%s", text);
		fail(r, "the audit found faults");
	}
}

static void begin(struct run *r, u64 seed)
{
	memset(r, 0, sizeof(*r));
	r->seed = seed;
	r->rng = seed * 0x2545f4914f6cdd1dull;
	r->strict = one_in(r, 2);
	r->pae = !one_in(r, 4);
	guest_init(&r->g, FRAMES, HOLE_AT, HOLE, one_in(r, 2) ? 12 : 12 + rnd(r, 60), seed);
	r->g.before_data = decided;
	r->g.clumsy = one_in(r, 2) ? 4 : 0;
	r->ref = (struct ref_guest){ .g = &r->g, .frames = FRAMES, .hole_at = HOLE_AT, .hole = HOLE, .cr0 = CR0_PE };
	if (r->strict)
		r->ref.memory = calloc(FRAMES, 4096);
	make_universe(r);
	make_tables(r);
	run = r;
}

static void run_program(struct run *r, u64 seed, u64 steps)
{
	u64 start;

	begin(r, seed);
	start = rnd(r, 10);
	for (r->step = 0; r->step < steps; r->step++) {
		if (r->step == start) {
			r->ref.cr3 = r->g.v.cr3 = ROOT_FIRST * 4096;
			set_modes(r, CR0_PE | CR0_PG | CR0_WP, r->pae ? CR4_PAE : CR4_PSE,
				  r->pae ? EFER_LME | EFER_NXE : 0);
			flush_all(r);
		}
		if (!(r->step < start ? do_access(r) : one_step(r)))
			break;
		if (r->step % 16 == 0)
			check_state(r);
	}
	check_state(r);
	free(r->ref.memory);
	guest_exit(&r->g);
}

int main(int argc, char **argv)
{
	static struct run r;
	u64 first = 1, programs = 400, steps = 600, done = 0, faulted = 0, emulated = 0;
	int c;

	while ((c = getopt(argc, argv, "s:p:n:")) != -1) {
		if (c == 's')
			first = strtoull(optarg, NULL, 0);
		else if (c == 'p')
			programs = strtoull(optarg, NULL, 0);
		else if (c == 'n')
			steps = strtoull(optarg, NULL, 0);
		else
			return fprintf(stderr, "usage: %s [-s first seed] [-p programs] [-n steps each]\n", argv[0]), 2;
	}
	for (u64 i = 0; i < programs; i++) {
		run_program(&r, first + i, steps);
		done += r.done;
		faulted += r.faulted;
		emulated += r.g.emulated;
	}
	printf("oracle (%s): %llu programs from seed %llu: %llu accesses done, %llu faulted, %llu emulated writes\n",
	       paging_recipe_name, (unsigned long long)programs, (unsigned long long)first, (unsigned long long)done,
	       (unsigned long long)faulted, (unsigned long long)emulated);
	return done && faulted ? EXIT_SUCCESS : EXIT_FAILURE;
}
