/* SPDX-License-Identifier: BSD-2-Clause */
/* The command line. */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H

#include "options.h"

/*
 * 0: go on with `o`. Anything else: what to exit with; the message has been printed. Help, version
 * and options that do not parse end the program at once, with EXIT_OK or EXIT_USAGE.
 */
int options_parse(struct options *o, int argc, char **argv);

#endif
