/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shadow pool: a fixed number of pages a domain, each with a descriptor.
 *
 * Must hold:
 *  - a free page is all zeros, so taking one costs no clearing;
 *  - a descriptor's `live` marks every stretch of SH_STRETCH entries that are not all zero (it may mark more);
 *  - free + pages in use == pages.
 */
#ifndef MM_POOL_H
#define MM_POOL_H

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
#define ROLE_DIRECT                BIT(12) /* derived from the p2m alone: gfn is the first frame that it maps */
#define ROLE_NXE                   BIT(13) /* guest entries may set NX */
#define ROLE_PSE                   BIT(14) /* 32-bit guest entries may map superpages */

#define SH_MAX_ENTRIES 1024
#define SH_STRETCH     64

struct sh_page {
	void *table;       /* the shadow page */
	const void *guest; /* the guest table that it shadows; NULL: direct */
	const struct sh_mode *mode;
	struct sh_page *up;        /* one of the entries that link to this page, or NULL */
	struct sh_page *hash_next; /* also links the free list */
	struct sh_page *same_frame;
	u64 last_used; /* roots: the domain's clock when it was last loaded */
	u32 up_slot;
	u32 gfn;
	u32 role;
	u32 refs;   /* links from shadow pages, vCPUs that have it loaded, and its pin */
	u32 loaded; /* of these: vCPUs */
	u32 mfn;
	u32 seen; /* the audit's own count */
	bool used, pinned;
	u8 live[SH_MAX_ENTRIES / SH_STRETCH];
} __attribute__((aligned(128))); /* a power of two, so that finding one is a shift */

struct sh_domain {
	struct sh_page *page; /* descriptors, pages of them */
	uintptr_t page_bias;  /* where the descriptor of machine frame 0 would be */
	struct sh_page *free_list;
	u32 free;
	u32 pages;
	u32 first_mfn;
	u32 hash_mask;
	struct sh_page **hash;
	u64 clock;                  /* root loads so far */
	struct sh_page *wrmap_last; /* the wrmap part's: the page in which the last scan hit */
	/* The frame last unshadowed on the guest's behalf, how often in a row, and how much had been emulated then. */
	u64 unshadow_gfn, unshadow_repeats, unshadow_emulated;
	void *tables, *books, *frames;
	u64 books_pages;
};

/* Allocates `pages` shadow pages and their books, and d->frame. False: out of memory, or the p2m names a frame outside
 * the domain. */
bool pool_init(struct domain *d, u64 pages);
void pool_destroy(struct domain *d);

/* The caller has reserved room (sh_reserve): never fails. Zeroed table, no references. */
struct sh_page *pool_take(struct domain *d);
/* The page's table must be all zeros again. */
void pool_give(struct domain *d, struct sh_page *sp);

/* The pinned root that was loaded longest ago and is not loaded now; NULL: none. */
struct sh_page *pool_oldest_root(const struct sh_domain *s);

/* The descriptor of a shadow page of this domain. */
static inline struct sh_page *pool_page(const struct sh_domain *s, u64 mfn)
{
	return (struct sh_page *)(s->page_bias + mfn * sizeof(struct sh_page));
}

#endif
