/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Bring up every other pCPU with one INIT-SIPI-SIPI to all but this one. Each
 * takes the next number and stack by itself, so no table of them is needed.
 */
#include "pcpu.h"

#include "cpu.h"
#include "lib.h"
#include "plat.h"
#include "log.h"
#include "smp.h"
#include "svm.h"
#include "wait.h"

extern char trampoline_start[], trampoline_end[];
extern char boot_stack[];

struct pcpu *pcpus[MAX_PCPUS];
unsigned nr_pcpus;

/* Read by trampoline.S. */
u32 ap_next = 1;
u32 ap_limit = MAX_PCPUS;
u32 ap_stack_top[MAX_PCPUS];
static u32 ap_up;

void ap_main(void);

void pcpu_register(unsigned id, void *stack)
{
	struct pcpu *p = stack;

	memset(p, 0, sizeof(*p));
	p->id = id;
	pcpus[id] = p;
}

void ap_main(void)
{
	pcpu_init();
	svm_enable();
	__atomic_fetch_add(&ap_up, 1, __ATOMIC_SEQ_CST);
	pcpu_idle();
}

static void *aligned_stack(void)
{
	/* Twice the size always holds an aligned one; the rest stays ours for ever. */
	u64 p = (u64)plat_alloc_low_pages(2 * PCPU_STACK_BYTES / PAGE_SIZE);

	return p ? (void *)ALIGN_UP(p, (u64)PCPU_STACK_BYTES) : NULL;
}

/* Other CPUs that have taken a number and a stack. */
static u32 nr_begun(void)
{
	u32 next = READ_ONCE(ap_next);

	return (next < ap_limit ? next : ap_limit) - 1;
}

static bool all_arrived(const void *unused)
{
	return READ_ONCE(ap_up) == nr_begun();
}

unsigned smp_boot(void)
{
	static u8 saved[PAGE_SIZE];
	hpa_t page = smp_trampoline_page();
	size_t bytes = (size_t)(trampoline_end - trampoline_start);

	for (unsigned i = 1; i < MAX_PCPUS; i++) {
		void *stack = aligned_stack();
		if (!stack)
			break;
		pcpu_register(i, stack);
		ap_stack_top[i] = (u32)((u64)stack + PCPU_STACK_BYTES);
		ap_limit = i + 1;
	}
	memcpy(saved, (void *)page, PAGE_SIZE);
	memcpy((void *)page, trampoline_start, bytes);
	apic_start_all(page);
	if (!wait_for(&(struct wait){ .is_over = all_arrived }))
		boot_refuse("of %u CPUs that began to start, %u arrived.", nr_begun(), READ_ONCE(ap_up));
	memcpy((void *)page, saved, PAGE_SIZE);
	nr_pcpus = 1 + READ_ONCE(ap_up);
	return nr_pcpus;
}
