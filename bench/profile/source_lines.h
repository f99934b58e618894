/* SPDX-License-Identifier: BSD-2-Clause */
/* From addresses to lines of source: by addr2line of the build's binutils, which reads what the compiler wrote (-g1: lines). */
#ifndef BENCH_SOURCE_LINES_H
#define BENCH_SOURCE_LINES_H

#include "profiled.h"

/* Instructions counted on a line. */
struct source_line {
	char *file; /* as the compiler was told, shortened to what lies in the tree where it does */
	unsigned line;
	uint64_t count;
};
struct source_lines {
	struct source_line *line;
	size_t n;
	uint64_t unknown; /* instructions without a line */
};

/*
 * Of the hypervisor's instructions of a region, each line once, in order of file and line; only: of this function alone; NULL: of all. An
 * instruction of an inlined function is on that function's line. False after a message.
 */
bool source_lines_count(struct source_lines *s, const struct profiled_region *r, const struct profile *p, const char *elf,
			const char *only);
void source_lines_free(struct source_lines *s);

#endif
