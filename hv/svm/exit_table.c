/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which handler a domU's exit code goes to; dom0's table is in dom0/dom0_exits.c.
 *
 * Codes without a handler of their own are exit_unknown's, which ends the domain, so that no exit is taken for another: those of
 * intercepts that nobody asked for, and FERR_FREEZE, which waits for an interrupt that no device here raises.
 */
#include "cpu.h"
#include "domu.h"
#include "exit_insn.h"
#include "pcpu.h"
#include "plat.h"
#include "svm.h"
#include "svm_code.h"

enum trip exit_unknown(struct svm_vcpu *s)
{
	plat_domain_crash(s->v.domain, "exit code %lx (info %lx, %lx) at rip %lx is not one that we ask for", s->vmcb.exitcode,
			  s->vmcb.exitinfo1, s->vmcb.exitinfo2, s->vmcb.rip);
	return TRIP_other;
}

/* VMRUN refused the guest's state (APM volume 2, section 15.5.1, "Canonicalization and Consistency Checks"). */
enum trip exit_invalid(struct svm_vcpu *s)
{
	plat_domain_crash(s->v.domain, "the CPU refuses the guest's state: cr0 %lx cr3 %lx cr4 %lx efer %lx rip %lx", s->vmcb.cr0,
			  s->vmcb.cr3, s->vmcb.cr4, s->vmcb.efer, s->vmcb.rip);
	return TRIP_other;
}

/* An instruction that this virtual CPU does not have raises #UD, whatever the machine below could do with it. */
enum trip exit_ud(struct svm_vcpu *s)
{
	svm_inject_ud(s);
	return TRIP_other;
}

/*
 * INVD and WBINVD do nothing: caches are coherent, and no device of a domU reads memory behind them. INVD on the real CPU would
 * throw away what others have written.
 */
static enum trip exit_nothing(struct svm_vcpu *s)
{
	unsigned len = svm_exit_length(s, (u32)s->vmcb.exitcode == VMEXIT_INVD ? 0x080f : 0x090f, 0xffff, 2);

	if (len)
		svm_exit_done(s, len);
	return TRIP_other;
}

/*
 * A physical interrupt, NMI or INIT ended the guest's run. Its coming is the message: svm_prepare_entry looks what it was for. It
 * is still pending (APM volume 2, section 15.13), so it is taken here, by the hypervisor's own IDT.
 */
static enum trip exit_interrupt(struct svm_vcpu *s)
{
	pcpu_take_interrupts();
	if (!s->smp) /* others stand where they hold no lock */
		pcpu_stand_if_asked();
	domu_interrupted(s->v.owner);
	s->v.request = 1;
	return s->smp && vcpus_turn_ends(s->v.owner, domain_time(s->v.domain, rdtsc())) ? TRIP_emulator : TRIP_interrupt;
}

/* PAUSE: the guest waits for another vCPU. It is intercepted where that one can run only if this one's turn is over. */
static enum trip exit_pause(struct svm_vcpu *s)
{
	unsigned len = svm_exit_length(s, 0x90f3, 0xffff, 2);

	if (len) {
		svm_exit_done(s, len);
		vcpus_pause(s->v.owner);
	}
	return TRIP_emulator;
}

/* The window that vmcb_set_irq_window asked for is open; the virtual interrupt is not taken (APM volume 2, section 15.13.5). */
static enum trip exit_vintr(struct svm_vcpu *s)
{
	s->v.request = 1;
	return TRIP_irq_window;
}

/* A shutdown leaves the VMCB's state undefined (APM volume 2, section 15.14.3): RIP and CR2 are told as hints. */
enum trip exit_shutdown(struct svm_vcpu *s)
{
	plat_domain_crash(s->v.domain, "triple fault at rip %lx, cr2 %lx", s->vmcb.rip, s->vmcb.cr2);
	return TRIP_shutdown;
}

/* A long wait's ticks beyond 2^32 are added here: svm_account() keeps the low half only. */
static void wait(struct svm_vcpu *s, bool interrupts)
{
	u64 begin = rdtsc();

	domu_halt(s->v.owner, interrupts);
	s->v.trip[TRIP_hlt].ticks += (rdtsc() - begin) & ~0xffffffffull;
}

/* HLT is past before the wait, so that the interrupt that ends it returns behind it (APM volume 3, HLT). */
static enum trip exit_hlt(struct svm_vcpu *s)
{
	unsigned len = svm_exit_length(s, 0xf4, 0xff, 1);

	if (!len)
		return TRIP_hlt;
	svm_exit_done(s, len);
	if (!(s->vmcb.rflags & RFLAGS_IF) && domu_halts_for_ever(s->v.owner))
		domu_halted_for_ever(s->v.owner, s->vmcb.rip);
	else
		wait(s, s->vmcb.rflags & RFLAGS_IF);
	s->v.request = 1;
	return TRIP_hlt;
}

/* The entry of exits that have no quick handler: the full one handles them. */
quick_t quick_not(struct svm_vcpu *s)
{
	return QUICK_NOT;
}

/* quick_not for guests under nested paging, where svm_quirks.loses_host_paging: every exit begins with the host paging again. */
quick_t quick_not_nested(struct svm_vcpu *s)
{
	svm_regain_paging();
	return QUICK_NOT;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const exit_handler_t domu_exits[NR_EXITS] = {
	[0 ... NR_EXITS - 1] = exit_unknown,
	[VMEXIT_CR0_READ... VMEXIT_CR0_READ + 15] = exit_cr_read,
	[VMEXIT_CR0_WRITE... VMEXIT_CR0_WRITE + 15] = exit_cr_write,
	[VMEXIT_CR3_WRITE] = exit_cr3_write,
	[VMEXIT_EXCP0 + VECTOR_DB] = exit_db,
	[VMEXIT_EXCP0 + VECTOR_PF] = exit_pf,
	[VMEXIT_EXCP0 + VECTOR_AC] = exit_ac,
	[VMEXIT_EXCP0 + VECTOR_MC] = exit_mc,
	[VMEXIT_INTR] = exit_interrupt,
	[VMEXIT_NMI] = exit_interrupt,
	[VMEXIT_INIT] = exit_interrupt,
	[VMEXIT_VINTR] = exit_vintr,
	[VMEXIT_RDPMC] = exit_ud,
	[VMEXIT_CPUID] = exit_cpuid,
	[VMEXIT_INVD] = exit_nothing,
	[VMEXIT_PAUSE] = exit_pause,
	[VMEXIT_HLT] = exit_hlt,
	[VMEXIT_INVLPG] = exit_invlpg,
	[VMEXIT_INVLPGA] = exit_ud,
	[VMEXIT_IOIO] = exit_io,
	[VMEXIT_MSR] = exit_msr,
	[VMEXIT_TASK_SWITCH] = exit_task_switch,
	[VMEXIT_SHUTDOWN] = exit_shutdown,
	[VMEXIT_VMRUN] = exit_ud,
	[VMEXIT_VMMCALL] = exit_vmmcall,
	[VMEXIT_VMMCALL + 1 ... VMEXIT_SKINIT] = exit_ud,
	[VMEXIT_WBINVD] = exit_nothing,
	[VMEXIT_MONITOR... VMEXIT_MWAIT_ARMED] = exit_ud,
	[VMEXIT_XSETBV] = exit_xsetbv,
	[VMEXIT_RDPRU] = exit_ud,
	[VMEXIT_INVLPGB... VMEXIT_TLBSYNC] = exit_ud,
	[EXIT_IDX_NPF] = exit_npf,
	[EXIT_IDX_INVALID] = exit_invalid,
};

#pragma GCC diagnostic pop
const quick_handler_t quick_none[NR_QUICK] = { [0 ... NR_QUICK - 1] = quick_not };
static const quick_handler_t quick_none_nested[NR_QUICK] = { [0 ... NR_QUICK - 1] = quick_not_nested };

const quick_handler_t *svm_quick_none(const struct svm_vcpu *s)
{
	return s->v.nested && svm_quirks.loses_host_paging ? quick_none_nested : quick_none;
}
