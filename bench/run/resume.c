/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Resuming. The run's own results.json, or its journal, says what was asked for and what is finished; a run's rows must all come from the same
 * images on the same QEMU.
 */
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "beside.h"
#include "emulator.h"
#include "resume.h"

static bool same_repeat(const json_t *options, struct options *o)
{
	unsigned was = (unsigned)json_integer_value(json_object_get(options, "repeat"));

	if (o->repeat && o->repeat != was) {
		say("that run was not begun with --repeat %u: leave the option out, or start a new run", o->repeat);
		return false;
	}
	o->repeat = was;
	return true;
}

static bool same_levels(const json_t *options, struct options *o)
{
	unsigned was = (unsigned)json_integer_value(json_object_get(options, "levels"));

	if (o->levels != LEVELS_DEFAULT && o->levels != was) {
		say("that run was begun with other --levels: leave the option out, or start a new run");
		return false;
	}
	o->levels = was;
	return true;
}

static bool same_trace(const json_t *options, struct options *o)
{
	bool was = json_is_true(json_object_get(options, "trace"));

	if (!o->trace && was) {
		say("that run was begun with the traced passes, not with --no-trace: leave the option out, or start a new run");
		return false;
	}
	o->trace = was;
	if (json_object_get(options, "trace_mib")) /* for all of them, as it was */
		o->trace_mib = (unsigned)json_integer_value(json_object_get(options, "trace_mib"));
	return true;
}

/* `named`: the user chose it; otherwise the suite did, and does again. */
static bool same_text(const json_t *options, const char *key, bool named, const char **given)
{
	const char *was = json_string_value(json_object_get(options, key));

	if (*given && (!was || strcmp(*given, was))) {
		say("that run was begun with the %s %s, not %s: leave the option out, or start a new run", key, was ? was : "?",
		    *given);
		return false;
	}
	*given = named ? was : NULL;
	return true;
}

/* One run, one QEMU: without a word of the user's it is looked for where it was; whether it still is the same, machine_same() tells. */
static void same_qemu(const json_t *options, struct options *o)
{
	if (!emulator_asked(o->qemu))
		o->qemu = json_string_value(json_object_get(options, "qemu"));
}

static bool options_fit(const json_t *options, struct options *o)
{
	const json_t *guests = json_object_get(options, "guests");

	same_qemu(options, o);
	beside_recall(json_object_get(options, "modelled"), o);
	o->nr_guests = own_guests_read(guests, o->guest);
	if (!o->workloads_dir)
		o->workloads_dir = json_string_value(json_object_get(options, "workloads_dir"));
	o->alone = json_is_true(json_object_get(options, "guests_alone"));
	o->cycles = json_is_true(json_object_get(options, "cycles"));
	o->sensitivity = json_is_true(json_object_get(options, "sensitivity"));
	o->machines = json_string_value(json_object_get(options, "machines"));
	return same_text(options, "suite", true, &o->suite) && same_text(options, "peers", true, &o->peers) &&
	       same_text(options, "recipes", json_is_true(json_object_get(options, "recipes_named")), &o->recipes) &&
	       same_text(options, "workloads", json_is_true(json_object_get(options, "workloads_named")), &o->workloads) &&
	       same_levels(options, o) && same_repeat(options, o) && same_trace(options, o);
}

int resume_open(struct results *r, const char *dir, struct options *o)
{
	int ret = journal_take(&r->journal, dir);

	if (ret)
		return ret;
	r->dir = xstrdup(dir);
	r->root = results_load(dir, true, NULL);
	if (!r->root)
		return EXIT_FAILED;
	if (!strcmp(json_text(json_object_get(r->root, "options"), "suite"), "engine")) {
		say("%s is bench-engine's: it is measured anew, not gone on with", dir);
		return EXIT_FAILED;
	}
	if (beside_is_left(o, r))
		return EXIT_OK;
	if (json_is_true(json_object_get(r->root, "complete"))) {
		say("%s is complete: there is nothing to resume", dir);
		return EXIT_FAILED;
	}
	return options_fit(json_object_get(r->root, "options"), o) ? EXIT_OK : EXIT_FAILED;
}

static const char *name_of(const json_t *image)
{
	const char *name = json_string_value(json_object_get(image, "name"));

	return name ? name : "?";
}

static const json_t *image_called(const json_t *images, const char *name)
{
	const json_t *image;
	size_t i;

	json_array_foreach(images, i, image)
		if (!strcmp(name_of(image), name))
			return image;
	return NULL;
}

/* The first image that is not what it was, NULL: none. A part of a run needs some of them only. */
static const char *changed_image(const json_t *was, const json_t *is, bool part)
{
	const json_t *image;
	size_t i;

	json_array_foreach(is, i, image)
		if (!json_equal(image, image_called(was, name_of(image))))
			return name_of(image);
	json_array_foreach(was, i, image)
		if (!part && !image_called(is, name_of(image)))
			return name_of(image);
	return NULL;
}

bool machine_same(const json_t *was, const json_t *is, bool part)
{
	static const char *const key[] = { "penumbra", "qemu_options", "modelled" };
	const char *image = changed_image(json_object_get(was, "images"), json_object_get(is, "images"), part);

	if (image)
		say("%s is not the image that the run was begun with: figures of two builds do not belong into one run. Start a "
		    "new one",
		    image);
	for (unsigned i = 0; !image && i < COUNT_OF(key); i++)
		if (json_object_get(was, key[i]) && !json_equal(json_object_get(was, key[i]), json_object_get(is, key[i]))) {
			say("\"%s\" is not what it was when the run was begun: start a new one", key[i]);
			return false;
		}
	return !image && emulator_same(was, is);
}

static void forget_unfinished(json_t *items)
{
	for (size_t i = json_array_size(items); i--;)
		if (!item_finished(json_array_get(items, i)))
			json_array_remove(items, i);
}

/* What a process that was killed had half written. */
static void remove_parts(const char *dir)
{
	static const char *const name[] = { "results.json", "results.csv", "machine.json" };

	for (unsigned i = 0; i < COUNT_OF(name); i++) {
		char *pattern = xfmt("%s/%s" PART_PATTERN, dir, name[i]);
		glob_t found;

		if (!glob(pattern, 0, NULL, &found)) {
			for (size_t k = 0; k < found.gl_pathc; k++)
				unlink(found.gl_pathv[k]);
			globfree(&found);
		}
		free(pattern);
	}
}

static void note_resumed(json_t *root)
{
	json_t *times = json_object_get(root, "resumed");
	char stamp[40];

	if (!times)
		json_object_set_new(root, "resumed", times = json_array());
	json_array_append_new(times, json_string(time_stamp(stamp)));
	json_object_set_new(root, "interrupted", json_false());
	json_object_del(root, "error");
}

int resume_results(struct results *r, json_t *machine)
{
	/* One that was killed before it began was measured on nothing yet. */
	if (!results_begun(r->root)) {
		say("%s was killed before it began: it begins now", r->dir);
		json_object_set(r->root, "machine", machine);
	}
	bool same = machine_same(json_object_get(r->root, "machine"), machine, false);

	json_decref(machine);
	if (!same)
		return -1;
	remove_parts(r->dir);
	note_resumed(r->root);
	forget_unfinished(json_object_get(r->root, "items"));
	if (!results_again(r))
		return 0;
	say("%s", r->error);
	return -1;
}

unsigned resume_round(const struct results *r)
{
	return (unsigned)json_array_size(json_object_get(r->root, "resumed"));
}
