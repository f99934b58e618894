/* SPDX-License-Identifier: BSD-2-Clause */
/* How a task is judged: by the words of its `check` in lab.def. labs/README.md has the list of them. */
#ifndef BENCH_LAB_JUDGE_H
#define BENCH_LAB_JUDGE_H

#include "work.h"

struct verdict {
	bool right;
	char *said;  /* a sentence; the caller frees it */
	bool broken; /* the task itself cannot be judged: said after a message */
};

/* One task of a submission. */
struct verdict judge_task(struct work *w, const struct lab_task *t);

/* ---- for the judges ---- */

#define JUDGE_WORDS 12

struct question {
	struct work *w;
	const struct lab_task *task;
	char *word[JUDGE_WORDS]; /* behind the judge's name; those that are not there are "" */
};
typedef struct verdict judge_fn(const struct question *q);
judge_fn judge_walk;                                         /* judge_walk.c */
judge_fn judge_traced, judge_row, judge_choice;              /* judge_trace.c */
judge_fn judge_number, judge_word;                           /* judge_answer.c */
judge_fn judge_oracle, judge_replay, judge_most, judge_hits; /* judge_engine.c */

/* lab.def asks for what there is not. */
struct verdict judge_cannot(const struct question *q, const char *what);
/* The student's number against what was measured: right within one in a hundred. */
struct verdict judge_against(const struct question *q, double measured);

/* What the tree's engine did in that operation (docs/explain.md), asked once; borrowed. NULL after a message. */
const json_t *judge_told(struct work *w, const char *recipe, const char *operation);
/* A phase's trips, bytes, or trips of a kind, an operation; `phase` "": of the first. False: there is no such phase. */
bool judge_figure(const json_t *told, const char *phase, const char *field, double *out);

#endif
