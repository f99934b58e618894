/* SPDX-License-Identifier: BSD-2-Clause */
/* Turns of the machine's CPUs, and interrupts from one to another. */
#include "cpus.h"

#include <stdlib.h>

#include "cpu.h"
#include "paging.h"
#include "record.h"

#define STACK_BYTES (256ul << 10)
#define APIC_ICR    0x300
#define APIC_ICR_TO 0x310
#define ICR_KIND    0x700 /* 0: the vector is to be delivered */

struct cpu cpus[MACHINE_CPUS] = { [0] = { .in_c = true, .runs = true } }, *cpu = cpus;
u32 nr_cpus;
static void (*on_interrupt)(void);

/* Another vCPU acts from now on: this one's last exit is over. */
static void act(struct cpu *c)
{
	struct domain *d = c->v.domain;

	if (cpu != c)
		host_entered(&cpu->v);
	cpu = c;
	d->acting = &c->v;
	record_cpu(&c->v);
}

static void take_interrupt(void)
{
	if (!cpu->interrupts || !cpu->pending)
		return;
	cpu->pending = cpu->interrupts = false;
	machine_begin_handler();
	on_interrupt();
	cpu->interrupts = true;
}

void machine_pause(void)
{
	struct cpu *const from = cpu;
	u32 i = (u32)(cpu - cpus);

	do {
		i = i + 1 == nr_cpus ? 0 : i + 1;
	} while (!cpus[i].runs);
	if (&cpus[i] != from) {
		act(&cpus[i]);
		if (swapcontext(&from->at, &cpu->at))
			machine_die("a CPU cannot run");
	}
	take_interrupt();
}

void machine_stop(void)
{
	cpu->runs = false;
	machine_pause();
	machine_die("a CPU that had stopped runs on");
}

void machine_interrupts(bool on)
{
	cpu->interrupts = on;
}

void machine_on_interrupt(void (*handler)(void))
{
	on_interrupt = handler;
}

static void begin(void)
{
	cpu->entry();
	machine_die("a CPU came to its end");
}

void machine_start_cpu(u32 number, u64 cr3, gva_t stack, void (*entry)(void))
{
	struct cpu *const from = cpu, *c = number < nr_cpus ? &cpus[number] : NULL;
	void *host_stack = malloc(STACK_BYTES);

	if (!c || c->runs || !host_stack || getcontext(&c->at))
		machine_die("there is no such CPU to start");
	c->kernel = from->kernel;
	c->kernel.stack = stack;
	c->in_c = c->runs = true;
	c->entry = entry;
	c->at.uc_stack.ss_sp = host_stack;
	c->at.uc_stack.ss_size = STACK_BYTES;
	c->at.uc_link = NULL;
	makecontext(&c->at, begin, 0);
	act(c);
	c->v.cr3 = cr3;
	c->v.cr4 = from->v.cr4;
	c->v.efer = from->v.efer;
	c->v.cr0 = from->v.cr0;
	paging_update_modes(&c->v);
	act(from);
}

void cpus_apic(u32 offset, u32 value)
{
	static u32 to;

	if (offset == APIC_ICR_TO)
		to = value >> 24;
	if (offset == APIC_ICR && !(value & ICR_KIND) && to < nr_cpus)
		cpus[to].pending = true;
}
