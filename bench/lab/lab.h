/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The teaching labs: labs/NN/lab.def, read. What a lab asks, what each task is worth, how it is judged and which hint goes with it stands
 * there and nowhere else; labs/README.md says how the file is written.
 */
#ifndef BENCH_LAB_H
#define BENCH_LAB_H

#include "paths.h"

#define LABS 6 /* labs/01 ... labs/06 */

/* An engine that is compiled from what a student hands in. */
struct lab_engine {
	char *name;
	char *file;     /* the student's, as named in the folder */
	char *source;   /* of the tree, which `file` is a changed copy of; NULL: `file` is a part of its own */
	char *change;   /* the sed script that breaks it; NULL without `source` */
	char *recipe;   /* of the tree: header and recipe */
	char *exchange; /* the sed script that puts the student's part into a copy of its header; NULL with `source` */
	char *compile;  /* sources, or "all" */
	char *forbid;   /* what no header that is included may have in its path; NULL: nothing */
};

struct lab_task {
	char *name; /* and the answer's, where one is asked for */
	unsigned points;
	char *check; /* a judge and its words: judge.c */
	char *ask, *hint;
};

struct lab {
	unsigned number;
	char *dir; /* labs/NN */
	char *title;
	unsigned minutes, pass; /* a student's time; points from which it is passed */
	unsigned seconds;       /* of CPU time for each program that a student's code is in */
	struct lab_engine *engine;
	unsigned nr_engines;
	struct lab_task *task;
	unsigned nr_tasks;
};

/* False after a message: there is no tree, or the file is not what it should be. */
bool lab_read(struct lab *l, const struct paths *p, unsigned number);
void lab_free(struct lab *l);

unsigned lab_points(const struct lab *l);
/* Is the task's answer a word in the file "answers"? */
bool lab_task_is_asked(const struct lab_task *t);
/* NULL: none has that name. */
const struct lab_engine *lab_engine(const struct lab *l, const char *name);
/* The tree's source with the change in it, as text; the caller frees it. NULL after a message. */
char *lab_broken(const struct lab_engine *e, const struct paths *p);
/* The tree's recipe with the student's part in it, likewise. */
char *lab_recipe(const struct lab_engine *e, const struct paths *p);

#endif
