/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The table of claims, and what their judges have in common. A judge looks
 * only at rows of guests that finished. The bounds stand beside the comparisons in the
 * claims_*.c files, and again in the sentence that the reader gets.
 */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "claims_hearing.h"

const char *const verdict_names[] = { "not measured", "confirmed", "refuted", "differs" };

static char *format(const char *fmt, va_list ap)
{
	char *s = NULL;

	if (vasprintf(&s, fmt, ap) < 0)
		abort();
	return s;
}

void measured(struct hearing *h, const char *fmt, ...)
{
	va_list ap;

	free(h->v.measured);
	va_start(ap, fmt);
	h->v.measured = format(fmt, ap);
	va_end(ap);
}

void decide(struct hearing *h, enum verdict_kind kind, const char *fmt, ...)
{
	va_list ap;

	free(h->v.because);
	h->v.kind = kind;
	va_start(ap, fmt);
	h->v.because = format(fmt, ap);
	va_end(ap);
}

static void append(char **list, const char *separator, char *item)
{
	char *longer = *list ? xfmt("%s%s%s", *list, separator, item) : xstrdup(item);

	free(*list);
	free(item);
	*list = longer;
}

void lack(struct hearing *h, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	append(&h->lacking, "; ", format(fmt, ap));
	va_end(ap);
}

bool enough(const struct hearing *h)
{
	return !h->lacking;
}

/* Is `name` one of the comma-separated list? */
static bool listed(const char *list, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && (p = strstr(p, name)); p += n)
		if ((p == list || p[-1] == ',') && (!p[n] || p[n] == ','))
			return true;
	return false;
}

static void want(char **list, const char *name)
{
	if (!listed(*list, name))
		append(list, ",", xstrdup(name));
}

static void want_unknown(struct hearing *h, const char *kind, const char *name)
{
	char *words = xfmt("no %s %s", kind, name);

	/* Whole words only: "recipe shadow2+rmap" is not "recipe shadow2". */
	for (const char *p = h->unknown; p && (p = strstr(p, words)); p++)
		if (!p[strlen(words)] || p[strlen(words)] == ',') {
			free(words);
			return;
		}
	append(&h->unknown, ", ", words);
}

bool ask_if_there(struct hearing *h, const char *recipe, const char *workload, const char *phase, struct cell *c)
{
	want(&h->recipes, recipe);
	want(&h->workloads, workload);
	return dataset_cell(h->d, recipe, workload, phase, false, c);
}

bool ask(struct hearing *h, const char *recipe, const char *workload, const char *phase, struct cell *c)
{
	if (ask_if_there(h, recipe, workload, phase, c))
		return true;
	if (!recipe_find(recipe))
		want_unknown(h, "recipe", recipe);
	else if (!workload_find(workload))
		want_unknown(h, "workload", workload);
	lack(h, "finished %s under %s%s%s", workload, recipe, phase ? ", phase " : "", phase ? phase : "");
	return false;
}

static const char *string(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* Is `part` one of the +-joined chain? */
static bool has_part(const char *chain, const char *part)
{
	size_t n = strlen(part);

	for (const char *p = chain; (p = strstr(p, part)); p += n)
		if ((p == chain || p[-1] == '+') && (!p[n] || p[n] == '+'))
			return true;
	return false;
}

bool nth_pair(const struct dataset *d, const char *axis, const char *part, const char *plain, unsigned nth, struct pair *p)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r) {
		const char *base = string(r, "base"), *parts = string(r, "parts");

		bool adds = part && has_part(parts, part), exchanges = plain && !strcmp(parts, plain);

		if (strcmp(string(r, "axis"), axis) || (!adds && !exchanges) || nth--)
			continue;
		if (adds)
			*p = (struct pair){ .with = string(r, "name"), .without = base };
		else
			*p = (struct pair){ .with = base, .without = string(r, "name") };
		return true;
	}
	return false;
}

bool ask_pair(struct hearing *h, const char *axis, const char *part, const char *plain, struct pair *p)
{
	if (nth_pair(h->d, axis, part, plain, 0, p))
		return true;
	want_unknown(h, "pair of recipes that differ only in the part", part ? part : plain);
	lack(h, "such pair");
	return false;
}

const char *nth_shadow_recipe(const struct dataset *d, unsigned nth)
{
	const json_t *r;
	size_t i;

	json_array_foreach(json_object_get(d->root, "recipes"), i, r)
		if (!strcmp(string(r, "kind"), "shadow") && nth-- == 0)
			return string(r, "name");
	return NULL;
}

struct runs runs_of(const struct dataset *d, const char *workload)
{
	const json_t *item;
	struct runs n = { 0, 0, 0 };
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item) {
		const char *state = string(item, "state");
		bool wrong = !strcmp(state, "failed") || !strcmp(state, "crashed") ||
			     json_integer_value(json_object_get(item, "audit")) > 0;

		if (strcmp(string(item, "workload"), workload) || !dataset_is_shadow(d, string(item, "recipe")))
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

const struct claim claims[] = {
#define CLAIM(id, judge, text, source, test) { #id, text, source, test, judge_##judge },
#include "claims.def"
#undef CLAIM
};
const unsigned nr_claims = COUNT_OF(claims);

static void not_measured(struct hearing *h)
{
	h->v.kind = NOT_MEASURED;
	free(h->v.because);
	if (h->unknown)
		h->v.because = xfmt("this version has %s", h->unknown);
	else
		h->v.because = xfmt("this run has no %s", h->lacking ? h->lacking : "figures for it");
	if (h->recipes && h->workloads && !h->unknown)
		h->v.command = xfmt("./penumbra run --recipe %s --workload %s", h->recipes, h->workloads);
}

void claim_judge(const struct claim *c, const struct dataset *d, struct verdict *v)
{
	struct hearing h = { .d = d };

	c->judge(&h);
	if (!enough(&h) || !h.v.because)
		not_measured(&h);
	if (!h.v.measured)
		h.v.measured = xstrdup("–");
	if (!h.v.command)
		h.v.command = xstrdup("");
	free(h.lacking);
	free(h.unknown);
	free(h.recipes);
	free(h.workloads);
	*v = h.v;
}

void verdict_free(struct verdict *v)
{
	free(v->measured);
	free(v->because);
	free(v->command);
	*v = (struct verdict){ 0 };
}
