/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The virtual machine control block (APM volume 2, appendix B). Only hv/svm and hv/dom0 include this.
 *
 * What must hold: a field that a clean bit covers (section 15.15) is written by a vmcb_set_*() below, which clears the bit, or by
 * a function that clears it itself: hardware may go on with what it kept of the field, otherwise.
 */
#ifndef SVM_VMCB_H
#define SVM_VMCB_H

#include "types.h"

/*
 * A segment register as the VMCB has it: `attrib` is a descriptor's bits 40 to 47 and 52 to 55 (section 15.5.1), `limit` is in
 * bytes.
 */
struct vmcb_seg {
	u16 selector, attrib;
	u32 limit;
	u64 base;
};

#define SEG_L BIT(9)
#define SEG_D BIT(10)

struct vmcb {
	/* Control area. */
	u16 cr_read, cr_write; /* intercepts, a bit a register */
	u16 dr_read, dr_write;
	u32 exceptions;
	u32 intercept1, intercept2, intercept3;
	u8 reserved1[0x03c - 0x018];
	u16 pause_threshold, pause_count;
	u64 iopm_pa, msrpm_pa, tsc_offset;
	u32 asid;
	u8 tlb_control, reserved2[3];
	u8 v_tpr, v_irq, v_intr_flags, v_intr_masking, v_intr_vector, reserved3[3];
	u64 interrupt_shadow;
	u64 exitcode, exitinfo1, exitinfo2;
	union {
		u64 exitintinfo;
		struct {
			u8 low[3];
			s8 cut; /* negative: EVENT_VALID */
		} exitintinfo_part;
	};
	u64 np_enable;
	u8 reserved4[0x0a8 - 0x098];
	union {
		u64 eventinj;
		struct {
			u32 event, error;
		} eventinj_part;
	};
	u64 n_cr3, lbr_control;
	u32 clean, reserved5;
	u64 nrip;
	u8 insn_bytes_fetched, insn_bytes[15];
	u8 reserved6[0x3e0 - 0x0e0];
	/* These bytes are "reserved for host usage", so entry.S finds them by the one address that it has, the VMCB's. */
	const void *quick; /* table of quick handlers by exit code */
	u32 begin;         /* low half of the TSC at the last exit */
	u32 reserved6b;
	const void *exit; /* what the exits come to that quick handlers leave: svm_exit, or svm_exit_smp */
	u8 reserved6c[0x400 - 0x3f8];
	/* State save area. */
	struct vmcb_seg es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	u8 reserved7[0x4cb - 0x4a0];
	u8 cpl;
	u32 reserved8;
	u64 efer;
	u8 reserved9[0x548 - 0x4d8];
	u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	u8 reserved10[0x5d8 - 0x580];
	u64 rsp;
	u8 reserved11[0x5f8 - 0x5e0];
	u64 rax, star, lstar, cstar, sfmask, kernel_gs_base, sysenter_cs, sysenter_esp, sysenter_eip, cr2;
	u8 reserved12[0x668 - 0x648];
	u64 g_pat;
	u8 reserved13[0x1000 - 0x670];
};

/* Hardware's offsets are bytes from the VMCB's beginning: a reserved field of the wrong length would move all behind it. */
#define VMCB_AT(field, offset) _Static_assert(offsetof(struct vmcb, field) == (offset), #field)
VMCB_AT(pause_threshold, 0x03c);
VMCB_AT(iopm_pa, 0x040);
VMCB_AT(asid, 0x058);
VMCB_AT(v_tpr, 0x060);
VMCB_AT(interrupt_shadow, 0x068);
VMCB_AT(exitcode, 0x070);
VMCB_AT(exitintinfo_part.cut, 0x08b);
VMCB_AT(np_enable, 0x090);
VMCB_AT(eventinj, 0x0a8);
VMCB_AT(eventinj_part.error, 0x0ac);
VMCB_AT(clean, 0x0c0);
VMCB_AT(nrip, 0x0c8);
VMCB_AT(quick, 0x3e0);
VMCB_AT(es, 0x400);
VMCB_AT(tr, 0x490);
VMCB_AT(cpl, 0x4cb);
VMCB_AT(efer, 0x4d0);
VMCB_AT(cr4, 0x548);
VMCB_AT(rip, 0x578);
VMCB_AT(rsp, 0x5d8);
VMCB_AT(rax, 0x5f8);
VMCB_AT(cr2, 0x640);
VMCB_AT(g_pat, 0x668);
_Static_assert(sizeof(struct vmcb) == PAGE_SIZE, "a VMCB is one page");

/* Intercepts (APM volume 2, table B-1). intercept1, at offset 00Ch */
#define INTERCEPT_INTR        BIT(0)
#define INTERCEPT_NMI         BIT(1)
#define INTERCEPT_SMI         BIT(2)
#define INTERCEPT_INIT        BIT(3)
#define INTERCEPT_VINTR       BIT(4)
#define INTERCEPT_RDPMC       BIT(15)
#define INTERCEPT_CPUID       BIT(18)
#define INTERCEPT_INVD        BIT(22)
#define INTERCEPT_PAUSE       BIT(23)
#define INTERCEPT_HLT         BIT(24)
#define INTERCEPT_INVLPG      BIT(25)
#define INTERCEPT_INVLPGA     BIT(26)
#define INTERCEPT_IOIO        BIT(27)
#define INTERCEPT_MSR         BIT(28)
#define INTERCEPT_TASK_SWITCH BIT(29)
#define INTERCEPT_FERR_FREEZE BIT(30)
#define INTERCEPT_SHUTDOWN    BIT(31)
/* intercept2 */
#define INTERCEPT_VMRUN       BIT(0)
#define INTERCEPT_VMMCALL     BIT(1)
#define INTERCEPT_VMLOAD      BIT(2)
#define INTERCEPT_VMSAVE      BIT(3)
#define INTERCEPT_STGI        BIT(4)
#define INTERCEPT_CLGI        BIT(5)
#define INTERCEPT_SKINIT      BIT(6)
#define INTERCEPT_WBINVD      BIT(9)
#define INTERCEPT_MONITOR     BIT(10)
#define INTERCEPT_MWAIT       BIT(11)
#define INTERCEPT_MWAIT_ARMED BIT(12)
#define INTERCEPT_XSETBV      BIT(13)
#define INTERCEPT_RDPRU       BIT(14)
/* intercept3 */
#define INTERCEPT_INVLPGB         BIT(0)
#define INTERCEPT_INVLPGB_ILLEGAL BIT(1)
#define INTERCEPT_INVPCID         BIT(2)
#define INTERCEPT_MCOMMIT         BIT(3)
#define INTERCEPT_TLBSYNC         BIT(4)

/* Exit codes (APM volume 2, appendix C). */
#define VMEXIT_CR0_READ    0x00
#define VMEXIT_CR3_READ    (VMEXIT_CR0_READ + 3)
#define VMEXIT_CR0_WRITE   0x10
#define VMEXIT_CR3_WRITE   (VMEXIT_CR0_WRITE + 3)
#define VMEXIT_EXCP0       0x40
#define VMEXIT_INTR        0x60
#define VMEXIT_NMI         0x61
#define VMEXIT_SMI         0x62
#define VMEXIT_INIT        0x63
#define VMEXIT_VINTR       0x64
#define VMEXIT_RDPMC       0x6f
#define VMEXIT_CPUID       0x72
#define VMEXIT_INVD        0x76
#define VMEXIT_PAUSE       0x77
#define VMEXIT_HLT         0x78
#define VMEXIT_INVLPG      0x79
#define VMEXIT_INVLPGA     0x7a
#define VMEXIT_IOIO        0x7b
#define VMEXIT_MSR         0x7c
#define VMEXIT_TASK_SWITCH 0x7d
#define VMEXIT_SHUTDOWN    0x7f
#define VMEXIT_VMRUN       0x80
#define VMEXIT_VMMCALL     0x81
#define VMEXIT_SKINIT      0x86
#define VMEXIT_WBINVD      0x89
#define VMEXIT_MONITOR     0x8a
#define VMEXIT_MWAIT       0x8b
#define VMEXIT_MWAIT_ARMED 0x8c
#define VMEXIT_XSETBV      0x8d
#define VMEXIT_RDPRU       0x8e
#define VMEXIT_INVLPGB     0xa0
#define VMEXIT_TLBSYNC     0xa4
#define VMEXIT_NPF         0x400
#define VMEXIT_INVALID     0xffffffffu /* the low 32 bits: QEMU does not sign-extend */

/* EXITINFO1 of VMEXIT_IOIO (APM volume 2, 15.10.2) */
#define IOIO_IN          BIT(0)
#define IOIO_STRING      BIT(2)
#define IOIO_REP         BIT(3)
#define IOIO_BYTES(info) ((unsigned)((info) >> 4) & 7)
#define IOIO_PORT(info)  ((u16)((info) >> 16))

/*
 * EVENTINJ and EXITINTINFO have one form (APM volume 2, sections 15.20 and 15.7.2): vector, type, these bits, the error code
 * above.
 */
#define EVENT_VALID     BIT(31)
#define EVENT_ERROR     BIT(11)
#define EVENT_TYPE(e)   (((e) >> 8) & 7)
#define EVENT_INTR      (0ull << 8)
#define EVENT_NMI       (2ull << 8)
#define EVENT_EXCEPTION (3ull << 8)
#define EVENT_SOFT      (4ull << 8)

/* An INT n, INT3 or INTO of the guest's own: RIP still points at it when its delivery is cut short. */
static inline bool vmcb_event_is_soft(u64 event)
{
	const u64 form = event & 0x7ff;

	return EVENT_TYPE(event) == 4 || form == (EVENT_EXCEPTION | 3) || form == (EVENT_EXCEPTION | 4);
}

/* TLB_CONTROL: what VMRUN flushes (APM volume 2, section 15.16.1). */
#define TLB_NOTHING    0
#define TLB_FLUSH_ALL  1
#define TLB_FLUSH_ASID 3

/* Clean bits: what hardware may keep from the last run (APM volume 2, section 15.15.3). */
#define CLEAN_INTERCEPTS BIT(0)
#define CLEAN_ASID       BIT(2)
#define CLEAN_TPR        BIT(3)
#define CLEAN_NP         BIT(4)
#define CLEAN_CRX        BIT(5)
#define CLEAN_DRX        BIT(6)
#define CLEAN_DT         BIT(7)
#define CLEAN_SEG        BIT(8)
#define CLEAN_CR2        BIT(9)
#define CLEAN_AVIC       BIT(11)
/* Clean bits of all that an ordinary exit's handler leaves alone; who changes more clears its bit. */
#define CLEAN_ALL                                                                                                                \
	(BIT(0) | BIT(1) | CLEAN_ASID | CLEAN_NP | CLEAN_CRX | CLEAN_DRX | CLEAN_DT | CLEAN_SEG | CLEAN_CR2 | BIT(10) |          \
	 CLEAN_AVIC)

/* Did the exit cut the delivery of an event short? One byte tells, because every exit asks. */
static inline bool vmcb_event_cut(const struct vmcb *b)
{
	return b->exitintinfo_part.cut < 0;
}

static inline void vmcb_set_cr2(struct vmcb *b, u64 v)
{
	b->cr2 = v;
	b->clean &= ~(u32)CLEAN_CR2;
}

/* The two debug registers that VMRUN switches; DR0 to DR3 stay in the CPU (unswitched.c). */
static inline void vmcb_set_dr(struct vmcb *b, u64 dr6, u64 dr7)
{
	b->dr6 = dr6;
	b->dr7 = dr7;
	b->clean &= ~(u32)CLEAN_DRX;
}

static inline void vmcb_set_cr3(struct vmcb *b, u64 cr3)
{
	b->cr3 = cr3;
	b->clean &= ~(u32)CLEAN_CRX;
}

/* One clean bit covers all four. */
static inline void vmcb_set_crx(struct vmcb *b, u64 cr0, u64 cr3, u64 cr4, u64 efer)
{
	b->cr0 = cr0;
	b->cr3 = cr3;
	b->cr4 = cr4;
	b->efer = efer;
	b->clean &= ~(u32)CLEAN_CRX;
}

/*
 * An interrupt window is wanted, or no more: a virtual interrupt of the highest priority waits, and its intercept exits as soon
 * as the guest could take it (VMEXIT_VINTR; APM volume 2, section 15.21.4).
 */
static inline void vmcb_set_irq_window(struct vmcb *b, bool wanted)
{
	b->v_irq = wanted;
	b->v_intr_flags = 0x0f; /* priority 15; V_IGN_TPR is bit 4 */
	if (wanted) {
		b->v_intr_flags |= 0x10;
		b->intercept1 |= INTERCEPT_VINTR;
	} else {
		b->intercept1 &= ~(u32)INTERCEPT_VINTR;
	}
	b->clean &= ~(u32)(CLEAN_TPR | CLEAN_INTERCEPTS);
}

#endif
