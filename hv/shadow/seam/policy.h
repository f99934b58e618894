/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The policy seam: everything that a recipe may decide, one structure an axis,
 * and the services that the engine offers to parts. Parts and recipes include
 * this header and nothing else of the engine.
 *
 * A recipe is a header in policies/ that includes one part for each axis and ends
 * in `static const struct sh_policy policy`. The build names it by RECIPE_HEADER,
 * and every engine source that asks it includes "recipe.h". The structure is
 * constant and in sight, so each hook becomes a call that can be inlined, or no call at all.
 *
 * Hooks are called with the domain's paging locked, never nested within
 * themselves, and must not take shadow pages except where it says so.
 */
#ifndef SHADOW_POLICY_H
#define SHADOW_POLICY_H

#include "lib.h"
#include "p2m.h"
#include "paging.h"
#include "pool.h"
#include "pte.h"
#include "trace.h"

#define SH_PART static inline __attribute__((unused))

/* ---- what parts keep ---- */

/*
 * A part may keep something of each shadow page (SH_KEPT_BYTES for all parts of a recipe) and of the domain. It declares a structure,
 * `struct <name>_page` or `struct <name>_domain`, makes it known by SH_KEEPS_PAGE(<name>) or SH_KEEPS_DOMAIN(<name>), names that in its
 * axis' structure (keeps_page, keeps_domain), and finds it by the function <name>_page(sp) or <name>_domain(d). kept.h lays out
 * what the parts of a recipe keep, at offsets that the compiler knows. What it keeps of each frame is a book: sh_book_alloc.
 *
 * A domain's is zeroed when the domain begins. A page's is zeroed once, and then as the last shadow in the page left it: a part sets
 * it when the shadow is made, or clears it when the shadow goes, at a hook of its own.
 */
struct sh_kept {
	u32 bytes, align;
};

#define SH_KEEPS(name, what, of, in)                                                                                             \
	static const struct sh_kept name##_keeps_##what = { sizeof(struct name##_##what), _Alignof(struct name##_##what) };      \
	static inline u32 sh_##what##_place(const struct sh_kept *kept); /* kept.h, which comes behind the recipe */             \
	SH_PART struct name##_##what *name##_##what(const struct of)                                                             \
	{                                                                                                                        \
		return (struct name##_##what *)((const u8 *)(in) + sh_##what##_place(&name##_keeps_##what));                     \
	}
#define SH_KEEPS_PAGE(name)   SH_KEEPS(name, page, sh_page *sp, sp->kept)
#define SH_KEEPS_DOMAIN(name) SH_KEEPS(name, domain, domain *d, d->shadow->kept)
/* The first members of each axis' structure; NULL: it keeps no such thing. */
#define SH_KEEPING const struct sh_kept *keeps_page, *keeps_domain

/*
 * Shadows that one exit may look through to find a new table's writable mappings, or the links to what is to be unshadowed; no
 * smaller pool ever needs a second piece. 4096; the oracle makes it less for every other guest.
 */
extern u32 sh_search_pages;

/* sync: what happens when the guest writes a shadowed table, loads a root, flushes, faults. */
struct sh_sync {
	SH_KEEPING;
	/* A shadow of guest frame `gfn` in that role which is still good, to be linked or loaded; NULL: a new one is begun. */
	struct sh_page *(*find)(struct domain *d, u32 gfn, u32 role);
	/* `find` for a root that is to be loaded, once `flush` was called, so that nothing is out of sync. */
	struct sh_page *(*find_root)(struct domain *d, u32 gfn, u32 role);
	/* The root that was found is parked: sh_unpark. NULL: none ever is. */
	void (*unpark)(struct vcpu *v, struct sh_page *root);
	/* A new shadow, still empty, needed to translate va. */
	void (*made)(struct vcpu *v, struct sh_page *sp, gva_t va);
	/* A shadow goes, and its entries have gone already. */
	void (*gone)(struct domain *d, struct sh_page *sp);
	/* A new shadow that is a root, before it is loaded for the first time; and one that was just left. NULL: nothing to do. */
	void (*root_made)(struct domain *d, struct sh_page *root);
	void (*root_left)(struct vcpu *v, struct sh_page *root);
	/* May the guest write straight to this frame? */
	bool (*may_write)(const struct frame_info *f);
	/* It may not, and just did. SH_EMULATE, or SH_FIXED when it may by now. Never reclaims. */
	enum verdict (*table_write)(struct vcpu *v, gfn_t gfn);
	/*
	 * A link is there already, to `child` with the rights `have`. A fresh walk wants
	 * (gfn, role) with `want`. True: keep the child, update the rights; false: drop it.
	 */
	bool (*keep_link)(const struct sh_page *child, u32 gfn, u32 role, u64 have, u64 want);
	/*
	 * A link is about to be made, or a table followed: everything is to be in sync. For parts that let tables above level 1 go out of
	 * sync (SYNC_UNSYNCS_LINKS); NULL: links are in step at any time.
	 */
	void (*before_link)(struct vcpu *v);
	/* INVLPG. */
	void (*invlpg)(struct vcpu *v, gva_t va);
	/*
	 * The guest's TLB is flushed whole, and a root loaded: nothing may be put off any longer. Asked while tables are
	 * out of sync. NULL: none ever is.
	 */
	void (*flush)(struct vcpu *v);
	/*
	 * A table is in sync again, which `first` is the first shadow of: so many of its shadow entries had to be derived. And an
	 * entry of a shadow out of sync was pulled through. For parts that learn; NULL: nothing to do.
	 */
	void (*resynced)(struct domain *d, struct sh_page *first, u32 changed);
	void (*pulled)(struct domain *d, struct sh_page *leaf);
	/* Few pages of the pool are free: give back the pages that hold no shadow. NULL: there are none. */
	void (*give_back)(struct domain *d);
	/* Must this page agree with the guest's table at this moment? (audit) */
	bool (*in_sync)(const struct sh_page *sp);
};

/* wrmap: one way to find writable mappings of a frame. */
struct sh_wrmap {
	SH_KEEPING;
	/*
	 * Take away write access to `mfn`, which becomes a guest table of that role while
	 * va is translated. May stop once f->writable is 0; whatever it leaves, the next in the
	 * chain looks for.
	 */
	void (*revoke)(struct vcpu *v, struct frame_info *f, mfn_t mfn, const struct sh_page *table, gva_t va);
	/*
	 * `revoke` in pieces, for parts that search: look through `pages` leaf shadows more. True: no writable mapping is left, or
	 * the pool was gone through twice, and whoever maps the frame again and again has the rest of the search in one piece.
	 */
	bool (*search)(struct vcpu *v, struct frame_info *f, mfn_t mfn, u32 pages);
	/* mfn is no guest table any more: the mapping that revoke took write access from may have it again. NULL: a fault brings it. */
	void (*restore)(struct domain *d, mfn_t mfn);
	/* The rest is for parts with books of their own; NULL: none. A domain begins and ends; false: out of memory. */
	bool (*init)(struct domain *d);
	void (*exit)(struct domain *d);
	/* Entry `slot` of a leaf shadow is about to map mfn writable. False: it must not, there is no room for it. */
	bool (*mapped)(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot);
	/* It no longer does. */
	void (*unmapped)(struct domain *d, mfn_t mfn, struct sh_page *leaf, u32 slot);
	/* A shadow goes; its entries are gone already. */
	void (*gone)(struct domain *d, struct sh_page *sp);
	/* The guest may write to a frame with shadows, `first` being the first of them, until `synced`: no entry maps it writable yet. */
	void (*unsynced)(struct domain *d, struct sh_page *first);
	/* It may not any more. Or, if `next` is not NULL, it still may, and `next` is the first shadow from now on, as `first` goes. */
	void (*synced)(struct domain *d, struct sh_page *first, struct sh_page *next);
	/* For the audit. Is that mapping in the books? For parts that find out without a search. */
	bool (*knows)(const struct domain *d, mfn_t mfn, const struct sh_page *leaf, u32 slot);
	/*
	 * The place (a leaf shadow's frame * SH_MAX_ENTRIES + slot) that the books list for mfn behind another one; behind 0,
	 * the first; 0: no more. For parts that list them all.
	 */
	u32 (*listed)(const struct domain *d, mfn_t mfn, u32 place);
	/* Shadow pages that recording one mapping may take: faults reserve them. */
	u32 pages;
};
#define SH_WRMAP_CHAIN 3

/* spare: what not-present shadow entries remember. */
enum sh_absent {
	SH_ABSENT_GUEST, /* the guest's entry is not present */
	SH_ABSENT_YET,   /* it has no accessed bit yet, or sets reserved bits */
	SH_ABSENT_MMIO,  /* it maps a frame that is no memory, and would be a mapping otherwise */
};
enum sh_answer { SH_ANSWER_NONE, SH_ANSWER_ABSENT, SH_ANSWER_READ_ONLY, SH_ANSWER_MMIO };

struct sh_spare {
	SH_KEEPING;
	/* The not-present leaf entry to store for a guest entry that gives none; bit 0 must be clear. */
	u64 (*absent)(u64 guest_entry, enum sh_absent why);
	/* The rest is for parts that remember; NULL: none. Bits that software may use, for a present leaf entry. */
	u64 (*flags)(u64 guest_entry);
	/*
	 * What a leaf entry of a page in sync, at which hardware reported that fault, says of the guest's own. ABSENT: it
	 * is not present. READ_ONLY: it is present, and a write at any privilege but a supervisor's without CR0.WP is
	 * the guest's fault. MMIO: pte_gfn(entry) is to be accessed, with the rights and dirty bit that the entry has.
	 */
	enum sh_answer (*answer)(u64 entry, u32 pfec);
	bool keeps_mmio; /* SH_ABSENT_MMIO entries are to be made at the first access */
};

/*
 * The book of an aligned 2 MiB of machine memory, where superpages are shadowed by single entries (what KVM's kvm_lpage_info is).
 * `maps` counts the superpage entries that map it writable, `tables` the guest tables in it; one of the two is always 0.
 */
#define SH_LPAGE   512 /* frames */
#define SH_WRITERS 4
struct lpage_info {
	u32 maps, tables;
	u32 seen; /* the audit's own count of maps */
	/*
	 * Shadows that map it so, by their frames, which need not be the pool's any more; the latest first. With SUPER_FEW_WRITERS all of them
	 * stand here: another may not.
	 */
	u32 writer[SH_WRITERS];
};

/* Numbers of such blocks count from that of the domain's first frame on. */
static inline u64 sh_lpage_of(const struct domain *d, mfn_t mfn)
{
	return mfn.n / SH_LPAGE - d->first_mfn.n / SH_LPAGE;
}
static inline u64 sh_nr_lpages(const struct domain *d)
{
	return sh_lpage_of(d, MFN(d->first_mfn.n + d->nr_pages - 1)) + 1;
}

/* super: how guest superpages are shadowed. */
struct sh_super {
	SH_KEEPING;
	/* The level at which a leaf of guest level `level` is shadowed: from 1 to `level`. */
	u32 (*leaf_level)(u32 level);
	/* The rest is for parts with leaves above level 1, which have a book for each 2 MiB. A domain begins and ends; false: out of memory. */
	bool (*init)(struct domain *d);
	void (*exit)(struct domain *d);
	struct lpage_info *(*lpage_info)(const struct domain *d, u64 number);
};

/* prefetch: which neighbours are filled at a fault. */
struct sh_prefetch {
	SH_KEEPING;
	/*
	 * Entry `slot` of a leaf shadow with `entries` entries was just filled. Those from *first on and
	 * before *end are tried in order, `slot` left out, until one's own access would fault.
	 */
	void (*window)(const struct sh_page *leaf, u32 slot, u32 entries, u32 *first, u32 *end);
	/* Does the window begin right behind the slot, and an entry that is there already end it? */
	bool upwards;
	/*
	 * Of a table, an entry was filled: are the aligned `swath` entries (a power of two) that it is one of to be looked through, and all
	 * of them filled that can be? And so many were, then. NULL, both: never.
	 */
	bool (*sweeps)(const struct vcpu *v, struct sh_page *leaf);
	void (*swept)(struct domain *d, struct sh_page *leaf, u32 filled);
	u32 swath;
	bool sweeps_clean; /* those that could be written and are not marked dirty as well, for reading */
	/*
	 * There is something to prefetch behind an entry of that leaf; the entry before it is in use, or there is none, or it is not. False: let it
	 * be. For parts that learn; NULL: always.
	 */
	bool (*learn)(struct sh_page *leaf, bool upwards);
	/* A new shadow, leaf or not. NULL: nothing to do. */
	void (*made)(struct sh_page *sp);
};

/* reclaim: when a shadow goes. Parts form a chain; hooks that a part does not need are NULL. */
struct sh_reclaim {
	SH_KEEPING;
	/* Fewer than `want` pages are free: free some. True: there are enough now, the rest of the chain is not asked. */
	bool (*make_room)(struct domain *d, u32 want);
	/* A root is loaded in place of another, for the first time or again. */
	void (*root_used)(struct domain *d, struct sh_page *root);
	/* The guest's write to a table changed a leaf entry of a shadow. Only to be noted: a table is being followed. */
	void (*changed)(struct domain *d, u64 old, u64 entry);
	/* `bytes` at `p`, in a guest table, were written, and all its shadows have followed. Shadows may go now. */
	void (*written)(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes);
	/* A fault that is not a write to a table: the guest's own, or one that the shadow was to be filled for. */
	void (*faulted)(struct domain *d);
	/* Is the root that a vCPU just left to be parked (sh_park_left_root)? Asked where the sync part parks; NULL: none is. */
	bool (*parks_left)(struct domain *d, const struct sh_page *root);
};
#define SH_RECLAIM_CHAIN 3

/* ad: how accessed and dirty bits reach the guest. */
struct sh_ad {
	SH_KEEPING;
	/* May a shadow entry exist for a guest entry with these bits, and may it be writable? */
	bool (*may_map)(u64 guest_entry);
	bool (*may_write)(u64 guest_entry);
	/* Must the tables be marked before this access (`write` or not)? `all`: AND of the walked entries; `leaf`: the
	 * last. */
	bool (*unmarked)(u64 all, u64 leaf, bool write);
};

struct sh_policy {
	const struct sh_sync *sync;
	const struct sh_wrmap *wrmap[SH_WRMAP_CHAIN]; /* tried in order; unused ones NULL */
	const struct sh_spare *spare;
	const struct sh_super *super;
	const struct sh_prefetch *prefetch;
	const struct sh_reclaim *reclaim[SH_RECLAIM_CHAIN]; /* all are asked, in order; unused ones NULL */
	const struct sh_ad *ad;
};

/* Shadow pages that parts may take for one leaf entry. */
#define SH_PART_PAGES                                                                                                            \
	((policy.wrmap[0] ? policy.wrmap[0]->pages : 0) + (policy.wrmap[1] ? policy.wrmap[1]->pages : 0) +                       \
	 (policy.wrmap[2] ? policy.wrmap[2]->pages : 0))

/* What sh_unshadow is told for the trace. */
enum { UNSHADOW_EMULATION, UNSHADOW_ASKED, UNSHADOW_PRESSURE, UNSHADOW_EARLY, UNSHADOW_BATCH };

/* For each part of a chain that has the hook: with the policy in sight, the calls that there are and nothing else. */
#define SH_EACH(axis, hook, ...)                                                                                                 \
	do {                                                                                                                     \
		if (policy.axis[0] && policy.axis[0]->hook)                                                                      \
			policy.axis[0]->hook(__VA_ARGS__);                                                                       \
		if (policy.axis[1] && policy.axis[1]->hook)                                                                      \
			policy.axis[1]->hook(__VA_ARGS__);                                                                       \
		if (policy.axis[2] && policy.axis[2]->hook)                                                                      \
			policy.axis[2]->hook(__VA_ARGS__);                                                                       \
	} while (0)
/* Hooks that answer, of a chain: does every part say yes? */
#define SH_ALL(axis, hook, ...)                                                                                                  \
	((!policy.axis[0] || !policy.axis[0]->hook || policy.axis[0]->hook(__VA_ARGS__)) &&                                      \
	 (!policy.axis[1] || !policy.axis[1]->hook || policy.axis[1]->hook(__VA_ARGS__)) &&                                      \
	 (!policy.axis[2] || !policy.axis[2]->hook || policy.axis[2]->hook(__VA_ARGS__)))

/* Hooks that answer: does any part say yes? Those behind it are not asked then. */
#define SH_ANY(axis, hook, ...)                                                                                                  \
	((policy.axis[0] && policy.axis[0]->hook && policy.axis[0]->hook(__VA_ARGS__)) ||                                        \
	 (policy.axis[1] && policy.axis[1]->hook && policy.axis[1]->hook(__VA_ARGS__)) ||                                        \
	 (policy.axis[2] && policy.axis[2]->hook && policy.axis[2]->hook(__VA_ARGS__)))

/* The part that searches; NULL, and known to the compiler: none does. */
#define SH_SEARCHER                                                                                                              \
	(policy.wrmap[0] && policy.wrmap[0]->search ? policy.wrmap[0] :                                                          \
	 policy.wrmap[1] && policy.wrmap[1]->search ? policy.wrmap[1] :                                                          \
	 policy.wrmap[2] && policy.wrmap[2]->search ? policy.wrmap[2] :                                                          \
						      NULL)

/* May a search for a frame's writable mappings take more than one exit? */
#define sh_searches_long(d) (SH_SEARCHER && unlikely((d)->shadow->pages > sh_search_pages))

/* ---- what the engine does for parts ---- */

/* The hash of kept shadows, by frame and role. */
static inline struct sh_page **sh_bucket(const struct sh_domain *s, u32 gfn, u32 role)
{
	return &s->hash[(gfn * 0x9e3779b1u + role * 0x85ebca6bu) >> 7 & s->hash_mask];
}

static inline struct sh_page *sh_hash_find(const struct sh_domain *s, u32 gfn, u32 role)
{
	struct sh_page *sp = *sh_bucket(s, gfn, role);

	while (sp && (sp->gfn != gfn || sp->role != (u16)role))
		sp = sp->hash_next;
	return sp;
}

void sh_hash_add(struct sh_domain *s, struct sh_page *sp);
void sh_hash_remove(struct sh_domain *s, struct sh_page *sp);
/* The pool has another size: as many buckets as suit it, if there is memory for them. */
void sh_hash_fit(struct sh_domain *s);

/* Guest writes are to reach this shadow from now on: list it at its frame, and take write access to the frame away. */
void sh_promote(struct vcpu *v, struct sh_page *sp, gva_t va);
/* sh_promote for a level-1 shadow that is just begun: if it is the first of its frame, the frame is out of sync from then on. */
void sh_promote_unsync(struct vcpu *v, struct sh_page *sp, gva_t va);
/* A shadow stands for its frame no more; without any, the frame is no guest table, and what wants to map it writable may. */
void sh_demote(struct domain *d, struct sh_page *sp);

/* ---- tables out of sync (unsync.c) ---- */

/*
 * Let the guest write to this frame, which has shadows, until sh_resync. With `snapshot`, a
 * copy is kept of what its shadows were derived from; `whole`: of all the page, and its shadows are completed by it. False: the pool
 * has no page for it.
 */
bool sh_unsync(struct vcpu *v, struct frame_info *f, bool snapshot, bool whole);
/* Take write access to sp's table away again and derive anew what changed. No shadow goes, if only level 1 is out of sync. */
void sh_resync(struct vcpu *v, struct sh_page *sp);
void sh_resync_all(struct vcpu *v);
/*
 * The one entry that translates va, if its table is out of sync; and sh_flush_page. Returns the entry's shadow if nothing had to
 * be done, as its table was out of sync, and the entry the snapshot's; else NULL.
 */
struct sh_page *sh_resync_page(struct vcpu *v, gva_t va);
/*
 * Let the guest write to this frame, which has shadows, until sh_unpark, whatever is out of sync. False: it has another shadow than
 * a root that is only kept.
 */
bool sh_park_root(struct domain *d, struct frame_info *f);
/* Park a root that a vCPU has just left, if its frame has no other shadow: the first write to it needs no fault then. */
void sh_park_left_root(struct domain *d, struct sh_page *root);
/*
 * Park the only shadow of a frame, at a level between 1 and the root's, that has no entries left and no link but its `up`.
 * The table that was parked before SH_PARKED others goes. If the sync part does not park (unpark is NULL), this one does.
 */
void sh_park_table(struct domain *d, struct sh_page *sp);
/*
 * A parked shadow is to be loaded while nothing is out of sync, or is to be linked at once: protect its table again, and have its
 * links agree. Links may go.
 */
void sh_unpark(struct vcpu *v, struct sh_page *sp);
/* A parked shadow goes. */
void sh_parked_gone(struct domain *d, struct sh_page *sp);
/* A shadow goes, out of sync or not: what is remembered of it, too. */
void sh_unsync_gone(struct domain *d, struct sh_page *sp);
/* Pages that keep no snapshot go back to the pool. */
void sh_snapshots_give_back(struct domain *d);

/* What the engine knows of the frame; there must be memory at gfn. */
static inline struct frame_info *sh_frame(const struct domain *d, gfn_t gfn)
{
	return frame_of(d, p2m_lookup(d, gfn));
}
/* Does that entry of a leaf shadow in use map `mfn` writable? */
bool sh_maps_writable(const struct sh_page *leaf, u32 slot, mfn_t mfn);

/* Remove the leaf entry and whatever was reached by links that the guest's tables no longer agree with. */
void sh_drop_page(struct vcpu *v, gva_t va);

/* The writable leaf entry in the loaded root that translates va to mfn loses PTE_RW. False: there is none. */
bool sh_revoke_at(struct vcpu *v, gva_t va, mfn_t mfn);
/* Every entry of a leaf shadow that maps mfn loses PTE_RW, until f->writable is 0. Returns how many did. */
u32 sh_revoke_in(struct domain *d, struct sh_page *leaf, struct frame_info *f, mfn_t mfn);

/* One entry of a leaf shadow in use loses PTE_RW, if it maps mfn. */
bool sh_revoke_entry(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn);

/* An entry of a leaf shadow in use that maps this frame, which is no guest table, allows writes again, if the guest's table still does. */
void sh_grant_entry(struct domain *d, struct sh_page *leaf, u32 slot, mfn_t mfn);

/* `bytes` a frame of the domain, zeroed, indexed by mfn: the base is biased. NULL: out of memory. */
void *sh_book_alloc(const struct domain *d, u64 bytes);
void sh_book_free(const struct domain *d, void *book, u64 bytes);
u64 sh_book_pages(const struct domain *d, u64 bytes);
/* A page of the shadow pool for books of that shadow's, all zeros; NULL: none free. It goes back as zeros, before the shadow. */
struct sh_page *sh_take_page(struct domain *d, struct sh_page *sp);
void sh_give_page(struct domain *d, struct sh_page *sp);

/*
 * Remove the shadows of a frame if that needs no search: each has one link at most, which its page knows, and is no
 * loaded root; a root that is only kept goes. False: nothing was done. `why` as in the event unshadow.
 */
bool sh_unshadow_fast(struct domain *d, struct frame_info *f, u32 why);
/* Remove what the loaded root links to for the guest's user pages, tables and all. */
void sh_unhook_user(struct vcpu *v);

/* Keep a root while nothing has it loaded. */
void sh_pin(struct sh_page *root);
/* Let a pinned root go unless it is loaded; its tree is freed where nothing else holds it. */
void sh_unpin(struct domain *d, struct sh_page *root);
/* Empty a root in use, so that what only it holds is freed. */
void sh_unhook(struct domain *d, struct sh_page *root);

/* The guest's TLB is flushed on every vCPU before it runs on. */
void sh_flush(struct domain *d);
static inline void sh_flush_page(struct vcpu *v, gva_t va)
{
	COUNT(v->domain, tlb_flush_page);
	TRACE(v, flush, 0, va);
	plat_tlb_flush_page(v, va);
}

#endif
