/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A slice of a run: some of its boots, written down so that another machine can do them as a small run of its own, whose results are put
 * into the whole one afterwards.
 *
 *   { "guests": as in a run's options, "boots": [ { "label": text, "recipe": name, "items": [ { "workload": name, "traced": b, "first": n, "repeat": n } ] } ] }
 */
#ifndef BENCH_SLICE_H
#define BENCH_SLICE_H

#include "queue.h"

struct slice {
	struct slice_boot {
		struct plan plan;
		char *label;
	} * boot;
	unsigned nr_boots;
};

/* With the user's own guests of o. 0, or -1 with errno. */
int slice_write(const char *path, const struct options *o, struct boot *const boot[], unsigned n);
/* The slice o->slice's own guests into o, whose strings live in *held: to be released after o. False after a message. */
bool slice_guests(struct options *o, json_t **held);
/* False after a message: it cannot be read, or is none of this version's. */
bool slice_read(struct slice *s, const char *path);
/* The recipes and workloads that it needs. */
void slice_select(const struct slice *s, struct selection *sel);
/* Its boots into the queue, but for guest runs that are finished; the slice is empty then. */
void slice_add(struct slice *s, struct queue *q);
void slice_free(struct slice *s);

#endif
