/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Submissions graded. A graded one is JSON: name, points, of, passed, and tasks, each with task, points, of, said and, where points are
 * missing, hint.
 */
#ifndef BENCH_LAB_GRADE_H
#define BENCH_LAB_GRADE_H

#include "work.h"

/* NULL after a message: it could not be judged, through no fault of the student's. */
json_t *grade(const struct grading *g, const char *dir, const char *name);
/* Every folder in `dir`, by name: an array. NULL after a message. */
json_t *grade_class(const struct grading *g, const char *dir);

/* For people. */
void show_grade(FILE *f, const struct lab *l, const json_t *graded);
void show_class(FILE *f, const struct lab *l, const json_t *all);

#endif
