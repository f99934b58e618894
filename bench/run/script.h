/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that run a script of the user's, or have several initrds: the one initrd that each gets, made for one run. */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "options.h"
#include "paths.h"

/* Into a directory of its own; *dir is that, NULL: none is to be made. 0, or -1 after a message. */
int initrds_pack(struct options *o, const struct paths *p, char **dir);
/* Takes the directory, or NULL. */
void initrds_forget(char *dir);

#endif
