/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Shooting down a translation: one CPU takes pages away or write-protects them and has the
 * others flush them by an interrupt; they go on touching all of them meanwhile.
 *
 * One operation is one page: entry changed, INVLPG, an interrupt to each, acknowledgements, entry
 * back. Before that is measured the same is done with a look at each page after
 * the acknowledgements: no access by the old translation may come any more. Every kind of stale access is counted
 * as such. Serves: T26, and all that several vCPUs need.
 */
#include "lib/smp.h"

#define PAGES   64
#define APIC_VA (USER_BASE + (1ul << 30))
#define VECTOR  32
#define POISON  0xdead

static ulong first_frame;
static pte_t *slots;
static volatile ulong touches[MAX_CPUS], shot_va;
static volatile ulong faults, shot, stopped; /* changed by all of the others */
static volatile bool stop;

static inline ulong page_va(ulong page)
{
	return USER_BASE + page * PAGE_SIZE;
}
static inline volatile ulong *page_frame(ulong page)
{
	return phys_to_virt(first_frame + page * PAGE_SIZE);
}
static inline void add_one(volatile ulong *n)
{
	__asm__ volatile("lock incq %0" : "+m"(*n) : : "memory");
}

/* ---- the other CPUs ---- */

/* A page that is gone or protected is left out: on behind the access. */
static void skip(ulong va, struct fault_frame *frame)
{
	if (va < USER_BASE || va >= page_va(PAGES))
		fault_unexpected(va, frame);
	add_one(&faults);
	frame->ip += WORD_WRITE_BYTES;
}

void ipi_came(void)
{
	invlpg(shot_va);
	add_one(&shot);
	apic_write(APIC_EOI, 0);
}

static void other_cpu(ulong cpu)
{
	interrupts_on();
	for (ulong i = 0; !stop; i++) {
		poke_or_skip(page_va(i % PAGES), i % PAGES);
		touches[cpu]++;
		pause();
	}
	interrupts_off();
	add_one(&stopped);
	stop_for_ever();
}

/* ---- the first ---- */

static void shoot_down(ulong va)
{
	invlpg(va);
	shot_va = va;
	shot = 0;
	for (ulong cpu = 1; cpu < smp_cpus; cpu++)
		apic_send(cpu, VECTOR);
	while (shot < smp_cpus - 1)
		pause();
}

static void change(ulong page, bool protect)
{
	if (protect)
		pte_remove(&slots[page], PTE_RW);
	else
		pte_clear(&slots[page]);
	shoot_down(page_va(page));
}

static void give_back(ulong page)
{
	pt_map(&slots[page], first_frame + page * PAGE_SIZE, 1, PTE_USER_DATA);
}

/* As many by each of them. */
static void wait_for_touches(ulong n)
{
	for (ulong cpu = 1; cpu < smp_cpus; cpu++)
		for (ulong begin = touches[cpu]; touches[cpu] - begin < n;)
			pause();
}

/* How many accesses came by a translation that had been acknowledged to be gone. */
static ulong stale_accesses(ulong ops)
{
	ulong stale = 0;

	for (ulong i = 0; i < ops; i++) {
		ulong page = i * 7 % PAGES;

		change(page, i & 1);
		*page_frame(page) = POISON;
		wait_for_touches(2 * PAGES);
		stale += *page_frame(page) != POISON;
		give_back(page);
	}
	return stale;
}

void workload_main(void)
{
	ulong ops = param("ops", 500, 1, 1000000), checks = param("checks", 64, 1, 100000), root = pt_new_root(), stale;

	first_frame = pages_alloc(PAGES);
	slots = pt_populate(root, USER_BASE, PAGES);
	pt_map(slots, first_frame, PAGES, PTE_USER_DATA);
	fault_handler_set(skip);
	smp_start(root, APIC_VA, VECTOR);
	wait_for_touches(2 * PAGES);

	stale = stale_accesses(checks);
	need(!stale, "%lu of %lu pages were written by an old translation", stale, checks);
	need(faults, "no other CPU ever met a page that was gone");

	region_begin("unmap");
	for (ulong i = 0; i < ops; i++) {
		change(i % PAGES, false);
		give_back(i % PAGES);
	}
	region_end(ops);
	region_begin("protect");
	for (ulong i = 0; i < ops; i++) {
		change(i % PAGES, true);
		give_back(i % PAGES);
	}
	region_end(ops);

	wait_for_touches(2 * PAGES);
	stop = true;
	while (stopped < smp_cpus - 1)
		pause();
	for (ulong page = 0; page < PAGES; page++)
		need(*page_frame(page) == page, "page %lu holds %#lx", page, *page_frame(page));
}
