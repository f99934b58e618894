/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two CPUs or more in a 64-bit guest (cpus=, and as many the machine must have): the others are started as PCs do it, by INIT and
 * SIPI through the local APIC, one after the other; and interrupts from one to another.
 */
#ifndef GUEST_SMP_H
#define GUEST_SMP_H

#include "guest.h"

#define AP_PAGE     0x8000
#define MAX_CPUS    16
#define APIC        0xfee00000
#define APIC_ID     0x20
#define APIC_EOI    0xb0
#define APIC_SVR    0xf0
#define APIC_ICR    0x300
#define APIC_ICR_TO 0x310
#define SVR_ON      0x1ff /* enabled; spurious vector 255 */
#define ICR_INIT    0x4500
#define ICR_SIPI    0x4600
#define ICR_BUSY    0x1000

static ulong smp_root, smp_apic; /* the root that all use; where it maps the local APIC */
static ulong smp_cpus;           /* how many there are; the first is number 0, which is its APIC's id, too */
static volatile ulong smp_up;    /* of the others, those that have started */

/* The workload's: what each other CPU does, and what an interrupt does; interrupts are off in it. */
static void other_cpu(ulong cpu) __attribute__((noreturn));
void ipi_came(void);

static inline void apic_write(ulong reg, u32 value)
{
	poke32(smp_apic + reg, value);
}
static inline u32 apic_read(ulong reg)
{
	return peek32(smp_apic + reg);
}

/* Its first root: ours, with the page that it starts in at that page's own address. */
static ulong first_root(void)
{
	ulong root = pt_new_root();

	pt_map(pt_populate(root, AP_PAGE, 1), AP_PAGE, 1, PTE_P | PTE_RW | PTE_A | PTE_D);
	return root;
}

/*
 * Of the machine: pause(), for a CPU that waits for another; interrupts_on(), interrupts_off(), stop_for_ever(); smp_vector(), from which on all have
 * a vector lead to ipi_came(); and start_cpu(), from which a CPU comes to smp_other_begins(), on its first root, which the page that it starts in has
 * been mapped by.
 */
static __attribute__((noreturn)) void smp_other_begins(void);
static inline void apic_send(ulong to, u32 what);
#include "smp_cpu.h"

static __attribute__((noreturn)) void smp_other_begins(void)
{
	write_cr3(smp_root);
	apic_write(APIC_SVR, SVR_ON);
	const ulong cpu = smp_up + 1; /* they come one by one */

	smp_up = cpu;
	other_cpu(cpu);
}

static inline void apic_send(ulong to, u32 what)
{
	while (apic_read(APIC_ICR) & ICR_BUSY)
		pause();
	apic_write(APIC_ICR_TO, (u32)to << 24);
	apic_write(APIC_ICR, what);
}

/*
 * Start the other CPUs on `root`, where the page at `apic_va` becomes the local APIC. All have
 * `vector` lead to ipi_came() from now on. Fails the guest when there are none.
 */
static void smp_start(ulong root, ulong apic_va, unsigned vector)
{
	smp_cpus = param("cpus", 2, 2, MAX_CPUS);
	smp_root = root;
	smp_apic = apic_va;
	pt_map(pt_populate(root, apic_va, 1), APIC, 1, PTE_P | PTE_RW | PTE_A | PTE_D | PTE_UNCACHED);
	write_cr3(root);
	smp_vector(vector);
	apic_write(APIC_SVR, SVR_ON);
	for (ulong cpu = 1; cpu < smp_cpus; cpu++)
		start_cpu(cpu);
}

#endif
