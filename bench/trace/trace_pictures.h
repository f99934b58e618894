/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A report's pictures, as SVG elements for a page: drawn from its tables (trace_tables.h), in the page's own colour, each mark with its
 * figures as a title.
 */
#ifndef BENCH_TRACE_PICTURES_H
#define BENCH_TRACE_PICTURES_H

#include <stdio.h>

#include <jansson.h>

#define PALETTE 9

/* What has a colour of its own: what took most time; the rest shares one. Names are the report's. */
struct palette {
	const char *name[PALETTE];
	unsigned count;
};

struct palette palette_of(const json_t *report);
const char *palette_colour(const struct palette *p, const char *name);
/* The key, as a list. */
void put_palette(FILE *f, const struct palette *p);

/* The hypervisor's share of each interval, by trip, with the measured regions above. */
void draw_timeline(FILE *f, const json_t *report, const struct palette *p);
/* What single trips cost, on a logarithmic axis, over time. */
void draw_points(FILE *f, const json_t *report, const struct palette *p);
/* The hypervisor's time: by operation, then by trip, then by what happened in it. */
void draw_flame(FILE *f, const json_t *report, const struct palette *p);
/* What sequences refer to: once, at the page's beginning. */
void draw_marks(FILE *f);
/* The trips of a report on one operation, from above down: the guest leaves, the hypervisor works, the guest goes on. */
void draw_sequence(FILE *f, const json_t *report);

#endif
