/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The SVM back end (APM volume 2, chapter 15): a vCPU with its VMCB, the run loop, the table of exits.
 *
 * What must hold:
 *  - struct svm_vcpu begins with its VMCB, so that the address which #VMEXIT leaves in RAX is also the address of the whole;
 *  - RAX, RSP and RIP of the guest are in the VMCB, its other general registers in v.gpr[]: gpr[RAX] and gpr[RSP] mean
 *    something only while an instruction is emulated;
 *  - a field that a clean bit covers is written by vmcb.h's setters, or by who clears the bit;
 *  - v.cr0 to v.efer are what the guest believes; under nested paging they are old until svm_sync() has copied them.
 */
#ifndef SVM_H
#define SVM_H

#include "cluster.h"
#include "cpu.h"
#include "emul.h"
#include "entry.h"
#include "paging.h"
#include "step.h"
#include "vcpu.h"
#include "vmcb.h"

struct svm_vcpu;
struct load_result;

/* An exit's handler: it handles the exit to its end, and returns what kind of trip that was. */
typedef enum trip (*exit_handler_t)(struct svm_vcpu *s);

/*
 * A quick handler tries to do so with some of the guest's registers only (short/quick.h). It returns QUICK_DONE, QUICK_REQUEST or
 * QUICK_NOT (entry.h): numbers of no enum, because assembly reads them.
 */
typedef u32 quick_t;
typedef quick_t (*quick_handler_t)(struct svm_vcpu *s);

/* Guest physical addresses have 40 bits (CPUID 0x80000008 says so, cpuid.c). */
#define GUEST_PHYS_BITS 40
/* Answers to CPUID that are kept: of the first 32 standard and of the first 32 extended leaves. */
#define CPUID_SLOTS      64
#define CPUID_SLOT(leaf) (((leaf) ^ (leaf) >> 26) % CPUID_SLOTS)

/* Where a table of exits has the codes that are not small numbers. */
enum { EXIT_IDX_NPF = NR_PLAIN_EXITS, EXIT_IDX_INVALID, EXIT_IDX_UNKNOWN, NR_EXITS };

struct svm_vcpu {
	struct vmcb vmcb;
	struct vcpu v;
	const exit_handler_t *exits; /* its kind of domain's table: domu_exits or dom0_exits */
	/*
	 * The handler that a quick handler or a step has put in the place of the exit's own, for the next call with all
	 * registers; or NULL.
	 */
	exit_handler_t deferred;
	enum verdict verdict; /* paging's, of the page fault whose handling was deferred */
	u64 pending;          /* the event whose delivery an exit cut short, in EVENTINJ form; 0: none */
	u32 pending_error;
	bool ran;   /* it has run since its start, or since INIT */
	bool holds; /* what its pCPU holds beside the VMCB is its own (unswitched.c) */
	/* How often in a row the bytes at mismatch_rip were not the instruction that the exit was for (exit_insn.c). */
	u32 mismatches;
	u64 mismatch_rip;
	/*
	 * Several vCPUs (smp.c): it is in the guest or about to enter; another one's changes call for a flush before it enters.
	 */
	u32 in_guest, flush_wanted;
	bool smp;                   /* its domain has several */
	bool quick;                 /* its exits are quick handlers' first */
	const struct emul_ops *ops; /* how emulation reaches the guest's memory */
	struct svm_step step;
	struct svm_cluster cluster;
	u8 *iopm, *msrpm;
	u64 pat; /* the guest's PAT, kept for it to read */
	u64 tsc_aux;
	u64 efer_offered, xcr0_offered; /* bits that the guest may set (cpuid.def) */
	struct cpuid_kept {
		struct cpuid answer;
		u32 leaf;     /* another slot's, where no answer is kept */
	} cpuid[CPUID_SLOTS]; /* answers to CPUID that the leaf alone decides (svm_cpuid_kept) */
};

#define to_svm(vcpu) container_of(vcpu, struct svm_vcpu, v)

/* Refuse, with one sentence, a CPU that lacks SVM or nested paging. */
void svm_check_cpu(void);
/*
 * Turn SVM on on this pCPU, and give it a host save area (APM volume 2, sections 15.4 and 15.30.4). Refuses to boot without
 * memory.
 */
void svm_enable(void);

/* Where this machine departs from the manual. */
struct svm_quirks {
	bool no_task_switch_exit; /* a guest's hardware task switch, which loads CR3, happens unseen */
	bool cr_reads_as_cr0;     /* a read of any control register is checked against CR0's intercept, and has its exit code */
	bool loses_host_paging; /* #VMEXIT of a guest with EFER.LME set, CR0.PG and CR4.PAE clear leaves the guest's CR0 in place */
};
extern struct svm_quirks svm_quirks;
/* Find out what svm_quirks says (selftest.c): once, with SVM on, before any vCPU runs. */
void svm_self_test(void);
/* The hypervisor's own CR0, the same on all pCPUs; set by svm_self_test(). */
extern u64 svm_host_cr0;
/* Behind #VMEXIT, where loses_host_paging is: the hypervisor pages again, and so nested paging holds. True: it did not page. */
static inline bool svm_regain_paging(void)
{
	if (likely(read_cr0() & CR0_PG))
		return false;
	write_cr0(svm_host_cr0);
	return true;
}

extern bool svm_has_nrip;       /* hardware says where the next instruction is (APM volume 2, section 15.7.1) */
extern bool svm_delivers_twice; /* see svm_hold_delivery() */
/* The least of TLB_CONTROL's flushes that does: TLB_FLUSH_ASID, or TLB_FLUSH_ALL where there is none. */
extern u8 svm_tlb_flush_kind;

/* Bring the VMCB in line with what paging wants of hardware: v->hw_cr0 to hw_nested_cr3, and the quick handlers of the mode. */
void svm_load_hw(struct svm_vcpu *s);

/* A vCPU of `d`, with empty state and no intercepts; NULL: out of memory. */
struct svm_vcpu *svm_vcpu_create(struct domain *d, u32 id);
/* Free the vCPU's pages. It must not be running. */
void svm_vcpu_destroy(struct svm_vcpu *s);
/* Set the state of a CPU that enters a loaded image: flat 32-bit protected mode, paging off. */
void svm_set_entry(struct svm_vcpu *s, const struct load_result *entry);
/* Set the state in which a CPU begins after INIT and SIPI: real mode, at a page below 1 MiB (APM volume 2, table 14-1). */
void svm_set_startup(struct svm_vcpu *s, u8 page);
/*
 * Registers that VMRUN does not switch are given to the pCPU as a reset or INIT leaves them, for a vCPU that is about to run for
 * the first time or after INIT (unswitched.c).
 */
void svm_load_unswitched(struct svm_vcpu *s);
/*
 * Those of them that INIT leaves alone, and VMLOAD would load, are saved in the VMCB: before the vCPU's INIT, on the pCPU that
 * runs it.
 */
void svm_save_unswitched(struct svm_vcpu *s);
/* Intercepts and tables of a domU's vCPU, and of dom0's, whose nested page table has its root at nested_root. */
void svm_setup_domu(struct svm_vcpu *s);
void svm_setup_dom0(struct svm_vcpu *s, hpa_t nested_root);

/* Let its TSC be 0 where the domain's time was `at`, by the VMCB's TSC_OFFSET. */
void svm_set_tsc(struct svm_vcpu *s, u64 at);
/* Its domain has stood for the sake of its trace: neither its TSC nor the trip that it makes is to count that. */
void svm_hide_stand(struct svm_vcpu *s);
static inline bool svm_has_stood(const struct svm_vcpu *s)
{
	return unlikely(s->v.stood != s->v.domain->stood);
}
/* Run the vCPU on this pCPU until svm_prepare_entry() says that it must stop. GIF is clear when it returns. */
void svm_run(struct svm_vcpu *s);

/* Called by entry.S with all registers saved when a quick handler said `why`, which is not QUICK_DONE; false: leave the loop. */
bool svm_exit(struct svm_vcpu *s, u32 why);
/* The same where the recipe has clusters. */
bool svm_exit_near(struct svm_vcpu *s, u32 why);

/* The handler that the vCPU's table has for the last exit's code; never NULL. */
exit_handler_t svm_exit_handler(const struct svm_vcpu *s);
/*
 * The last exit cut the delivery of an event short (EXITINTINFO; APM volume 2, section 15.7.2): the event goes into s->pending.
 */
void svm_save_cut_event(struct svm_vcpu *s);

/*
 * svm_exit() for vCPUs of a domain with several, which takes the domain's lock; and the last step before such a vCPU enters
 * (smp.c).
 */
bool svm_exit_smp(struct svm_vcpu *s, u32 why);
void svm_enter_smp(struct svm_vcpu *s);

/* A guest under nested paging changes its control registers by itself: copy them from the VMCB before anybody looks. */
static inline void svm_sync(struct svm_vcpu *s)
{
	s->v.cr0 = s->vmcb.cr0;
	s->v.cr3 = s->vmcb.cr3;
	s->v.cr4 = s->vmcb.cr4;
	s->v.efer = s->vmcb.efer & ~(1ull << 12); /* SVME is ours */
}

/* svm_sync() where it is needed. */
static inline void svm_sync_nested(struct svm_vcpu *s)
{
	if (s->v.nested)
		svm_sync(s);
}

/* Does something happen at the end of an instruction: a single step, or the end of RFLAGS.RF? */
static inline bool svm_is_stepping(const struct svm_vcpu *s)
{
	return s->vmcb.rflags & (RFLAGS_TF | RFLAGS_RF);
}
/* An instruction's end, where svm_is_stepping(): RF is cleared, and a single step raises #DB. Called by svm_done_at(). */
void svm_end_step(struct svm_vcpu *s);

/*
 * An instruction that was intercepted or emulated is done, and the next one is at `rip`: the only way past one. Ends an
 * interrupt shadow and RFLAGS.RF, and raises #DB behind a single step (APM volume 2, section 13.1.4).
 */
static inline void svm_done_at(struct svm_vcpu *s, u64 rip)
{
	s->vmcb.rip = rip;
	s->vmcb.interrupt_shadow = 0;
	if (unlikely(svm_is_stepping(s)))
		svm_end_step(s);
}

/* An instruction of `len` bytes is done, where RIP is known not to wrap behind it. */
static inline void svm_past(struct svm_vcpu *s, unsigned len)
{
	svm_done_at(s, s->vmcb.rip + len);
}
/* svm_done_at() and svm_past() in quick handlers, which leave single steps to the full ones. */
static inline void svm_done_at_quick(struct svm_vcpu *s, u64 rip)
{
	s->vmcb.rip = rip;
	s->vmcb.interrupt_shadow = 0;
}
static inline void svm_past_quick(struct svm_vcpu *s, unsigned len)
{
	svm_done_at_quick(s, s->vmcb.rip + len);
}

/* IN of 1, 2 or 4 bytes puts them into RAX: four clear its upper half, fewer leave the rest. */
static inline void svm_put_in(struct svm_vcpu *s, unsigned bytes, u32 val)
{
	const u64 kept = bytes == 4 ? 0 : ~(BIT(8 * bytes) - 1);

	s->vmcb.rax = (s->vmcb.rax & kept) | (val & ~kept);
}

#define MAX_INSN_BYTES 15 /* longer ones are #GP (APM volume 3, chapter 1) */
/* The linear address of the instruction at RIP. */
gva_t svm_linear_rip(const struct svm_vcpu *s);
/*
 * A copy of the bytes at RIP, because other vCPUs may be writing to them. Returns how many: FETCH_BYTES, or fewer at the end of
 * what is mapped, or 0.
 */
unsigned svm_fetch(struct svm_vcpu *s, u8 *bytes);
/*
 * Decode the instruction at RIP. Returns its length in bytes, or 0 when it cannot be fetched or decoded. Handlers of instruction
 * exits use exit_insn.h.
 */
unsigned svm_decode(struct svm_vcpu *s, struct insn *in);

/*
 * The exception is injected at the next entry, with `error` if has_error. Raised while an event was being delivered (s->pending),
 * it takes that one's place, makes a double fault with it, or ends the domain by a triple fault (APM volume 2, section 8.2.9).
 */
void svm_inject_exception(struct svm_vcpu *s, unsigned vector, bool has_error, u32 error);
void svm_inject_gp(struct svm_vcpu *s); /* #GP(0) */
void svm_inject_ud(struct svm_vcpu *s);
/* Vectors of exceptions (APM volume 2, table 8-1). */
#define VECTOR_DB 1
#define VECTOR_DF 8
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14
#define VECTOR_UD 6
#define VECTOR_AC 17
#define VECTOR_MC 18

/* #PF is injected as v->fault tells, where no event was cut short and none is injected. */
static inline void svm_set_pf(struct svm_vcpu *s)
{
	vmcb_set_cr2(&s->vmcb, s->v.fault.va);
	s->vmcb.eventinj_part.error = s->v.fault.pfec;
	s->vmcb.eventinj_part.event = (u32)(EVENT_VALID | EVENT_EXCEPTION | EVENT_ERROR | VECTOR_PF);
}

/* #PF is injected as v->fault tells, also where an event was cut short. */
static inline void svm_inject_pf(struct svm_vcpu *s)
{
	if (unlikely(s->pending)) {
		vmcb_set_cr2(&s->vmcb, s->v.fault.va);
		svm_inject_exception(s, VECTOR_PF, true, s->v.fault.pfec);
		return;
	}
	svm_set_pf(s);
}

/* The mode in which the guest's CPU decodes code now. */
static inline enum emul_mode svm_emul_mode(const struct svm_vcpu *s)
{
	if ((s->v.efer & EFER_LMA) && (s->vmcb.cs.attrib & SEG_L))
		return EMUL_LONG;
	if (!(s->v.cr0 & CR0_PE) || (s->vmcb.rflags & RFLAGS_VM))
		return EMUL_REAL16;
	return s->vmcb.cs.attrib & SEG_D ? EMUL_PROT32 : EMUL_PROT16;
}
/* Registers from VMCB and gpr[] to an emulator's state for this instruction, and back. */
void svm_emul_begin(struct svm_vcpu *s, struct emul_state *st, const struct insn *in);
void svm_emul_end(struct svm_vcpu *s, const struct emul_state *st);

/*
 * What paging answered to a page fault is seen to, with all of the guest's registers at hand. Returns the kind of trip that it
 * was.
 */
enum trip svm_answer_pf(struct svm_vcpu *s, enum verdict r);

/*
 * Tables of quick handlers by exit code, for vmcb.quick: the one in which every exit is left to the full handlers, and dom0's,
 * which is such.
 */
const quick_handler_t *svm_quick_none(const struct svm_vcpu *s);
extern const quick_handler_t quick_none[];
/* The CPU that the guest sees, from cpuid.def: before it runs. */
void svm_learn_cpuid(struct svm_vcpu *s);
/*
 * CR4 is another: CPUID.OSXSAVE follows CR4.OSXSAVE. Guests under nested paging change that without an exit, so that a handler which
 * answers CPUID asks for this first.
 */
#define CPUID_OSXSAVE BIT(27) /* leaf 1, ECX */
static inline void svm_cpuid_follow_cr4(struct svm_vcpu *s, u64 cr4)
{
	struct cpuid *r = &s->cpuid[CPUID_SLOT(1)].answer;

	r->ecx = (r->ecx & ~(u32)CPUID_OSXSAVE) | (cr4 & CR4_OSXSAVE ? (u32)CPUID_OSXSAVE : 0);
}
/* The answer to CPUID where the leaf alone decides it; NULL elsewhere. */
static inline const struct cpuid *svm_cpuid_kept(const struct svm_vcpu *s, u32 leaf)
{
	const struct cpuid_kept *k = &s->cpuid[CPUID_SLOT(leaf)];

	return likely(k->leaf == leaf) ? &k->answer : NULL;
}
/* What the guest is stopped at for paging's sake, by v->nested. */
void svm_intercept_paging(struct svm_vcpu *s);
quick_t quick_not(struct svm_vcpu *s);
quick_t quick_not_nested(struct svm_vcpu *s); /* under nested paging, where svm_quirks.loses_host_paging may be */
/* The one for the mode that the guest is in (short/quick_table.c). */
const quick_handler_t *svm_quick_table(const struct svm_vcpu *s);

/*
 * Emulate the instruction at RIP that accessed the page table or device at v->fault. Returns what the trip came to: `done`, if it
 * was.
 */
enum trip svm_emulate(struct svm_vcpu *s, enum trip done);
/* svm_emulate() by the decoder alone; and with a look for stores in short forms before that (short/short_store.c). */
enum trip svm_emulate_any(struct svm_vcpu *s, enum trip done);
enum trip svm_emulate_short(struct svm_vcpu *s, enum trip done);

/* emul_execute() or another function that executes a decoded instruction, as emul_string_io() does. */
typedef int (*emul_fn_t)(const struct insn *in, struct emul_state *st, const struct emul_ops *ops, void *ctx);
/*
 * What such a function returned is seen to: an exception is injected, the guest tries again, or makes a step (step.h). Returns
 * the kind of trip that it was: `done`, if the instruction was executed.
 */
enum trip svm_emulated(struct svm_vcpu *s, int r, enum trip done);
/* Execute this instruction by that function, and see to what it returns. */
enum trip svm_emulate_insn(struct svm_vcpu *s, const struct insn *in, emul_fn_t execute, enum trip done);

/* How emulation reaches the memory of a guest with one vCPU, and of one with several, which have local APICs. */
extern const struct emul_ops svm_guest_ops, svm_guest_ops_smp;

/* Exit handlers, by file. */
enum trip exit_cr_read(struct svm_vcpu *s);
enum trip exit_cr_write(struct svm_vcpu *s);
enum trip exit_cr3_write(struct svm_vcpu *s);
enum trip exit_invlpg(struct svm_vcpu *s);
enum trip exit_cpuid(struct svm_vcpu *s);
enum trip exit_xsetbv(struct svm_vcpu *s);
enum trip exit_msr(struct svm_vcpu *s);
enum trip exit_io(struct svm_vcpu *s);
enum trip exit_db(struct svm_vcpu *s);
enum trip exit_ac(struct svm_vcpu *s);
enum trip exit_mc(struct svm_vcpu *s);
enum trip exit_pf(struct svm_vcpu *s);
enum trip exit_npf(struct svm_vcpu *s);
enum trip exit_vmmcall(struct svm_vcpu *s);
enum trip exit_task_switch(struct svm_vcpu *s);
enum trip svm_step_exit(struct svm_vcpu *s);
extern const exit_handler_t domu_exits[NR_EXITS], dom0_exits[NR_EXITS];
/*
 * Exits of either kind: a code that nobody expects, state that VMRUN refuses, an instruction that is not offered, a triple fault.
 */
enum trip exit_unknown(struct svm_vcpu *s);
enum trip exit_invalid(struct svm_vcpu *s);
enum trip exit_ud(struct svm_vcpu *s);
enum trip exit_shutdown(struct svm_vcpu *s);

/* The guest's MOV to CR3. False: #GP is the caller's, and nothing has happened. */
bool svm_guest_cr3(struct svm_vcpu *s, u64 val);
/* Does CPUID offer RDTSCP, which reads TSC_AUX? */
bool svm_offers_tsc_aux(void);
/*
 * The guest's WRMSR to EFER (APM volume 2, section 3.1.7). False: a bit is not offered, or LME changes under paging; #GP is the
 * caller's.
 */
bool svm_write_efer(struct svm_vcpu *s, u64 val);

#endif
