/* SPDX-License-Identifier: BSD-2-Clause */
/* A comparison for people and for programs. */
#ifndef BENCH_SHOW_COMPARISON_H
#define BENCH_SHOW_COMPARISON_H

#include "comparison.h"

/*
 * The columns of a change as a reader sees it, the same in every form that is for people.
 * COLUMN(field, "head")
 */
#define CHANGE_COLUMNS(COLUMN)                                                                                                   \
	COLUMN(recipe, "recipe")                                                                                                 \
	COLUMN(workload, "workload")                                                                                             \
	COLUMN(phase, "phase")                                                                                                   \
	COLUMN(metric, "what")                                                                                                   \
	COLUMN(before, "before")                                                                                                 \
	COLUMN(after, "after")                                                                                                   \
	COLUMN(by, "change")                                                                                                     \
	COLUMN(sure, "how sure")

enum {
#define COLUMN(field, head) COLUMN_##field,
	CHANGE_COLUMNS(COLUMN)
#undef COLUMN
		COLUMNS
};
extern const char *const column_heads[COLUMNS];

struct change_text {
	char of[COLUMNS][80];
};
struct change_text change_text(const struct change *k);

/* Sentences about the whole: the runs, the counts, what was not compared, what to do about doubt. One a line; the caller frees it. */
char *comparison_summary(const struct comparison *c);
/* What a outcome's list is called: "Worse", ... */
extern const char *const outcome_titles[OUTCOMES];

/* most: of each outcome's list, at most so many rows; what is left out is counted. */
void show_text(FILE *f, const struct comparison *c, unsigned most);
void show_markdown(FILE *f, const struct comparison *c, unsigned most);
/* One self-contained page, every row in it. */
void show_page(FILE *f, const struct comparison *c, unsigned most);
/* Everything, as an object. */
void show_json(FILE *f, const struct comparison *c, unsigned most);
/* A test case a row and metric, as continuous integration reads it: worse is a failure, unclear is skipped. */
void show_junit(FILE *f, const struct comparison *c, unsigned most);

#endif
