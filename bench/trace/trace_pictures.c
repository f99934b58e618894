/* SPDX-License-Identifier: BSD-2-Clause */
/* Each picture is 960 wide; text is 12 high and about 7 wide a letter. */
#include "trace_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "flame.h"
#include "html.h"
#include "report_markup.h"
#include "trace_tables.h"

#define WIDTH  960.
#define LEFT   60.
#define RIGHT  10.
#define INNER  (WIDTH - LEFT - RIGHT)
#define LETTER 6.8

static const json_t *rows_of(const json_t *report, const char *table)
{
	return json_object_get(ta_table(report, table), "rows");
}

static const char *text_at(const json_t *row, size_t column)
{
	return json_string_value(json_array_get(row, column));
}

static double number_at(const json_t *row, size_t column)
{
	return json_number_value(json_array_get(row, column));
}

/* ---- colours ---- */

/* Columns of the table "causes". */
enum { CAUSE_OPERATION, CAUSE_TRIP, CAUSE_WITHIN, CAUSE_COUNT, CAUSE_TICKS };

struct palette palette_of(const json_t *report)
{
	struct palette p = { .count = 0 };
	const json_t *row;
	size_t i;

	/* Sorted by ticks: the first time that a trip is met, it is by its dearest cause. */
	json_array_foreach(rows_of(report, "causes"), i, row) {
		const char *name = text_at(row, CAUSE_TRIP);
		unsigned k = 0;

		while (k < p.count && strcmp(p.name[k], name))
			k++;
		if (k == p.count && p.count < PALETTE)
			p.name[p.count++] = name;
	}
	return p;
}

/* Of the series' colours, the fourth is the grey of the rest. */
static const char *others_colour(void)
{
	return series_colour(3);
}

static const char *nth_colour(unsigned n)
{
	return series_colour(n < 3 ? n : n + 1);
}

const char *palette_colour(const struct palette *p, const char *name)
{
	for (unsigned i = 0; i < p->count; i++)
		if (!strcmp(p->name[i], name))
			return nth_colour(i);
	return others_colour();
}

void put_palette(FILE *f, const struct palette *p)
{
	report_key_begin(f);
	for (unsigned i = 0; i < p->count; i++)
		report_key(f, nth_colour(i), p->name[i]);
	report_key(f, others_colour(), "others");
	report_key_end(f);
}

/* ---- what all pictures have ---- */

static void begin_svg(FILE *f, double height, const char *label)
{
	fprintf(f, "<figure><svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-size=\"12\" fill=\"currentColor\" aria-label=\"",
		WIDTH, height);
	html_text(f, label);
	fputs("\">\n", f);
}

static void end_svg(FILE *f, const char *caption)
{
	fputs("</svg>", f);
	report_picture_end(f, caption);
}

static void put_text(FILE *f, double x, double y, const char *anchor, const char *text)
{
	fprintf(f, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"%s\">", x, y, anchor);
	html_text(f, text);
	fputs("</text>\n", f);
}

static void put_line(FILE *f, double x0, double y0, double x1, double y1, const char *more)
{
	fprintf(f, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"currentColor\" %s/>\n", x0, y0, x1, y1, more);
}

/* A rectangle whose title the caller writes, and then </title></rect>. */
static void begin_rect(FILE *f, double x, double y, double w, double h, const char *colour)
{
	fprintf(f, "<rect x=\"%.2f\" y=\"%.2f\" width=\"%.2f\" height=\"%.2f\" fill=\"%s\"><title>", x, y, w, h, colour);
}

static void end_rect(FILE *f)
{
	fputs("</title></rect>\n", f);
}

/* The time axis: ticks from the trace's first record on. */
struct axis {
	double from, to;
};

static double x_of(const struct axis *a, double ticks)
{
	return LEFT + (ticks - a->from) / (a->to - a->from) * INNER;
}

static struct axis axis_of(const json_t *report)
{
	const json_t *rows = rows_of(report, "intervals");
	size_t n = json_array_size(rows);
	double first = number_at(json_array_get(rows, 0), 0), last = number_at(json_array_get(rows, n ? n - 1 : 0), 0);
	double width = n > 1 ? number_at(json_array_get(rows, 1), 0) - first : 1024;

	return (struct axis){ first, last + width };
}

static void put_axis(FILE *f, const struct axis *a, double y)
{
	put_line(f, LEFT, y, WIDTH - RIGHT, y, "");
	for (unsigned i = 0; i <= 4; i++) {
		double ticks = a->from + (a->to - a->from) * i / 4;
		char text[48];

		put_line(f, x_of(a, ticks), y, x_of(a, ticks), y + 4, "");
		put_text(f, x_of(a, ticks), y + 18,
			 i == 0 ? "start" :
			 i == 4 ? "end" :
				  "middle",
			 human_number(round(ticks), text));
	}
}

/* Columns of the table "regions". */
enum { REGION_NAME, REGION_AT, REGION_OPS, REGION_TICKS };

static void put_regions(FILE *f, const json_t *report, const struct axis *a, double y, double height)
{
	const json_t *row;
	size_t i;

	json_array_foreach(rows_of(report, "regions"), i, row) {
		double at = number_at(row, REGION_AT), end = at + number_at(row, REGION_TICKS);
		double x0 = x_of(a, fmax(at, a->from)), x1 = x_of(a, fmin(end, a->to));

		if (x1 <= x0)
			continue;
		fprintf(f,
			"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" fill=\"currentColor\" opacity=\"0.07\"/>\n",
			x0, y, x1 - x0, height);
		if (x1 - x0 > LETTER * (double)strlen(text_at(row, REGION_NAME)))
			put_text(f, (x0 + x1) / 2, y + 12, "middle", text_at(row, REGION_NAME));
	}
}

/* ---- the timeline ---- */

/* Columns of the table "timeline". */
enum { TIMELINE_FROM, TIMELINE_TRIP, TIMELINE_TICKS, TIMELINE_SHARE };

static double highest_share(const json_t *rows)
{
	double most = 100, sum = 0, from = -1;
	const json_t *row;
	size_t i;

	json_array_foreach(rows, i, row) {
		sum = number_at(row, TIMELINE_FROM) == from ? sum : 0;
		from = number_at(row, TIMELINE_FROM);
		sum += number_at(row, TIMELINE_SHARE);
		most = fmax(most, sum);
	}
	return most;
}

void draw_timeline(FILE *f, const json_t *report, const struct palette *p)
{
	const json_t *rows = rows_of(report, "timeline"), *row;
	const size_t intervals = json_array_size(rows_of(report, "intervals"));
	const struct axis a = axis_of(report);
	const double top = 20, height = 180, most = highest_share(rows), w = intervals ? INNER / (double)intervals : 0;
	double sum = 0, from = -1;
	size_t i;

	begin_svg(f, top + height + 30, "The hypervisor's share of the time, interval by interval");
	put_regions(f, report, &a, 0, top + height);
	json_array_foreach(rows, i, row) {
		double share = number_at(row, TIMELINE_SHARE), h = share / most * height;

		sum = number_at(row, TIMELINE_FROM) == from ? sum : 0;
		from = number_at(row, TIMELINE_FROM);
		sum += h;
		begin_rect(f, x_of(&a, from), top + height - sum, fmax(w - 0.5, 0.5), h,
			   palette_colour(p, text_at(row, TIMELINE_TRIP)));
		fprintf(f, "%s: %.0f ticks, %.1f %% of the interval from %.0f on", text_at(row, TIMELINE_TRIP),
			number_at(row, TIMELINE_TICKS), share, from);
		end_rect(f);
	}
	put_text(f, LEFT - 6, top + height - 100 / most * height + 4, "end", "100 %");
	put_text(f, LEFT - 6, top + height + 4, "end", "0");
	put_axis(f, &a, top + height);
	end_svg(f, "Timeline: the share of each interval that the hypervisor took, by trip, over ticks from the trace's first "
		   "record on. A trip "
		   "counts where it begins, so that a long one may take more than all of an interval.");
}

/* ---- single trips ---- */

void draw_points(FILE *f, const json_t *report, const struct palette *p)
{
	const json_t *points = json_object_get(report, "points"), *point;
	const struct axis a = axis_of(report);
	const double top = 20, height = 260;
	double most = 10;
	size_t i;

	json_array_foreach(points, i, point)
		most = fmax(most, number_at(point, 1));
	most = ceil(log10(most));
	begin_svg(f, top + height + 30, "What single trips cost, over time");
	put_regions(f, report, &a, 0, top + height);
	for (unsigned k = 0; k <= (unsigned)most; k++) {
		double y = top + height - k / most * height;
		char text[48];

		put_line(f, LEFT, y, WIDTH - RIGHT, y, "opacity=\"0.2\"");
		put_text(f, LEFT - 6, y + 4, "end", human_number(pow(10, k), text));
	}
	json_array_foreach(points, i, point) {
		fprintf(f,
			"<circle cx=\"%.1f\" cy=\"%.1f\" r=\"2\" fill=\"%s\" opacity=\"0.6\"><title>%s: %.0f ticks at "
			"%.0f</title></circle>\n",
			x_of(&a, number_at(point, 0)), top + height - log10(fmax(number_at(point, 1), 1)) / most * height,
			palette_colour(p, text_at(point, 2)), text_at(point, 2), number_at(point, 1), number_at(point, 0));
	}
	put_axis(f, &a, top + height);
	end_svg(f, "Single trips: what each cost, in ticks, over time. Where there are very many, every nth is shown.");
}

/* ---- the flame graph ---- */

/* A place in the graph: causes from `first` to before `end` in an order in which what belongs together is together. */
struct flame {
	const json_t **cause;
	const struct palette *palette;
	struct flame_graph graph;
};

static int by_place(const void *x, const void *y)
{
	const json_t *a = *(const json_t *const *)x, *b = *(const json_t *const *)y;

	for (unsigned c = CAUSE_OPERATION; c <= CAUSE_WITHIN; c++) {
		int order = strcmp(text_at(a, c), text_at(b, c));

		if (order)
			return order;
	}
	return 0;
}

static double ticks_of(const struct flame *g, size_t first, size_t end)
{
	double sum = 0;

	for (size_t i = first; i < end; i++)
		sum += number_at(g->cause[i], CAUSE_TICKS);
	return sum;
}

/* The frames above a place, of the column that is their level's. */
static void put_frames(const struct flame *g, unsigned level, size_t first, size_t end, double at)
{
	if (level > CAUSE_WITHIN + 1)
		return;
	for (size_t i = first, next; i < end; i = next) {
		const char *name = text_at(g->cause[i], level - 1);
		double ticks;

		for (next = i + 1; next < end && !strcmp(text_at(g->cause[next], level - 1), name); next++)
			;
		ticks = ticks_of(g, i, next);
		if (*name)
			flame_frame(&g->graph, level, name,
				    level == 1 ? "#5b6470" : palette_colour(g->palette, text_at(g->cause[i], CAUSE_TRIP)), at,
				    ticks);
		put_frames(g, level + 1, i, next, at);
		at += ticks;
	}
}

void draw_flame(FILE *f, const json_t *report, const struct palette *p)
{
	const json_t *rows = rows_of(report, "causes"), *row;
	size_t n = json_array_size(rows), i;
	struct flame g = { xcalloc(n + 1, sizeof(const json_t *)), p, { f, 4, 0, "ticks" } };

	json_array_foreach(rows, i, row) {
		g.cause[i] = row;
	}
	qsort(g.cause, n, sizeof(*g.cause), by_place);
	g.graph.all = fmax(ticks_of(&g, 0, n), 1);
	fputs("<figure>", f);
	flame_begin(&g.graph, "The hypervisor's time by operation, trip, and what happened in it");
	flame_frame(&g.graph, 0, "all", "#3a424d", 0, g.graph.all);
	put_frames(&g, 1, 0, n, 0);
	flame_end(&g.graph);
	report_picture_end(
		f, "Flame graph: all of the hypervisor's time; above it by the guest's operation, by trip, and by the events "
		   "that happened in "
		   "the trip. Width is time.");
	free(g.cause);
}

/* ---- the sequence of one operation ---- */

/* Columns of the table "worst". */
enum { WORST_TICKS, WORST_TRIP, WORST_WHAT, WORST_AT, WORST_ADDRESS, WORST_RIP, WORST_BYTES, WORST_WITHIN };

static int by_at(const void *x, const void *y)
{
	double a = number_at(*(const json_t *const *)x, WORST_AT), b = number_at(*(const json_t *const *)y, WORST_AT);

	return (a > b) - (a < b);
}

void draw_marks(FILE *f)
{
	fputs("<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs><marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7\" "
	      "refY=\"4\" "
	      "markerWidth=\"7\" markerHeight=\"7\" orient=\"auto\"><path d=\"M0 0L8 4L0 8z\" "
	      "fill=\"currentColor\"/></marker></defs></svg>\n",
	      f);
}

#define GUEST 170.
#define HYPER 420.
#define STEP  52.

static void put_step(FILE *f, const json_t *trip, double y, double since)
{
	char *when = xfmt("+%.0f", since);
	char *work = xfmt("%s: %.0f ticks, %.0f bytes of page tables", text_at(trip, WORST_WHAT), number_at(trip, WORST_TICKS),
			  number_at(trip, WORST_BYTES));

	put_text(f, GUEST - 10, y + 4, "end", when);
	put_line(f, GUEST, y, HYPER - 6, y, "marker-end=\"url(#tip)\"");
	put_text(f, (GUEST + HYPER) / 2, y - 5, "middle", text_at(trip, WORST_ADDRESS));
	fprintf(f, "<rect x=\"%.0f\" y=\"%.1f\" width=\"10\" height=\"28\" fill=\"%s\"/>\n", HYPER - 5, y - 2, series_colour(0));
	put_text(f, HYPER + 14, y + 8, "start", work);
	put_text(f, HYPER + 14, y + 23, "start", text_at(trip, WORST_WITHIN));
	put_line(f, HYPER - 6, y + 26, GUEST + 6, y + 26, "stroke-dasharray=\"4 3\" marker-end=\"url(#tip)\"");
	free(when);
	free(work);
}

void draw_sequence(FILE *f, const json_t *report)
{
	const json_t *rows = rows_of(report, "worst"), *row;
	size_t n = json_array_size(rows), i;
	const json_t **trip = xcalloc(n + 1, sizeof(const json_t *));
	double bottom = 44 + STEP * (double)n;

	json_array_foreach(rows, i, row) {
		trip[i] = row;
	}
	qsort(trip, n, sizeof(*trip), by_at);
	begin_svg(f, bottom, "One operation, trip by trip");
	put_text(f, GUEST, 14, "middle", "guest");
	put_text(f, HYPER, 14, "middle", "hypervisor");
	put_line(f, GUEST, 20, GUEST, bottom, "opacity=\"0.4\"");
	put_line(f, HYPER, 20, HYPER, bottom, "opacity=\"0.4\"");
	for (i = 0; i < n; i++)
		put_step(f, trip[i], 44 + STEP * (double)i, number_at(trip[i], WORST_AT) - number_at(trip[0], WORST_AT));
	end_svg(f, "Sequence: solid is an exit, with its address; dashed the entry; at the left ticks from the first exit on; "
		   "below each trip what "
		   "happened in it.");
	free(trip);
}
