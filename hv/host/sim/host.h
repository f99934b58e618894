/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The simulated machine on which the engine runs hosted: memory, a CPU's page
 * walker with a TLB, and what the engine asked of its platform.
 *
 * The TLB is hostile: it keeps whatever the architecture lets it keep, for as long as it
 * likes, uses it or not as it likes, and forgets as it likes; a seed decides. It holds leaf
 * translations and paging-structure entries. It never holds not-present entries, and
 * before it faults it walks again from the root, as AMD's does. Control registers reach
 * it only through hw_dirty, and the four entries of a PAE root only with CR3. Its tables have 2 to 5
 * levels, as hw_cr4 and hw_efer say, whatever the guest's have: a guest of fewer levels makes the accesses that
 * its own mode could (v->guest_levels).
 */
#ifndef HOST_H
#define HOST_H

#include <setjmp.h>

#include "events.h"
#include "plat.h"

#define HOST_TLB_ENTRIES 64
#define HOST_PSC_ENTRIES 32
/* With the bits of a page-fault error code: the access is made with EFLAGS.AC set, which suspends SMAP. */
#define HOST_AC 0x10000u
/* An error code of host_access() that says: nested paging maps no frame at *hpa. */
#define HOST_NPF 0x20000u

struct host_tlb_entry {
	gva_t page; /* first address of what it maps */
	u64 size;   /* bytes */
	hpa_t base;
	u64 all, any; /* AND and OR of the entries walked */
};

struct host_psc_entry {
	u32 level;    /* of the table that it leads to */
	gva_t prefix; /* address bits above that table's reach */
	hpa_t table;
	u64 all, any;
};

struct host_cpu {
	u32 in_guest, flush; /* a thread runs the guest on it; another one's flush is due before it goes on */
	u64 rng;
	u64 cr0, cr3, cr4, efer;
	u64 nested_cr3;    /* nested paging's root; 0: off */
	bool owns;         /* its tables are the guest's own, and nested paging maps what they name */
	bool invlpg_exits; /* latched when the guest is entered */
	bool keeps;        /* its TLB is kind: what it walked it keeps, and uses, until it is flushed or its place is needed */
	bool wild;         /* its guest may reach for what nested paging keeps from it; any other's doing so is a panic */
	u64 pdpte[4];
	u32 nr_tlb, nr_psc; /* held; the first so many of the arrays */
	struct host_tlb_entry tlb[HOST_TLB_ENTRIES];
	struct host_psc_entry psc[HOST_PSC_ENTRIES];
	u64 hits, walks, faults;
};

#define HOST_HIGH (1ull << 20) /* the first frame above 4 GiB */

/*
 * A machine of `frames` 4 KiB frames, frame 0 unused; and of so many more from HOST_HIGH on, which are taken first unless memory
 * below 4 GiB is asked for. Exits the process if there is no memory.
 */
void host_init(u64 frames);
void host_init_high(u64 frames, u64 high_frames);
void host_exit(void);
/* Frames that nothing has allocated. */
u64 host_free_frames(void);

/* A domain with `frames` frames at `memory`, that runs, and its one vCPU in unpaged protected mode; the engine knows of neither yet. */
void host_domain_init(struct domain *d, struct vcpu *v, const void *memory, u64 frames);
/* Give a vCPU its simulated CPU (v->owner points to it). */
void host_cpu_init(struct vcpu *v, struct host_cpu *cpu, u64 seed);

/*
 * One access as hardware makes it: `access` holds W, U, I and HOST_AC. True: *hpa is the
 * address. False: *pfec is what hardware reports. Loads control registers first
 * if hw_dirty is set.
 */
bool host_access(struct vcpu *v, gva_t va, u32 access, hpa_t *hpa, u32 *pfec);

/*
 * INVLPG of the guest's. False: it exits, and nothing has happened. Whether it does is latched when the vCPU enters the guest: after
 * its own exit, which is over when it is asked for the next thing or host_entered() says so, or after another vCPU's flush has
 * had it out.
 */
bool host_invlpg(struct vcpu *v, gva_t va);
void host_entered(struct vcpu *v);

/*
 * The walker and the TLB by themselves, for a machine that loads a CPU's registers otherwise: after CR3 or what makes
 * the mode has changed host_cpu_load_pdptes, as hardware does, which flushes nothing.
 */
bool host_cpu_access(struct host_cpu *c, gva_t va, u32 access, hpa_t *hpa, u32 *pfec);
void host_cpu_load_pdptes(struct host_cpu *c);
void host_cpu_flush(struct host_cpu *c);
void host_cpu_flush_page(struct host_cpu *c, gva_t va);
u32 host_cpu_levels(const struct host_cpu *c); /* of its tables */

/*
 * For tests with a thread a vCPU: the guest runs from host_enter to host_leave, and only there
 * accesses memory. Tests with one thread need neither.
 */
extern void (*host_last_moment)(struct domain *d); /* called, if set, right before the others' flush is asked for */
void host_enter(struct vcpu *v);
void host_leave(struct vcpu *v);

/*
 * For tests with one thread in which another vCPU acts while the engine works: host_moment is called when the engine has asked
 * for memory host_countdown times (plat_map), which sets that to zero. What it does may ask in its turn.
 */
extern u32 host_countdown;
extern void (*host_moment)(void);

/* Next number of a CPU's own sequence, and of any. */
u64 host_random(u64 *state);

/* The counter that plat_pmu_read reads; NULL: there is none. It counts while its region is not 0. */
extern const struct plat_pmu *host_pmu;

/* plat_wait gives up after so many looks; at first it never does. */
extern u64 host_most_looks;

/* plat_panic jumps here if it is set, with 1; otherwise it aborts. */
extern jmp_buf *host_panic;
extern char host_panic_text[256];
/* How often each event would have been traced; and who else is told of it, NULL: nobody. */
extern u64 host_traced[PN_EV_MAX];
extern void (*host_trace)(struct vcpu *v, enum pn_event ev, const u64 payload[4]);

#endif
