/* SPDX-License-Identifier: BSD-2-Clause */
/* For lib/smp.h, on the simulated machine: a CPU begins where a PC's is when it has come to long mode, and what it did until then is no step. */
#ifndef GUEST_SMP_CPU_H
#define GUEST_SMP_CPU_H

static inline void pause(void)
{
	machine_pause();
}
static inline void interrupts_on(void)
{
	machine_interrupts(true);
}
static inline void interrupts_off(void)
{
	machine_interrupts(false);
}
static inline __attribute__((noreturn)) void stop_for_ever(void)
{
	machine_stop();
}

static inline void smp_vector(unsigned vector)
{
	(void)vector;
	machine_on_interrupt(ipi_came);
}

static void start_cpu(ulong number)
{
	const ulong stack = pages_alloc(1);

	machine_start_cpu((u32)number, first_root(), DIRECT_BASE + stack, smp_other_begins);
	while (smp_up < number)
		pause();
}

#endif
