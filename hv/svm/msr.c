/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU's MSRs: msr.def says which there are and why, and this file what they do.
 *
 * What must hold: an MSR that msr.def does not list is #GP; a value that hardware would refuse is refused, so that no WRMSR of ours
 * faults. Each read_ and write_ returns false for #GP.
 */
#include "cpu.h"
#include "domu.h"
#include "exit_insn.h"
#include "svm.h"

#define APIC_BASE_FIRST   BIT(8) /* this CPU booted: read-only */
#define APIC_BASE_ENABLE  BIT(11)
#define APIC_BASE_ADDRESS 0xfffffff000ull /* of 40 bits */

/* Reads and writes of MSRs that have no effect of their own: zero, nothing done, #GP. */
static bool read_zero(const struct svm_vcpu *s, u64 *val)
{
	*val = 0;
	return true;
}

static bool write_dropped(struct svm_vcpu *s, u64 val)
{
	return true;
}

static bool write_refused(struct svm_vcpu *s, u64 val)
{
	return false;
}

/* The guest's TSC is the CPU's plus TSC_OFFSET, which a clean bit covers. */
static bool read_tsc(const struct svm_vcpu *s, u64 *val)
{
	*val = rdtsc() + s->vmcb.tsc_offset;
	return true;
}

static void set_tsc_offset(struct svm_vcpu *s, u64 offset)
{
	s->vmcb.tsc_offset = offset;
	s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
}

static bool write_tsc(struct svm_vcpu *s, u64 val)
{
	set_tsc_offset(s, val - rdtsc());
	return true;
}

void svm_set_tsc(struct svm_vcpu *s, u64 at)
{
	s->v.stood = s->v.domain->stood;
	set_tsc_offset(s, -(at + s->v.stood));
}

/* A trip that began while the domain stood, because its vCPU waited for the lock, begins when that was over. */
void svm_hide_stand(struct svm_vcpu *s)
{
	const u64 ticks = s->v.domain->stood - s->v.stood;
	const u32 since = (u32)rdtsc() - s->vmcb.begin;

	s->v.stood += ticks;
	set_tsc_offset(s, s->vmcb.tsc_offset - ticks);
	s->vmcb.begin += ticks < since ? (u32)ticks : since;
}

/* The local APIC is where a reset puts it, and on. */
static bool read_apic_base(const struct svm_vcpu *s, u64 *val)
{
	*val = s->smp ? LAPIC_BASE | APIC_BASE_ENABLE | (s->v.id ? 0 : APIC_BASE_FIRST) : 0;
	return true;
}

/*
 * A guest that switches its APIC off is done with it: the write is dropped. Another place, or a mode that CPUID denies, is
 * refused.
 */
static bool write_apic_base(struct svm_vcpu *s, u64 val)
{
	u64 rest = val & ~(APIC_BASE_ENABLE | APIC_BASE_FIRST);

	return s->smp ? rest == LAPIC_BASE : !(rest & ~APIC_BASE_ADDRESS);
}

static bool read_pat(const struct svm_vcpu *s, u64 *val)
{
	*val = s->pat;
	return true;
}

/* Eight memory types, a byte each (APM volume 2, section 7.8.1): 2 and 3 are reserved, and so is all above 7. */
static bool write_pat(struct svm_vcpu *s, u64 val)
{
	for (unsigned i = 0; i < 8; i++) {
		u8 type = (u8)(val >> 8 * i);

		if (type > 7 || type == 2 || type == 3)
			return false;
	}
	s->pat = val;
	return true;
}

static bool read_efer(const struct svm_vcpu *s, u64 *val)
{
	*val = s->v.efer;
	return true;
}

/* EFER is paging's business (exit_paging.c). */
static bool write_efer(struct svm_vcpu *s, u64 val)
{
	return svm_write_efer(s, val);
}

/* TSC_AUX is not in the VMCB: the CPU holds it for RDTSCP, which does not exit; the copy is what RDMSR reads. */
static bool read_tsc_aux(const struct svm_vcpu *s, u64 *val)
{
	*val = s->tsc_aux;
	return svm_offers_tsc_aux();
}

static bool write_tsc_aux(struct svm_vcpu *s, u64 val)
{
	if (!svm_offers_tsc_aux() || val >> 32) /* reserved: a fault of our own, otherwise */
		return false;
	s->tsc_aux = val;
	wrmsr(MSR_TSC_AUX, val);
	return true;
}

/* An MSR that msr.def does not list is #GP, on a read and on a write, as on a CPU that lacks it. */
static bool read_msr(const struct svm_vcpu *s, u32 msr, u64 *val)
{
	switch (msr) {
/* The formatter takes the list for a part of the macro. */
/* clang-format off */
#define MSR(first, n, name, read, write, why) case (first) ... (first) + (n) - 1: return read_##read(s, val);
#include "msr.def"
		/* clang-format on */
	}
	return false;
}

static bool write_msr(struct svm_vcpu *s, u32 msr, u64 val)
{
	switch (msr) {
/* The formatter takes the list for a part of the macro. */
/* clang-format off */
#define MSR(first, n, name, read, write, why) case (first) ... (first) + (n) - 1: return write_##write(s, val);
#include "msr.def"
		/* clang-format on */
	}
	return false;
}

enum trip exit_msr(struct svm_vcpu *s)
{
	u32 msr = (u32)s->v.gpr[RCX];
	bool is_write = s->vmcb.exitinfo1 & 1, ok;
	unsigned len = svm_exit_length(s, is_write ? 0x300f : 0x320f, 0xffff, 2);
	u64 val = 0;

	if (!len)
		return TRIP_msr;
	s->vmcb.exitinfo1 = msr; /* for the trace */
	if (is_write) {
		ok = write_msr(s, msr, s->v.gpr[RDX] << 32 | (u32)s->vmcb.rax);
	} else {
		ok = read_msr(s, msr, &val);
		if (ok) {
			s->vmcb.rax = (u32)val;
			s->v.gpr[RDX] = val >> 32;
		}
	}
	return svm_exit_end(s, len, ok, msr == MSR_EFER && is_write ? TRIP_efer : TRIP_msr);
}
