/* SPDX-License-Identifier: BSD-2-Clause */
/* What other programs have counted of one of ours: `perf stat -j`, and valgrind's callgrind. Their words are read and not trusted. */
#ifndef BENCH_COUNTED_H
#define BENCH_COUNTED_H

#include "util.h"

/* Figures of host.def. */
enum host_figure {
#define HOST(id, event, heading, text) HOST_##id,
#include "host.def"
#undef HOST
	HOST_FIGURES
};
extern const char *const host_names[HOST_FIGURES], *const host_events[HOST_FIGURES], *const host_headings[HOST_FIGURES];

/*
 * Lines of JSON as `perf stat -j` writes them: of each event that host.def names, how often. What perf says that it does not support or
 * did not count is 0, and so is what is no number. The number of events that were counted.
 */
unsigned perf_stat_read(const char *text, uint64_t count[HOST_FIGURES]);
/* The events, user space alone, as perf's -e takes them; the caller frees it. */
char *perf_stat_events(void);

/* A dump of callgrind's: which region it closes (the caller frees it; NULL: none), and its instructions. False: it has no total. */
bool callgrind_read(const char *text, char **region, uint64_t *instructions);

#endif
