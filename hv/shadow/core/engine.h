/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Inside the engine. One struct sh_mode for each pair of guest and hardware paging
 * levels ("M on N"), compiled from multi.h; v->mode points at the pair in use.
 *
 * When a hardware TLB flush is owed
 *
 * A shadow kept in step changes at the moment of the guest's own write. The guest
 * then owes the flush, as on bare hardware, and its INVLPG or CR3 load is passed
 * on. The engine owes one itself, before the guest runs on, whenever it
 *  1. takes a right away that the guest's tables still give (write protection of a
 *     new table, reclaim, unshadowing): sh_flush;
 *  2. frees a shadow page, because paging-structure caches may still point into it
 *     while it is used again: sh_page_free flushes;
 *  3. removes or changes a link to a direct shadow, or one below which such a link may be.
 *     A direct shadow stands for one guest superpage, of which hardware holds fragments, and
 *     the guest's single INVLPG is to cover them all, whatever the tables say by then.
 *  4. promotes a frame that had no shadows, or makes frames clean for log-dirty, even if no entry maps them writable any
 *     more: the guest may have dropped such an entry and not flushed yet.
 * Giving rights needs no flush: hardware walks again before it faults.
 *
 * An INVLPG that does not exit (the part invlpg_needed)
 *
 * Tables in sync need none: their shadows have followed, the rules above cover what one INVLPG does not, and hardware drops
 * the rest by itself. So INVLPG exits no longer than a table is out of sync, and what is remembered of
 * translations beside hardware's TLB goes without it:
 *  1. emulation's TLB when the trip is over (paging_trip_over): it may have come by tables that have no shadow, which the guest
 *     changes unseen;
 *  2. each vCPU's page of code when the entry changes that maps it, a link goes, or a table comes back into sync; and at a root load
 *     unless the new root leads there, because the guest may have dropped a global translation that another root does not have;
 *  3. a walk cache holds nothing of the guest's entries, and links are in step: it goes with links alone.
 * A fault's entry that paging_recheck corrects may have been in use by another vCPU, whose INVLPG came before: it flushes.
 * An intercept is read when a vCPU enters. Where there are several each INVLPG exits, if tables can go out of sync at all: the others
 * would have to be stopped before one goes.
 *
 * With several vCPUs sh_flush returns only when no other vCPU can use what it had: a freed page is taken again, and a
 * protected table read, after that. What was read of a table before it was protected may have been overwritten
 * meanwhile: paging_recheck reads it again.
 *
 * What must hold of every link (entry of a shadow above level 1): the child's role
 * has the parent's level minus one, so that shadows form no cycle whatever cycles the
 * guest's tables have; and the child counts the link in refs.
 */
#ifndef SHADOW_ENGINE_H
#define SHADOW_ENGINE_H

#include "gw.h"
#include "logdirty.h"
#include "policy.h"

struct audit;

struct sh_mode {
	u32 guest_levels, shadow_levels;
	enum verdict (*fault)(struct vcpu *v, gva_t va, u32 pfec);
	/*
	 * For emulation: the byte at va, after checking the access and marking the tables. Fills v->fault
	 * unless SH_FIXED. The caller has asked soft_hit.
	 */
	enum verdict (*translate)(struct vcpu *v, gva_t va, u32 access, struct sh_target *t);
	/* Store within one page, and have the shadows follow. */
	enum verdict (*write)(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access);
	/* Bytes just stored at a translated place: have the shadows follow. */
	void (*wrote)(struct vcpu *v, const struct sh_target *t, u32 bytes);
	void (*load_root)(struct vcpu *v);
	void (*load_first_root)(struct vcpu *v); /* the same where no root is loaded */
	/* A new root, by the sync part's way; NULL: the domain has crashed. The guest frame has memory. */
	struct sh_page *(*root_new)(struct vcpu *v, gfn_t gfn, u32 role);
	void (*drop_page)(struct vcpu *v, gva_t va);
	/* Bytes [offset, offset + bytes) of the guest table behind sp have changed. */
	void (*validate)(struct domain *d, struct sh_page *sp, u32 offset, u32 bytes);
	/* The guest's entries on the loaded root's walk to va, read again: paging_recheck. */
	void (*recheck)(struct vcpu *v, gva_t va);
	/* The leaf shadow and slot for va under `root`, whatever the entry there; NULL: a walk does not come to it. */
	struct sh_page *(*find_leaf)(const struct domain *d, struct sh_page *root, gva_t va, u32 *slot);
	u64 (*get)(const struct sh_page *sp, u64 slot);
	/* Take PTE_RW from a leaf entry that maps this frame writable. False: it does not. */
	bool (*revoke)(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn);
	/* Give it to one that has lost it, if the guest's table behind the leaf, where there is one, does. */
	void (*grant)(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn);
	u32 (*revoke_in)(struct domain *d, struct sh_page *leaf, struct frame_info *f, mfn_t mfn);
	/*
	 * Leaf entries that map one of `frames` frames from `first` on: take PTE_RW, or, if `bit` is PTE_P, the
	 * whole entry. Returns how many had it.
	 */
	u32 (*take)(struct domain *d, struct sh_page *leaf, mfn_t first, u64 frames, u64 bit);
	/* Zero what entries that are not present remember. */
	void (*forget)(struct domain *d, struct sh_page *leaf);
	/*
	 * Out of sync no longer: derive the entries that disagree with the guest's table, by the snapshot if there is one.
	 * Returns how many. And the one for va, if its table is out of sync.
	 */
	u32 (*resync)(struct vcpu *v, struct sh_page *sp);
	struct sh_page *(*resync_page)(struct vcpu *v, gva_t va);
	/* The guest table behind a page above level 1, of a pair without quadrants, has changed: the links that there are follow. */
	void (*relink)(struct domain *d, struct sh_page *sp);
	/* Zero one link; all links to a child; every entry. */
	void (*unlink)(struct domain *d, struct sh_page *parent, u32 slot);
	void (*unlink_child)(struct domain *d, struct sh_page *parent, const struct sh_page *child);
	void (*empty)(struct domain *d, struct sh_page *sp); /* no references: and all else in it */
	/* A hidden table's, hide.h: derive every entry, its frame being hidden now or shown now; carry bits over. */
	void (*hide)(struct domain *d, struct sh_page *sp);
	void (*show)(struct domain *d, struct sh_page *sp);
	/* Carry over the bits of entries that stand for guest bytes [offset, offset + bytes); `write`: and drop them. */
	void (*settle)(struct domain *d, struct sh_page *sp, u32 offset, u32 bytes, bool write);
	/* Zero superpage entries that map any of these frames with that right. */
	void (*take_super)(struct domain *d, struct sh_page *sp, mfn_t first, u64 frames, u64 bit);
	/* Has it a writable superpage entry that maps frames of the 2 MiB from `first`? */
	bool (*maps_super)(struct sh_page *sp, mfn_t first);
	/* The links of a root that user accesses go through. */
	void (*unhook_user)(struct domain *d, struct sh_page *root);
	void (*audit)(struct domain *d, struct sh_page *sp, struct audit *a);
};

#define SH_MAX_LEVELS 5
/* The pairs of this build, by guest and shadow levels (pairs_*.c); NULL: not among them. */
extern const struct sh_mode *const sh_pairs[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1];

/* At least as many shadow pages as one fault takes, or one root load: a table at each level below a root of five. */
#define SH_MOST_PAGES 6
/*
 * A pool below this might keep a guest at one instruction for ever, each page that it needs pushing out another. It can
 * need six at once: its own bytes, what it reads and what it writes, each across a page end. All are to find room
 * below one root, beside the other vCPUs' roots, while one more fault is handled.
 */
#define SH_INSN_PAGES 6
#define SH_MIN_POOL(nr_vcpus)                                                                                                    \
	((nr_vcpus) + SH_INSN_PAGES * (SH_MAX_LEVELS - 1 + SH_PART_PAGES) + SH_MOST_PAGES + SH_PART_PAGES +                      \
	 LENT_ROOM(SH_INSN_LENT))
/* Of these six, four may have to be lent (lend.c): a root, and for each page a table a level and a copy. */
#define SH_INSN_LENT     4
#define LENT_ROOM(pages) (1 + (pages)*SH_MAX_LEVELS)

/* Free shadow pages for the work ahead; reclaim happens only here, so nothing goes away under a walk. */
bool sh_make_room(struct domain *d, u32 want);
static inline bool sh_reserve(struct domain *d, u32 want)
{
	return likely(d->shadow->free >= want) || sh_make_room(d, want);
}

/* A new, empty shadow; the caller has reserved it and links or loads it at once. */
struct sh_page *sh_page_new(struct vcpu *v, const struct sh_mode *mode, gfn_t gfn, u32 role, gva_t va);
/* The last reference is gone. */
void sh_page_free(struct domain *d, struct sh_page *sp);

static inline void sh_put(struct domain *d, struct sh_page *sp)
{
	if (!--sp->refs)
		sh_page_free(d, sp);
}

/* Another root is loaded: what short ways keep of a walk down it (short/multi_short.h) is over. */
static inline void sh_walk_cache_drop(struct vcpu *v)
{
	v->walk_cache[0].tag = v->walk_cache[1].tag = NO_WALK;
}
/* Its page of code is where each vCPU found it no longer, for all that is known. */
static inline void sh_code_gone(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		d->vcpu[i]->code.va = NO_CODE_PAGE;
}
/* The same of an entry that was `old` and present, and becomes another. */
static inline void sh_code_moved(struct domain *d, u64 old)
{
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (d->vcpu[i]->code.page == plat_map(pte_mfn(old)))
			d->vcpu[i]->code.va = NO_CODE_PAGE;
}
/* The same of entries of a leaf shadow: the page of code is one's to which no way is known, or its way ends there. */
static inline void sh_code_below_gone(struct domain *d, const struct sh_page *leaf)
{
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		struct code_page *c = &d->vcpu[i]->code;

		if (c->entry == NO_ENTRY || !(((uintptr_t)c->leaf ^ (uintptr_t)leaf->table) & PAGE_MASK))
			c->va = NO_CODE_PAGE;
	}
}

/* A link goes, or has other rights: so is that of every vCPU, and what it knows of the way to its page of code. */
static inline void sh_link_gone(struct domain *d)
{
	for (u32 i = 0; i < d->nr_vcpus; i++) {
		sh_walk_cache_drop(d->vcpu[i]);
		d->vcpu[i]->code.entry = NO_ENTRY;
	}
}

static inline struct sh_page *sh_root(const struct vcpu *v)
{
	return v->root;
}

/* Hardware holds entries of this loaded root, a PAE one, and they changed: it loads CR3 again before a guest runs on. */
void sh_reload_root(struct domain *d, const struct sh_page *root);

/* CR0, CR4 or EFER changed: choose the pair, set v->hw_*. */
void sh_update_modes(struct vcpu *v);

/* Zero the superpage entries that map any of these frames with that right, in every shadow. */
void sh_take_super(struct domain *d, mfn_t first, u64 frames, u64 bit);

/* The book names this shadow, by its frame, as the latest that maps its block by a writable superpage entry. */
void sh_lpage_writer(struct lpage_info *l, u32 smfn);
/* With SUPER_FEW_WRITERS: may that shadow have one for the block from `first`? Those that map it no more lose their places. */
bool sh_lpage_has_room(const struct domain *d, mfn_t first, u32 smfn);

/* The guest table at `gpa` changed by a write that the engine knows of. */
void sh_validate(struct domain *d, struct frame_info *f, u32 offset, u32 bytes);
/* Take all write access to a frame away, which `table` shadows; va: an address that the table translates, or 0. */
void sh_revoke_all(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va);
/* The same as far as it needs no search. */
void sh_revoke_known(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va);
/*
 * A frame is about to become a table, or a parked shadow's is to be one again, in a pool that is too large for the search of its mappings to
 * be one exit's work (sh_searches_long): true when that is over, and sh_promote need not look for many. The guest tries again until it is.
 */
bool sh_searched(struct vcpu *v, u32 gfn, u32 role, gva_t va);
/*
 * Remove all shadows of a frame, which has some. False: one is a loaded root, or it takes more than one exit to find out what
 * links to one (sh_search_pages); the next call goes on.
 */
bool sh_unshadow(struct domain *d, struct frame_info *f, u32 why);
/* Remove one shadow page that no vCPU has loaded, wherever it is linked. */
void sh_unshadow_page(struct domain *d, struct sh_page *sp);
/* Remove all: no vCPU has a root until paging_vcpu_init() gives it one. */
void sh_empty_pool(struct domain *d);

/* From the engine's half to hardware's, in the vCPU's mode. */
static inline u64 sh_hw_offset(u32 levels)
{
	return levels > 3 ? 0 : pool_hw_offset;
}

/* The domain goes: what lend.c keeps of it. */
void sh_lend_destroy(struct domain *d);

/* ---- manage.c: what paging.h promises of the same names ---- */

enum pin_result sh_pin_root(struct vcpu *v, gfn_t gfn);
enum pin_result sh_unpin_root(struct vcpu *v, gfn_t gfn);
bool sh_log_dirty(struct domain *d, bool on);
u64 sh_log_dirty_clean(struct domain *d, u64 first, u64 frames, void *bits);
enum pool_result sh_pool_resize(struct domain *d, u64 pages);
bool sh_remove_frame(struct domain *d, gfn_t gfn);
bool sh_add_frame(struct domain *d, gfn_t gfn, mfn_t mfn);

/* ---- audit.c ---- */

struct audit {
	struct domain *domain;
	struct sh_audit *at;
	char *text;
	size_t size, used;
};

void audit_report(struct audit *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* paging_audit_begin, and paging_audit_some without the sums. */
void sh_audit_begin(struct domain *d);
bool sh_audit_some(struct domain *d, u64 entries, char *text, size_t size);
/* Of the list of what is out of sync, snapshots and what wrmap parts remember (unsync.c). */
void sh_audit_unsync(struct audit *a);

#endif
