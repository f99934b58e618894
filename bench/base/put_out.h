/* SPDX-License-Identifier: BSD-2-Clause */
/* What a command shows: to a file, or to standard output. */
#ifndef BENCH_PUT_OUT_H
#define BENCH_PUT_OUT_H

#include "util.h"

/*
 * path NULL: standard output. EXIT_OK, or EXIT_FAILED after a message; a plain file is whole then, or as it was. What else is at path
 * (a device, a pipe, a link to a file) stays and is written to.
 */
int put_out(const char *path, const char *text, size_t len);

#endif
