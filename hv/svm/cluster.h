/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Clusters: instructions behind one that exited, done in the same trip up to the next that would exit, and on from there (the part
 * of the axis clusters; after Agesen, Mattson, Rugina and Sheldon, "Software Techniques for Avoiding Hardware Virtualization Exits",
 * USENIX ATC 2012).
 *
 * Whether it is worth it is learned by the exiting instruction's address: two trips in a row for instructions that lie near each
 * other are a hint that the second follows from the first; a try in vain makes it wait for ever more of them.
 *
 * What must hold:
 *  - a hint decides what a trip costs, never what it does: what is done is what the guest's own CPU would do next, from the bytes that
 *    are there when their turn comes, fetched with the rights that the CPU has then;
 *  - an instruction is done whole or not at all, and what faults, reaches a device, has more than one page, or is not wholly known here
 *    is the guest's own to do: RIP stays at it;
 *  - hardware has checked nothing of these instructions, as it has of one that exited. So whatever emulation does not check ends the
 *    cluster: user mode, single steps, breakpoints, 16-bit code and code in segments, vector registers;
 *  - nothing is done once an event is pending, and there is a bound to all of it;
 *  - the trip is one of the first instruction's kind.
 */
#ifndef SVM_CLUSTER_H
#define SVM_CLUSTER_H

#include "emul.h"
#include "lib.h"
#include "paging.h"
#include "trips.h"

struct svm_vcpu;

#define CLUSTER_HINTS 64
#define CLUSTER_KEPT  32
#define CLUSTER_NEAR  64u     /* bytes of code, either way */
#define CLUSTER_NONE  BIT(63) /* no instruction is there */

/* What is known of an instruction that exits; trust above 0: it is worth while to go on behind it. */
struct cluster_hint {
	u64 rip;
	s16 trust;
	u16 misses; /* tries in vain, in a row */
};

/* A decoded instruction, good for these bytes in this mode wherever they are; mode EMUL_REAL16: none. */
struct cluster_kept {
	u64 bytes[2];
	struct insn in;
	u8 mode;
};

struct svm_cluster {
	/* The last instruction of the last trip that would exit, or CLUSTER_NONE; and the same before this trip. */
	u64 last, before;
	struct cluster_hint hint[CLUSTER_HINTS];
	struct cluster_kept kept[CLUSTER_KEPT];
	bool exits; /* the store that is being made would exit */
};

static inline struct cluster_hint *cluster_hint(struct svm_cluster *c, u64 rip)
{
	return &c->hint[(rip ^ rip >> 6) % CLUSTER_HINTS];
}

/* A trip begins. */
static inline void cluster_begin(struct svm_cluster *c)
{
	c->before = c->last;
	c->last = CLUSTER_NONE;
}

static inline bool cluster_leads_on(struct svm_cluster *c, u64 rip)
{
	const struct cluster_hint *h = cluster_hint(c, rip);

	return h->rip == rip && h->trust > 0;
}

/* Is the instruction one that the last trip's may have led to? */
static inline bool cluster_follows(const struct svm_cluster *c, u64 rip)
{
	return rip - c->before + CLUSTER_NEAR <= 2 * CLUSTER_NEAR;
}

/* The same, unless going on behind that one has come to nothing: then this is one hint more. */
static inline bool cluster_may_follow(struct svm_cluster *c, u64 rip)
{
	struct cluster_hint *h;

	if (likely(!cluster_follows(c, rip)))
		return false;
	h = cluster_hint(c, c->before);
	if (h->rip != c->before || h->trust >= 0)
		return true;
	h->trust++;
	return false;
}

/* Kinds of trips whose instructions clusters know. */
static inline bool cluster_knows(enum trip kind)
{
	return kind == TRIP_pf_emulate || kind == TRIP_invlpg || kind == TRIP_cr3 || kind == TRIP_cr_read;
}

/* A trip's own instruction, which was at `rip`, has been seen to; its kind is one that clusters know. */
void svm_cluster(struct svm_vcpu *s, u64 rip);

#endif
