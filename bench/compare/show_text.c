/* SPDX-License-Identifier: BSD-2-Clause */
/* The comparison as text, for a terminal or a merge request. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "show_comparison.h"

const char *const column_heads[COLUMNS] = {
#define COLUMN(field, head) head,
	CHANGE_COLUMNS(COLUMN)
#undef COLUMN
};

const char *const outcome_titles[OUTCOMES] = {
	[OUTCOME_SAME] = "The same",          [OUTCOME_WITHIN] = "Different, within the threshold",
	[OUTCOME_BETTER] = "Better",          [OUTCOME_WORSE] = "Worse",
	[OUTCOME_UNCLEAR] = "Cannot be told",
};

static void figure(char out[80], double v)
{
	if (v == floor(v))
		snprintf(out, 80, "%.0f", v);
	else
		snprintf(out, 80, "%.2f", v);
}

static void relative(char out[80], const struct change *k)
{
	if (isinf(k->ratio))
		snprintf(out, 80, "from 0");
	else
		snprintf(out, 80, "%+.2f %%", 100 * (k->ratio - 1));
}

/* An exact difference is sure; an interval is given relative to the figure before, as the difference itself is. */
static void surety(char out[80], const struct change *k)
{
	double one = 100 / k->before.mean;

	if (!k->varies)
		snprintf(out, 80, "exact");
	else if (!k->known)
		snprintf(out, 80, "varies; %u and %u repetitions", k->before.n, k->after.n);
	else if (k->before.mean > 0)
		snprintf(out, 80, "%+.2f to %+.2f %%, p = %.2g, n = %u, %u", one * k->by.low, one * k->by.high, k->by.p,
			 k->before.n, k->after.n);
	else
		snprintf(out, 80, "%+.4g to %+.4g, p = %.2g, n = %u, %u", k->by.low, k->by.high, k->by.p, k->before.n,
			 k->after.n);
}

struct change_text change_text(const struct change *k)
{
	struct change_text t;

	snprintf(t.of[COLUMN_recipe], sizeof(t.of[0]), "%s", k->recipe);
	snprintf(t.of[COLUMN_workload], sizeof(t.of[0]), "%s", k->workload);
	snprintf(t.of[COLUMN_phase], sizeof(t.of[0]), "%s", k->phase);
	snprintf(t.of[COLUMN_metric], sizeof(t.of[0]), "%s", metric_names[k->metric]);
	figure(t.of[COLUMN_before], k->before.mean);
	figure(t.of[COLUMN_after], k->after.mean);
	relative(t.of[COLUMN_by], k);
	surety(t.of[COLUMN_sure], k);
	return t;
}

static void put_run(FILE *f, const char *which, const struct dataset *d)
{
	const json_t *m = json_object_get(d->root, "machine");

	fprintf(f, "%s: run %s, commit %s, %s%s\n", which, json_text(d->root, "run"), json_text(m, "commit"),
		json_text(m, "qemu"), json_is_true(json_object_get(d->root, "complete")) ? "" : ", not complete");
}

/* What makes two runs differ besides the tree that they were built from. */
static void put_warnings(FILE *f, const struct comparison *c)
{
	const json_t *a = json_object_get(c->before->root, "machine"), *b = json_object_get(c->after->root, "machine");

	if (strcmp(json_text(a, "qemu_sha256"), json_text(b, "qemu_sha256")))
		fprintf(f, "They were measured on two builds of QEMU: some differences may be the emulator's.\n");
	if (c->only_before || c->only_after)
		fprintf(f, "Not compared, because one run alone has them: %u rows of the first, %u of the second.\n",
			c->only_before, c->only_after);
	if (c->altered)
		fprintf(f, "Not compared, because the workload's parameters are others now: %u rows.\n", c->altered);
	if (c->few)
		fprintf(f,
			"%u figures vary between repetitions and have fewer than %d in one of the runs: --repeat %d makes their "
			"intervals narrow enough to mean something.\n",
			c->few, FEW_REPETITIONS, FEW_REPETITIONS);
	if (!c->nr_changes)
		fprintf(f, "The two runs have no row in common.\n");
}

char *comparison_summary(const struct comparison *c)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	put_run(f, "before", c->before);
	put_run(f, "after", c->after);
	fprintf(f,
		"%u figures compared: %u the same, %u within %g %%, %u better, %u worse, %u that cannot be told; %u guests no "
		"longer finish.\n",
		c->nr_changes, c->count[OUTCOME_SAME], c->count[OUTCOME_WITHIN], 100 * c->threshold, c->count[OUTCOME_BETTER],
		c->count[OUTCOME_WORSE], c->count[OUTCOME_UNCLEAR], c->nr_lost);
	put_warnings(f, c);
	fclose(f);
	return text;
}

/* In both forms a table's lines begin, part their columns and end with something; text has its columns in line, besides. */
struct form {
	const char *title, *begin, *part, *end;
	bool in_line, rule;
};

static const struct form plain = { "\n%s (%u)\n", "  ", "  ", "\n", true, false };
static const struct form markdown = { "\n### %s (%u)\n\n", "| ", " | ", " |\n", false, true };

/* A bar would part columns in Markdown, and end nothing in text. */
static void put_escaped(FILE *f, const struct form *form, const char *text)
{
	for (; *text; text++)
		fprintf(f, form->rule && *text == '|' ? "\\|" : "%c", *text);
}

static void put_columns(FILE *f, const struct form *form, const char *const text[COLUMNS], const int width[COLUMNS])
{
	fputs(form->begin, f);
	for (unsigned k = 0; k < COLUMNS; k++) {
		bool number = k >= COLUMN_before && k <= COLUMN_by;

		fputs(k ? form->part : "", f);
		if (form->in_line && k < COLUMNS - 1)
			fprintf(f, "%*s", number ? width[k] : -width[k], text[k]);
		else
			put_escaped(f, form, text[k]);
	}
	fputs(form->end, f);
}

static void put_change(FILE *f, const struct form *form, const struct change *k, const int width[COLUMNS])
{
	const struct change_text t = change_text(k);
	const char *text[COLUMNS];

	for (unsigned i = 0; i < COLUMNS; i++)
		text[i] = t.of[i];
	put_columns(f, form, text, width);
}

static void find_widths(const struct comparison *c, enum outcome v, unsigned most, int width[COLUMNS])
{
	const struct change *k;

	for (unsigned i = 0; i < COLUMNS; i++)
		width[i] = (int)strlen(column_heads[i]);
	for (unsigned n = 0; n < most && (k = comparison_nth(c, v, n)); n++) {
		const struct change_text t = change_text(k);

		for (unsigned i = 0; i < COLUMNS; i++)
			if ((int)strlen(t.of[i]) > width[i])
				width[i] = (int)strlen(t.of[i]);
	}
}

static void put_list(FILE *f, const struct form *form, const struct comparison *c, enum outcome v, unsigned most)
{
	const struct change *k;
	int width[COLUMNS];

	if (!c->count[v])
		return;
	find_widths(c, v, most, width);
	fprintf(f, form->title, outcome_titles[v], c->count[v]);
	put_columns(f, form, column_heads, width);
	if (form->rule)
		fputs("| --- | --- | --- | --- | ---: | ---: | ---: | --- |\n", f);
	for (unsigned n = 0; n < most && (k = comparison_nth(c, v, n)); n++)
		put_change(f, form, k, width);
	if (c->count[v] > most)
		fprintf(f, "%s... and %u more (--all shows them)\n", form->rule ? "\n" : "  ", c->count[v] - most);
}

static void put_lost(FILE *f, const struct form *form, const struct comparison *c)
{
	if (c->nr_lost)
		fprintf(f, form->title, "No longer finish", c->nr_lost);
	for (unsigned i = 0; i < c->nr_lost; i++) {
		char *why = item_why(c->lost[i]);

		fprintf(f, "%s%s under %s: %s (%s)\n", form->rule ? "- " : "  ", json_text(c->lost[i], "workload"),
			json_text(c->lost[i], "recipe"), json_text(c->lost[i], "state"), why);
		free(why);
	}
}

/* In Markdown two spaces at a line's end keep it from running into the next. */
static void put_summary(FILE *f, const struct form *form, const char *summary)
{
	for (const char *p = summary, *end; (end = strchr(p, '\n')); p = end + 1)
		fprintf(f, "%.*s%s\n", (int)(end - p), p, form->rule ? "  " : "");
}

static void show(FILE *f, const struct form *form, const struct comparison *c, unsigned most)
{
	static const enum outcome shown[] = { OUTCOME_WORSE, OUTCOME_BETTER, OUTCOME_UNCLEAR, OUTCOME_WITHIN };
	char *summary = comparison_summary(c);

	put_summary(f, form, summary);
	put_lost(f, form, c);
	for (unsigned k = 0; k < COUNT_OF(shown); k++)
		put_list(f, form, c, shown[k], most);
	free(summary);
}

void show_text(FILE *f, const struct comparison *c, unsigned most)
{
	show(f, &plain, c, most);
}

void show_markdown(FILE *f, const struct comparison *c, unsigned most)
{
	show(f, &markdown, c, most);
}
