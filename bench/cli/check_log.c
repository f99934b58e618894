/* SPDX-License-Identifier: BSD-2-Clause */
/* What a log says: how many checks passed, and why something failed. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_log.h"
#include "util.h"

static void count_line(struct totals *t, const char *line)
{
	unsigned percent, checks, failures, errors;

	if (sscanf(line, "%u%%: Checks: %u, Failures: %u, Errors: %u", &percent, &checks, &failures, &errors) == 4 &&
	    failures + errors <= checks) {
		t->passed += checks - failures - errors;
		t->failed += failures + errors;
	} else if (!strncmp(line, "ok ", 3)) {
		t->passed++;
	} else if (!strncmp(line, "not ok ", 7)) {
		t->failed++;
	} else if (!strncmp(line, "skip ", 5)) {
		t->skipped++;
	}
}

void check_log_totals(struct totals *t, const char *trs, const char *log)
{
	bool pass = strstr(trs, ":test-result: PASS"), skip = strstr(trs, ":test-result: SKIP");

	*t = (struct totals){ 0 };
	for (const char *line = log; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		count_line(t, line);
	}
	if (pass && !t->passed && !t->failed && !t->skipped)
		t->passed = 1;
	if (skip && !t->failed && !t->passed && !t->skipped)
		t->skipped = 1;
	if (!pass && !skip && !t->failed)
		t->failed = 1;
}

/* What is shown of a log, in lines; a failure's own lines are those up to the next check's. */
enum { SHOW_FAILURES = 15, SHOW_LAST = 15, SHOW_EACH = 6, SHOW_BYTES = 400 };

struct line {
	const char *text;
	unsigned len;
	bool show;
};

static bool has(const struct line *l, const char *word)
{
	return memmem(l->text, l->len, word, strlen(word)) != NULL;
}

static bool starts(const struct line *l, const char *word)
{
	return l->len >= strlen(word) && !memcmp(l->text, word, strlen(word));
}

/* A script's line; Check's, "file:line:F:..." (E: a crash); a compiler's, a linker's and make's. */
static bool failed(const struct line *l)
{
	return starts(l, "not ok") || has(l, ":F:") || has(l, ":E:") || has(l, "error: ") || has(l, "undefined reference") ||
	       has(l, " *** ");
}

static bool passed(const struct line *l)
{
	return starts(l, "ok ") || starts(l, "skip ") || has(l, ":P:");
}

static unsigned split(struct line **lines, const char *log)
{
	unsigned n = 0;

	for (const char *s = log; *s; n++) {
		unsigned len = strcspn(s, "\n");

		*lines = xrealloc(*lines, (n + 1) * sizeof(**lines));
		(*lines)[n] = (struct line){ .text = s, .len = len };
		s += len + (s[len] == '\n');
	}
	return n;
}

static void choose_failures(struct line *line, unsigned n)
{
	unsigned room = SHOW_FAILURES, own = 0;

	for (unsigned i = 0; i < n && room; i++) {
		if (failed(&line[i]))
			own = SHOW_EACH;
		else if (passed(&line[i]))
			own = 0;
		if (!own)
			continue;
		line[i].show = true;
		own--;
		room--;
	}
}

static void choose_last(struct line *line, unsigned n)
{
	for (unsigned room = SHOW_LAST; n && room; n--) {
		if (passed(&line[n - 1]))
			continue;
		line[n - 1].show = true;
		room--;
	}
}

/* A guest's console may stand in a log: what would move the cursor is left out. */
static void put_line(FILE *out, const struct line *l)
{
	fputs("             | ", out);
	for (unsigned i = 0; i < l->len && i < SHOW_BYTES; i++)
		if (l->text[i] == '\t' || ((unsigned char)l->text[i] >= ' ' && l->text[i] != 0x7f))
			fputc(l->text[i], out);
	fputs(l->len > SHOW_BYTES ? "...\n" : "\n", out);
}

void check_log_why(FILE *out, const char *log)
{
	struct line *line = NULL;
	unsigned n = split(&line, log), left_out = 0;

	choose_failures(line, n);
	choose_last(line, n);
	for (unsigned i = 0; i < n; i++) {
		if (line[i].show)
			put_line(out, &line[i]);
		else
			left_out += failed(&line[i]);
	}
	if (left_out)
		fprintf(out, "             | ... and %u more lines of failures\n", left_out);
	free(line);
}
