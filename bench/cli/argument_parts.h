/* SPDX-License-Identifier: BSD-2-Clause */
/* What the commands' parsers share. */
#ifndef BENCH_ARGUMENT_PARTS_H
#define BENCH_ARGUMENT_PARTS_H

#include <argp.h>

#include "options.h"

/* --build and --results, for a command's `children`. */
extern const struct argp place_argp;
extern const struct argp_child place_child[2];
/* `run`'s, for guests of the user's own (arguments_guest.c); its input is the same. */
extern const struct argp guest_argp;

/* Of `explain` (arguments_explain.c). */
extern const struct argp explain_argp;

/* Of `bench-engine` (arguments_engine.c). */
extern const struct argp bench_engine_argp;

/* Of `profile` (arguments_profile.c). */
extern const struct argp profile_argp;

/* Of `lab` (arguments_lab.c). */
extern const struct argp lab_argp;

/* Of the commands that work on results (arguments_results.c). */
extern const struct argp report_argp, compare_argp, history_argp, trace_argp, export_argp, clean_argp;

/* A whole number from 1 to max into *out; anything else ends the program with what was wrong. */
error_t parse_number(struct argp_state *state, const char *what, const char *arg, unsigned max, unsigned *out);
/* A percentage from 0 to 100 into *out, as a fraction; likewise. */
error_t parse_percent(struct argp_state *state, const char *what, const char *arg, double *out);
/* Likewise for an empty text. */
void need_text(struct argp_state *state, const char *message, const char *arg);
/* One that is not, into *out. */
error_t take_text(struct argp_state *state, const char *message, const char *arg, const char **out);
/* --format: one of the names, which are NULL-ended, into *out. */
error_t parse_format(struct argp_state *state, const char *const names[], const char *arg, const char **out);

#endif
