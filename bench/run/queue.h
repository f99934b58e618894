/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The boots of a run: waiting, running, over. The longest begin first; at most
 * `slots` run at once. One thread, one poll loop; a signal only sets a flag.
 */
#ifndef BENCH_QUEUE_H
#define BENCH_QUEUE_H

#include "boot.h"

struct queue {
	struct boot **boot; /* in the order in which they start */
	unsigned nr_boots, started;
	unsigned slots;
	const struct options *opt;
	const struct paths *paths;
	struct results *res;
	unsigned total;       /* guest runs planned */
	double expected_done; /* expected wall seconds of the guests that have ended */
	double begun;         /* now_seconds() */
	unsigned bad;         /* guest runs that did not finish */
	bool stop;            /* start nothing more */
	bool interrupted;
};

/* From here on Ctrl-C and its like end nothing at once: queue_run does, or has nothing begin. */
void queue_listen(void);
/* Has such a signal come? */
bool queue_told_to_end(void);

/* An empty queue, o->jobs of whose boots run at once. All three are borrowed, and must outlive it. */
void queue_init(struct queue *q, const struct options *o, const struct paths *p, struct results *res);
/* One more boot; the plan and the label are taken over. */
void queue_add(struct queue *q, struct plan *plan, char *label);
/* Run all of them, until they are over, a signal comes or the results cannot be written; q->bad and q->interrupted tell. */
void queue_run(struct queue *q);
/* Boots that still run are killed. */
void queue_free(struct queue *q);

/* Seconds that a guest is likely to take: as it did last, else a guess by its kind. */
double expected_seconds(const struct paths *p, const struct recipe *r, const struct plan_item *it);

#endif
