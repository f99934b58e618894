/* SPDX-License-Identifier: BSD-2-Clause */
/* See beside.h. */
#include <stdlib.h>
#include <string.h>

#include "beside.h"
#include "cycles.h"
#include "emulator.h"
#include "modelled.h"

static char under[] = ""
#define MODELLED_UNDER(name) "," name
#include "quick.def"
	;
static char what[] = ""
#define MODELLED(name) "," name
#include "quick.def"
	;

bool beside_wanted(const struct options *o, const struct results *res)
{
	const bool by_itself = json_is_true(json_object_get(json_object_get(res->root, "options"), "defaults")) && !o->no_report;

	if (o->is_beside || o->cycles || o->plugin || o->slice || o->slurm)
		return false;
	return o->modelled == MODELLED_ALWAYS || (o->modelled == MODELLED_USUAL && by_itself);
}

json_t *beside_asked(const struct options *o)
{
	return o->modelled == MODELLED_USUAL ? NULL : json_boolean(o->modelled == MODELLED_ALWAYS);
}

void beside_recall(const json_t *asked, struct options *o)
{
	if (o->modelled == MODELLED_USUAL && json_is_boolean(asked))
		o->modelled = json_is_true(asked) ? MODELLED_ALWAYS : MODELLED_NEVER;
}

/* The word of a QEMU that can: the run's own, or where the user named none the newer one. NULL after a message: there is none. */
static const char *emulator_that_can(const struct options *o, const struct paths *p, const char *own)
{
	char *why = cycles_why_not(p, o->qemu), *next = path_qemu_next(p);
	const char *word = own;

	if (why && !strcmp(own, QEMU_DEFAULT)) {
		free(why);
		why = file_exists(next) ?
			      cycles_why_not(p, next) :
			      xstrdup("the newer QEMU is not there: `make qemu-next` in the build directory fetches it");
		word = QEMU_NEXT;
	}
	if (why)
		say("no modelled cycles beside this run: %s", why);
	word = why ? NULL : word;
	free(why);
	free(next);
	return word;
}

/* Asked for by its own options, or, of one that has begun, by nothing: it knows them. */
static struct options options_of(const char *dir, const char *qemu, bool begun, const struct options *o)
{
	struct options b = { .command = CMD_run,
			     .jobs = o->jobs,
			     .keep_going = o->keep_going,
			     .is_beside = true,
			     .silence_s = o->silence_s,
			     .threshold = o->threshold,
			     .qemu = qemu };

	if (begun) {
		b.resume = dir;
	} else {
		b.recipes = under + 1;
		b.workloads = what + 1;
		b.repeat = 1;
		b.cycles = true;
		b.output = dir;
	}
	return b;
}

int beside_run(const struct options *o, const struct paths *p, const struct results *res,
	       int (*run)(const struct options *o, const struct paths *p))
{
	const char *own = json_string_value(json_object_get(json_object_get(res->root, "options"), "qemu"));
	const char *qemu = emulator_that_can(o, p, own);
	char *dir = xfmt("%s/" MODELLED_DIR, res->dir), *begun = xfmt("%s/journal.jsonl", dir);
	struct options b;
	int ret = EXIT_OK;

	if (qemu) {
		say("beside it, who wins where: a run with modelled cycles (docs/model.md)");
		b = options_of(dir, qemu, file_exists(begun), o);
		ret = run(&b, p);
	}
	free(begun);
	free(dir);
	return ret;
}

static bool is_complete(const json_t *root)
{
	return json_is_true(json_object_get(root, "complete"));
}

bool beside_is_left(const struct options *o, const struct results *res)
{
	char *dir = xfmt("%s/" MODELLED_DIR, res->dir), *begun = xfmt("%s/journal.jsonl", dir);
	json_t *root = NULL;
	bool left = is_complete(res->root) && o->modelled != MODELLED_NEVER && !o->is_beside && file_exists(begun);

	if (left) {
		root = results_load(dir, false, NULL);
		left = root && !is_complete(root);
	}
	json_decref(root);
	free(begun);
	free(dir);
	return left;
}
