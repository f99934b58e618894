/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two knobs: how often a program misses the TLB and how often its kernel changes its page tables, both for 10,000 instructions.
 * Misses are what nested paging pays for, changes what shadow paging pays for; where they balance is what the map of the two shows.
 *
 * A miss reads a word of one of 16,384 pages (mib=64), far from the one before. A change takes an entry away (cleared, INVLPG) and the page is
 * touched, which faults, and the handler writes the entry: two stores into a page table. The rest of the instructions are a loop without memory.
 *
 * Phases "m<misses>-u<changes>". With changing=1 one phase, "both": first misses only, then changes only. One operation is about
 * 10,000 instructions of the guest natively. Serves: the map of shadow and nested paging.
 */
#include "lib/arena.h"

#define INSNS_PER_OP  10000
#define MISS_INSNS    12 /* measured, natively: a miss with its part of the loops around it */
#define CHANGE_INSNS  77 /* a change, the handler and its entry code included */
#define OP_INSNS      58 /* what is left: the calls and loops of an operation */
#define STRIDE        5167 /* pages from one miss to the next: odd, so all come around; far, so upper levels of tables change, too */
#define CHANGED_PAGES 256

static const unsigned misses_at[] = { 0, 10, 50, 200, 500 }, changes_at[] = { 0, 1, 5, 20, 50 };

static pte_t *slots; /* of the pages whose entries change */
static ulong changed, frames, faults, page, victim, sum, read;

static void demand(ulong va, struct fault_frame *frame)
{
	ulong i = (va - changed) / PAGE_SIZE;

	if (unlikely(i >= CHANGED_PAGES))
		fault_unexpected(va, frame);
	faults++;
	pte_set(&slots[i], (frames + i * PAGE_SIZE) | PTE_USER_DATA);
}

static void miss(ulong n)
{
	const ulong pages = arena_bytes / PAGE_SIZE;

	read += n;
	while (n--) {
		page = (page + STRIDE) & (pages - 1);
		sum += peek(ARENA + page * PAGE_SIZE + page % (PAGE_SIZE / LINE) * LINE);
	}
}

static void change(void)
{
	ulong va = changed + victim * PAGE_SIZE;

	pte_clear(&slots[victim]);
	invlpg(va);
	poke(va, va);
	victim = (victim + 1) % CHANGED_PAGES;
}

/* Two instructions a round. */
static void compute(ulong insns)
{
	ulong rounds = insns / 2 + 1;

	__asm__ volatile("1: dec %0\n\tjnz 1b" : "+r"(rounds));
}

/* One operation: its misses and its changes lie evenly in it. */
static void operation(ulong misses, ulong changes)
{
	const ulong parts = changes ? changes : 1, busy = OP_INSNS + misses * MISS_INSNS + changes * CHANGE_INSNS;

	for (ulong i = 0; i < parts; i++) {
		miss(misses * (i + 1) / parts - misses * i / parts);
		if (changes)
			change();
		compute((INSNS_PER_OP - busy) / parts);
	}
}

static void run(ulong ops, ulong misses, ulong changes)
{
	for (ulong i = 0; i < ops; i++)
		operation(misses, changes);
}

static void grid(ulong ops)
{
	for (unsigned m = 0; m < ARRAY_SIZE(misses_at); m++)
		for (unsigned u = 0; u < ARRAY_SIZE(changes_at); u++) {
			char phase[16];

			snprintf(phase, sizeof(phase), "m%u-u%u", misses_at[m], changes_at[u]);
			run(2, misses_at[m], changes_at[u]);
			region_begin(phase);
			run(ops, misses_at[m], changes_at[u]);
			region_end(ops);
		}
}

static void both(ulong ops)
{
	region_begin("both");
	run(ops / 2, misses_at[ARRAY_SIZE(misses_at) - 1], 0);
	run(ops - ops / 2, 0, changes_at[ARRAY_SIZE(changes_at) - 1]);
	region_end(ops);
}

void workload_main(void)
{
	const ulong ops = param("ops", 20, 2, 100000);
	const bool changing = param("changing", 0, 0, 1);
	ulong expected = 0;

	arena_make(64);
	need(!(arena_bytes & (arena_bytes - 1)), "mib= is no power of two");
	for (ulong p = 0; p < arena_bytes / PAGE_SIZE; p++)
		poke(ARENA + p * PAGE_SIZE + p % (PAGE_SIZE / LINE) * LINE, p);
	changed = ARENA + arena_bytes + SUPERPAGE_BYTES;
	frames = pages_alloc(CHANGED_PAGES);
	slots = pt_populate(read_cr3(), changed, CHANGED_PAGES);
	fault_handler_set(demand);
	for (ulong i = 0; i < CHANGED_PAGES; i++)
		poke(changed + i * PAGE_SIZE, 0);

	if (changing)
		both(ops);
	else
		grid(ops);

	/* Where the walk through the pages has come to, and what it has read on the way. */
	for (ulong n = 0, at = 0; n < read; n++)
		expected += at = (at + STRIDE) & (arena_bytes / PAGE_SIZE - 1);
	need(sum == expected, "%lu reads add up to %lu, not %lu", read, sum, expected);
	for (ulong i = 0; i < CHANGED_PAGES; i++)
		need(*(ulong *)phys_to_virt(frames + i * PAGE_SIZE) == (i < faults - CHANGED_PAGES ? changed + i * PAGE_SIZE : 0),
		     "page %lu: the write went elsewhere", i);
}
