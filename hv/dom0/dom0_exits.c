/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's few exits: what it may not see of the CPU, the control device's
 * configuration space and registers, and the signal to stand still.
 */
#include "dom0.h"

#include "control.h"
#include "cpu.h"
#include "domu.h"
#include "lib.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"

static bool decode(struct svm_vcpu *s, struct insn *in)
{
	u8 bytes[15];
	unsigned n = sizeof(bytes);

	svm_sync(s);
	while (n && !dom0_fetch(s, bytes, n))
		n--;
	return n && emul_decode(in, bytes, n, svm_emul_mode(s)) > 0;
}

static void skip(struct svm_vcpu *s)
{
	struct insn in;

	if (svm_has_nrip)
		svm_done_at(s, s->vmcb.nrip);
	else if (decode(s, &in))
		svm_past(s, in.len);
	else
		svm_inject_gp(s); /* it is not there any more, or lies where no memory is: dom0's own doing */
}

/* A domU's measured region wants us to stand still, or is over. */
static enum trip dom0_exit_nmi(struct svm_vcpu *s)
{
	pcpu_take_interrupts();
	pcpu_stand_if_asked();
	return TRIP_interrupt;
}

static enum trip dom0_exit_cpuid(struct svm_vcpu *s)
{
	u32 leaf = (u32)s->vmcb.rax;
	struct cpuid r = cpuid(leaf, (u32)s->v.gpr[RCX]);

	if (leaf == 0x80000001)
		r.ecx &= ~(u32)BIT(2); /* SVM is ours */
	else if (leaf == 0x8000000a)
		r = (struct cpuid){ 0, 0, 0, 0 };
	else if (leaf == 1)
		r.ecx = (r.ecx & ~(u32)BIT(27)) | (s->vmcb.cr4 & CR4_OSXSAVE ? BIT(27) : 0);
	s->vmcb.rax = r.eax;
	s->v.gpr[RBX] = r.ebx;
	s->v.gpr[RCX] = r.ecx;
	s->v.gpr[RDX] = r.edx;
	skip(s);
	return TRIP_cpuid;
}

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	if (msr != MSR_EFER || (val & ~(EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | BIT(13) | BIT(14))))
		return false;
	s->vmcb.efer = (val & ~EFER_LMA) | (s->vmcb.efer & EFER_LMA) | EFER_SVME;
	s->vmcb.clean &= ~(u32)CLEAN_CRX;
	return true;
}

static bool read_msr(const struct svm_vcpu *s, u32 msr, u64 *val)
{
	*val = msr == MSR_EFER ? s->vmcb.efer & ~EFER_SVME : msr == MSR_VM_CR ? VM_CR_SVMDIS : 0;
	return msr != MSR_VM_HSAVE_PA;
}

static enum trip dom0_exit_msr(struct svm_vcpu *s)
{
	u32 msr = (u32)s->v.gpr[RCX];
	bool ok;

	if (s->vmcb.exitinfo1 & 1) {
		ok = write_msr(s, msr, s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax);
	} else {
		u64 val;
		ok = read_msr(s, msr, &val);
		if (ok) {
			s->vmcb.rax = (u32)val;
			s->v.gpr[RDX] = val >> 32;
		}
	}
	if (ok)
		skip(s);
	else
		svm_inject_gp(s);
	return TRIP_msr;
}

static enum trip dom0_exit_io(struct svm_vcpu *s)
{
	u64 info = s->vmcb.exitinfo1;
	unsigned bytes = IOIO_BYTES(info);
	u16 port = IOIO_PORT(info);

	if (info & IOIO_STRING) { /* on configuration ports: nobody does it */
		svm_inject_gp(s);
		return TRIP_io;
	}
	if (info & IOIO_IN) {
		u32 val = control_config_in(port, bytes);
		if (bytes == 4)
			s->vmcb.rax = val;
		else
			memcpy(&s->vmcb.rax, &val, bytes);
	} else {
		control_config_out(port, bytes, (u32)s->vmcb.rax);
	}
	svm_done_at(s, s->vmcb.exitinfo2);
	return TRIP_io;
}

/*
 * An access that nested paging stopped: the control device's registers, or the
 * private range, which is all-ones and takes no writes.
 */
static int mem_read(void *ctx, u64 va, void *buf, unsigned bytes, bool for_write)
{
	u64 gpa;

	if (!dom0_translate(ctx, va, &gpa))
		return 1;
	if (control_covers(gpa))
		control_read(gpa, buf, bytes);
	else if (dom0_has_memory(gpa, bytes))
		memcpy(buf, (const void *)gpa, bytes);
	else
		memset(buf, 0xff, bytes);
	return 0;
}

static int mem_write(void *ctx, u64 va, const void *buf, unsigned bytes)
{
	u64 gpa;

	if (!dom0_translate(ctx, va, &gpa))
		return 1;
	if (control_covers(gpa))
		control_write(gpa, buf, bytes);
	else if (dom0_has_memory(gpa, bytes))
		memcpy((void *)gpa, buf, bytes);
	return 0;
}

/* No device here has an atomic access: it is refused, as a bus would. */
static int mem_cmpxchg(void *ctx, u64 va, void *old, const void *new_, unsigned bytes, bool *done)
{
	return 1;
}

static const struct emul_ops ops = { .read = mem_read, .write = mem_write, .cmpxchg = mem_cmpxchg };

static enum trip dom0_exit_npf(struct svm_vcpu *s)
{
	u64 gpa = s->vmcb.exitinfo2;
	struct emul_state st;
	struct insn in;

	if (!control_covers(gpa) && dom0_npt_demand(gpa))
		return TRIP_npf;
	if (!control_covers(gpa))
		plat_log(LOG_DEBUG, "dom0 reaches for %lx, which is the hypervisor's, or for which no table is left", gpa);
	if (!decode(s, &in)) {
		svm_inject_gp(s);
		return TRIP_npf;
	}
	svm_emul_begin(s, &st, &in);
	int r = emul_execute(&in, &st, &ops, s);
	if (r == EMUL_DONE || r == EMUL_AGAIN)
		svm_emul_end(s, &st);
	else
		svm_inject_gp(s); /* as if the bus had refused */
	return TRIP_npf;
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Woverride-init"
const exit_handler_t dom0_exits[NR_EXITS] = {
	[0 ... NR_EXITS - 1] = exit_unknown,
	[VMEXIT_NMI] = dom0_exit_nmi,
	[VMEXIT_CPUID] = dom0_exit_cpuid,
	[VMEXIT_IOIO] = dom0_exit_io,
	[VMEXIT_MSR] = dom0_exit_msr,
	[VMEXIT_SHUTDOWN] = exit_shutdown,
	[VMEXIT_VMRUN... VMEXIT_SKINIT] = exit_ud,
	[EXIT_IDX_NPF] = dom0_exit_npf,
	[EXIT_IDX_INVALID] = exit_invalid,
};
#pragma GCC diagnostic pop
