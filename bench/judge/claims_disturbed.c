/* SPDX-License-Identifier: BSD-2-Clause */
/* Claims about what a guest bears while it runs: its pool resized, its writes logged, CPUs that come up: T24 to T26. */
#include <string.h>

#include "claims_judge.h"

/* A number that the exercise's own account has; 0 if it lacks. */
static double figure(const json_t *exercise, const char *name)
{
	return (double)json_integer_value(json_object_get(exercise, name));
}

static bool went_well(const json_t *exercise)
{
	const char *answer = json_string_value(json_object_get(exercise, "answer"));

	return answer && !strcmp(answer, "ok");
}

/* Suffices: without a reclaim while all fits, and at most ten times the instructions when a quarter of the working set does not fit. */
void judge_fixed_pool(struct judgement *j)
{
	struct cell ample, tight, resized;
	const json_t *resize;
	unsigned wrong;
	double times;

	ask(j, "shadow2", "pool-ample", NULL, &ample);
	ask(j, "shadow2", "pool-tight", NULL, &tight);
	ask(j, "shadow2", "pool-resized", NULL, &resized);
	if (!enough(j))
		return;
	resize = json_object_get(resized.r->item, "exercise");
	if (!resize) {
		lack(j, "resizing of the pool in pool-resized");
		return;
	}
	times = instructions(&tight) / instructions(&ample);
	wrong = runs_of(j->d, "pool-ample").wrong + runs_of(j->d, "pool-tight").wrong + runs_of(j->d, "pool-resized").wrong;
	measured(j,
		 "a working set of %.0f shadow pages: %.0f reclaimed with all in the pool; with %.0f in it %.0f reclaimed, %.1f "
		 "times the "
		 "instructions a switch; resized %.0f times between %.0f and %.0f pages under load",
		 life(&ample, PN_CNT_shadow_peak), life(&ample, PN_CNT_reclaim), life(&tight, PN_CNT_pool_pages),
		 life(&tight, PN_CNT_reclaim), times, figure(resize, "steps"), figure(resize, "least"), figure(resize, "pages"));
	if (wrong || !went_well(resize))
		decide(j, REFUTED, "%s", wrong ? "a guest, or its shadows, came to harm" : "the pool could not be resized");
	else if (life(&ample, PN_CNT_reclaim) > 0)
		decide(j, DIFFERS, "pages were reclaimed although all of them fit");
	else if (figure(resize, "steps") < 3)
		decide(j, DIFFERS, "the guest was over before the pool had been made small and big again");
	else if (times > 10)
		decide(j, DIFFERS,
		       "it suffices while the working set fits; with a few pages too few, those go that are needed next, as "
		       "address "
		       "spaces used in turn are the worst case of whatever takes the oldest. Resizing does no harm");
	else
		decide(j, CONFIRMED, "no page is reclaimed needlessly, too small a pool costs little, and resizing does no harm");
}

/* Fast: fewer instructions an entry than a fault on each would take; a demand fault is to take 450. */
void judge_log_dirty(struct judgement *j)
{
	double written = 0, marked = 0, missed = 0, ticks = 0, entries = 0;
	unsigned recipes = 0, failed = 0;
	const char *recipe;
	struct cell c;

	if (!ask(j, "shadow2", "log-dirty", NULL, &c))
		return;
	for (unsigned i = 0; (recipe = nth_shadow_recipe(j->d, i)); i++) {
		const json_t *x =
			dataset_cell(j->d, recipe, "log-dirty", NULL, false, &c) ? json_object_get(c.r->item, "exercise") : NULL;

		if (!x)
			continue;
		recipes++;
		failed += !went_well(x);
		written += figure(x, "written");
		marked += figure(x, "marked");
		missed += figure(x, "missed");
		ticks += figure(x, "ticks");
		entries += figure(x, "entries");
	}
	if (!recipes) {
		lack(j, "log of the guest's writes");
		return;
	}
	measured(j,
		 "%u recipes: %.0f pages were found changed, %.0f marked, %.0f changed and not marked; turning it on took %.0f "
		 "instructions for "
		 "%.0f entries, %.1f each",
		 recipes, written, marked, missed, ticks, entries, entries ? ticks / entries : 0);
	if (failed || missed > 0)
		decide(j, REFUTED, "%s", missed > 0 ? "writes went unseen" : "it could not be turned on or read");
	else if (!written)
		decide(j, DIFFERS, "nothing was missed, but nothing was written while it was on either");
	else if (entries && ticks > 450 * entries)
		decide(j, DIFFERS,
		       "nothing was missed, but the start is not fast: more than the 450 instructions an entry that a fault on "
		       "each would take");
	else
		decide(j, CONFIRMED,
		       "no write was missed, at every look while the guest ran, and the start takes fewer instructions an entry "
		       "than a fault on each would");
}

static struct runs sum(const struct dataset *d, const char *const *workload, unsigned n)
{
	struct runs all = { 0, 0, 0 };

	for (unsigned i = 0; i < n; i++) {
		struct runs one = runs_of(d, workload[i]);

		all.all += one.all;
		all.wrong += one.wrong;
		all.unfinished += one.unfinished;
	}
	return all;
}

/* The guests check themselves; what is judged is that all came to a good end and that no audit found a wrong shadow. */
void judge_modes_at_once(struct judgement *j)
{
	static const char *const of_two[] = { "smp-shootdown", "smp-compute", "linux-smp" };
	static const char *const of_four[] = { "smp-shootdown-quad", "smp-compute-quad", "linux-smp-quad" };
	static const char *const of_linux[] = { "linux-smp", "linux-smp-quad" };
	const struct runs two = sum(j->d, of_two, COUNT_OF(of_two)), four = sum(j->d, of_four, COUNT_OF(of_four));
	const unsigned all = two.all + four.all, wrong = two.wrong + four.wrong, unfinished = two.unfinished + four.unfinished;
	struct cell c;

	if (!ask(j, "shadow2", "smp-shootdown", NULL, &c))
		return;
	measured(j,
		 "under shadow recipes %u guest runs with two CPUs and %u with four, %u of all Linux: %u finished, their own "
		 "checks and the audit clean",
		 two.all, four.all, sum(j->d, of_linux, COUNT_OF(of_linux)).all, all - wrong - unfinished);
	if (wrong)
		decide(j, REFUTED, "%u ended wrong or with a wrong shadow", wrong);
	else if (unfinished)
		decide(j, DIFFERS, "%u were not run to their end", unfinished);
	else
		decide(j, CONFIRMED,
		       "in each the other CPUs came from real mode through every mode to the first one's while that one ran with "
		       "paging on");
}
