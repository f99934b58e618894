/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One submission at work: what the student handed in, a folder to build and run in, and the engines that were built there. The folder lies
 * in the build directory and goes with the work.
 */
#ifndef BENCH_LAB_WORK_H
#define BENCH_LAB_WORK_H

#include <jansson.h>

#include "confine.h"
#include "lab.h"

/* What all submissions have in common. */
struct grading {
	const struct lab *lab;
	const struct paths *p;
	json_t *told; /* by recipe and operation, what the tree's engines did */
	bool keep;    /* what is built */
};

struct work {
	const struct lab *lab;
	const struct paths *p;
	const char *from; /* the student's folder */
	char *scratch;
	json_t *answers;   /* texts by name; NULL: the lab has none */
	char *lack;        /* why nothing of it can be judged, for people; NULL: it can */
	char *no_answers;  /* why there are none, where they are asked for; NULL: there are */
	json_t *built;     /* by engine: "", or why it was not */
	json_t *long_ones; /* engines that came to no end once: they are not run again */
	json_t *told;      /* the grading's */
	bool keep;
};

/* False after a message: our own folder cannot be made. */
bool work_begin(struct work *w, const struct grading *g, const char *from);
void work_end(struct work *w);

/* The answer's text; NULL: there is none. */
const char *work_answer(const struct work *w, const char *name);

/* Builds the engine, once. NULL, or why there is none: a sentence that the work keeps. */
const char *work_build(struct work *w, const struct lab_engine *e);
/*
 * Runs a program of the engine, "oracle" or "explain", with these arguments (NULL at the end), confined. True: it ended with 0. Else *why is a
 * sentence, if `c` has no better one; the caller frees it and calls confined_free(). The engine must have been built.
 */
bool work_run(struct work *w, const struct lab_engine *e, const char *program, char *const argv[], struct confined *c,
	      char **why);

#endif
