/* SPDX-License-Identifier: BSD-2-Clause */
/* Counting a test's checks from its output. */
#include <stdio.h>
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
