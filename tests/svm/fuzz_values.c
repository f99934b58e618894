/* SPDX-License-Identifier: BSD-2-Clause */
/* What an exit must have done, where that can be told: by the bytes at RIP, by what hardware said, and by what a CPU can be like. */
#include <string.h>

#include "domu.h"
#include "svm_code.h"
#include "tests/svm/fuzz.h"

static u8 bytes_at_rip[16];
static bool bytes_known;

static u64 linear_rip(const struct svm_vcpu *s)
{
	return svm_emul_mode(s) == EMUL_LONG ? s->vmcb.rip : (u32)(s->vmcb.cs.base + s->vmcb.rip);
}

static bool is_in_code(u64 linear)
{
	return (linear & ~(u64)(HOST_USER | 0xfff)) == HOST_CODE;
}

/* The first entry of each table above the leaves: the way to all that the guest maps. Accessed and dirty bits may come. */
#define UPPER_TABLES 3
static u64 upper_made[UPPER_TABLES];

static u64 upper_entry(const struct svm_vcpu *s, unsigned i)
{
	u64 e;

	memcpy(&e, host_at(s, HOST_TABLES + i * PAGE_SIZE), sizeof(e));
	return e & ~(PTE_A | PTE_D);
}

void fuzz_remember_tables(const struct svm_vcpu *s)
{
	for (unsigned i = 0; i < UPPER_TABLES; i++)
		upper_made[i] = upper_entry(s, i);
}

/* INS may have written to them even in a tame guest. */
static bool tables_stand(const struct svm_vcpu *s)
{
	for (unsigned i = 0; i < UPPER_TABLES; i++)
		if (upper_entry(s, i) != upper_made[i])
			return false;
	return true;
}

bool fuzz_moves_code(const struct svm_vcpu *s)
{
	return (s->v.nested || paging_switches) && fuzz_tame && s->v.cr0 & CR0_PG;
}

u64 fuzz_code_at(const struct svm_vcpu *s, u64 linear)
{
	u64 e;

	if (!fuzz_moves_code(s) || !is_in_code(linear))
		return linear;
	memcpy(&e, host_entry(s, linear), sizeof(e));
	return (e & (HOST_MEMORY - 1) & ~0xfffull) | (linear & 0xfff);
}

/* Known where the tables are as they were made, or paging is off, or the guest moves its code as tests/svm/fuzz.c has it do. */
void fuzz_remember_bytes(const struct svm_vcpu *s)
{
	u64 linear = linear_rip(s);

	bytes_known = is_in_code(linear) && (!(s->v.cr0 & CR0_PG) || (fuzz_tame && tables_stand(s)));
	if (fuzz_moves_code(s) && (linear & 0xfff) > PAGE_SIZE - sizeof(bytes_at_rip))
		bytes_known = false; /* what follows stays where it is */
	if (bytes_known)
		memcpy(bytes_at_rip, host_at(s, fuzz_code_at(s, linear)), sizeof(bytes_at_rip));
}

static bool is_crashed(const struct svm_vcpu *s)
{
	return s->v.domain->state == PN_CRASHED;
}

static bool has_moved(const struct svm_vcpu *s)
{
	return s->vmcb.rip != host_before()->vmcb.rip && !is_crashed(s);
}

static bool is_injected(const struct svm_vcpu *s, unsigned vector)
{
	return (s->vmcb.eventinj & 0x800007ff) == (EVENT_VALID | EVENT_EXCEPTION | vector);
}

/* Exits for one instruction, whose handlers must look at it. */
static bool needs_instruction(const struct vmcb *was)
{
	switch (was->exitcode) {
	case VMEXIT_CR0_READ ... VMEXIT_CR0_WRITE + 15:
	case VMEXIT_INVLPG: return true;
	case VMEXIT_IOIO: return was->exitinfo1 & BIT(2);
	case VMEXIT_CPUID:
	case VMEXIT_MSR:
	case VMEXIT_VMMCALL:
	case VMEXIT_INVD:
	case VMEXIT_WBINVD:
	case VMEXIT_HLT:
	case VMEXIT_PAUSE:
	case VMEXIT_XSETBV: return !svm_has_nrip; /* which tells where the next one is */
	}
	return false;
}

/* An instruction is done: what it leaves of RFLAGS.RF, of an interrupt shadow, and behind itself in a single step. */
static void check_end(const struct svm_vcpu *s, bool goes_on)
{
	const struct vmcb *was = &host_before()->vmcb;

	if (!has_moved(s))
		return;
	if (s->vmcb.interrupt_shadow & 1)
		host_fail(s, "an instruction is done, and the interrupt shadow before it still stands");
	if (s->vmcb.rflags & RFLAGS_RF)
		host_fail(s, "an instruction is done, and RFLAGS.RF still stands");
	if (goes_on && was->rflags & s->vmcb.rflags & RFLAGS_TF && !(is_injected(s, VECTOR_DB) && s->vmcb.dr6 & BIT(14)))
		host_fail(s, "a single step is over, and there is no #DB");
}

/* Bytes that cannot have the exit: the guest is to execute what is there now, so its TLB forgets the page. */
static void check_mismatch(const struct svm_vcpu *s, bool goes_on)
{
	if (has_moved(s))
		host_fail(s, "RIP went past bytes %02x %02x %02x %02x, which cannot have this exit", bytes_at_rip[0],
			  bytes_at_rip[1], bytes_at_rip[2], bytes_at_rip[3]);
	if (goes_on && !(s->vmcb.eventinj & EVENT_VALID) && s->vmcb.tlb_control == TLB_NOTHING)
		host_fail(s, "bytes that cannot have this exit are fetched again by the same translation");
}

/* Some emulators report a read of any as CR0's (exit_insn.c). */
static bool is_cr_of(const struct fuzz_bytes *f, const struct vmcb *was)
{
	u64 code = was->exitcode;

	if (f->kind == FUZZ_MOV_TO_CR)
		return was->cpl == 0 && f->cr == code - VMEXIT_CR0_WRITE;
	if (f->kind == FUZZ_MOV_FROM_CR)
		return was->cpl == 0 && (f->cr == code - VMEXIT_CR0_READ || (code == VMEXIT_CR0_READ && f->cr <= 8));
	return true;
}

static bool is_direction_of(const struct fuzz_bytes *f, const struct vmcb *was)
{
	bool in = was->exitinfo1 & 1;

	return !((f->kind == FUZZ_INS && !in) || (f->kind == FUZZ_OUTS && in) || (f->kind == FUZZ_WRMSR && !in) ||
		 (f->kind == FUZZ_RDMSR && in));
}

bool fuzz_is_of(const struct fuzz_bytes *f, const struct vmcb *b)
{
	return is_cr_of(f, b) && is_direction_of(f, b);
}

static u64 cr_value(const struct svm_vcpu *was, unsigned cr)
{
	const u64 values[] = { was->v.cr0, 0, was->vmcb.cr2, was->v.cr3, was->v.cr4, 0, 0, 0, was->vmcb.v_tpr & 15 };

	return values[cr];
}

static void check_cr_read(const struct svm_vcpu *s, const struct fuzz_bytes *f, enum emul_mode mode)
{
	const struct svm_vcpu *was = host_before();
	u64 want;

	if ((f->kind != FUZZ_MOV_FROM_CR && f->kind != FUZZ_SMSW) || f->in_memory || was->v.nested)
		return;
	want = fuzz_into(f, mode, host_reg(was, f->reg), cr_value(was, f->kind == FUZZ_SMSW ? 0 : f->cr));
	if (host_reg(s, f->reg) != want)
		host_fail(s, "register %u is %llx after a control register's read, not %llx", f->reg,
			  (unsigned long long)host_reg(s, f->reg), (unsigned long long)want);
}

static void check_cr_write(const struct svm_vcpu *s, const struct fuzz_bytes *f, enum emul_mode mode)
{
	const struct svm_vcpu *was = host_before();
	u64 want;

	if ((was->vmcb.exitcode & ~15ull) != VMEXIT_CR0_WRITE || f->in_memory || was->v.nested)
		return;
	want = host_reg(was, f->reg);
	if (f->kind != FUZZ_MOV_TO_CR || f->cr == 0)
		want = fuzz_cr0(f, mode, was->v.cr0, want);
	else if (mode != EMUL_LONG)
		want = (u32)want;
	if (cr_value(s, f->kind == FUZZ_MOV_TO_CR ? f->cr : 0) != want)
		host_fail(s, "a control register is not %llx, which was written", (unsigned long long)want);
}

static void check_bytes(const struct svm_vcpu *s, bool goes_on)
{
	const struct svm_vcpu *was = host_before();
	enum emul_mode mode = svm_emul_mode(was);
	struct fuzz_bytes f;

	if (!bytes_known || !needs_instruction(&was->vmcb) || is_crashed(s))
		return;
	if (!fuzz_can_exit(bytes_at_rip, mode, was->vmcb.exitcode, &f) || !fuzz_is_of(&f, &was->vmcb)) {
		check_mismatch(s, goes_on);
	} else if (has_moved(s)) {
		check_cr_read(s, &f, mode);
		check_cr_write(s, &f, mode);
	}
}

/* A string's pointer moves by what hardware said of the operand, once or by RCX. */
static void check_string(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();
	u64 info = was->vmcb.exitinfo1, size = info >> 4 & 7;
	unsigned reg = info & 1 ? RDI : RSI;
	u16 by = (u16)(host_reg(s, reg) - host_reg(was, reg));
	u16 times = info & BIT(3) ? (u16)(host_reg(was, RCX) - host_reg(s, RCX)) : has_moved(s) ? 1 : 0;

	if (was->vmcb.exitcode != VMEXIT_IOIO || !(info & BIT(2)) || is_crashed(s))
		return;
	if (was->vmcb.rflags & BIT(10))
		by = (u16)-by;
	if (by != (u16)(times * size))
		host_fail(s, "a string of %llu bytes moves its pointer by %u in %u times", (unsigned long long)size, by, times);
}

/* Of devices that hold what is read or written, whatever else happens: the serial port's scratch register, the clock's index. */
static void check_device(const struct svm_vcpu *s)
{
	const struct vmcb *was = &host_before()->vmcb;
	const struct vdev *v = &((const struct domu_vcpu *)s->v.owner)->u->vdev;
	const u32 port = was->exitinfo1 >> 16 & 0xffff, bytes = was->exitinfo1 >> 4 & 7;
	const bool in = was->exitinfo1 & 1;

	if (was->exitcode != VMEXIT_IOIO || was->exitinfo1 & BIT(2) || !has_moved(s))
		return;
	if (in && port == 0x3ff && (u8)s->vmcb.rax != v->uart.scratch)
		host_fail(s, "port %x reads %x, which was not written there", port, (u8)s->vmcb.rax);
	if (in && port == 0x80 && (u8)s->vmcb.rax != 0xff)
		host_fail(s, "port %x, which is nobody's, reads %x", port, (u8)s->vmcb.rax);
	if (!in && port <= 0x70 && port + bytes > 0x70 && (was->rax >> 8 * (0x70 - port) & 0x7f) != v->rtc.index)
		host_fail(s, "%u bytes were written to port %x, and the clock's index is %x", bytes, port, v->rtc.index);
}

static void check_cpuid(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();
	u32 leaf = (u32)was->vmcb.rax;
	struct cpuid host = cpuid(leaf, 0);

	if (was->vmcb.exitcode != VMEXIT_CPUID || !has_moved(s))
		return;
	if ((s->vmcb.rax | host_reg(s, RBX) | host_reg(s, RCX) | host_reg(s, RDX)) >> 32)
		host_fail(s, "CPUID leaves something in the upper half of a register");
	if (leaf == 1 && !!(host_reg(s, RCX) & CPUID_OSXSAVE) != !!((was->v.nested ? was->vmcb.cr4 : was->v.cr4) & CR4_OSXSAVE))
		host_fail(s, "CPUID.OSXSAVE is not CR4.OSXSAVE");
	if (leaf == PN_CPUID_BASE)
		host = (struct cpuid){ PN_CPUID_BASE + 1, PN_CPUID_EBX, PN_CPUID_ECX, PN_CPUID_EDX };
	else if (leaf && leaf != 0x80000000)
		return;
	if (host_reg(s, RBX) != host.ebx || host_reg(s, RCX) != host.ecx || host_reg(s, RDX) != host.edx)
		host_fail(s, "CPUID's leaf %x names another maker", leaf);
}

static bool kept_msr(const struct svm_vcpu *s, u32 number, u64 *val)
{
	switch (number) {
	case MSR_PAT: *val = s->pat; return true;
	case MSR_TSC_AUX: *val = s->tsc_aux; return true;
	case MSR_EFER: *val = s->v.efer; return !s->v.nested;
	}
	return false;
}

/* What is read is what there is, and what is written is there then. */
static void check_msr_value(const struct svm_vcpu *s)
{
	const struct svm_vcpu *was = host_before();
	bool is_write = was->vmcb.exitinfo1 & 1;
	u32 number = (u32)host_reg(was, RCX);
	u64 is = 0, val = is_write ? host_reg(was, RDX) << 32 | (u32)was->vmcb.rax : host_reg(s, RDX) << 32 | (u32)s->vmcb.rax;

	if (was->vmcb.exitcode != VMEXIT_MSR || !has_moved(s) || !kept_msr(s, number, &is))
		return;
	if ((is ^ val) & ~(number == MSR_EFER && is_write ? (u64)EFER_LMA : 0))
		host_fail(s, "MSR %x is %llx, and %llx was written or read", number, (unsigned long long)is,
			  (unsigned long long)val);
}

/* A CPU that could be (APM volume 2, 14.6), whatever was written to its registers. */
static void check_cpu(const struct svm_vcpu *s)
{
	const struct vcpu *v = &s->v;

	if (v->nested)
		return;
	if (v->cr0 & CR0_PG && !(v->cr0 & CR0_PE))
		host_fail(s, "the guest pages in real mode");
	if (v->cr0 & CR0_NW && !(v->cr0 & CR0_CD))
		host_fail(s, "the guest has CR0.NW without CR0.CD");
	if (v->cr4 & v->cr4_refused || v->efer & ~(s->efer_offered | EFER_LMA))
		host_fail(s, "the guest has set what CPUID denies: CR4 %llx, EFER %llx", (unsigned long long)v->cr4,
			  (unsigned long long)v->efer);
	if (!!(v->efer & EFER_LMA) != ((v->efer & EFER_LME) && (v->cr0 & CR0_PG)))
		host_fail(s, "EFER.LMA is not what LME and CR0.PG make: %llx", (unsigned long long)v->efer);
	if (v->efer & EFER_LMA && !(v->cr4 & CR4_PAE && v->cr3 >> GUEST_PHYS_BITS == 0))
		host_fail(s, "the guest is in long mode with CR4 %llx, CR3 %llx", (unsigned long long)v->cr4,
			  (unsigned long long)v->cr3);
}

void fuzz_values(const struct svm_vcpu *s, bool goes_on)
{
	check_end(s, goes_on);
	check_bytes(s, goes_on);
	check_string(s);
	check_device(s);
	check_cpuid(s);
	check_msr_value(s);
	if (goes_on)
		check_cpu(s);
}
