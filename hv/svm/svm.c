/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * SVM on and off, vCPUs and their VMCBs, the way from #VMEXIT to the handler
 * and back.
 *
 * What must hold:
 *  - GIF is clear from svm_run on, and still when it returns, but for the guest itself, as VMRUN sets it and #VMEXIT clears it
 *    (APM volume 2, sections 15.5.1 and 15.6), and but for handlers that let interrupts in (pcpu.h);
 *  - EFER.SVME is set in every guest's EFER, and the guest never sees it: VMRUN refuses state without it (APM volume 2, section
 *    15.5.1, "Canonicalization and Consistency Checks");
 *  - all clean bits are 0 when a vCPU enters for the first time, or on another pCPU than before (section 15.15.2): vCPUs are
 *    pinned, so that zeroed memory is enough.
 */
#include "svm.h"

#include "prepare_entry.h"
#include "cpu.h"
#include "lib.h"
#include "load.h"
#include "log.h"
#include "pcpu.h"
#include "svm_code.h"
#include "trip_end.h"
#include "turns.h"

/* EDX of CPUID 0x8000000a (APM volume 3, appendix E). */
#define CPUID_SVM_NPT        BIT(0)
#define CPUID_SVM_NRIP       BIT(3)
#define CPUID_SVM_FLUSH_ASID BIT(6)
/* Sizes of the permission maps, which are contiguous in physical memory (APM volume 2, sections 15.10.1 and 15.11). */
#define IOPM_PAGES  3
#define MSRPM_PAGES 2
#define PAT_RESET   0x0007040600070406ull

void svm_run_loop(struct svm_vcpu *s);

_Static_assert(offsetof(struct svm_vcpu, vmcb.exitcode) == ENTRY_EXITCODE, "entry.h");
_Static_assert(offsetof(struct svm_vcpu, vmcb.quick) == ENTRY_QUICK, "entry.h");
_Static_assert(offsetof(struct svm_vcpu, vmcb.begin) == ENTRY_BEGIN, "entry.h");
_Static_assert(offsetof(struct svm_vcpu, vmcb.exit) == ENTRY_EXIT, "entry.h");
_Static_assert(offsetof(struct svm_vcpu, v.gpr) == ENTRY_GPRS, "entry.h");

bool svm_has_nrip, svm_delivers_twice;
u8 svm_tlb_flush_kind = TLB_FLUSH_ALL;

/* QEMU's emulated CPUs, which say so. */
static bool is_tcg(void)
{
	struct cpuid r = cpuid(0x40000000, 0);

	return r.ebx == 0x54474354 && r.ecx == 0x43544743 && r.edx == 0x47435447; /* "TCGTCGTCGTCG" */
}

void svm_check_cpu(void)
{
	if (cpuid(0x80000000, 0).eax < 0x8000000a || !(cpuid(0x80000001, 0).ecx & BIT(2)))
		boot_refuse("this CPU has no SVM (AMD virtualisation). QEMU: use -cpu EPYC,+svm,+npt.");
	u32 features = cpuid(0x8000000a, 0).edx;
	if (!(features & CPUID_SVM_NPT))
		boot_refuse("this CPU has SVM but no nested paging, which dom0 needs. QEMU: use -cpu EPYC,+svm,+npt.");
	if (rdmsr(MSR_VM_CR) & VM_CR_SVMDIS)
		boot_refuse("SVM is disabled by the firmware: enable it in the BIOS set-up.");
	svm_has_nrip = features & CPUID_SVM_NRIP;
	svm_delivers_twice = turns_of_pcpus = is_tcg();
	if (features & CPUID_SVM_FLUSH_ASID)
		svm_tlb_flush_kind = TLB_FLUSH_ASID;
}

void svm_enable(void)
{
	struct pcpu *p = this_pcpu();
	void *hsave = plat_alloc_pages(1);

	if (!hsave)
		boot_refuse("memory does not suffice for a CPU's host save area.");
	p->hsave = (hpa_t)hsave;
	wrmsr(MSR_EFER, rdmsr(MSR_EFER) | EFER_SVME | EFER_NXE);
	wrmsr(MSR_VM_HSAVE_PA, p->hsave);
}

struct svm_vcpu *svm_vcpu_create(struct domain *d, u32 id)
{
	u64 pages = ALIGN_UP(sizeof(struct svm_vcpu), PAGE_SIZE) / PAGE_SIZE;
	struct svm_vcpu *s = plat_alloc_pages(pages);
	u8 *maps = plat_alloc_pages(IOPM_PAGES + MSRPM_PAGES);

	if (!s || !maps) {
		plat_free_pages(s, pages);
		plat_free_pages(maps, IOPM_PAGES + MSRPM_PAGES);
		return NULL;
	}
	s->iopm = maps;
	s->msrpm = maps + IOPM_PAGES * PAGE_SIZE;
	s->vmcb.iopm_pa = (hpa_t)s->iopm;
	s->vmcb.msrpm_pa = (hpa_t)s->msrpm;
	s->vmcb.g_pat = PAT_RESET;
	s->pat = PAT_RESET;
	s->v.id = id;
	s->v.domain = d;
	s->v.code.va = s->v.code.not_global = NO_CODE_PAGE;
	return s;
}

void svm_vcpu_destroy(struct svm_vcpu *s)
{
	plat_free_pages(s->iopm, IOPM_PAGES + MSRPM_PAGES);
	plat_free_pages(s, ALIGN_UP(sizeof(struct svm_vcpu), PAGE_SIZE) / PAGE_SIZE);
}

/* Registers are as a CPU has them that begins to run, all but those by which it differs; paging is off. */
static void set_reset(struct svm_vcpu *s, u64 cr0)
{
	s->vmcb.rflags = 2;
	s->vmcb.dr6 = 0xffff0ff0;
	s->vmcb.dr7 = 0x400;
	s->v.cr0 = cr0;
	s->v.cr3 = s->v.cr4 = s->v.efer = 0;
	vmcb_set_crx(&s->vmcb, cr0, 0, 0, EFER_SVME);
}

/*
 * Attributes are a descriptor's bits: 0xc93 and 0xc9b are a flat 4 GiB of data and code, 0x082 is an LDT, 0x08b a busy 32-bit TSS.
 * LDTR and TR are present though empty, as after a reset.
 */
void svm_set_entry(struct svm_vcpu *s, const struct load_result *entry)
{
	struct vmcb *b = &s->vmcb;
	struct vmcb_seg data = { entry->ds, 0xc93, 0xffffffff, 0 };

	b->cs = (struct vmcb_seg){ entry->cs, 0xc9b, 0xffffffff, 0 };
	b->ss = b->ds = b->es = b->fs = b->gs = data;
	b->gdtr = (struct vmcb_seg){ 0, 0, entry->gdt_limit, entry->gdt_base };
	b->idtr = (struct vmcb_seg){ 0, 0, 0, 0 };
	b->ldtr = (struct vmcb_seg){ 0, 0x082, 0, 0 };
	b->tr = (struct vmcb_seg){ 0, 0x08b, 0x67, 0 };
	b->rip = entry->eip;
	b->rax = entry->eax;
	s->v.gpr[RBX] = entry->ebx;
	s->v.gpr[RSI] = entry->esi;
	set_reset(s, CR0_PE | CR0_ET);
}

/* A pending event or step is dropped as well: INIT ends whatever the CPU was about. */
void svm_set_startup(struct svm_vcpu *s, u8 page)
{
	struct vmcb *b = &s->vmcb;

	svm_save_unswitched(s);
	b->cs = (struct vmcb_seg){ (u16)(page << 8), 0x09b, 0xffff, (u64)page << 12 };
	b->ss = b->ds = b->es = b->fs = b->gs = (struct vmcb_seg){ 0, 0x093, 0xffff, 0 };
	b->gdtr = b->idtr = (struct vmcb_seg){ 0, 0, 0xffff, 0 };
	b->ldtr = (struct vmcb_seg){ 0, 0x082, 0xffff, 0 };
	b->tr = (struct vmcb_seg){ 0, 0x08b, 0xffff, 0 };
	b->rip = b->rax = b->rsp = b->eventinj = b->interrupt_shadow = b->v_tpr = 0;
	b->cpl = 0;
	vmcb_set_irq_window(b, false);
	memset(s->v.gpr, 0, sizeof(s->v.gpr));
	s->pending = 0;
	s->deferred = NULL;
	s->step = (struct svm_step){ 0 };
	s->ran = false;
	s->v.cr2 = 0;
	set_reset(s, CR0_ET);
	b->clean = 0;
}

/* From the next entry on INVLPG exits, or does not. */
static void load_invlpg(struct svm_vcpu *s)
{
	s->vmcb.intercept1 ^= INTERCEPT_INVLPG;
	s->vmcb.clean &= ~(u32)CLEAN_INTERCEPTS;
}

void svm_load_hw(struct svm_vcpu *s)
{
	struct vcpu *v = &s->v;

	if (v->hw_invlpg != !!(s->vmcb.intercept1 & INTERCEPT_INVLPG))
		load_invlpg(s);
	if (!(v->hw_dirty & (HW_ALL | HW_NESTED))) {
		vmcb_set_cr3(&s->vmcb, v->hw_cr3);
		return;
	}
	if (v->hw_dirty != HW_NESTED)
		vmcb_set_crx(&s->vmcb, v->hw_cr0, v->hw_cr3, v->hw_cr4, v->hw_efer | EFER_SVME);
	if (s->quick)
		s->vmcb.quick = svm_quick_table(s);
	s->vmcb.np_enable = v->hw_nested_cr3 != 0;
	s->vmcb.n_cr3 = v->hw_nested_cr3;
	s->vmcb.clean &= ~(u32)CLEAN_NP;
}

/*
 * With V_INTR_MASKING set, the host's IF at VMRUN masks physical interrupts while the guest runs (APM volume 2, section 15.21.1):
 * a domU's must exit whatever the guest's IF is, so it is set. dom0 takes its interrupts by itself, by its own IF.
 */
void svm_run(struct svm_vcpu *s)
{
	clgi();
	if (s->vmcb.v_intr_masking)
		sti(); /* harmless while GIF is clear; VMRUN wants it */
	else
		cli();
	if (!s->ran)
		svm_load_unswitched(s);
	s->ran = true;
	s->v.tlb_flush = 1; /* what was asked for at the last exit, or while it stood */
	svm_settle(s);
	if (s->smp)
		svm_enter_smp(s);
	svm_run_loop(s);
}

/* Where a table of exits has the code: the few large codes follow the small ones, so that tables stay small. */
static unsigned exit_index(u64 exitcode)
{
	u32 code = (u32)exitcode;

	if (likely(code < NR_PLAIN_EXITS))
		return code;
	if (code == VMEXIT_NPF)
		return EXIT_IDX_NPF;
	return code == VMEXIT_INVALID ? EXIT_IDX_INVALID : EXIT_IDX_UNKNOWN;
}

exit_handler_t svm_exit_handler(const struct svm_vcpu *s)
{
	return s->exits[exit_index(s->vmcb.exitcode)];
}

/*
 * An event whose delivery the exit cut short must be delivered again, unless the handler finds the guest at fault: then it merges
 * the two. Hardware has not finished what it began, and forgets it (APM volume 2, section 15.7.2). EXITINTINFO keeps stale data
 * in QEMU: only bit 31 counts.
 */
__attribute__((noinline, cold)) void svm_save_cut_event(struct svm_vcpu *s)
{
	s->pending = s->vmcb.exitintinfo & 0xfff;
	s->pending |= EVENT_VALID;
	s->pending_error = (u32)(s->vmcb.exitintinfo >> 32);
	s->vmcb.exitintinfo = 0;
	s->v.request = 1;
}

/* The ring is at its limit: there is more room for the record, or it is lost and counted. */
static __attribute__((noinline, cold)) u32 trip_at_limit(struct svm_vcpu *s, enum trip kind, u64 cost, u64 bytes)
{
	return trace_make_room(&s->v, PN_EV_trip) ? svm_trace_trip(s, kind, cost, bytes) : s->v.request;
}

__attribute__((noinline)) u32 svm_trace_trip(struct svm_vcpu *s, enum trip kind, u64 cost, u64 bytes)
{
	struct trace_ring *r = s->v.ring;
	struct pn_record *rec;
	u64 now;

	if (!trace_has_room(r)) /* a last call, so that this needs no stack */
		return trip_at_limit(s, kind, cost, bytes);
	rec = trace_begin(r, PN_EV_trip);
	rec->cost = (u32)cost;
	rec->bytes = (u32)bytes;
	rec->payload[0] = kind;
	rec->payload[1] = s->vmcb.rip;
	rec->payload[2] = kind == TRIP_cr3 ? s->v.cr3 : s->vmcb.exitinfo1;
	rec->payload[3] = s->vmcb.exitinfo2;
	rec->payload[4] = (u32)s->vmcb.exitcode;
	now = rdtsc();
	rec->tsc = now - ((u32)now - s->vmcb.begin);
	trace_end(r, &s->v, PN_EV_trip);
	return s->v.request;
}

/*
 * An exit that no quick handler has ended, or has ended but for what needs all registers (s->deferred: its bytes and an event cut
 * short are seen to already). Clean bits are set before the handler, which clears those of what it writes.
 */
static inline __attribute__((always_inline)) void handle(struct svm_vcpu *s, bool clusters)
{
	exit_handler_t handler = s->deferred;
	const u64 rip = s->vmcb.rip;

	s->deferred = NULL;
	s->vmcb.clean = CLEAN_ALL;
	if (!handler) {
		s->v.bytes = 0;
		if (unlikely(vmcb_event_cut(&s->vmcb)))
			svm_save_cut_event(s);
		handler = s->exits[exit_index(s->vmcb.exitcode)];
	}
	if (clusters && !s->quick)
		cluster_begin(&s->cluster);
	enum trip kind = handler(s);
	if (clusters && cluster_knows(kind))
		svm_cluster(s, rip);
	if (unlikely(s->v.entry_work))
		svm_settle(s);
	svm_book(s, kind, s->v.bytes);
	paging_trip_over(&s->v);
}

bool svm_exit(struct svm_vcpu *s, u32 why)
{
	if (why == QUICK_NOT)
		handle(s, false);
	return likely(!s->v.request) || svm_prepare_entry(s);
}

bool svm_exit_near(struct svm_vcpu *s, u32 why)
{
	if (why == QUICK_NOT)
		handle(s, true);
	return likely(!s->v.request) || svm_prepare_entry(s);
}
