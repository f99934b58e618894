/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the rest of the hypervisor asks of a domU's paging. paging_shadow.c
 * answers with the shadow engine, paging_nested.c with nested paging; the link
 * chooses. Nothing here injects an exception or knows the VMCB.
 *
 * Of a domain with several vCPUs, callers hold the lock (lock.h) from the first call for an
 * event to the last use of what it left in the vCPU.
 *
 * Callers set v->cr0, cr3, cr4, efer to what the guest believes before calling;
 * paging sets v->hw_* and v->hw_dirty.
 */
#ifndef PAGING_H
#define PAGING_H

#include "vcpu.h"

extern const char paging_recipe_name[];
extern const bool paging_is_nested; /* all its domains are under nested paging, always: v->nested says it of a vCPU now */
/* Does hardware keep the accessed and dirty bits of some guest entries, so that paging_settle has work to do? */
extern const bool paging_marks_late;
/* The recipe has short ways (hv/shadow/short), and wants those of the back end (hv/svm/short). */
extern const bool paging_short_ways;
/* How many instructions a trip may do behind the one that exited, and between two that would exit (svm/cluster.h); 0: none. */
extern const u32 paging_cluster_most, paging_cluster_gap;

/* The recipe switches its domains between shadow and nested paging while they run (hv/shadow/core/paging_hybrid.c). */
extern const bool paging_switches;
/*
 * Put the domain under that kind of paging, or leave it there; where the recipe does not switch, it is under one kind already. No vCPU of it is in the guest, or each that is will
 * leave it for a flush; v->cr0 to v->efer are what each guest has, and no page is lent. True: it is there, and if it was not, v->nested,
 * all hw_ fields and a TLB flush are to reach hardware before a vCPU runs on. False: not now, and nothing has changed: log-dirty is on, or
 * a vCPU has what shadows know nothing of, CR4's bits or a root outside of memory. Shadows do not outlive a time under nested paging.
 */
bool paging_switch(struct domain *d, bool nested);
/* The vCPU's trip is over, and somebody asked for a look before it runs on: should the domain be switched? True: it was. */
bool paging_decide(struct vcpu *v);

/*
 * pool_pages: shadow pages, 0 for the default (256 a vCPU + 2 a MiB of memory). False: out of memory. All else may be asked for
 * once d->vcpu[] is set as well. A domain with a frame above 4 GiB, which no entry of 32 bits can name, gets shadow tables of three levels
 * at least (d->min_shadow_levels).
 */
bool paging_domain_init(struct domain *d, u64 pool_pages);
void paging_domain_destroy(struct domain *d);
/* v->cr0.. hold the state at start (paging off). */
bool paging_vcpu_init(struct vcpu *v);

/* A #PF that hardware raised, with its error code. Fills v->fault. */
static inline enum verdict paging_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	return v->take_fault(v, va, pfec);
}
/*
 * Several vCPUs only: after a fault at va, before the domain's lock is given up. Another vCPU may have written to a table
 * between this one's walk through it and its protection: its entries on the way are read once more.
 */
void paging_recheck(struct vcpu *v, gva_t va);
/*
 * A nested page fault: v->fault.gpa; SH_MMIO or SH_FIXED. Under shadow paging one means that the guest is outside of long mode,
 * behind a fence (hv/paging/nested/fence.h), and changed what hardware walks: the domain crashes.
 */
enum verdict paging_nested_fault(struct vcpu *v, gpa_t gpa, u64 info);

/*
 * Fill v->code with the page that code at va, a linear address, was just fetched from, by the tables that
 * hardware uses: 64-bit code, or outside long mode any. A change of mode forgets it. False: not known without a walk of the
 * guest's.
 */
bool paging_code_page(struct vcpu *v, gva_t va);

/*
 * To be called before CR3, CR0 or CR4 is set, with what the registers are to be, wherever hardware loads
 * a PAE guest's PDPTEs: at every CR3 load, and when CR0.PG, CD, NW or CR4.PAE, PGE, PSE, SMEP change.
 * False: they have reserved bits set; the guest must see #GP and the registers stay. Otherwise v->pdpte holds them;
 * in other modes nothing happens. A root outside the domain's memory crashes the domain.
 */
bool paging_load_pdptes(struct vcpu *v, u64 cr0, u64 cr3, u64 cr4, u64 efer);
/* CR3 was loaded, paging being on: flushes all but global translations. A root outside the domain's memory crashes the domain. */
static inline void paging_load_root(struct vcpu *v)
{
	v->load_root(v);
}
/* CR0, CR4 or EFER changed: chooses the M-on-N instance, flushes as the architecture says. */
void paging_update_modes(struct vcpu *v);
/* The guest's INVLPG has exited, as v->hw_invlpg asks. One that does not is hardware's alone. */
void paging_invlpg(struct vcpu *v, gva_t va);
/* Are there INVLPGs that do not exit, in domains of this recipe? */
extern const bool paging_misses_invlpg;
/*
 * The trip is over. What emulation has translated in it was good for it alone where an INVLPG may follow of which nobody hears. Quick
 * handlers that end a trip have translated nothing.
 */
static inline void paging_trip_over(struct vcpu *v)
{
	if (paging_misses_invlpg)
		v->soft_tlb[SOFT_READ].key = v->soft_tlb[SOFT_WRITE].key = v->soft_tlb[SOFT_FETCH].key = 0;
}

/*
 * Guest memory by virtual address, for instruction fetch and emulation. `access` is
 * a pfec's W/U/I bits. SH_FIXED: done; SH_GUEST_FAULT: v->fault tells; SH_MMIO: v->fault.gpa
 * (the bytes before it are done). At most 64 bytes; may cross a page end.
 * paging_write also brings every shadow of the page up to date ("emulated write").
 */
enum verdict paging_read(struct vcpu *v, gva_t va, void *buf, unsigned bytes, u32 access);
enum verdict paging_write(struct vcpu *v, gva_t va, const void *buf, unsigned bytes, u32 access);
/* Atomic against other vCPUs. *old: expected in, found out. bytes 1, 2, 4, 8, 16. *done: whether it was written. */
enum verdict paging_cmpxchg(struct vcpu *v, gva_t va, void *old, const void *new_, unsigned bytes, u32 access, bool *done);
/*
 * Before paging_write or paging_cmpxchg, within one page, for an instruction that has not exited: what a write of the guest's own would
 * come to. SH_FIXED: go on; *exits is set if that one would have been emulated. All else: leave it to the guest.
 */
enum verdict paging_store_ahead(struct vcpu *v, gva_t va, u32 access, bool *exits);
/*
 * Emulation does not know the instruction that wrote to this page: if it is a guest table, remove all its shadows, so that the
 * guest can do it itself. False: it is none, or a vCPU has loaded it as its root; the page must be lent.
 */
bool paging_unshadow(struct vcpu *v, gpa_t gpa);

/*
 * What always gets on: for one instruction, or one event's frame, hardware is given accesses that the guest's own hardware would
 * give and paging withholds. From a paging_lend that says SH_FIXED to paging_lend_end no other vCPU of the domain may be in
 * the guest, and nothing else may be asked of paging; the vCPU enters the guest between them, and its next exit ends it, whatever
 * it is.
 */
#define LEND_MOST 8
struct lend {
	u64 at;     /* the linear address; of a nested page fault, the guest physical one */
	u32 access; /* as for paging_read */
};
/*
 * `n` pages, up to LEND_MOST. SH_GUEST_FAULT: v->fault tells; the guest has no such access. SH_OOM: there is no memory for
 * it. Neither lends any.
 */
enum verdict paging_lend(struct vcpu *v, const struct lend *what, u32 n);
/* Shadows follow what was written to tables. */
void paging_lend_end(struct vcpu *v);

/*
 * The hypervisor wrote to guest memory, for a device or a loader: shadows of tables there follow, log-dirty marks it.
 * The TLB may keep what it held, as after a write of the guest's own.
 */
void paging_guest_wrote(struct domain *d, gpa_t gpa, unsigned bytes);

/*
 * The guest's hypercalls (hypercall_abi.h).
 *
 * Write page-table entries from a list of `nr` struct pn_mmu_update in guest memory, `list` being a multiple of
 * its size; shadows follow. Each is read once, the entry is one store of the size that entries have in the vCPU's paging mode.
 * Returns how many were written: fewer if the next one, or the list itself, is not in memory or not aligned.
 */
u32 paging_update_entries(struct vcpu *v, gpa_t list, u32 nr);

enum pin_result {
	PIN_OK,
	PIN_NONE,   /* this recipe keeps nothing for roots, or not in the vCPU's mode */
	PIN_LOADED, /* unpinned, but a vCPU has it */
	PIN_AGAIN,  /* it takes more than one exit to find out who may write to the table: the next call goes on */
	PIN_OUTSIDE /* no memory is there */
};
/* The table at gpa, as a root in the vCPU's mode: make ready what is kept for it; let it go. */
enum pin_result paging_pin_root(struct vcpu *v, gpa_t gpa);
enum pin_result paging_unpin_root(struct vcpu *v, gpa_t gpa);

/*
 * What dom0 may ask while the guest stands: no vCPU of the domain is in the guest or in any other of these functions.
 * All take effect before the guest runs on.
 */

/*
 * Log-dirty on: every frame is clean, and write access to all of memory is taken away in one go. Off: the
 * guest writes freely again. False: out of memory, it stays off. On when it is on: all is clean again.
 */
bool paging_log_dirty(struct domain *d, bool on);
/*
 * Only while it is on. Frames [first, first + frames) of the domain's memory, in the order in which it lies in the domU pool,
 * `first` a multiple of 64 and all of them below d->nr_pages: their dirty bits into `bits`, in words of 64, lowest
 * frame first. Returns how many are dirty. Clean: they are clean from now on.
 */
u64 paging_log_dirty_peek(struct domain *d, u64 first, u64 frames, void *bits);
u64 paging_log_dirty_clean(struct domain *d, u64 first, u64 frames, void *bits);

enum pool_result {
	POOL_OK,
	POOL_TOO_SMALL, /* below paging_pool_minimum() */
	POOL_NO_MEMORY,
	POOL_NONE, /* this recipe has no shadow pool */
};

/* What a pool of so many pages (0: the default's) takes of memory below 4 GiB, bytes; of the domain only nr_pages and nr_vcpus are looked at. */
u64 paging_pool_bytes(const struct domain *d, u64 pages);
/* The least number of shadow pages that a domain of so many vCPUs can run with. 0: it needs none. */
u64 paging_pool_minimum(const struct domain *d);
/*
 * Grow or shrink the shadow pool to `pages` pages. Shrinking frees shadows as the recipe's reclaim part does, then
 * whatever stands in memory that is given back. Unless POOL_OK, the pool has the size that it had.
 */
enum pool_result paging_pool_resize(struct domain *d, u64 pages);

/*
 * The p2m loses a frame: all mappings of it go, and all shadows of it as a table. False: the guest frame has no memory, or
 * a vCPU has loaded it as its root; nothing has changed.
 */
bool paging_remove_frame(struct domain *d, gfn_t gfn);
/* The p2m gains one. False: the guest frame is beyond the p2m or has memory already, or mfn is not the domain's. */
bool paging_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn);

/*
 * Somebody other than the guest is to read its page at gpa: if that is a table whose accessed and dirty bits the
 * hypervisor keeps elsewhere, they are brought up to date in it.
 */
void paging_settle(struct domain *d, gpa_t gpa);

/* Re-derive everything. Returns faults found; writes up to `size` bytes of text, NUL-terminated. */
unsigned paging_audit(struct domain *d, char *text, size_t size);

/*
 * An audit in pieces, between which nothing of the domain may change: begin, then go on until it is over (true). A piece
 * looks at `entries` entries, frames and books, or a page's worth more, and writes the text of what it found. *sum: since the
 * beginning.
 */
struct paging_audited {
	u64 faults, looked;
};
void paging_audit_begin(struct domain *d);
bool paging_audit_some(struct domain *d, u64 entries, char *text, size_t size, struct paging_audited *sum);

#endif
