/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shadow pool: a fixed number of pages a domain, each with a descriptor.
 *
 * Must hold:
 *  - a free page is all zeros, so taking one costs no clearing;
 *  - a descriptor's `live` has a bit for every entry that is not zero (it may have more);
 *  - free + pages in use == pages.
 */
#ifndef MM_POOL_H
#define MM_POOL_H

#include "frame.h"

/*
 * A role: what a shadow page stands for, beside its guest frame. One guest frame
 * may be shadowed in several roles at once.
 */
#define ROLE_LEVEL(r) ((r) & 7)           /* of the shadow page, 1 the leaf */
#define ROLE_QUADRANT(r) ((r) >> 3 & 7)   /* which part of a guest table with 4-byte entries under 8-byte shadows */
#define ROLE_MAKE(level, quadrant) ((level) | (quadrant) << 3)
#define ROLE_PLACE 0x3f                   /* the bits of level and quadrant */
#define ROLE_GUEST(levels) ((u32)(levels) << 6)
#define ROLE_SHADOW(levels) ((u32)(levels) << 9)
#define ROLE_GUEST_LEVELS(r) ((r) >> 6 & 7)
#define ROLE_SHADOW_LEVELS(r) ((r) >> 9 & 7)
#define ROLE_DIRECT BIT(12) /* derived from the p2m alone: gfn is the first frame that it maps */
#define ROLE_NXE BIT(13)    /* guest entries may set NX */
#define ROLE_PSE BIT(14)    /* 32-bit guest entries may map superpages */

#define SH_MAX_ENTRIES 1024
#define SH_LIVE_WORDS (SH_MAX_ENTRIES / 64)

struct sh_page {
	void *table;           /* the shadow page */
	const void *guest;     /* the guest table that it shadows; NULL: direct */
	const struct sh_mode *mode;
	struct sh_page *up;    /* one of the entries that link to this page, or NULL */
	struct sh_page *hash_next; /* also links the free list */
	struct sh_page *same_frame;
	struct sh_page *newer, *older; /* among the pinned roots */
	u32 up_slot;
	u32 gfn;
	u32 role;
	u32 refs;   /* links from shadow pages, vCPUs that have it loaded, and its pin */
	u32 loaded; /* of these: vCPUs */
	u32 mfn;
	u32 seen;   /* the audit's own count */
	bool used, pinned;
	u64 live[SH_LIVE_WORDS];
};

struct sh_domain {
	struct sh_page *page; /* descriptors, pages of them */
	struct sh_page *free_list;
	u32 free;
	u32 pages;
	u32 first_mfn;
	u32 hash_mask;
	struct sh_page **hash;
	struct sh_page *newest, *oldest; /* pinned roots, by last load */
	struct sh_page *wrmap_last;      /* the wrmap part's: the page in which the last scan hit */
	u64 unshadow_gfn;                /* the frame last unshadowed on the guest's behalf, and how often in a row */
	u32 unshadow_repeats;
	void *tables, *books;
	u64 books_pages;
};

/* Allocates `pages` shadow pages and their books, and d->frame. False: out of memory, or the p2m names a frame outside the domain. */
bool pool_init(struct domain *d, u64 pages);
void pool_destroy(struct domain *d);

/* The caller has reserved room (sh_reserve): never fails. Zeroed table, no references. */
struct sh_page *pool_take(struct domain *d);
/* The page's table must be all zeros again. */
void pool_give(struct domain *d, struct sh_page *sp);

/* Pinned roots, newest first. */
void pool_pin(struct sh_domain *s, struct sh_page *sp);
void pool_unpin(struct sh_domain *s, struct sh_page *sp);
/* Was just loaded: moves to the front. */
void pool_touch(struct sh_domain *s, struct sh_page *sp);

/* The descriptor of a shadow page of this domain. */
static inline struct sh_page *pool_page(const struct sh_domain *s, u64 mfn) { return &s->page[mfn - s->first_mfn]; }

#endif
