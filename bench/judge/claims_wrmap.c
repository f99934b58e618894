/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about how the writable mappings of a new page table are found: T10 to T12. */
#include <stdlib.h>
#include <string.h>

#include "claims_judge.h"

/* Tries of guests' whole lives and how many of them found what they looked for. */
struct rate {
	double hit, tries;
};

static double share(const struct rate *r)
{
	return r->tries ? r->hit / r->tries : 0;
}

/* A search that no guess settled ends in a scan. */
static struct rate guess_rate(const struct cell *c)
{
	double searches = life(c, PN_CNT_wrmap_revoke);

	return (struct rate){ searches - life(c, PN_CNT_wrmap_scan), searches };
}

/* "; linux-process 0.0 % of 3812" for every other Linux guest of the recipe that had tables to search for. */
static char *other_guests(const struct dataset *d, const char *recipe, const char *but, struct rate (*rate)(const struct cell *))
{
	char *text = xstrdup("");
	const char *workload;
	struct cell c;

	for (unsigned w = 0; (workload = dataset_workload(d, w)); w++) {
		struct rate r;
		char *longer;

		if (!strcmp(workload, but) || strncmp(workload, "linux", 5) ||
		    !dataset_cell(d, recipe, workload, NULL, false, &c))
			continue;
		r = rate(&c);
		if (!r.tries)
			continue;
		longer = xfmt("%s; %s %.1f %% of %.0f", text, workload, 100 * share(&r), r.tries);
		free(text);
		text = longer;
	}
	return text;
}

/* Windows 2003 found its tables' mappings in its linear map; so does the guest with recursive tables. */
void judge_linear_guess(struct judgement *j)
{
	struct rate r;
	struct cell c;
	char *others;

	if (!ask(j, "shadow2", "linear-map", NULL, &c))
		return;
	r = guess_rate(&c);
	if (!r.tries) {
		lack(j, "search in linear-map under shadow2");
		return;
	}
	others = other_guests(j->d, "shadow2", "linear-map", guess_rate);
	measured(j, "searches for writable mappings that a guess settled: linear-map %.1f %% of %.0f%s", 100 * share(&r), r.tries,
		 others);
	free(others);
	if (share(&r) >= 0.99)
		decide(j, CONFIRMED, "with a linear map, 99 %% or more");
	else if (share(&r) < 0.5)
		decide(j, REFUTED, "fewer than half are found even with a linear map");
	else
		decide(j, DIFFERS, "with a linear map most are found, but fewer than 99 %%");
}

/* The part of a chain: the recipe of the run that has it, as a variant. */
static const char *recipe_with(struct judgement *j, const char *part)
{
	struct pair p;

	return ask_pair(j, "wrmap", part, NULL, &p) ? p.with : NULL;
}

/* Doubles: between 1.75 and 2.25 times the shadow pages. The search is that of a scan: exec-exit makes new tables all the time. */
void judge_reverse_map(struct judgement *j)
{
	const char *rmap = recipe_with(j, "rmap");
	struct pair scan;
	struct cell big, big_rmap, with, guess, scanned;
	struct on_machines m;
	double factor;
	bool saves;

	if (!rmap || !ask_pair(j, "wrmap", NULL, "scan", &scan))
		return;
	ask(j, "shadow2", "linux-process", NULL, &big);
	ask(j, rmap, "linux-process", NULL, &big_rmap);
	ask(j, rmap, "exec-exit", NULL, &with);
	ask(j, "shadow2", "exec-exit", NULL, &guess);
	ask(j, scan.without, "exec-exit", NULL, &scanned);
	if (!enough(j))
		return;
	if (!life(&big, PN_CNT_shadow_peak)) {
		lack(j, "count of shadow pages in linux-process");
		return;
	}
	factor = 1 + life(&big_rmap, PN_CNT_rmap_pages_peak) / life(&big, PN_CNT_shadow_peak);
	cycles_of_both(j->d, &with, &scanned, &m);
	saves = m.n ? less_on(&m, 1) == m.n : instructions(&with) < instructions(&scanned);
	measured(j,
		 "linux-process: %.0f shadow pages and %.0f of the map, %.2f times as many; exec-exit: %.0f instructions with "
		 "the map, %.0f "
		 "with guesses, %.0f with scans only",
		 life(&big, PN_CNT_shadow_peak), life(&big_rmap, PN_CNT_rmap_pages_peak), factor, instructions(&with),
		 instructions(&guess), instructions(&scanned));
	measured_cycles(j, &m, " of exec-exit, with the map and with scans");
	if (factor >= 1.75 && factor <= 2.25 && saves)
		decide(j, CONFIRMED, "both");
	else if (factor < 1.25 && !saves)
		decide(j, REFUTED, "neither does it take much memory, nor does it save anything");
	else if (saves)
		decide(j, DIFFERS, "it saves the search, but takes %.2f times the memory, not twice", factor);
	else
		decide(j, DIFFERS, "it takes %.2f times the memory, and the search costs no more", factor);
}

/* Typically: at least nineteen in twenty. */
void judge_one_mapping(struct judgement *j)
{
	const char *recipe = recipe_with(j, "last_writer");
	double single, last, searches, tries;
	struct cell c;

	if (!recipe || !ask(j, recipe, "linux-process", NULL, &c))
		return;
	searches = life(&c, PN_CNT_wrmap_revoke);
	tries = life(&c, PN_CNT_wrmap_last_hit) + life(&c, PN_CNT_wrmap_last_miss);
	if (!searches || !tries) {
		lack(j, "page that became a page table in linux-process under %s", recipe);
		return;
	}
	single = life(&c, PN_CNT_wrmap_single) / searches;
	last = life(&c, PN_CNT_wrmap_last_hit) / tries;
	measured(j,
		 "linux-process: of %.0f pages that became page tables while mapped writable, %.1f %% had exactly one such "
		 "mapping; the last "
		 "one to go from none was it in %.1f %%",
		 searches, 100 * single, 100 * last);
	if (single >= 0.95 && last >= 0.95)
		decide(j, CONFIRMED, "both in at least nineteen of twenty cases");
	else if (single < 0.5 || last < 0.5)
		decide(j, REFUTED, "%s holds in fewer than half the cases", single < 0.5 ? "one mapping" : "the last writer");
	else
		decide(j, DIFFERS, "mostly, but %s in fewer than nineteen of twenty cases",
		       single < 0.95 ? "there is one mapping" : "the last one is it");
}
