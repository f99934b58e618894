/* SPDX-License-Identifier: BSD-2-Clause */
/* What the kernel is told of a process that is about to become another program. Both do nothing where the kernel cannot. */
#ifndef BENCH_CONFINE_FILTER_H
#define BENCH_CONFINE_FILTER_H

/* From now on nothing is written, made or removed but below `dir`, and in /dev/null. No open file is affected. */
void confine_files(const char *dir);
/* From now on the few calls of confine_filter.c; any other ends the process by SIGSYS. One execve() with this very pointer is left. */
void confine_calls(const char *program);

#endif
