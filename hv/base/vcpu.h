/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A virtual CPU and a domain as every layer sees them. Nothing here knows the
 * VMCB: the SVM back end embeds struct vcpu in its own structure and copies the
 * hw_* fields into the VMCB when hw_dirty says so.
 */
#ifndef HV_VCPU_H
#define HV_VCPU_H

#include "control_abi.h"
#include "types.h"

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15, NR_GPRS };

struct domain;
struct domu;
struct sh_mode; /* the M-on-N instance: hv/shadow */
struct frame_info;
struct sh_page;
struct sh_domain;
struct trace_ring;

/* What a page fault turned out to be, or another access to the guest's memory: paging's answer. */
enum verdict {
	SH_FIXED,       /* the shadow was mended: run the guest again */
	SH_GUEST_FAULT, /* the guest must see #PF(v->fault.pfec) at v->fault.va */
	SH_EMULATE,     /* a write that must be emulated: v->fault.gpa */
	SH_MMIO,        /* no memory there: v->fault.gpa */
	SH_RETRY,       /* nothing was mended, and nothing is to be done: run the guest again (KVM's RET_PF_RETRY) */
	SH_OOM,         /* the pool gave nothing even after reclaim: the caller crashes the domain */
};

/* A page fault as paging is asked about it, and what paging answers beside the verdict. */
struct fault {
	gva_t va;
	u32 pfec;  /* in: as hardware reported; out, for GUEST_FAULT: what the guest must see */
	gpa_t gpa; /* out, for EMULATE and MMIO: the guest physical address hit */
};

/* One translation that emulation has made before: page address and kind of access, and where the page's bytes are. */
struct soft_tlb {
	u64 key; /* 0: none */
	u8 *page;
};

enum { SOFT_READ, SOFT_WRITE, SOFT_FETCH, NR_SOFT_TLBS };

/*
 * The page of code that the last exits came from, and its bytes: 64-bit code in long mode, flat 32-bit code in modes of two or
 * three levels.
 */
struct code_page {
	gva_t va; /* NO_CODE_PAGE: none */
	const u8 *page;
	bool global;      /* the guest's CR3 loads leave the translation alone */
	gva_t not_global; /* the last page found not to be so */
	/*
	 * The way there, in 64-bit modes: the root's entry and the leaf's as hardware's walk found them. As long as no link has gone,
	 * a root that has the first leads to the second, and so to the same page.
	 */
	u64 top, entry; /* entry: NO_ENTRY when the way is not known */
	u32 top_slot;
	const u64 *leaf;
};
#define NO_CODE_PAGE BIT(63) /* not canonical, and far from all that is */
#define NO_ENTRY     (~0ull) /* none that a shadow has: hardware's reserved bits are clear there */

/* Where a walk down the loaded root ended before: what hardware's paging-structure caches are to its walks (hv/shadow/short). */
struct walk_cache {
	u64 tag; /* the address above the bits that a leaf shadow translates; NO_WALK: none */
	struct sh_page *leaf;
	u64 all; /* AND of the links' rights */
};
#define NO_WALK (~0ull)

/*
 * Under nested paging, of which the guest's flushes are not seen: a walk of its tables, in long mode, to a page of code or of a device. While
 * every entry is as it was read, a walk now would come to the same page (hv/paging/kept_walk.h).
 */
#define KEPT_WALK_MOST 5 /* levels */
struct kept_walk {
	gva_t va; /* of the page; NO_CODE_PAGE: none */
	union {
		const u8 *page; /* of code */
		gpa_t gpa;      /* of a device */
	};
	u64 cr3, la57, efer;           /* la57: CR4's bit */
	u64 all;                       /* AND of the entries */
	const u64 *at[KEPT_WALK_MOST]; /* the entries; the last again where there are fewer */
	u64 entry[KEPT_WALK_MOST];     /* as they were */
};

/*
 * hw_dirty: CR3 changed; more did; nested paging's root did and nothing else, because the other hw_ fields are old where the
 * guest loads its registers itself; hw_invlpg did.
 */
enum { HW_CR3 = 1, HW_ALL = 2, HW_NESTED = 4, HW_INVLPG = 8 };
#define HW_WORK_FLUSHED BIT(16) /* in hw_work: tlb_flushed, and nothing else */

struct vcpu {
	u64 gpr[NR_GPRS]; /* offset 0: entry.S saves here. RAX and RSP are live in the VMCB except while emulating */
	struct domain *domain;
	u32 id; /* within its domain */
	u32 pcpu;
	struct trace_ring *ring; /* its pCPU's (trace_ring_give) */

	/* What the guest believes. */
	u64 cr0, cr2, cr3, cr4, efer;
	u64 cr4_refused; /* bits that it may not set, and can where it loads CR4 itself */

	/* What hardware must be given: written by paging, loaded by the back end at the next entry. */
	u64 hw_cr0, hw_cr3, hw_cr4, hw_efer;
	u64 hw_nested_cr3; /* nested paging's root; 0 under shadow paging, but behind a fence */
	bool hw_invlpg;    /* the guest's INVLPG is to exit */
	u64 look_at;       /* the domain's time: paging_decide() is to be asked by then; 0: it need not be */
	bool probed;       /* under nested paging: page faults, CR3 loads and INVLPGs exit all the same, to be counted */
	bool nested;       /* the guest has its control registers and tables to itself: nested paging */
	/* Work to be done before the guest runs on; each exit asks once whether there is any. */
	union {
		struct {
			union {
				struct {
					u8 hw_dirty;    /* hw_ fields changed: HW_CR3, HW_ALL, HW_NESTED, HW_INVLPG or several */
					u8 tlb_flush;   /* flush this guest's TLB */
					u8 tlb_flushed; /* the back end asked hardware for a flush at the last entry */
				};
				u32 hw_work; /* the three together */
			};
			u8 request; /* 1: the back end is to look before the entry: an event, a pause, the end; else 0 */
		};
		u64 entry_work; /* 8 bytes, which GCC compares with 0 in memory; 4 it would load first */
	};

	/* Paging's own. */
	const struct sh_mode *mode;
	struct sh_page *root; /* the loaded shadow root; NULL: none */
	u32 guest_levels, shadow_levels;
	struct fault fault;
	u64 bytes;                       /* page-table bytes touched in this trip */
	u64 rsvd;                        /* bits that no entry of the guest's tables may have set in this mode */
	u64 paging_bits;                 /* of CR0, CR4 and EFER: those whose change flushes and loads a root anew */
	u32 role;                        /* what the roles of all shadows made in this mode have in common */
	bool pse;                        /* 32-bit entries may map superpages */
	u64 pdpte[4];                    /* PAE: the guest's top entries, as they were when last loaded */
	struct walk_cache walk_cache[2]; /* for low and for high addresses: kernels keep to one of them */
	struct code_page code;
	struct kept_walk code_walk, device_walk;
	gva_t device_page; /* that an access came to last; one that two come to in a row is worth a walk that is kept */
	struct soft_tlb soft_tlb[NR_SOFT_TLBS]; /* emulation's: reads, writes, fetches (hv/guest/gw.h) */

	enum verdict (*take_fault)(struct vcpu *v, gva_t va, u32 pfec); /* paging_fault, as the mode answers it */
	void (*load_root)(struct vcpu *v);                              /* paging_load_root, likewise */

	struct pn_trip_stat trip[TRIP_MAX];
	u64 trace_written, trace_lost; /* records on its behalf: kept in the ring, dropped */
	u64 stood;                     /* of its domain's ticks that it stood, those that its own TSC leaves out already */
	void *owner; /* who runs it: its struct domu_vcpu (hv/domain; dom0: NULL); on a simulated machine its struct host_cpu */
};

#define MAX_VCPUS PN_LIMIT_vcpus /* of a domain */

/* How domain.refills goes: what it is when a domain comes back from nested paging, and how few entries make a try be in vain. */
enum { REFILL_FAILURES = 4, REFILL_LITTLE = 16 };

struct domain {
	u32 id;
	u32 state;   /* enum pn_state */
	u32 crashed; /* who sets it says why */
	u32 nr_vcpus;
	struct vcpu *vcpu[MAX_VCPUS]; /* once paging_domain_init() is through: all nr_vcpus of them */
	struct vcpu *acting;          /* the vCPU whose event paging handles, or handled last: the holder of `lock` */
	struct {
		u32 next, serving, broken;
	} lock;    /* domains with several vCPUs only: hv/paging/lock.h */
	u32 alone; /* the same: the lock's holder is in the guest, and must be the only one there (hv/svm/smp.c) */

	/*
	 * Its time is the TSC less what it has stood for the sake of its trace (hv/domain/stand.c), ticks; and since when it does so
	 * now, by its own time, 0: it does not.
	 */
	u64 stood, stands_since;

	/* Memory: `nr_pages` guest frames; p2m[gfn] is a machine frame, or P2M_NONE. */
	u32 *p2m;
	u64 p2m_frames; /* length of p2m and of frame[] */
	struct frame_info *frame;
	mfn_t first_mfn; /* the domain's memory is contiguous in the pool */
	u64 nr_pages;
	u64 *log_dirty; /* a bit for each of them, by machine frame; NULL: log-dirty is off (hv/guest/logdirty.h) */

	struct hybrid *hybrid;    /* NULL: nothing decides whether to switch (hv/shadow/core/hybrid_decide.c) */
	struct sh_domain *shadow; /* NULL under nested paging */
	struct lent *lent;        /* what is lent to the vCPU in the guest; NULL: nothing ever was (hv/paging/lent.h) */
	bool nested;              /* its vCPUs are under nested paging, where the recipe switches (paging_switch) */
	bool unsync;              /* guest tables are out of sync: hv/shadow/core/unsync.c */
	u8 refills; /* new shadows are filled whole, until so many tries have been in vain (policies/parts/prefetch_refill.h) */
	u32 min_shadow_levels; /* asked for; 0: what the guest's mode needs */
	mfn_t npt_root;
	mfn_t fence_root; /* hv/paging/nested/fence.h; 0: the machine needs none */
	u64 counter[PN_CNT_MAX];

	u32 exit_code;
	char name[PN_NAME];
	char reason[PN_REASON];
	struct domu *domu; /* devices, console, regions: hv/domain; NULL: dom0 */
};

/* What time it is for the domain when the TSC is `tsc`. */
static inline u64 domain_time(const struct domain *d, u64 tsc)
{
	const u64 since = __atomic_load_n(&d->stands_since, __ATOMIC_RELAXED);

	return since ? since : tsc - d->stood;
}

/* Trips since it began, of all kinds that are figures. */
static inline u64 vcpu_trips(const struct vcpu *v)
{
	u64 sum = 0;

	for (unsigned i = 0; i < TRIP_MAX; i++)
		sum += trip_is_figure(i) ? v->trip[i].count : 0;
	return sum;
}

#define P2M_NONE 0xffffffffu

#define COUNT(d, c)        ((d)->counter[PN_CNT_##c]++)
#define COUNT_ADD(d, c, n) ((d)->counter[PN_CNT_##c] += (n))

#endif
