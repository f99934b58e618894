/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the judges have in common. A judge looks only at rows of guests that finished. The bounds stand beside the comparisons in the
 * claims_*.c files, and again in the sentence that the reader gets.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "claims_judge.h"
#include "item.h"

/* The caller frees it. */
static char *format(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

void measured(struct judgement *j, const char *fmt, ...)
{
	va_list ap;

	free(j->v.measured);
	va_start(ap, fmt);
	j->v.measured = format(fmt, ap);
	va_end(ap);
}

void decide(struct judgement *j, enum verdict_kind kind, const char *fmt, ...)
{
	va_list ap;

	free(j->v.because);
	j->v.kind = kind;
	va_start(ap, fmt);
	j->v.because = format(fmt, ap);
	va_end(ap);
}

void lack(struct judgement *j, const char *fmt, ...)
{
	va_list ap;
	char *words;

	va_start(ap, fmt);
	words = format(fmt, ap);
	va_end(ap);
	list_add(&j->lacking, "; ", "%s", words);
	free(words);
}

bool enough(const struct judgement *j)
{
	return !j->lacking;
}

static void want(char **list, const char *name)
{
	if (!list_has(*list, ',', name))
		list_add(list, ",", "%s", name);
}

/* Something that this version does not have at all, so that no command can measure it. Named once. */
static void want_unknown(struct judgement *j, const char *kind, const char *name)
{
	char *words = xfmt("no %s %s", kind, name);

	/* Whole words only: "recipe shadow2+rmap" is not "recipe shadow2". */
	for (const char *p = j->unknown; p && (p = strstr(p, words)); p++)
		if (!p[strlen(words)] || p[strlen(words)] == ',') {
			free(words);
			return;
		}
	list_add(&j->unknown, ", ", "%s", words);
	free(words);
}

bool ask_if_there(struct judgement *j, const char *recipe, const char *workload, const char *phase, struct cell *c)
{
	want(&j->recipes, recipe);
	want(&j->workloads, workload);
	return dataset_cell(j->d, recipe, workload, phase, false, c);
}

bool ask(struct judgement *j, const char *recipe, const char *workload, const char *phase, struct cell *c)
{
	if (ask_if_there(j, recipe, workload, phase, c))
		return true;
	if (!recipe_find(recipe))
		want_unknown(j, "recipe", recipe);
	else if (!workload_find(workload))
		want_unknown(j, "workload", workload);
	lack(j, "finished %s under %s%s%s", workload, recipe, phase ? ", phase " : "", phase ? phase : "");
	return false;
}

bool nth_pair(const struct dataset *d, const char *axis, const char *part, const char *plain, unsigned nth, struct pair *p)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r) {
		const char *base = json_text(r, "base"), *parts = json_text(r, "parts");

		bool adds = part && list_has(parts, '+', part), exchanges = plain && !strcmp(parts, plain);

		if (strcmp(json_text(r, "axis"), axis) || (!adds && !exchanges) || nth--)
			continue;
		if (adds)
			*p = (struct pair){ .with = json_text(r, "name"), .without = base };
		else
			*p = (struct pair){ .with = base, .without = json_text(r, "name") };
		return true;
	}
	return false;
}

bool ask_pair(struct judgement *j, const char *axis, const char *part, const char *plain, struct pair *p)
{
	if (nth_pair(j->d, axis, part, plain, 0, p))
		return true;
	want_unknown(j, "pair of recipes that differ only in the part", part ? part : plain);
	lack(j, "such pair");
	return false;
}

const char *nth_shadow_recipe(const struct dataset *d, unsigned nth)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r)
		if (!strcmp(json_text(r, "kind"), "shadow") && nth-- == 0)
			return json_text(r, "name");
	return NULL;
}

struct runs runs_of(const struct dataset *d, const char *workload)
{
	const json_t *item;
	struct runs n = { 0, 0, 0 };
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item) {
		const char *state = json_text(item, "state");
		bool wrong = !strcmp(state, "failed") || !strcmp(state, "crashed") ||
			     json_integer_value(json_object_get(item, "audit")) > 0;

		if (strcmp(json_text(item, "workload"), workload) || !dataset_is_shadow(d, json_text(item, "recipe")))
			continue;
		n.all++;
		n.wrong += wrong;
		n.unfinished += !wrong && strcmp(state, "finished") != 0;
	}
	return n;
}

double life(const struct cell *c, enum pn_counter counter)
{
	int64_t n = item_counter(c->r->item, counter);

	return n < 0 ? 0 : (double)n;
}

double kind_per_op(const struct cell *c, enum trip t)
{
	return per_op(c, c->r->trip[t].count);
}

/* 0 without any such trip. */
static double per_trip(const struct trip_cost *t, uint64_t total)
{
	return t->count ? (double)total / (double)t->count : 0;
}

double ticks_per_trip(const struct cell *c, enum trip t)
{
	return per_trip(&c->r->trip[t], c->r->trip[t].ticks);
}

double bytes_per_trip(const struct cell *c, enum trip t)
{
	return per_trip(&c->r->trip[t], c->r->trip[t].bytes);
}

bool near(double value, double whole)
{
	return fabs(value - whole) < 0.05;
}
