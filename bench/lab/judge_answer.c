/* SPDX-License-Identifier: BSD-2-Clause */
/* Answers in words and numbers, and what they are held against: what the tree's own engines do. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "explain.h"
#include "judge.h"

#define NEAR 0.01 /* of what was measured */

struct verdict judge_cannot(const struct question *q, const char *what)
{
	say("%s/lab.def: task %s: there is no \"%s\"", q->w->lab->dir, q->task->name, what);
	return (struct verdict){ false, xstrdup("it cannot be judged"), true };
}

struct verdict judge_against(const struct question *q, double measured)
{
	const char *text = work_answer(q->w, q->task->name);
	char *end;
	double value = text ? strtod(text, &end) : 0;

	if (!text || !*text || !strcmp(text, "?"))
		return (struct verdict){ false, xstrdup("there is no answer"), false };
	if (*end || !isfinite(value))
		return (struct verdict){ false, xfmt("\"%.40s\" is no number", text), false };
	if (fabs(value - measured) > NEAR * fabs(measured))
		return (struct verdict){ false, xfmt("%g is not what is measured", value), false };
	return (struct verdict){ true, xfmt("%g: so it is measured", value), false };
}

const json_t *judge_told(struct work *w, const char *recipe, const char *operation)
{
	const struct recipe *r = recipe_find(recipe);
	const struct workload *of = workload_find(operation);
	char *key = xfmt("%s %s", recipe, operation);
	json_t *told = json_object_get(w->told, key);

	if (!r || !of)
		say("%s/lab.def: there is no \"%s\"", w->lab->dir, key);
	else if (!told && (told = explain_record(w->p, r, of, 0, false)))
		json_object_set_new(w->told, key, told);
	free(key);
	return told;
}

bool judge_figure(const json_t *told, const char *phase, const char *field, double *out)
{
	const json_t *phases = json_object_get(told, "phases"), *p, *value;
	size_t i;

	json_array_foreach(phases, i, p) {
		const char *name = json_string_value(json_object_get(p, "phase"));
		double ops = json_number_value(json_object_get(p, "ops"));

		if (*phase && (!name || strcmp(name, phase)))
			continue;
		value = json_object_get(p, field);
		value = value ? value : json_object_get(json_object_get(p, "kinds"), field);
		*out = json_number_value(value) / (ops > 0 ? ops : 1);
		return true;
	}
	return false;
}

/* number RECIPE OPERATION PHASE FIELD */
struct verdict judge_number(const struct question *q)
{
	const json_t *told = judge_told(q->w, q->word[0], q->word[1]);
	double measured;

	if (!told)
		return (struct verdict){ false, xstrdup("it cannot be judged"), true };
	if (!judge_figure(told, q->word[2], q->word[3], &measured))
		return judge_cannot(q, q->word[2]);
	return judge_against(q, measured);
}

/* word ANSWER... : any of them is right. */
struct verdict judge_word(const struct question *q)
{
	const char *text = work_answer(q->w, q->task->name);

	if (!text || !*text || !strcmp(text, "?"))
		return (struct verdict){ false, xstrdup("there is no answer"), false };
	for (unsigned i = 0; i < JUDGE_WORDS && *q->word[i]; i++)
		if (!strcmp(q->word[i], text))
			return (struct verdict){ true, xfmt("%s: yes", text), false };
	return (struct verdict){ false, xfmt("not \"%.40s\"", text), false };
}
