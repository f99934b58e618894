/* SPDX-License-Identifier: BSD-2-Clause */
/* A lab's beginning. */
#ifndef BENCH_LAB_BEGIN_H
#define BENCH_LAB_BEGIN_H

#include "lab.h"

/* Prints the lab's text and tasks, and makes the student's folder, if it is not there. An exit code. */
int lab_begin(const struct lab *l, const struct paths *p, const char *dir);

#endif
