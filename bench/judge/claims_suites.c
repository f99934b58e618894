/* SPDX-License-Identifier: BSD-2-Clause */
/* What real programs gain: T27. */
#include <stdlib.h>

#include "claims_judge.h"

/* The phases of linux-suites that are what the claim names. */
static const struct {
	const char *kind, *phase;
} named[] = {
	{ "compilation", "tcc" },  { "compression", "xz" },          { "compression", "zstd" },
	{ "compression", "gzip" }, { "databases", "sqlite-memory" }, { "databases", "sqlite-file" },
};

/* A gain: shadow paging costs a tenth less under shadow3 than under shadow2. What paging costs is what there is over native. */
#define GAIN 0.9

static double over(const struct cell *c, const struct cell *native)
{
	return 100 * (instructions(c) / instructions(native) - 1);
}

/* Takes `text`, and gives it with more behind it. */
static char *longer(char *text, const char *separator, const char *more)
{
	char *s = text ? xfmt("%s%s%s", text, separator, more) : xstrdup(more);

	free(text);
	return s;
}

void judge_suites_gain(struct judgement *j)
{
	char *figures = NULL, *without = NULL;
	unsigned gains = 0;

	for (unsigned i = 0; i < COUNT_OF(named); i++) {
		struct cell native, two, three;
		double a, b;
		char *text;

		if (!(ask(j, "native", "linux-suites", named[i].phase, &native) &
		      ask(j, "shadow2", "linux-suites", named[i].phase, &two) &
		      ask(j, "shadow3", "linux-suites", named[i].phase, &three)))
			continue;
		a = over(&two, &native);
		b = over(&three, &native);
		text = xfmt("%s (%s) %+.2f and %+.2f", named[i].phase, named[i].kind, a, b);
		figures = longer(figures, ", ", text);
		free(text);
		if (b <= GAIN * a)
			gains++;
		else
			without = longer(without, ", ", named[i].phase);
	}
	if (enough(j)) {
		measured(j, "instructions over native in per cent, shadow2 and shadow3: %s", figures);
		if (gains == COUNT_OF(named))
			decide(j, CONFIRMED, "in each of them paging costs at least a tenth less under shadow3");
		else if (!gains)
			decide(j, REFUTED, "in none of them paging costs a tenth less under shadow3");
		else
			decide(j, DIFFERS, "there is no such gain in %s", without);
	}
	free(figures);
	free(without);
}
