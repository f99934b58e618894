/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about how the writable mappings of a new page table are found: T10 to T12. */
#include <stdlib.h>
#include <string.h>

#include "claims_hearing.h"

/* Tries of guests' whole lives and how many of them found what they looked for. */
struct rate {
	double hit, tries;
};

static double share(const struct rate *r)
{
	return r->tries ? r->hit / r->tries : 0;
}

static struct rate guess_rate(const struct cell *c)
{
	double hit = life(c, PN_CNT_wrmap_guess_hit);

	return (struct rate){ hit, hit + life(c, PN_CNT_wrmap_guess_miss) };
}

/* "; linux-process 0.0 % of 3812" for every other guest of the recipe that guessed at all. */
static char *other_guests(const struct dataset *d, const char *recipe, const char *but, struct rate (*rate)(const struct cell *))
{
	char *text = xstrdup("");
	const char *workload;
	struct cell c;

	for (unsigned w = 0; (workload = dataset_workload(d, w)); w++) {
		struct rate r;
		char *longer;

		if (!strcmp(workload, but) || strncmp(workload, "linux", 5) || !dataset_cell(d, recipe, workload, NULL, false, &c))
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
void judge_linear_guess(struct hearing *h)
{
	struct rate r;
	struct cell c;
	char *others;

	if (!ask(h, "shadow2", "linear-map", NULL, &c))
		return;
	r = guess_rate(&c);
	if (!r.tries) {
		lack(h, "guess in linear-map under shadow2");
		return;
	}
	others = other_guests(h->d, "shadow2", "linear-map", guess_rate);
	measured(h, "guesses that found the mapping: linear-map %.1f %% of %.0f%s", 100 * share(&r), r.tries, others);
	free(others);
	if (share(&r) >= 0.99)
		decide(h, CONFIRMED, "with a linear map, 99 %% or more");
	else if (share(&r) < 0.5)
		decide(h, REFUTED, "fewer than half are found even with a linear map");
	else
		decide(h, DIFFERS, "with a linear map most are found, but fewer than 99 %%");
}
