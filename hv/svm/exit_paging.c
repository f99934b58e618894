/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exits that are about paging: page faults, control registers, INVLPG, EFER.
 *
 * What must hold: what the guest believes (v.cr0 to v.efer) changes only by a value that its own CPU would have taken, as a whole
 * or, where that is #GP, not at all; and what hardware has (hw_*) follows it by paging_update_modes() or paging_load_root().
 */
#include "cpu.h"
#include "domu.h"
#include "exit_insn.h"
#include "plat.h"
#include "svm.h"
#include "svm_code.h"

#define CR0_KNOWN (CR0_PE | CR0_MP | CR0_EM | CR0_TS | CR0_ET | CR0_NE | CR0_WP | CR0_AM | CR0_NW | CR0_CD | CR0_PG)
/* Changes of these bits have the PDPTEs of a PAE guest loaded again, as every MOV to CR3 has. */
#define CR0_LOADS_PDPTES (CR0_PG | CR0_CD | CR0_NW)
#define CR4_LOADS_PDPTES (CR4_PAE | CR4_PGE | CR4_PSE | CR4_SMEP)

enum trip svm_answer_pf(struct svm_vcpu *s, enum verdict r)
{
	if (unlikely(s->pending && (r == SH_EMULATE || r == SH_MMIO)))
		return svm_delivery_failed(
			s, r == SH_EMULATE); /* no instruction made this access: the CPU pushed an event's frame */
	switch (r) {
	case SH_GUEST_FAULT: svm_inject_pf(s); return TRIP_pf_guest;
	case SH_FIXED: return TRIP_pf_fixed;
	case SH_EMULATE: return svm_emulate(s, TRIP_pf_emulate);
	case SH_MMIO: return svm_emulate_any(s, TRIP_pf_mmio);
	case SH_RETRY: return TRIP_pf_retry;
	case SH_OOM: break;
	}
	plat_domain_crash(s->v.domain, "the shadow pool is too small for one fault");
	return TRIP_pf_crash;
}

/* EXITINFO1 is the error code, EXITINFO2 the address; CR2 is not written yet (APM volume 2, section 15.12.15). */
enum trip exit_pf(struct svm_vcpu *s)
{
	return svm_answer_pf(s, svm_ask_paging(s, s->v.cr4 & CR4_SMAP));
}

/*
 * A nested page fault: EXITINFO1 is its error code, EXITINFO2 the guest-physical address (APM volume 2, "Nested versus Guest Page
 * Faults, Fault Ordering"). Behind a fence every other load of CR3 exits: one that is not the vCPU's is a task switch's.
 */
enum trip exit_npf(struct svm_vcpu *s)
{
	if (!s->v.nested && s->vmcb.cr3 != s->v.hw_cr3) {
		plat_domain_crash(s->v.domain,
				  "a hardware task switch, of which this machine does not tell, loaded CR3 %lx, and reached %lx",
				  s->vmcb.cr3, s->vmcb.exitinfo2);
		return TRIP_npf;
	}
	if (paging_nested_fault(&s->v, s->vmcb.exitinfo2, s->vmcb.exitinfo1) != SH_MMIO)
		return TRIP_npf;
	return unlikely(s->pending) ? svm_delivery_failed(s, false) : svm_emulate_any(s, TRIP_npf);
}

enum trip exit_invlpg(struct svm_vcpu *s)
{
	struct exit_insn x;

	if (!svm_exit_insn(s, &x))
		return TRIP_invlpg;
	paging_invlpg(&s->v, x.va);
	svm_exit_done(s, x.len);
	return TRIP_invlpg;
}

/* Is paging's state legal, and if it changes long mode, by the rules of APM volume 2, section 14.6? */
static bool legal(u64 cr0, u64 cr4, u64 efer)
{
	if ((cr0 & CR0_PG) && !(cr0 & CR0_PE))
		return false;
	if ((cr0 & CR0_NW) && !(cr0 & CR0_CD))
		return false;
	return !((cr0 & CR0_PG) && (efer & EFER_LME) && !(cr4 & CR4_PAE));
}

/*
 * The guest loads CR0. PDPTEs are read before anything changes, because a reserved bit in them is #GP. Setting PG under EFER.LME
 * activates long mode, clearing it leaves long mode: EFER.LMA follows (APM volume 2, section 14.6). False: #GP.
 */
static bool guest_cr0(struct svm_vcpu *s, u64 val)
{
	struct vcpu *v = &s->v;

	if (val >> 32)
		return false;
	val = (val & CR0_KNOWN) | CR0_ET;
	if (!legal(val, v->cr4, v->efer))
		return false;
	u64 changed = v->cr0 ^ val;
	if (changed & CR0_LOADS_PDPTES && !paging_load_pdptes(v, val, v->cr3, v->cr4, v->efer))
		return false;
	if ((changed & CR0_PG) && (v->efer & EFER_LME)) {
		/* Only 64-bit code runs with CS.L set: leaving long mode from there is a fault. */
		if (!(val & CR0_PG) && (s->vmcb.cs.attrib & SEG_L))
			return false;
		v->efer = val & CR0_PG ? v->efer | EFER_LMA : v->efer & ~EFER_LMA;
	}
	v->cr0 = val;
	if (changed & (CR0_PG | CR0_WP | CR0_PE)) {
		paging_update_modes(v);
	} else if (changed) {
		/* Caching stays on in hardware whatever the guest says: memory is coherent. */
		changed &= ~(CR0_CD | CR0_NW);
		v->hw_cr0 = (v->hw_cr0 & ~changed) | (val & changed);
		v->hw_dirty = HW_ALL;
	}
	return true;
}

/* The guest loads CR4. PAE cannot be cleared in long mode, nor LA57 changed there. False: #GP. */
static bool guest_cr4(struct svm_vcpu *s, u64 val)
{
	struct vcpu *v = &s->v;

	if (val & v->cr4_refused)
		return false;
	if (!legal(v->cr0, val, v->efer) || ((v->efer & EFER_LMA) && !(val & CR4_PAE)))
		return false;
	u64 changed = v->cr4 ^ val;
	if (changed & CR4_LA57 && v->efer & EFER_LMA)
		return false;
	if (changed & CR4_LOADS_PDPTES && !paging_load_pdptes(v, v->cr0, v->cr3, val, v->efer))
		return false;
	v->cr4 = val;
	if (changed & (CR4_PSE | CR4_PAE | CR4_PGE | CR4_LA57 | CR4_SMEP | CR4_SMAP)) {
		paging_update_modes(v);
	} else if (changed) {
		v->hw_cr4 = (v->hw_cr4 & ~changed) | (val & changed);
		v->hw_dirty = HW_ALL;
	}
	svm_cpuid_follow_cr4(s, val);
	return true;
}

/* #GP is for address bits that the guest's CPU does not have, or reserved bits in PDPTEs. */
bool svm_guest_cr3(struct svm_vcpu *s, u64 val)
{
	if (likely(s->v.efer & EFER_LMA)) {
		if (!svm_cr3_fits(val))
			return false;
	} else if (!paging_load_pdptes(&s->v, s->v.cr0, val, s->v.cr4, s->v.efer)) {
		return false;
	}
	s->v.cr3 = val;
	if (s->v.cr0 & CR0_PG) /* without paging CR3 is only a number */
		paging_load_root(&s->v);
	return true;
}

bool svm_write_efer(struct svm_vcpu *s, u64 val)
{
	struct vcpu *v = &s->v;

	if (val & ~s->efer_offered)
		return false;
	if (((v->efer ^ val) & EFER_LME) && (v->cr0 & CR0_PG))
		return false;
	v->efer = (val & ~EFER_LMA) | (v->efer & EFER_LMA);
	paging_update_modes(v);
	return true;
}

/* MOV to CR3 comes here mostly from one among several vCPUs: otherwise the quick handler answers legal values in short forms. */
enum trip exit_cr3_write(struct svm_vcpu *s)
{
	const u8 *p = svm_in_32(s) ? NULL : svm_code(s, false);
	unsigned reg, len = p ? short_cr3_any(p, MOV_TO_CR, &reg) : 0;
	struct exit_insn x;

	if (likely(len))
		return svm_exit_end(s, len, svm_guest_cr3(s, svm_gpr(s, gpr_nr(reg), 8)), TRIP_cr3);
	if (!svm_exit_insn(s, &x))
		return TRIP_cr3;
	return svm_exit_end(s, x.len, svm_guest_cr3(s, svm_gpr(s, x.gpr, x.opsize)), TRIP_cr3);
}

/* LMSW sets the low four bits of CR0 and cannot clear PE. */
static enum trip lmsw(struct svm_vcpu *s, const struct exit_insn *x)
{
	u16 val = 0;

	if (!x->in_memory)
		val = (u16)svm_gpr(s, x->gpr, 2);
	else if (!svm_read_operand(s, x, &val))
		return TRIP_cr0;
	return svm_exit_end(s, x->len, guest_cr0(s, (s->v.cr0 & ~0xeull) | (val & 0xf)), TRIP_cr0);
}

/* MOV to CR0 or CR4: of the other writes, CR3's alone is intercepted, and has a handler of its own. */
static enum trip mov_to_cr(struct svm_vcpu *s, const struct exit_insn *x)
{
	u64 val = svm_gpr(s, x->gpr, x->opsize);

	s->vmcb.exitinfo1 = val; /* for the trace */
	if (x->cr == 4)
		return svm_exit_end(s, x->len, guest_cr4(s, val), TRIP_cr4);
	return svm_exit_end(s, x->len, guest_cr0(s, val), TRIP_cr0);
}

enum trip exit_cr_write(struct svm_vcpu *s)
{
	struct exit_insn x;

	if (!svm_exit_insn(s, &x))
		return TRIP_cr0;
	switch (x.op) {
	case INSN_CLTS: return svm_exit_end(s, x.len, guest_cr0(s, s->v.cr0 & ~CR0_TS), TRIP_cr0);
	case INSN_LMSW: return lmsw(s, &x);
	}
	return mov_to_cr(s, &x);
}

/* What the guest believes that a control register holds. CR8 is the task priority, V_TPR (APM volume 2, section 15.21.2). */
static u64 guest_cr(const struct svm_vcpu *s, unsigned cr)
{
	switch (cr) {
	case 2: return s->vmcb.cr2;
	case 3: return s->v.cr3;
	case 4: return s->v.cr4;
	case 8: return s->vmcb.v_tpr & 15;
	}
	return s->v.cr0;
}

/* No hardware stops at these: exit_insn.c says which emulator does. */
static bool is_emulators(const struct exit_insn *x)
{
	return x->cr == 2 || x->cr == 8;
}

/*
 * Takes such a trip out of what is measured. The page of code that was known before is again, so that the next exit's way is the
 * same. And the TSC of a guest that measures stands still; of one among several vCPUs it does not, because their TSCs would part.
 */
static void hide_trip(struct svm_vcpu *s, const struct code_page *before)
{
	s->v.code = *before;
	if (s->smp || !domu_in_region(s->v.owner))
		return;
	s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
	s->vmcb.tsc_offset -= (u32)((u32)rdtsc_low() - s->vmcb.begin) + ENTRY_UNSEEN_TICKS;
}

/* SMSW stores 16 bits to memory whatever its operand size, and that size to a register. */
enum trip exit_cr_read(struct svm_vcpu *s)
{
	struct code_page before = s->v.code;
	struct exit_insn x;

	if (!svm_exit_insn(s, &x))
		return TRIP_cr_read;
	u64 val = guest_cr(s, x.cr);
	if (!x.in_memory)
		svm_set_gpr(s, x.gpr, x.opsize, val);
	else if (!svm_write_operand(s, &x, (u16)val))
		return TRIP_cr_read;
	svm_exit_done(s, x.len);
	if (!is_emulators(&x))
		return TRIP_cr_read;
	hide_trip(s, &before);
	return TRIP_emulator;
}
