/* SPDX-License-Identifier: BSD-2-Clause */
/* Engines that a student's code is in: what the oracle finds, what their operations cost. */
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* The engine that the first word names, built. False: *v says why not. */
static bool engine_of(const struct question *q, const struct lab_engine **e, struct verdict *v)
{
	const char *why;

	*e = lab_engine(q->w->lab, q->word[0]);
	if (!*e) {
		*v = judge_cannot(q, q->word[0]);
		return false;
	}
	why = work_build(q->w, *e);
	if (why)
		*v = (struct verdict){ false, xfmt("%s: %s", (*e)->file, why), false };
	return !why;
}

/* The oracle's last words, without its name: what was wrong, and the line before, which says of which access. */
static char *last_words(const struct confined *c)
{
	char *text = xstrdup(c->err), *rest = text, *line, *last = NULL, *before = NULL, *out;

	while ((line = strsep(&rest, "\n"))) {
		if (!*line)
			continue;
		before = last;
		last = line;
	}
	if (last && strstr(last, ": "))
		last = strstr(last, ": ") + 2;
	out = xfmt("the oracle: %.200s%s%.200s", last ? last : "the engine failed", before ? "; " : "",
		   before ? before + strspn(before, " ") : "");
	free(text);
	return out;
}

/* What the oracle did, and what its end means. `whole`: what its output must have, as one that ends before its time has not. */
static struct verdict ask_oracle(const struct question *q, const struct lab_engine *e, char *const argv[], const char *whole,
				 const char *passed)
{
	struct confined c;
	char *why;
	struct verdict v = { .right = work_run(q->w, e, "oracle", argv, &c, &why) };

	if (!why && c.end == CONFINED_EXIT && !strstr(c.out, whole) && (v.right || *c.out)) {
		v.right = false;
		v.said = xstrdup("it ended the oracle before all was tried");
	} else if (v.right) {
		v.said = xstrdup(passed);
	} else {
		v.said = why ? xstrdup(why) : last_words(&c);
	}
	free(why);
	confined_free(&c);
	return v;
}

/* oracle ENGINE GUESTS PROGRAMS: random guests of those levels, always the same. */
struct verdict judge_oracle(const struct question *q)
{
	char *argv[] = { "--seed", "1", "--programs", q->word[2], "--guests", q->word[1], "--alone", NULL };
	const struct lab_engine *e;
	struct verdict v;
	char *whole, *passed;

	if (!engine_of(q, &e, &v))
		return v;
	whole = xfmt(": %s programs from seed 1,", q->word[2]);
	passed = xfmt("%s random guests: nothing that the architecture forbids", q->word[2]);
	v = ask_oracle(q, e, argv, whole, passed);
	free(passed);
	free(whole);
	return v;
}

/* replay ENGINE FILE: the guest that fails. */
struct verdict judge_replay(const struct question *q)
{
	char *path = xfmt("%s/%s", q->w->lab->dir, q->word[1]);
	char *argv[] = { "--replay", path, NULL };
	const struct lab_engine *e;
	struct verdict v;

	if (engine_of(q, &e, &v))
		v = ask_oracle(q, e, argv, ": 1 replayed", "the guest that failed gets what it must");
	free(path);
	return v;
}

/* What the student's engine does in that operation; NULL: *v says why not. */
static json_t *tell(const struct question *q, const struct lab_engine *e, const char *operation, struct verdict *v)
{
	const struct workload *of = workload_find(operation);
	char number[4][16], *cmdline, *why;
	struct confined c;
	json_t *told = NULL;

	if (!of) {
		*v = judge_cannot(q, operation);
		return NULL;
	}
	cmdline = xstrdup(of->cmdline);
	char *argv[] = { (char *)(uintptr_t)of->file, number[0], cmdline, number[1], number[2], number[3], "-", NULL };

	snprintf(number[0], sizeof(number[0]), "%u", of->levels);
	snprintf(number[1], sizeof(number[1]), "%u", of->memory_mib);
	snprintf(number[2], sizeof(number[2]), "%u", workload_shadow_levels(of));
	snprintf(number[3], sizeof(number[3]), "%u", workload_pool(of));
	if (work_run(q->w, e, "explain", argv, &c, &why))
		told = json_loads(c.out, 0, NULL);
	if (!told)
		*v = (struct verdict){ false,
				       why ? xfmt("%s: %s", operation, why) :
					     xfmt("%s: %.200s", operation, *c.err ? c.err : "the engine failed"),
				       false };
	free(why);
	free(cmdline);
	confined_free(&c);
	return told;
}

/* most ENGINE OPERATION PHASE FIELD RECIPE: no more an operation than the tree's engine under that recipe, within one in a hundred. */
struct verdict judge_most(const struct question *q)
{
	const char *operation = q->word[1], *field = q->word[3];
	const struct lab_engine *e;
	const json_t *ours;
	struct verdict v;
	json_t *told;
	double is, most;

	if (!engine_of(q, &e, &v) || !(told = tell(q, e, operation, &v)))
		return v;
	ours = judge_told(q->w, q->word[4], operation);
	if (!ours)
		v = (struct verdict){ false, xstrdup("it cannot be judged"), true };
	else if (!judge_figure(ours, q->word[2], field, &most) || !judge_figure(told, q->word[2], field, &is))
		v = judge_cannot(q, operation);
	else if (is <= 1.01 * most)
		v = (struct verdict){ true, xfmt("%s: %.2f %s an operation; %s has %.2f", operation, is, field, q->word[4], most),
				      false };
	else
		v = (struct verdict){ false,
				      xfmt("%s: %.2f %s an operation, where %s has %.2f", operation, is, field, q->word[4], most),
				      false };
	json_decref(told);
	return v;
}

static double counter(const json_t *told, const char *name)
{
	return json_number_value(json_object_get(json_object_get(told, "counters"), name));
}

/* hits ENGINE OPERATION PERCENT: of the searches for a table's writable mappings, so many end without a scan. */
struct verdict judge_hits(const struct question *q)
{
	const struct lab_engine *e;
	struct verdict v;
	json_t *told;
	double searches, scans, share;

	if (!engine_of(q, &e, &v) || !(told = tell(q, e, q->word[1], &v)))
		return v;
	searches = counter(told, "wrmap_revoke");
	scans = counter(told, "wrmap_scan");
	share = searches ? 100 * (searches - scans) / searches : 0;
	v.right = searches && share >= strtod(q->word[2], NULL);
	v.broken = false;
	v.said = xfmt("%s: %.0f of %.0f searches ended without a scan, %.1f %%", q->word[1], searches - scans, searches, share);
	json_decref(told);
	return v;
}
