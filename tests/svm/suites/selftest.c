/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The self-test at boot (hv/svm/selftest.c) on processors that do as the manual says, and on such that do not: VMLOAD and VMRUN, which no
 * program may execute, fault here, and what a processor would make of the guest is done instead.
 */
#include "tests/svm/suites.h"

#include <signal.h>
#include <string.h>
#include <ucontext.h>

#include "plat.h"
#include "tests/svm/svm_host.h"
#include "task.h"

static const struct processor {
	bool sees_task_switch, reads_as_cr0, loses_paging;
	u32 other_end;    /* 0: none; each run ends so */
	unsigned nr_nmis; /* come first */
} processors[] = {
	{ true, false, false, 0, 0 }, { false, false, false, 0, 2 }, { true, true, false, 0, 0 },
	{ true, false, true, 0, 0 },  { false, true, true, 0, 1 },   { true, false, false, VMEXIT_SHUTDOWN, 0 },
};

static const struct processor *cpu;
static unsigned nmis, runs;

static const u8 *descriptor_of(const struct vmcb *b, u16 selector)
{
	return (const u8 *)b->gdtr.base + (selector & 0xfff8);
}

static u64 base_of(const u8 *d)
{
	return d[2] | d[3] << 8 | d[4] << 16 | (u64)d[7] << 24;
}

/* The guest's first instructions: a far jump to a task, a read of CR2, or HLT. Below 4 GiB only base_of()'s low 32 bits are compared. */
static u32 end_of(const struct vmcb *b)
{
	const u8 *code = (const u8 *)b->rip;

	if (nmis && nmis--)
		return VMEXIT_NMI;
	if (cpu->other_end)
		return cpu->other_end;
	if (!memcmp(code, "\x0f\x20\xd0\xf4", 4)) /* mov %cr2, %eax; hlt */
		return b->cr_read & 1 && cpu->reads_as_cr0 ? VMEXIT_CR0_READ :
		       b->intercept1 & INTERCEPT_HLT       ? VMEXIT_HLT :
							     VMEXIT_INVALID;
	if (code[0] == 0xf4) /* hlt */
		return b->intercept1 & INTERCEPT_HLT ? VMEXIT_HLT : VMEXIT_INVALID;
	if (code[0] != 0xea) /* ljmp */
		return VMEXIT_INVALID;
	if (b->intercept1 & INTERCEPT_TASK_SWITCH && cpu->sees_task_switch)
		return VMEXIT_TASK_SWITCH;
	const u8 *next = descriptor_of(b, (u16)(code[5] | code[6] << 8)), *busy = descriptor_of(b, b->tr.selector);
	if (next[5] != 0x89 || busy[5] != 0x8b || base_of(busy) != (u32)b->tr.base || b->tr.limit < 103)
		return VMEXIT_INVALID;
	return code[8] == 0xf4 && b->intercept1 & INTERCEPT_HLT ? VMEXIT_HLT : VMEXIT_INVALID;
}

static void on_fault(int sig, siginfo_t *info, void *context)
{
	greg_t *regs = ((ucontext_t *)context)->uc_mcontext.gregs;
	const u8 *at = (const u8 *)regs[REG_RIP];
	struct vmcb *b = (struct vmcb *)regs[REG_RAX];

	if (at[0] != 0x0f || at[1] != 0x01 || (at[2] != 0xda && at[2] != 0xd8))
		_exit(99);
	if (at[2] == 0xd8) { /* VMRUN */
		runs++;
		b->exitcode = machine_cpu.gif ? VMEXIT_INVALID : end_of(b);
		if (cpu->loses_paging && b->efer & EFER_LME && !(b->cr0 & CR0_PG) && !(b->cr4 & CR4_PAE))
			machine_cpu.cr0 = b->cr0;
	}
	regs[REG_RIP] += 3;
}

START_TEST(quirks)
{
	const struct sigaction act = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	const bool unknown = processors[_i].other_end;

	machine_init();
	sigaction(SIGILL, &act, NULL);
	sigaction(SIGSEGV, &act, NULL);
	cpu = &processors[_i];
	nmis = cpu->nr_nmis;
	machine_cpu.gif = true;
	svm_host_cr0 = 0;
	svm_self_test();
	ck_assert_uint_eq(svm_quirks.no_task_switch_exit, unknown || !cpu->sees_task_switch);
	ck_assert_uint_eq(svm_quirks.cr_reads_as_cr0, unknown || cpu->reads_as_cr0);
	ck_assert_uint_eq(svm_quirks.loses_host_paging, unknown || cpu->loses_paging);
	ck_assert_uint_eq(machine_cpu.cr0, HOST_CR0);
	ck_assert_uint_eq(svm_host_cr0, HOST_CR0);
	ck_assert_uint_eq(plat_cr3_unseen, svm_quirks.no_task_switch_exit);
	ck_assert_uint_eq(runs, 3 + cpu->nr_nmis);
	ck_assert(machine_cpu.gif);
}
END_TEST

Suite *svm_selftest_suite(void)
{
	Suite *suite = suite_create("hv/svm: self-test");

	svm_case(suite, "quirks", quirks, ARRAY_SIZE(processors));
	return suite;
}
