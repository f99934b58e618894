/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one boot of a recipe has to do: a list of items, as dom0's suite runner
 * reads it from /suite/plan.json.
 */
#ifndef BENCH_PLAN_H
#define BENCH_PLAN_H

#include <jansson.h>

#include "paths.h"

struct plan_item {
	const struct workload *workload;
	bool traced;
	unsigned first;  /* repetition of the whole run that this item's first one is, from 1 */
	unsigned repeat; /* how often from there */
	double seconds;  /* wall seconds that one of them is likely to take; 0: nobody asked yet */
};

struct plan {
	const struct recipe *recipe;
	struct plan_item *item;
	unsigned nr_items;
	unsigned trace_mib; /* the most that a traced one's trace is to have, MiB; 0: as much as there is */
};

/*
 * Every workload with so many vCPUs that is to be run under r untraced and, if `trace`, those that are to be traced once more: what
 * may share a boot, whose machine has a CPU for each of them. May be empty.
 */
void plan_make(struct plan *p, const struct recipe *r, const struct selection *s, unsigned repeat, bool trace, unsigned vcpus);
/* Leave out the runs for which done() says so; what is left stays in order. */
void plan_drop(struct plan *p, bool (*done)(void *arg, const struct recipe *r, const struct plan_item *it, unsigned repetition),
	       void *arg);
/*
 * Take items from `from` on into `piece` until they are likely to take more than `seconds`; at least one. The index of the first
 * that is left.
 */
unsigned plan_piece(struct plan *piece, const struct plan *p, unsigned from, double seconds);
/* What is left of `p` after item `item`, repetition `rep` (counted within the item, from 0) ended badly. May be empty. */
void plan_rest(struct plan *rest, const struct plan *p, unsigned item, unsigned rep);
/* The most vCPUs that one of its guests has; at least 1. */
unsigned plan_vcpus(const struct plan *p);
void plan_free(struct plan *p);
/* Guest runs in it. */
unsigned plan_runs(const struct plan *p);

/* plan.json's contents, a new reference. */
json_t *plan_json(const struct plan *p);

/*
 * Write the suite's cpio (plan.json, images/) after `base` (dom0's initramfs) into `out`, both as
 * newc segments, padded as the kernel wants it. 0, or -1 after a message.
 */
int plan_write_initrd(const struct plan *p, const struct paths *paths, const char *base, const char *out);

/* Write an archive of one file behind what stands in fd, whose length is a multiple of 4. 0, or -1 after a message. */
int archive_one_file(int fd, const char *name, const void *data, size_t bytes, unsigned mode);

#endif
