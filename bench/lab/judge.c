/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of judges. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

static const struct {
	const char *name;
	judge_fn *judge;
} judges[] = {
	{ "number", judge_number }, { "word", judge_word },     { "oracle", judge_oracle }, { "replay", judge_replay },
	{ "most", judge_most },     { "hits", judge_hits },     { "walk", judge_walk },     { "row", judge_row },
	{ "traced", judge_traced }, { "choice", judge_choice },
};

struct verdict judge_task(struct work *w, const struct lab_task *t)
{
	struct question q = { .w = w, .task = t };
	char *copy = xstrdup(t->check), *rest = copy, *name = strsep(&rest, " ");
	struct verdict v = { .said = NULL };

	for (unsigned i = 0; i < JUDGE_WORDS; i++) {
		char *word = rest ? strsep(&rest, " ") : NULL;

		q.word[i] = word ? word : copy + strlen(copy);
	}
	if (w->lack || (w->no_answers && lab_task_is_asked(t)))
		v.said = xstrdup(w->lack ? w->lack : w->no_answers);
	for (unsigned i = 0; i < COUNT_OF(judges) && !v.said; i++)
		if (!strcmp(judges[i].name, name))
			v = judges[i].judge(&q);
	if (!v.said)
		v = judge_cannot(&q, name);
	free(copy);
	return v;
}
