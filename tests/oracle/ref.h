/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference: what the architecture allows a guest to see, worked out from the guest's
 * tables and its flushes alone, by other code than the engine's (APM volume 2, chapter 5;
 * SDM volume 3, 4.10).
 *
 * It holds a copy of the guest's memory, with what each word was before, and for each vCPU
 * the spans of time between its flushes ("windows"). A translation may be in a TLB if it could
 * have been walked at some moment since the last flush that would have removed it, each
 * entry being read as it stood at a moment not before that of the entry above it (a
 * paging-structure cache may hold the upper part of the walk, until the next flush of any address).
 * Only entries that are valid and marked accessed are cached; a write needs a translation
 * that was dirty. Global translations outlive a CR3 load.
 *
 * Nothing is kept up to date for the sake of addresses that nobody uses: an access asks
 * whether a translation to where it came could be had, and the history answers.
 */
#ifndef TESTS_ORACLE_REF_H
#define TESTS_ORACLE_REF_H

#include "cpu.h"
#include "host.h"
#include "tests/oracle/memory.h"
#include "pte.h"

#define REF_PAGES    320 /* frames of which contents are held; those of all others are zero */
#define REF_CPUS     3
#define REF_WINDOWS  40
#define REF_VERSIONS 8192
#define REF_LEVELS   5

enum ref_end { REF_DONE, REF_FAULT, REF_MMIO, REF_CRASH };

/* A translation by the tables as they stand. */
struct ref_walk {
	enum ref_end end;
	u32 pfec; /* REF_FAULT */
	gpa_t gpa;
	u32 nr; /* entries on the way that have an accessed bit, the last one first in `entry` */
	gpa_t entry[REF_LEVELS];
};

enum ref_begin { BY_FLUSH, BY_CR3, BY_INVLPG, BY_MODE };

struct ref_window {
	u32 start;
	enum ref_begin begin;
	bool nxe, pse, pge;
	u64 cr3, pdpte[4];
	gva_t va; /* BY_INVLPG */
};

struct ref_cpu {
	u64 cr0, cr3, cr4, efer;
	u64 pdpte[4];
	u32 levels; /* 0: paging is off */
	u32 nr_windows;
	struct ref_window window[REF_WINDOWS];
};

struct ref_version {
	u64 old;
	u32 until; /* the moment at which it was replaced */
	u32 prev;
	u32 word; /* which, counted from the first page on */
};

struct ref {
	u32 now, nr_versions, visited;
	bool crowded; /* the history grows long: every vCPU had better flush */
	u32 nr_pages;
	u16 frame[MEMORY_GFNS];        /* of the pool, behind a guest frame; NO_FRAME: none is there */
	u16 page[MEMORY_FRAMES];       /* where a frame's contents are held; 0: it is all zero */
	u16 holds[REF_PAGES];          /* the frame */
	bool dirty[MEMORY_FRAMES];     /* written since it was last cleaned */
	bool attempted[MEMORY_FRAMES]; /* a write was on its way there at least */
	struct ref_cpu cpu[REF_CPUS];
	struct ref_version version[REF_VERSIONS];
	u32 last[REF_PAGES * 512]; /* newest version of each word; 0: none */
	u8 memory[REF_PAGES * 4096] __attribute__((aligned(4096)));
};

/* *r is all zero, or was used before. */
void ref_init(struct ref *r);
static inline bool ref_has(const struct ref *r, u64 gfn)
{
	return gfn < MEMORY_GFNS && r->frame[gfn] != NO_FRAME;
}
/* The rest of the frame's contents from gpa on; zeros where no memory is. */
static inline const u8 *ref_see(const struct ref *r, gpa_t gpa)
{
	u32 page = ref_has(r, gpa / 4096) ? r->page[r->frame[gpa / 4096]] : 0;

	return r->memory + page * 4096 + gpa % 4096;
}
/* Is there no room for the contents of more frames than one step may touch? */
static inline bool ref_full(const struct ref *r)
{
	return r->nr_pages > REF_PAGES - 32;
}

/* A write was on its way there. */
void ref_attempt(struct ref *r, gpa_t gpa);

/* Within one frame that is there. */
void ref_store(struct ref *r, gpa_t gpa, const void *buf, u32 bytes);

struct ref_walk ref_walk(const struct ref *r, u32 cpu, gva_t va, u32 access);
/* Sets accessed bits, and for a write the dirty bit, of a walk that came to its end. */
void ref_mark(struct ref *r, const struct ref_walk *w, u32 access);

/*
 * A walk that is being made may have ended at this moment, although its marks are not all seen yet: for what a TLB may hold,
 * they were there.
 */
void ref_mark_for_a_moment(struct ref *r, const struct ref_walk *w, u32 access);

/* Does a PAE root at cr3 hold no entry with reserved bits? Otherwise loading it is a #GP. */
bool ref_pae_root_good(const struct ref *r, u64 cr3);
void ref_load_cr3(struct ref *r, u32 cpu, u64 cr3);
void ref_invlpg(struct ref *r, u32 cpu, gva_t va);
/* Registers as they are after a change; flushes what that change flushes. */
void ref_set_modes(struct ref *r, u32 cpu, u64 cr0, u64 cr4, u64 efer);

/* The end that an access must have come to for `wanted` to say so. */
struct ref_goal {
	bool (*wanted)(const void *arg, gpa_t gpa);
	const void *arg;
};

/* May the TLB hold a translation of va that permits the access and leads to a wanted place? */
bool ref_may(struct ref *r, u32 cpu, gva_t va, u32 access, struct ref_goal goal);
bool ref_may_reach(struct ref *r, u32 cpu, gva_t va, u32 access, gpa_t gpa);

/* Nobody remembers anything any more: all vCPUs have flushed. */
void ref_forget(struct ref *r);

#endif
