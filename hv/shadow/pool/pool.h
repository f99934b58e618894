/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shadow pool: a number of pages a domain, which can change while the guest
 * runs, each with a descriptor.
 *
 * Its memory comes in blocks of POOL_BLOCK frames, aligned to their size. The first of
 * them hold the descriptors of all, so that a descriptor is found from its frame
 * number alone, by a mask and a shift, and blocks can come and go.
 *
 * Where guests need a fence (fence.h), as many frames again follow in each block: hardware's half. Tables of two or three levels are kept
 * twice there. The engine reads its own, at sp->table; hardware walks the one that lies pool_hw_offset bytes behind, which the
 * guest may have rewritten, and of which nothing is believed but accessed and dirty bits. Descriptors, books that parts
 * keep in pages of the pool, and tables of more levels have no place there.
 *
 * Must hold:
 *  - a free page is all zeros, so taking one costs no clearing;
 *  - a descriptor's `live` marks every stretch of SH_STRETCH entries that are not all zero (it may mark more);
 *  - free + pages in use == pages; pages + idle == pages of all blocks;
 *  - hardware's half of a block is within the fence as long as the block is the domain's.
 */
#ifndef SHADOW_POOL_H
#define SHADOW_POOL_H

#include "frame.h"

/*
 * A role: what a shadow page stands for, beside its guest frame. One guest frame
 * may be shadowed in several roles at once.
 */
#define ROLE_LEVEL(r)              ((r)&7)        /* of the shadow page, 1 the leaf */
#define ROLE_QUADRANT(r)           ((r) >> 3 & 7) /* which part of a guest table with 4-byte entries under 8-byte shadows */
#define ROLE_MAKE(level, quadrant) ((level) | (quadrant) << 3)
#define ROLE_PLACE                 0x3f /* the bits of level and quadrant */
#define ROLE_GUEST(levels)         ((u32)(levels) << 6)
#define ROLE_SHADOW(levels)        ((u32)(levels) << 9)
#define ROLE_GUEST_LEVELS(r)       ((r) >> 6 & 7)
#define ROLE_SHADOW_LEVELS(r)      ((r) >> 9 & 7)
#define ROLE_DIRECT                BIT(12) /* no guest table behind it: the p2m alone; gfn is the first frame it maps */
#define ROLE_NXE                   BIT(13) /* guest entries may set NX */
#define ROLE_PSE                   BIT(14) /* 32-bit guest entries may map superpages */
/*
 * With ROLE_DIRECT: the page stands for the PDPTEs that a PAE guest has loaded, of which it has a copy, and not for the p2m. gfn
 * is no frame but a hash of them (hv/shadow/template/multi_pae.h).
 */
#define ROLE_PDPTES BIT(15) /* the highest: sh_page.role has 16 bits */

/* Role 0: no shadow, but a page that a part took for books of its own. */

#define SH_MAX_ENTRIES 1024
#define SH_STRETCH     8 /* entries that one bit of sh_page.live stands for */

/* Bytes of a descriptor that are the recipe's parts': what each keeps of a shadow page, as shadow/seam/kept.h lays it out. */
#define SH_KEPT_BYTES 16

struct sh_page {
	void *table;       /* the shadow page: the engine's half of it */
	const void *guest; /* the guest table that it shadows; NULL: none */
	const struct sh_mode *mode;
	struct sh_page *up;        /* one of the entries that link to this page, or NULL; role 0: the shadow that has the books */
	struct sh_page *hash_next; /* also links the free list */
	struct sh_page *same_frame;
	struct sh_page *snapshot;     /* out of sync: the page that holds what its entries were derived from, or NULL */
	u32 unsync_next, unsync_prev; /* the same, first shadow of its frame: its place in the list, by mfn; 0: none */
	u16 up_slot;
	u16 loaded; /* of the references: vCPUs */
	u32 gfn;
	u16 role;
	u16 entries; /* above level 1: how many are not zero */
	u32 refs;    /* links from shadow pages, vCPUs that have it loaded, and its pin */
	u32 mfn;
	u32 seen;              /* the audit's own count */
	bool hidden;           /* from the guest, and its accessed and dirty bits are hardware's: shadow/core/hide.h */
	u8 marks, marks_limit; /* faults for such bits since it was shown, and how many hide it */
	bool used, pinned;
	bool unsync; /* the guest writes its table freely: they may disagree */
	bool parked; /* the same of a page that no walk comes through: its frame does not list it (shadow/core/unsync.c) */
	bool logged; /* while log-dirty is on: it may map frames writable (sh_log_dirty_clean) */
	u64 live[SH_MAX_ENTRIES / SH_STRETCH / 64];
	u8 kept[SH_KEPT_BYTES] __attribute__((aligned(8)));
} __attribute__((aligned(128))); /* a power of two, so that finding one is a shift */

_Static_assert(sizeof(struct sh_page) == 128, "descriptors stay small");

/* Entries that one word of `live` stands for. */
#define SH_LIVE_WORD (64 * SH_STRETCH)

static inline bool sh_is_live(const struct sh_page *sp, u32 slot)
{
	return sp->live[slot / SH_LIVE_WORD] >> slot / SH_STRETCH % 64 & 1;
}

/* How many bits are set. By arithmetic: not every processor with SVM has an instruction for it. */
static inline u32 pool_count_bits(u64 x)
{
	x -= x >> 1 & 0x5555555555555555;
	x = (x & 0x3333333333333333) + (x >> 2 & 0x3333333333333333);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0f;
	return (u32)(x * 0x0101010101010101 >> 56);
}

/* Entries in stretches that are live. */
static inline u32 sh_in_use(const struct sh_page *sp)
{
	return (pool_count_bits(sp->live[0]) + pool_count_bits(sp->live[1])) * SH_STRETCH;
}

static inline void sh_mark_live(struct sh_page *sp, u64 slot)
{
	/* one instruction, where C has six: every fill comes here */
	asm("btsq %1, %0" : "+m"(sp->live) : "r"(slot / SH_STRETCH) : "cc");
}

/*
 * The next entries in a row of which each stretch is live: from *first on, before *end. They are looked for behind *end, which
 * begins as 0, among `entries`. False: there are no more.
 */
static inline bool sh_next_live(const struct sh_page *sp, u32 entries, u32 *first, u32 *end)
{
	for (u32 at = *end; at < entries; at = ALIGN_UP(at + 1, SH_LIVE_WORD)) {
		u64 bits = sp->live[at / SH_LIVE_WORD] >> at / SH_STRETCH % 64;
		u32 skipped;

		if (!bits)
			continue;
		skipped = (u32)__builtin_ctzll(bits);
		bits = ~(bits >> skipped);
		*first = at + skipped * SH_STRETCH;
		*end = bits ? *first + (u32)__builtin_ctzll(bits) * SH_STRETCH : ALIGN_UP(*first + 1, SH_LIVE_WORD);
		return true;
	}
	return false;
}

#define POOL_BLOCK 32 /* frames */
enum {
	POOL_BOOKS = POOL_BLOCK * sizeof(struct sh_page) / PAGE_SIZE, /* frames of descriptors in a block */
	POOL_BLOCK_PAGES = POOL_BLOCK - POOL_BOOKS,                   /* shadow pages in a block */
};

/* From a table to what hardware walks of it, in tables of two or three levels; 0: hardware walks the engine's own. */
extern u64 pool_hw_offset;

/* In the place of the descriptor of a block's first frame, which needs none. */
struct pool_block {
	struct pool_block *next;
};

/* Places that blocks can have in machine memory: the pool lies below 4 GiB, where CR3 and 2-level tables of legacy modes can reach it. */
#define FRAMES_BELOW_4G ((1ull << 32) / PAGE_SIZE)
#define POOL_PLACES     (FRAMES_BELOW_4G / POOL_BLOCK)

#define SH_PARKED 8 /* tables */

/* Where an audit that is done in pieces goes on (shadow/core/audit.c). */
struct sh_audit {
	u32 part;
	struct sh_page *page; /* the next one; NULL: no more */
	u64 index;            /* the next frame, or the next 2 MiB of them */
	u32 place, listed;    /* of the mappings that a wrmap part lists for it: the last that was looked at, and how many were */
	u64 faults, looked;
};

struct sh_domain {
	struct domain *domain;
	struct pool_block *blocks;
	struct sh_page *free_list;
	struct sh_page *idle_list; /* in a block, but not in the pool: it is smaller than its blocks */
	u32 free, idle;
	u32 pages; /* free or in use */
	u32 hash_mask;
	struct sh_page **hash;
	/* A search for what links to a shadow: whose, and the page to go on with; by frames, which need not be the pool's any more. */
	struct {
		u32 of, at;
	} unlinking;
	u64 rechecked; /* promotions and resyncs after which the walk that led to them was read again */
	/* Frames out of sync, oldest first, each by its first shadow; and pages that keep no snapshot at the moment. */
	struct sh_page *unsync_first, *unsync_last, *snapshots_idle;
	u32 unsync_frames, snapshots;      /* how many; pages for snapshots, idle or not */
	struct sh_page *parked[SH_PARKED]; /* tables that are, the oldest at parked_next */
	u32 parked_next;
	struct sh_audit audit;
	void *frames;
	u64 bytes;                             /* of all this */
	u64 placed[POOL_PLACES / 64];          /* a bit for each place that has a block of this pool */
	u64 logged[POOL_PLACES / 64];          /* a bit for each that has one with a page that is `logged` */
	u8 kept[] __attribute__((aligned(8))); /* what the recipe's parts keep of the domain: shadow/seam/kept.h */
};

/*
 * Allocates `pages` shadow pages and their books, `kept` bytes for what parts keep of the domain, zeroed, and d->frame. False:
 * out of memory, or the p2m names a frame outside the domain.
 */
bool pool_init(struct domain *d, u64 pages, u64 kept);
void pool_destroy(struct domain *d);

/* What a pool of so many pages takes of memory below 4 GiB, bytes. */
u64 pool_bytes(u64 pages);
/* `pages` more of them. False: out of memory; the pool is as it was. */
bool pool_grow(struct sh_domain *s, u64 pages);
/* `pages` fewer: as many must be free. Their memory goes back with the next pool_trim that finds its block unused. */
void pool_shrink(struct sh_domain *s, u64 pages);
/* Buckets for a hash of that many pages; sets *mask. NULL: out of memory. */
struct sh_page **pool_hash_alloc(u64 pages, u32 *mask);
void pool_hash_free(struct sh_page **hash, u32 mask);
/* Blocks that the pool is too small to need any more. */
u64 pool_spare_blocks(const struct sh_domain *s);
/* Give back up to `blocks` blocks of which no page is in use. Returns how many. */
u64 pool_trim(struct sh_domain *s, u64 blocks);

/* The caller has reserved room (sh_reserve): never fails. Zeroed table, no references. */
struct sh_page *pool_take(struct domain *d);
/* The page's table must be all zeros again. */
void pool_give(struct domain *d, struct sh_page *sp);

/* Log-dirty is on, and the page has got a writable entry. */
static inline void pool_mark_logged(struct sh_domain *s, struct sh_page *sp)
{
	const u64 place = sp->mfn / POOL_BLOCK;

	sp->logged = true;
	s->logged[place / 64] |= BIT(place % 64);
}

/* Is this machine frame a page of the pool? However many blocks there are: each eviction asks, and each look at a frame's last writer. */
static inline bool pool_owns(const struct sh_domain *s, u64 mfn)
{
	const u64 place = mfn / POOL_BLOCK;

	return mfn % POOL_BLOCK >= POOL_BOOKS && place < POOL_PLACES && s->placed[place / 64] >> place % 64 & 1;
}

/* The descriptor of a shadow page. */
static inline struct sh_page *pool_page(u64 mfn)
{
	return (struct sh_page *)plat_map(MFN(mfn & ~(u64)(POOL_BLOCK - 1))) + mfn % POOL_BLOCK;
}

static inline struct sh_page *pool_block_first(const struct pool_block *b)
{
	return b ? (struct sh_page *)b + POOL_BOOKS : NULL;
}

static inline struct sh_page *pool_next(struct sh_page *sp)
{
	if (likely((sp->mfn + 1) % POOL_BLOCK))
		return sp + 1;
	return pool_block_first(((struct pool_block *)(sp + 1 - POOL_BLOCK))->next);
}

/* A search in pieces goes round: the first page follows the last. */
static inline struct sh_page *pool_next_round(const struct sh_domain *s, struct sh_page *sp)
{
	struct sh_page *next = pool_next(sp);

	return next ? next : pool_block_first(s->blocks);
}
/* It goes on with the page of that machine frame; with the first, if the pool no longer has it. */
static inline struct sh_page *pool_go_on(const struct sh_domain *s, u64 mfn)
{
	return pool_owns(s, mfn) ? pool_page(mfn) : pool_block_first(s->blocks);
}

/* Every page of the pool's blocks, whether in use (sp->used) or not, oldest block first. */
#define pool_for_each(s, sp) for (struct sh_page *sp = pool_block_first((s)->blocks); sp; sp = pool_next(sp))

#endif
