/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers about what a run has left: its figures (results/README.md has their columns), and excerpts of its traces (labs/05/excerpt.sh). */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* The lab's own file; NULL: *v says that there is none. The caller frees it. */
static char *lab_file(const struct question *q, const char *name, struct verdict *v)
{
	char *path = xfmt("%s/%s", q->w->lab->dir, name), *text = read_file(path, NULL);

	if (!text)
		*v = judge_cannot(q, name);
	free(path);
	return text;
}

/* ---- traces ---- */

static bool has_word(const char *line, size_t len, const char *word)
{
	const size_t n = strlen(word);

	for (size_t at = 0; at + n <= len; at++)
		if (!strncmp(line + at, word, n) && (at + n == len || line[at + n] == ' ') && (!at || line[at - 1] == ' '))
			return true;
	return false;
}

static unsigned count_lines(const char *text, const char *word)
{
	unsigned count = 0;

	while (*text) {
		size_t len = strcspn(text, "\n");

		count += has_word(text, len, word);
		text += len + (text[len] == '\n');
	}
	return count;
}

/* traced FILE A B: how many lines there are with the word A for each that has B. */
struct verdict judge_traced(const struct question *q)
{
	struct verdict v;
	char *text = lab_file(q, q->word[0], &v);
	unsigned some, all;

	if (!text)
		return v;
	some = count_lines(text, q->word[1]);
	all = count_lines(text, q->word[2]);
	free(text);
	return all ? judge_against(q, (double)some / all) : judge_cannot(q, q->word[2]);
}

/* ---- figures ---- */

#define COLUMNS 10

static const char *const column_names[] = { "recipe",     "workload", "phase",        "guest_levels", "shadow_levels",
					    "repetition", "ops",      "instructions", "trips",        "bytes_touched" };
enum { RECIPE, WORKLOAD, PHASE, OPS = 6 };

struct row {
	char *column[COLUMNS];
};

/* The next row of *rest. False: there is none. */
static bool next_row(char **rest, struct row *r)
{
	char *line = *rest ? strsep(rest, "\n") : NULL;

	for (unsigned i = 0; line && i < COLUMNS; i++) {
		r->column[i] = strsep(&line, ",");
		if (i + 1 == COLUMNS)
			return r->column[i];
	}
	return false;
}

/* An operation's figure, if the row is of that workload and phase. */
static bool figure_of(const struct row *r, const char *workload, const char *phase, const char *column, double *out)
{
	double ops = strtod(r->column[OPS], NULL);

	if (strcmp(r->column[WORKLOAD], workload) || strcmp(r->column[PHASE], phase) || ops <= 0)
		return false;
	for (unsigned i = OPS + 1; i < COLUMNS; i++)
		if (!strcmp(column_names[i], column)) {
			*out = strtod(r->column[i], NULL) / ops;
			return true;
		}
	return false;
}

/* row FILE RECIPE WORKLOAD PHASE COLUMN: that figure of a run, an operation. */
struct verdict judge_row(const struct question *q)
{
	struct verdict v;
	char *text = lab_file(q, q->word[0], &v), *rest = text;
	double is = -1;
	struct row r;

	if (!text)
		return v;
	while (is < 0 && next_row(&rest, &r))
		if (!strcmp(r.column[RECIPE], q->word[1]))
			figure_of(&r, q->word[2], q->word[3], q->word[4], &is);
	free(text);
	return is < 0 ? judge_cannot(q, q->word[2]) : judge_against(q, is);
}

/* Is it one of those that the task names behind the column? Without any, all are. */
static bool may_be_chosen(const struct question *q, const char *recipe)
{
	for (unsigned i = 4; i < JUDGE_WORDS && *q->word[i]; i++)
		if (!strcmp(q->word[i], recipe))
			return true;
	return !*q->word[4];
}

/* choice FILE WORKLOAD PHASE COLUMN [RECIPE...]: one with which an operation has no more of it than one in ten above the least. */
struct verdict judge_choice(const struct question *q)
{
	const char *chosen = work_answer(q->w, q->task->name), *workload = q->word[1], *phase = q->word[2], *column = q->word[3];
	double least = -1, of_chosen = -1, is;
	struct verdict v;
	char *text, *rest;
	struct row r;

	if (!chosen || !*chosen || !strcmp(chosen, "?"))
		return (struct verdict){ false, xstrdup("there is no answer"), false };
	text = rest = lab_file(q, q->word[0], &v);
	if (!text)
		return v;
	while (next_row(&rest, &r)) {
		if (!may_be_chosen(q, r.column[RECIPE]) || !figure_of(&r, workload, phase, column, &is))
			continue;
		least = least < 0 || is < least ? is : least;
		of_chosen = strcmp(r.column[RECIPE], chosen) ? of_chosen : is;
	}
	free(text);
	if (least < 0)
		return judge_cannot(q, workload);
	if (of_chosen < 0)
		return (struct verdict){ false, xfmt("\"%.40s\" is none of the recipes", chosen), false };
	if (of_chosen > 1.1 * least)
		return (struct verdict){ false, xfmt("%s takes %.1f times the %s of the best", chosen, of_chosen / least, column),
					 false };
	return (struct verdict){ true, xfmt("%s: %.1f %s an operation", chosen, of_chosen, column), false };
}
