/* SPDX-License-Identifier: BSD-2-Clause */
/* A flame graph, frame by frame: what is called stands on what calls it, and width is what it took. */
#ifndef BENCH_FLAME_H
#define BENCH_FLAME_H

#include <stdio.h>

struct flame_graph {
	FILE *f;
	unsigned levels;  /* rows */
	double all;       /* what the lowest row's width stands for, in `unit` */
	const char *unit; /* "ticks" */
};

/* The SVG element; the caller begins and ends the figure around it. */
void flame_begin(const struct flame_graph *g, const char *label);
/* level from 0, the lowest. at, size: in units. colour "#rrggbb". */
void flame_frame(const struct flame_graph *g, unsigned level, const char *name, const char *colour, double at, double size);
void flame_end(const struct flame_graph *g);

#endif
