/* SPDX-License-Identifier: BSD-2-Clause */
/* Guests that run a script of the user's: their initrds, made for one run. */
#ifndef BENCH_SCRIPT_H
#define BENCH_SCRIPT_H

#include "options.h"
#include "paths.h"

/* An initrd for each of the scripts, in a directory of its own; *dir is that, NULL: there is no script. 0, or -1 after a message. */
int scripts_pack(struct options *o, const struct paths *p, char **dir);
/* Takes the directory, or NULL. */
void scripts_forget(char *dir);

#endif
