/* SPDX-License-Identifier: BSD-2-Clause */
/* Rows of two runs side by side, and what is to be thought of each. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "catalog.h"
#include "comparison.h"
#include "item.h"

const char *const metric_names[METRICS] = {
#define METRIC(field, always, name) name,
#include "metrics.def"
#undef METRIC
};

static const bool metric_always[METRICS] = {
#define METRIC(field, always, name) always,
#include "metrics.def"
#undef METRIC
};

const char *const outcome_names[OUTCOMES] = {
	[OUTCOME_SAME] = "same",   [OUTCOME_WITHIN] = "within",   [OUTCOME_BETTER] = "better",
	[OUTCOME_WORSE] = "worse", [OUTCOME_UNCLEAR] = "unclear",
};

/* Which of the two comes first, in the order of sorted rows; a dataset that is at its end comes last. */
static int order(const struct repetitions *a, const struct repetitions *b)
{
	int by;

	if (!a->row || !b->row)
		return !a->row - !b->row;
	by = strcmp(a->row->recipe, b->row->recipe);
	if (!by)
		by = strcmp(a->row->workload, b->row->workload);
	return by ? by : strcmp(a->row->phase, b->row->phase);
}

static double value_of(const struct row *w, enum metric m)
{
	const uint64_t all[METRICS] = {
#define METRIC(field, always, name) w->field,
#include "metrics.def"
#undef METRIC
	};

	return (double)all[m] / (double)w->ops;
}

static struct sample sample_of(const struct dataset *d, const struct repetitions *g, enum metric m)
{
	struct sample s = { 0 };

	for (unsigned i = g->first; i < g->end; i++)
		sample_add(&s, value_of(d->sorted[i], m));
	return s;
}

static double ratio_of(const struct sample *before, const struct sample *after)
{
	return before->mean > 0 ? after->mean / before->mean : after->mean > 0 ? INFINITY : 1;
}

static const char *parameters(const struct dataset *d, const char *workload)
{
	const json_t *list = json_object_get(d->root, "workloads"), *entry;
	size_t i;

	json_array_foreach(list, i, entry)
		if (!strcmp(json_text(entry, "name"), workload))
			return json_text(entry, "cmdline");
	return "";
}

static void add_changes(struct comparison *c, const struct repetitions *before, const struct repetitions *after)
{
	const struct row *w = before->row;

	if (strcmp(parameters(c->before, w->workload), parameters(c->after, w->workload))) {
		c->altered++;
		return;
	}
	c->change = xrealloc(c->change, (c->nr_changes + METRICS) * sizeof(*c->change));
	for (unsigned m = 0; m < METRICS; m++) {
		struct change *k = &c->change[c->nr_changes];

		*k = (struct change){ .recipe = w->recipe, .workload = w->workload, .phase = w->phase, .metric = m };
		k->before = sample_of(c->before, before, m);
		k->after = sample_of(c->after, after, m);
		k->ratio = ratio_of(&k->before, &k->after);
		c->nr_changes += metric_always[m] || (k->before.mean > 0 && k->after.mean > 0);
	}
}

static void pair_rows(struct comparison *c)
{
	struct repetitions a = { 0 }, b = { 0 };

	dataset_next(c->before, &a);
	dataset_next(c->after, &b);
	while (a.row || b.row) {
		int by = order(&a, &b);

		if (!by)
			add_changes(c, &a, &b);
		c->only_before += by < 0;
		c->only_after += by > 0;
		if (by <= 0)
			dataset_next(c->before, &a);
		if (by >= 0)
			dataset_next(c->after, &b);
	}
}

/*
 * What varies under one recipe may under another, although so few repetitions of it happened to be alike; and some are known to vary. What
 * the host's clock and counters say varies by itself, and says nothing of the instructions beside it.
 */
static void find_varying(struct comparison *c)
{
	for (unsigned i = 0; i < c->nr_changes; i++) {
		const struct workload *w = workload_find(c->change[i].workload);

		c->change[i].varies = METRIC_IS_OF_HOST(c->change[i].metric) || (w && workload_varies(w));
	}
	for (unsigned i = 0; i < c->nr_changes; i++) {
		if (METRIC_IS_OF_HOST(c->change[i].metric) ||
		    (!sample_varies(&c->change[i].before) && !sample_varies(&c->change[i].after)))
			continue;
		for (unsigned k = 0; k < c->nr_changes; k++)
			c->change[k].varies |= !strcmp(c->change[k].workload, c->change[i].workload);
	}
}

static enum outcome judge_exact(const struct change *k, double threshold)
{
	if (k->before.mean == k->after.mean)
		return OUTCOME_SAME;
	return k->ratio > 1 + threshold ? OUTCOME_WORSE : k->ratio < 1 - threshold ? OUTCOME_BETTER : OUTCOME_WITHIN;
}

/* The whole interval must be beyond the threshold. What is alike in all repetitions of both runs is, whatever else varies. */
static enum outcome judge_varying(const struct change *k, double threshold)
{
	double slack = threshold * k->before.mean;

	if (!k->known)
		return k->before.mean == k->after.mean ? OUTCOME_SAME : OUTCOME_UNCLEAR;
	if (k->by.low > slack || k->by.high < -slack)
		return k->by.low > 0 ? OUTCOME_WORSE : OUTCOME_BETTER;
	return k->by.low >= -slack && k->by.high <= slack ? OUTCOME_WITHIN : OUTCOME_UNCLEAR;
}

static void judge(struct comparison *c)
{
	unsigned varying = 0;

	for (unsigned i = 0; i < c->nr_changes; i++)
		varying += c->change[i].varies;
	for (unsigned i = 0; i < c->nr_changes; i++) {
		struct change *k = &c->change[i];

		if (k->varies) {
			k->known = sample_difference(&k->before, &k->after, CHANCE / varying, &k->by);
			c->few += k->before.n < FEW_REPETITIONS || k->after.n < FEW_REPETITIONS;
		}
		k->outcome = k->varies ? judge_varying(k, c->threshold) : judge_exact(k, c->threshold);
		c->count[k->outcome]++;
	}
}

/* Whether any untraced guest run of it finished. */
static bool ever_finished(const struct dataset *d, const char *recipe, const char *workload)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(d->root, "items"), i, item)
		if (item_finished(item) && !json_is_true(json_object_get(item, "traced")) &&
		    !strcmp(json_text(item, "recipe"), recipe) && !strcmp(json_text(item, "workload"), workload))
			return true;
	return false;
}

/* One that was not run, or was interrupted, is not lost: nobody asked it. */
static bool has_failed(const json_t *item)
{
	const char *state = json_text(item, "state");

	return !strcmp(state, "failed") || !strcmp(state, "crashed") || !strcmp(state, "timed-out");
}

static bool is_lost_already(const struct comparison *c, const json_t *item)
{
	for (unsigned i = 0; i < c->nr_lost; i++)
		if (!strcmp(json_text(c->lost[i], "recipe"), json_text(item, "recipe")) &&
		    !strcmp(json_text(c->lost[i], "workload"), json_text(item, "workload")))
			return true;
	return false;
}

static void find_lost(struct comparison *c)
{
	for (unsigned i = 0; i < c->after->nr_unfinished; i++) {
		const json_t *item = c->after->unfinished[i];

		if (!has_failed(item) || is_lost_already(c, item) ||
		    !ever_finished(c->before, json_text(item, "recipe"), json_text(item, "workload")))
			continue;
		c->lost = xrealloc(c->lost, (c->nr_lost + 1) * sizeof(*c->lost));
		c->lost[c->nr_lost++] = item;
	}
}

static double size_of(const struct change *k)
{
	return fabs(k->ratio - 1);
}

/* Within a outcome the largest first; then in the order of rows. */
static int by_size(const void *x, const void *y)
{
	const struct change *a = x, *b = y;
	int order = (int)a->outcome - (int)b->outcome;

	if (!order)
		order = (size_of(a) < size_of(b)) - (size_of(a) > size_of(b));
	if (!order)
		order = strcmp(a->workload, b->workload);
	if (!order)
		order = strcmp(a->phase, b->phase);
	if (!order)
		order = strcmp(a->recipe, b->recipe);
	return order ? order : (int)a->metric - (int)b->metric;
}

void comparison_make(struct comparison *c, const struct dataset *before, const struct dataset *after, double threshold)
{
	*c = (struct comparison){ .before = before, .after = after, .threshold = threshold };
	pair_rows(c);
	find_varying(c);
	judge(c);
	find_lost(c);
	if (c->nr_changes)
		qsort(c->change, c->nr_changes, sizeof(*c->change), by_size);
}

void comparison_free(struct comparison *c)
{
	free(c->change);
	free(c->lost);
	memset(c, 0, sizeof(*c));
}

bool comparison_is_worse(const struct comparison *c)
{
	return c->count[OUTCOME_WORSE] || c->nr_lost;
}

const struct change *comparison_nth(const struct comparison *c, enum outcome v, unsigned nth)
{
	unsigned first = 0;

	for (unsigned k = 0; k < v; k++)
		first += c->count[k];
	return nth < c->count[v] ? &c->change[first + nth] : NULL;
}
