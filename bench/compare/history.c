/* SPDX-License-Identifier: BSD-2-Clause */
/* A workload's figures, run by run: a table, a picture, CSV or JSON. */
#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "history.h"
#include "html.h"
#include "index.h"
#include "item.h"
#include "plot.h"
#include "put_out.h"

struct point {
	char *run, *started, *commit, *recipe;
	struct index_row figure; /* its strings are those above */
};

struct history {
	const char *workload, *phase;
	struct point *point;
	unsigned n;
	const char **run, **recipe; /* each once, as they come */
	unsigned nr_runs, nr_recipes;
};

/* n: it is not there. */
static unsigned index_of(const char *const *list, unsigned n, const char *name)
{
	unsigned i = 0;

	while (i < n && strcmp(list[i], name))
		i++;
	return i;
}

static void add_once(const char ***list, unsigned *n, const char *name)
{
	if (index_of(*list, *n, name) < *n)
		return;
	*list = xrealloc(*list, (*n + 1) * sizeof(**list));
	(*list)[(*n)++] = name;
}

static void add(void *context, const struct index_row *r)
{
	struct history *h = context;
	struct point *p;

	h->point = xrealloc(h->point, (h->n + 1) * sizeof(*h->point));
	p = &h->point[h->n++];
	*p = (struct point){ xstrdup(r->run), xstrdup(r->started), xstrdup(r->commit), xstrdup(r->recipe), *r };
	add_once(&h->run, &h->nr_runs, p->run);
	add_once(&h->recipe, &h->nr_recipes, p->recipe);
}

static void history_free(struct history *h)
{
	for (unsigned i = 0; i < h->n; i++) {
		free(h->point[i].run);
		free(h->point[i].started);
		free(h->point[i].commit);
		free(h->point[i].recipe);
	}
	free(h->point);
	free(h->run);
	free(h->recipe);
}

/* The same recipe's figure in the run before; NULL: it is the first. */
static const struct point *before(const struct history *h, unsigned i)
{
	for (unsigned k = i; k--;)
		if (!strcmp(h->point[k].recipe, h->point[i].recipe))
			return &h->point[k];
	return NULL;
}

static char *picture(const struct history *h, bool letters)
{
	struct line *line = xcalloc(h->nr_recipes, sizeof(*line));
	double *y = xcalloc((size_t)h->nr_recipes * h->nr_runs, sizeof(*y));
	char *text;

	for (unsigned i = 0; i < h->nr_recipes * h->nr_runs; i++)
		y[i] = NAN;
	for (unsigned i = 0; i < h->n; i++) {
		unsigned recipe = index_of(h->recipe, h->nr_recipes, h->point[i].recipe);
		unsigned run = index_of(h->run, h->nr_runs, h->point[i].run);

		y[recipe * h->nr_runs + run] = h->point[i].figure.instructions;
	}
	for (unsigned i = 0; i < h->nr_recipes; i++)
		line[i] = (struct line){ series_colour(i), y + (size_t)i * h->nr_runs };
	text = plot_runs(line, h->nr_recipes, h->nr_runs, "instructions an operation", letters);
	free(line);
	free(y);
	return text;
}

static void show_text(FILE *f, const struct history *h)
{
	char *letters = picture(h, true);

	fprintf(f, "%s, %s: instructions and trips an operation\n\n  %-24s %-12s %-20s %14s %10s  %s\n", h->workload, h->phase,
		"run", "commit", "recipe", "instructions", "trips", "change");
	for (unsigned i = 0; i < h->n; i++) {
		const struct point *p = &h->point[i], *last = before(h, i);

		fprintf(f, "  %-24s %-12.12s %-20s %14.2f %10.2f", p->run, p->commit, p->recipe, p->figure.instructions,
			p->figure.trips);
		if (last && last->figure.instructions > 0 && last->figure.instructions != p->figure.instructions)
			fprintf(f, "  %+.2f %%", 100 * (p->figure.instructions / last->figure.instructions - 1));
		fputc('\n', f);
	}
	if (letters)
		fputs(letters, f);
	for (unsigned i = 0; letters && i < h->nr_recipes; i++)
		fprintf(f, "%s%c %s", i ? ", " : "  ", 'A' + (int)i % 26, h->recipe[i]);
	fputs(letters ? "\n" : "", f);
	free(letters);
}

static void show_svg(FILE *f, const struct history *h)
{
	char *svg = picture(h, false);

	if (svg)
		fputs(svg, f);
	else
		say("gnuplot could not draw it: is gnuplot-nox installed?");
	free(svg);
}

static void show_csv(FILE *f, const struct history *h)
{
	fputs("run,started,commit,workload,phase,recipe,repetitions,instructions,lowest,highest,trips,bytes_touched\n", f);
	for (unsigned i = 0; i < h->n; i++) {
		const struct point *p = &h->point[i];

		fprintf(f, "%s,%s,%s,%s,%s,%s,%u,%.10g,%.10g,%.10g,%.10g,%.10g\n", p->run, p->started, p->commit, h->workload,
			h->phase, p->recipe, p->figure.repetitions, p->figure.instructions, p->figure.lowest, p->figure.highest,
			p->figure.trips, p->figure.bytes_touched);
	}
}

static void show_json(FILE *f, const struct history *h)
{
	json_t *rows = json_array(), *all;

	for (unsigned i = 0; i < h->n; i++) {
		const struct point *p = &h->point[i];

		json_array_append_new(rows,
				      json_pack("{s:o, s:s, s:s, s:s, s:i, s:f, s:f, s:f, s:f, s:f}", "run", text_json(p->run),
						"started", p->started, "commit", p->commit, "recipe", p->recipe, "repetitions",
						(int)p->figure.repetitions, "instructions", p->figure.instructions, "lowest",
						p->figure.lowest, "highest", p->figure.highest, "trips", p->figure.trips,
						"bytes_touched", p->figure.bytes_touched));
	}
	all = json_pack("{s:s, s:s, s:o}", "workload", h->workload, "phase", h->phase, "runs", rows);
	json_dumpf(all, f, JSON_INDENT(1));
	fputs("\n", f);
	json_decref(all);
}

static int show(const struct history *h, const struct options *o)
{
	const char *format = o->format ? o->format : "text";
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int ret;

	if (!strcmp(format, "svg"))
		show_svg(f, h);
	else if (!strcmp(format, "csv"))
		show_csv(f, h);
	else if (!strcmp(format, "json"))
		show_json(f, h);
	else
		show_text(f, h);
	fclose(f);
	ret = len ? put_out(o->output, text, len) : EXIT_FAILED;
	free(text);
	return ret;
}

static int show_phase(const struct options *o, const struct paths *p, const char *phase)
{
	struct history h = { .workload = o->row[0], .phase = phase };
	int ret = EXIT_FAILED, n = index_rows(p->results, h.workload, phase, o->row[1], add, &h);

	if (n > 0)
		ret = show(&h, o);
	else if (!n)
		say("no run in %s has %s, phase %s%s%s", p->results, h.workload, phase, o->row[1] ? ", under " : "",
		    o->row[1] ? o->row[1] : "");
	history_free(&h);
	return ret;
}

int history_show(const struct options *o, const struct paths *p)
{
	char *phase;
	int ret;

	if (!file_exists(p->results)) {
		say("%s holds no run yet: penumbra run makes one", p->results);
		return EXIT_FAILED;
	}
	if (index_gather(p->results))
		return EXIT_FAILED;
	phase = o->phase ? xstrdup(o->phase) : index_phase(p->results, o->row[0]);
	if (!phase) {
		say("no run in %s has the workload %s (forms have names like %s.2)", p->results, o->row[0], o->row[0]);
		return EXIT_FAILED;
	}
	ret = show_phase(o, p, phase);
	free(phase);
	return ret;
}
