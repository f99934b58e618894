/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CPUs that compute beside each other: none waits for another or says PAUSE before it is done, and none may starve for that.
 *
 * One operation is one CPU's: a page of its own is mapped, written, computed with, and taken away again, INVLPG included; the CPUs'
 * entries are in one table. The region ends when all have done theirs. Under the hypervisor each of the others has done half as
 * much as the first one at least when that one is done; elsewhere nobody promised that, and it is only told.
 */
#include "lib/smp.h"

#define APIC_VA (USER_BASE + (1ul << 30))
#define VECTOR  32
#define ROUNDS  500

static ulong units, first_frame;
static pte_t *slots;
static volatile ulong done[MAX_CPUS];
static volatile bool go;

void ipi_came(void) {}

/* A unit's computation. The page holds what the last one came to. */
static ulong computed(ulong x)
{
	for (ulong i = 0; i < ROUNDS; i++)
		x = x * 6364136223846793005ul + 1442695040888963407ul;
	return x;
}

static void one_unit(ulong cpu)
{
	const ulong va = USER_BASE + cpu * PAGE_SIZE;
	volatile ulong *page = (volatile ulong *)va;

	pt_map(&slots[cpu], first_frame + cpu * PAGE_SIZE, 1, PTE_USER_DATA);
	*page = computed(*page);
	pte_clear(&slots[cpu]);
	invlpg(va);
}

static void work(ulong cpu)
{
	for (done[cpu] = 0; done[cpu] < units; done[cpu]++)
		one_unit(cpu);
}

static void other_cpu(ulong cpu)
{
	while (!go)
		pause();
	work(cpu);
	__asm__ volatile("cli");
	for (;;)
		__asm__ volatile("hlt");
}

static ulong least_of_others(void)
{
	ulong least = units;

	for (ulong cpu = 1; cpu < smp_cpus; cpu++)
		if (done[cpu] < least)
			least = done[cpu];
	return least;
}

static ulong wanted(ulong cpu)
{
	ulong x = cpu;

	for (ulong i = 0; i < units; i++)
		x = computed(x);
	return x;
}

void workload_main(void)
{
	ulong root = pt_new_root(), share;

	units = param("units", 500, 1, 1000000);
	first_frame = pages_alloc(MAX_CPUS);
	slots = pt_populate(root, USER_BASE, MAX_CPUS);
	smp_start(root, APIC_VA, VECTOR);
	for (ulong cpu = 0; cpu < smp_cpus; cpu++)
		*(volatile ulong *)phys_to_virt(first_frame + cpu * PAGE_SIZE) = cpu;

	region_begin("compute");
	go = true;
	work(0);
	share = least_of_others();
	while (least_of_others() < units)
		pause();
	region_end(units * smp_cpus);

	if (hypervisor)
		print("when the first CPU was done, each other one had done %lu of %lu units at least\n", share, units);
	need(!hypervisor || share >= units / 2, "a CPU starved: it had done %lu of %lu units", share, units);
	for (ulong cpu = 0; cpu < smp_cpus; cpu++) {
		const ulong result = *(volatile ulong *)phys_to_virt(first_frame + cpu * PAGE_SIZE);

		need(result == wanted(cpu), "CPU %lu computed %#lx", cpu, result);
	}
}
