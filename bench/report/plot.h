/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Pictures by gnuplot, as SVG text to be put into a page: text and axes in
 * the page's own colour (so that they follow light and dark), no ids that could clash.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include "util.h"

#define BAR_MAX_SEGMENTS 24

struct bar {
	const char *label; /* at the left; a heading if there are no segments and heading is set */
	bool heading;
	unsigned nr_segments;
	double value[BAR_MAX_SEGMENTS];       /* one after the other */
	const char *colour[BAR_MAX_SEGMENTS]; /* "#rrggbb" */
};

/* Horizontal bars, the first on top, the total written at each one's end. NULL if gnuplot fails; the caller frees. */
char *plot_bars(const struct bar *bar, unsigned n, const char *x_label);

struct line {
	const char *colour;
	const double *y; /* n of them */
};

/* One stepped line a series over log2 buckets: x from 2^first. In per cent. NULL if gnuplot fails; the caller frees. */
char *plot_buckets(const struct line *line, unsigned nr_lines, unsigned first, unsigned n, const char *x_label,
		   const char *y_label);

/* One line a series over the sizes x, ascending, both axes logarithmic; y is NAN where it was not measured. NULL if gnuplot fails; the caller frees. */
char *plot_sizes(const struct line *line, unsigned nr_lines, const double *x, unsigned n, const char *x_label,
		 const char *y_label);

/*
 * One line a series over n runs, in their order; y is NAN where a run has none. As an SVG file's text, or as letters for a terminal: A is the
 * first series. NULL if gnuplot fails; the caller frees.
 */
char *plot_runs(const struct line *line, unsigned nr_lines, unsigned n, const char *y_label, bool letters);

/* A field of a map: where it lies among the others (their x and y may differ within a column or row), what it says and its colour. */
struct map_field {
	unsigned column, row;
	double x, y; /* 0 or more */
	const char *colour;
	char text[48];
};
struct map_point {
	double x, y;     /* 0 or more */
	unsigned number; /* written there; those that would touch, together */
};

/* Both axes logarithmic but near 0. At most 64 points. NULL if gnuplot fails; the caller frees. */
char *plot_map(const struct map_field *field, unsigned nr_fields, const struct map_point *point, unsigned nr_points,
	       const char *x_label, const char *y_label);

/* Whether gnuplot can be run at all. */
bool plot_possible(void);

#endif
