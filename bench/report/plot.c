/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * gnuplot scripts, and what it prints made fit for a page. INK stands in the
 * scripts for "the page's text colour" and becomes currentColor.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "html.h"
#include "plot.h"

#define INK   "#010203"
#define WIDTH 450

bool plot_possible(void)
{
	static const char *const argv[] = { "gnuplot", "--version", NULL };
	char *version = command_line_output(argv);
	bool ok = version != NULL;

	free(version);
	return ok;
}

/* The largest of 1, 2, 5 times a power of ten that cuts 0..max into at most 5 parts. */
static double nice_step(double max)
{
	double unit = pow(10, floor(log10(max / 5)));

	for (unsigned i = 0; i < 4; i++) {
		static const double factor[] = { 1, 2, 5, 10 };

		if (max / (unit * factor[i]) <= 5)
			return unit * factor[i];
	}
	return unit * 10;
}

/* In gnuplot's double-quoted strings. */
static void put_string(FILE *f, const char *s)
{
	fputc('"', f);
	for (; *s; s++)
		if (*s != '"' && *s != '\\' && *s != '\n' && *s != '`')
			fputc(*s, f);
	fputc('"', f);
}

static void put_head(FILE *f, unsigned height)
{
	fprintf(f,
		"set encoding utf8\n"
		"set terminal svg size %d,%u dynamic noenhanced font 'sans-serif,13' butt\n"
		"set border 1 lc rgb '" INK "'\nset tics textcolor rgb '" INK "'\n"
		"set grid xtics lc rgb '#8a8f98' lw 0.4 dt 1\nset key off\nset tmargin 0.7\n",
		WIDTH, height);
}

static double bar_total(const struct bar *b)
{
	double sum = 0;

	for (unsigned i = 0; i < b->nr_segments; i++)
		sum += b->value[i];
	return sum;
}

static void put_bar_data(FILE *f, const struct bar *bar, unsigned n)
{
	char text[48];

	fputs("$bars << EOD\n-1 -1 -1 0\n", f);
	for (unsigned i = 0; i < n; i++) {
		double at = 0;

		for (unsigned s = 0; s < bar[i].nr_segments; s++) {
			if (bar[i].value[s] > 0)
				fprintf(f, "%u %.9g %.9g 0x%s\n", n - i, at, at + bar[i].value[s], bar[i].colour[s] + 1);
			at += bar[i].value[s];
		}
	}
	fputs("EOD\n$ends << EOD\n", f);
	for (unsigned i = 0; i < n; i++)
		if (!bar[i].heading)
			fprintf(f, "%.9g %u \"%s\"\n", bar_total(&bar[i]), n - i, human_number(bar_total(&bar[i]), text));
	fputs("EOD\n", f);
}

static void put_bar_axes(FILE *f, const struct bar *bar, unsigned n, const char *x_label)
{
	double max = 0, end = 1.2;
	size_t longest = 4;

	for (unsigned i = 0; i < n; i++) {
		if (bar_total(&bar[i]) > max)
			max = bar_total(&bar[i]);
		if (strlen(bar[i].label) > longest)
			longest = strlen(bar[i].label);
	}
	if (max <= 0)
		max = 1;
	/* A number stands behind its bar: that of nine digits has no room in a sixth of the width. */
	if (max >= 1e6)
		end = 1.3;
	fprintf(f, "set lmargin %zu\nset rmargin 2\nset xrange [0:%.9g]\nset yrange [0.4:%u.6]\n", longest + 1, max * end, n);
	fprintf(f, "set xtics nomirror out scale 0.5 %.9g format '%s'\nset ytics scale 0 (", nice_step(max),
		max >= 10000 ? "%.0s%c" : "%g");
	for (unsigned i = 0; i < n; i++) {
		fputs(i ? ", " : "", f);
		put_string(f, bar[i].label);
		fprintf(f, " %u", n - i);
	}
	fputs(")\nset xlabel ", f);
	put_string(f, x_label);
	fputs(" textcolor rgb '" INK "' offset 0,0.3\n", f);
}

static void cut_between(char *s, const char *from, const char *to)
{
	char *a = strstr(s, from), *b = a ? strstr(a, to) : NULL;

	if (b)
		memmove(a, b + strlen(to), strlen(b + strlen(to)) + 1);
}

static void replace_all(char **s, const char *from, const char *to)
{
	char *out = NULL, *p = *s, *at;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	while ((at = strstr(p, from))) {
		fwrite(p, 1, (size_t)(at - p), f);
		fputs(to, f);
		p = at + strlen(from);
	}
	fputs(p, f);
	fclose(f);
	free(*s);
	*s = out;
}

/* Out go the prologue, the unused symbols and all ids; ink becomes the page's colour. */
static char *fit_for_page(char *svg)
{
	static const char *const swap[][2] = {
		{ "rgb(  1,   2,   3)", "currentColor" },
		{ "rgb(1,2,3)", "currentColor" },
		{ " color=\"black\"", "" },
		{ " color=\"gray\"", "" },
		{ " id=\"gnuplot_canvas\"", "" },
		{ " class=\"gridline\"", "" },
	};
	char *body = strstr(svg, "<svg"), *at;

	if (!body || !strstr(body, "</svg>")) {
		free(svg);
		return NULL;
	}
	memmove(svg, body, strlen(body) + 1);
	cut_between(svg, "<title>", "</desc>");
	cut_between(svg, "<defs>", "</defs>");
	while ((at = strstr(svg, "<g id=\"gnuplot_plot_")))
		cut_between(at, " id=\"", "\" ");
	while ((at = strstr(svg, "<title>")))
		cut_between(at, "<title>", "</title>");
	for (unsigned i = 0; i < COUNT_OF(swap); i++)
		replace_all(&svg, swap[i][0], swap[i][1]);
	return svg;
}

static char *read_all(FILE *f)
{
	char *out = NULL, block[8192];
	size_t len, n;
	FILE *m = open_memstream(&out, &len);

	while ((n = fread(block, 1, sizeof(block), f)))
		fwrite(block, 1, n, m);
	fclose(m);
	return out;
}

/* Run a script; gnuplot reads it from a file, so that its output can be read from a pipe. */
static char *run_gnuplot(const char *script, size_t len)
{
	const char *tmp = getenv("TMPDIR");
	char *path = xfmt("%s/penumbra-plot-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *cmd, *svg = NULL;
	int fd = mkstemp(path);
	FILE *p;

	if (fd >= 0 && !write_all(fd, script, len)) {
		cmd = xfmt("gnuplot '%s' 2>/dev/null", path);
		p = popen(cmd, "re");
		if (p) {
			svg = read_all(p);
			if (pclose(p) != 0 || !*svg) {
				free(svg);
				svg = NULL;
			}
		}
		free(cmd);
	}
	if (fd >= 0) {
		close(fd);
		unlink(path);
	}
	free(path);
	return svg;
}

/* The script is whole: run it, and let go of it. */
static char *finish(FILE *f, char **script, const size_t *len)
{
	char *svg;

	fclose(f);
	svg = run_gnuplot(*script, *len);
	free(*script);
	return svg ? fit_for_page(svg) : NULL;
}

char *plot_bars(const struct bar *bar, unsigned n, const char *x_label)
{
	char *script = NULL;
	size_t len;
	FILE *f = open_memstream(&script, &len);

	/* Where so little height is left as for one bar, gnuplot draws none. */
	put_head(f, 23 * (n > 1 ? n : 2) + 54);
	fputs("set style fill solid 1 noborder\n", f);
	put_bar_data(f, bar, n);
	put_bar_axes(f, bar, n, x_label);
	fputs("plot $bars using (($2+$3)/2):1:2:3:($1-0.36):($1+0.36):4 with boxxyerror lc rgb variable, "
	      "$ends using 1:2:3 with labels left offset 0.4,0 tc rgb '" INK "'\n",
	      f);
	return finish(f, &script, &len);
}

/* Behind the last of the ticks of x: the labels, and the columns of $d as lines, drawn `how` gnuplot calls it. */
static void put_lines(FILE *f, const struct line *line, unsigned nr_lines, const char *how, const char *x_label,
		      const char *y_label)
{
	fputs(")\nset xlabel ", f);
	put_string(f, x_label);
	fputs(" textcolor rgb '" INK "' offset 0,0.3\nset ylabel ", f);
	put_string(f, y_label);
	fputs(" textcolor rgb '" INK "' offset 1,0\nplot ", f);
	for (unsigned i = 0; i < nr_lines; i++)
		fprintf(f, "%s$d using 1:%u with %s lw 2.4 lc rgb '%s'", i ? ", " : "", i + 2, how, line[i].colour);
	fputc('\n', f);
}

char *plot_buckets(const struct line *line, unsigned nr_lines, unsigned first, unsigned n, const char *x_label,
		   const char *y_label)
{
	char *script = NULL;
	size_t len;
	FILE *f = open_memstream(&script, &len);

	put_head(f, 230);
	fputs("$d << EOD\n", f);
	for (unsigned b = 0; b <= n; b++) {
		fprintf(f, "%.0f", exp2(first + b));
		for (unsigned i = 0; i < nr_lines; i++)
			fprintf(f, " %.6g", b < n ? line[i].y[b] : 0);
		fputc('\n', f);
	}
	fprintf(f, "EOD\nset border 3\nset logscale x 2\nset xrange [%.0f:%.0f]\nset yrange [0:*]\n", exp2(first),
		exp2(first + n));
	fputs("set ytics nomirror out scale 0.5\nset grid ytics\nset xtics nomirror out scale 0.5 (", f);
	/* So many that they would touch: every second one. */
	for (unsigned b = first; b <= first + n; b += n > 12 ? 2 : 1)
		fprintf(f, "%s\"%.0f%s\" %.0f", b > first ? ", " : "", exp2(b % 10), b >= 20 ? "M" : b >= 10 ? "k" : "", exp2(b));
	put_lines(f, line, nr_lines, "steps", x_label, y_label);
	return finish(f, &script, &len);
}

/* A decade of room at least: a level curve should look level. */
static void put_size_ranges(FILE *f, const struct line *line, unsigned nr_lines, const double *x, unsigned n)
{
	double least = INFINITY, most = 1;

	for (unsigned i = 0; i < nr_lines; i++)
		for (unsigned k = 0; k < n; k++)
			if (!isnan(line[i].y[k])) {
				least = fmin(least, line[i].y[k]);
				most = fmax(most, line[i].y[k]);
			}
	least = pow(10, floor(log10(least)));
	most = fmax(pow(10, ceil(log10(most))), 10 * least);
	fprintf(f, "set logscale xy\nset xrange [%.9g:%.9g]\nset yrange [%.9g:%.9g]\n", x[0] / 1.2, x[n - 1] * 1.2, least, most);
}

char *plot_sizes(const struct line *line, unsigned nr_lines, const double *x, unsigned n, const char *x_label,
		 const char *y_label)
{
	char *script = NULL;
	size_t len;
	FILE *f = open_memstream(&script, &len);

	put_head(f, 260);
	fputs("$d << EOD\n", f);
	for (unsigned k = 0; k < n; k++) {
		fprintf(f, "%.9g", x[k]);
		for (unsigned i = 0; i < nr_lines; i++)
			fprintf(f, " %.9g", line[i].y[k]);
		fputc('\n', f);
	}
	fputs("EOD\nset border 3\n", f);
	put_size_ranges(f, line, nr_lines, x, n);
	fputs("set grid ytics\nset ytics nomirror out scale 0.5 format '%.0s%c'\nset xtics nomirror out scale 0.5 (", f);
	for (unsigned k = 0; k < n; k++)
		fprintf(f, "%s\"%.9g\" %.9g", k ? ", " : "", x[k], x[k]);
	put_lines(f, line, nr_lines, "lines", x_label, y_label);
	return finish(f, &script, &len);
}

/* Where a rate stands on a map's axis: logarithmic, but linear near 0, which has a place as well. */
static double on_axis(double v)
{
	return log10(1 + v / 0.1);
}

struct range {
	double from, to;
};

/* From half-way to the neighbour before it to half-way to the one behind; the last has no more room on its far side than on its near one. */
static struct range extent(double at, double before, double behind)
{
	struct range r = { (before + at) / 2, (at + behind) / 2 };

	if (isinf(before) && isinf(behind))
		return (struct range){ at - 0.2, at + 0.2 };
	if (isinf(before))
		r.from = at - (behind - at) / 2;
	if (isinf(behind))
		r.to = at + (at - before) / 2;
	return r;
}

/* What one field covers of an axis: its column (row) is as wide for all of its fields, about the least of theirs. */
static struct range field_extent(const struct map_field *field, unsigned n, const struct map_field *of, bool rows)
{
	double before = -INFINITY, behind = INFINITY, at = 0;
	const unsigned mine = rows ? of->row : of->column;

	for (unsigned i = 0; i < n; i++) {
		const unsigned key = rows ? field[i].row : field[i].column;
		double least = INFINITY;

		for (unsigned k = 0; k < n; k++)
			if ((rows ? field[k].row : field[k].column) == key)
				least = fmin(least, rows ? field[k].y : field[k].x);
		least = on_axis(least);
		if (key == mine)
			at = least;
		else if (key < mine)
			before = fmax(before, least);
		else
			behind = fmin(behind, least);
	}
	return extent(at, before, behind);
}

static void put_map_fields(FILE *f, const struct map_field *field, unsigned n)
{
	fputs("$fields << EOD\n-9 -9 -9.1 -8.9 -9.1 -8.9 0\n", f);
	for (unsigned i = 0; i < n; i++) {
		struct range x = field_extent(field, n, &field[i], false), y = field_extent(field, n, &field[i], true);

		fprintf(f, "%.4f %.4f %.4f %.4f %.4f %.4f 0x%s \"%s\"\n", (x.from + x.to) / 2, y.to - 0.13, x.from, x.to, y.from,
			y.to, field[i].colour + 1, field[i].text);
	}
	fputs("EOD\n", f);
}

/* Points that would touch have one mark, with all their numbers. */
static void put_map_points(FILE *f, const struct map_point *point, unsigned n)
{
	bool told[64] = { false };

	fputs("$points << EOD\n-9 -9 \"\"\n", f);
	for (unsigned i = 0; i < n && i < COUNT_OF(told); i++) {
		double x = on_axis(point[i].x), y = on_axis(point[i].y);

		if (told[i])
			continue;
		fprintf(f, "%.4f %.4f \"%u", x, y, point[i].number);
		for (unsigned k = i + 1; k < n && k < COUNT_OF(told); k++)
			if (!told[k] && fabs(on_axis(point[k].x) - x) < 0.35 && fabs(on_axis(point[k].y) - y) < 0.25) {
				told[k] = true;
				fprintf(f, " %u", point[k].number);
			}
		fputs("\"\n", f);
	}
	fputs("EOD\n", f);
}

static void put_map_axes(FILE *f, const struct map_field *field, unsigned nr_fields, const struct map_point *point,
			 unsigned nr_points)
{
	static const char *const at[] = { "0", "0.1", "1", "10", "100", "1000" };
	double x = 1, y = 1;

	for (unsigned i = 0; i < nr_fields; i++) {
		x = fmax(x, field_extent(field, nr_fields, &field[i], false).to);
		y = fmax(y, field_extent(field, nr_fields, &field[i], true).to);
	}
	for (unsigned i = 0; i < nr_points; i++) {
		x = fmax(x, on_axis(point[i].x) + 0.2);
		y = fmax(y, on_axis(point[i].y) + 0.2);
	}
	fprintf(f, "set xrange [-0.25:%.4f]\nset yrange [-0.25:%.4f]\n", x, y);
	for (unsigned axis = 0; axis < 2; axis++) {
		fprintf(f, "set %ctics nomirror out scale 0.5 (", axis ? 'y' : 'x');
		for (unsigned i = 0; i < COUNT_OF(at); i++)
			fprintf(f, "%s\"%s\" %.4f", i ? ", " : "", at[i], on_axis(strtod(at[i], NULL)));
		fputs(")\n", f);
	}
}

char *plot_map(const struct map_field *field, unsigned nr_fields, const struct map_point *point, unsigned nr_points,
	       const char *x_label, const char *y_label)
{
	char *script = NULL;
	size_t len;
	FILE *f = open_memstream(&script, &len);

	put_head(f, 330);
	put_map_fields(f, field, nr_fields);
	put_map_points(f, point, nr_points);
	fputs("set border 3\nunset grid\nset style fill transparent solid 0.55 noborder\n", f);
	put_map_axes(f, field, nr_fields, point, nr_points);
	fputs("set xlabel ", f);
	put_string(f, x_label);
	fputs(" textcolor rgb '" INK "' offset 0,0.3\nset ylabel ", f);
	put_string(f, y_label);
	fputs(" textcolor rgb '" INK "' offset 1,0\n"
	      "plot $fields using 1:2:3:4:5:6:7 with boxxyerror lc rgb variable, "
	      "$fields using 1:2:8 with labels font ',11' tc rgb '" INK "', "
	      "$points using 1:2:(0.035) with circles fs solid 1 lc rgb '" INK "', "
	      "$points using 1:2:3 with labels left offset 0.5,-0.5 font ',13' tc rgb '" INK "'\n",
	      f);
	return finish(f, &script, &len);
}

/* Every run's number is a tick, as long as there is room for them. */
static void put_run_axes(FILE *f, unsigned n, const char *y_label)
{
	fprintf(f, "set xrange [0.5:%u.5]\nset xtics %u format '%%.0f'\nset yrange [0:*]\nset xlabel 'run'\nset ylabel ", n,
		n > 20 ? (n + 19) / 20 : 1);
	put_string(f, y_label);
	fputc('\n', f);
}

char *plot_runs(const struct line *line, unsigned nr_lines, unsigned n, const char *y_label, bool letters)
{
	char *script = NULL, *picture;
	size_t len;
	FILE *f = open_memstream(&script, &len);

	fputs(letters ? "set terminal dumb noenhanced size 78,20\n" :
			"set encoding utf8\nset terminal svg size 700,320 dynamic noenhanced font 'sans-serif,13'\n",
	      f);
	fputs("set key off\nset border 3\nset tics nomirror\nset datafile missing 'nan'\n$d << EOD\n", f);
	for (unsigned k = 0; k < n; k++) {
		fprintf(f, "%u", k + 1);
		for (unsigned i = 0; i < nr_lines; i++)
			fprintf(f, " %.9g", line[i].y[k]);
		fputc('\n', f);
	}
	fputs("EOD\n", f);
	put_run_axes(f, n, y_label);
	for (unsigned i = 0; i < nr_lines; i++)
		if (letters)
			fprintf(f, "%s$d using 1:%u with points pt \"%c\"", i ? ", " : "plot ", i + 2, 'A' + i % 26);
		else
			fprintf(f, "%s$d using 1:%u with linespoints lw 2 pt 7 ps 0.5 lc rgb '%s'", i ? ", " : "plot ", i + 2,
				line[i].colour);
	fputc('\n', f);
	fclose(f);
	picture = run_gnuplot(script, len);
	free(script);
	return picture;
}
