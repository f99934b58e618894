/* SPDX-License-Identifier: BSD-2-Clause */
/* The results tree: made, filled, saved, loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "abi/control_abi.h"
#include "catalog.h"
#include "results.h"
#include "schema.h"

const char *time_stamp(char out[40])
{
	time_t t = time(NULL);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, 40, "%Y-%m-%dT%H:%M:%S%z", &tm);
	return out;
}

/* A variant names its base by file, as the list does; users know it by name. */
static const char *base_name(const struct recipe *r)
{
	for (unsigned i = 0; r->base && i < nr_recipes; i++)
		if (!strcmp(recipes[i].file, r->base))
			return recipes[i].name;
	return r->base;
}

/* The catalogues of this version go into each run: a reader of an old one must not need the lists of that time. */
static json_t *recipes_json(void)
{
	static const char *const kind[] = { "shadow", "nested", "hybrid", "native", "peer" };
	json_t *a = json_array();

	for (unsigned i = 0; i < nr_recipes; i++) {
		const struct recipe *r = &recipes[i];

		json_t *j = json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*, s:s*}", "name", r->name, "kind", kind[r->kind], "text",
				      r->text, "base", base_name(r), "axis", r->axis, "parts", r->parts, "peer", r->peer);

		if (r->trips_uncounted)
			json_object_set_new(j, "trips_uncounted", json_true());
		json_array_append_new(a, j);
	}
	return a;
}

static json_t *workloads_json(void)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < nr_workloads; i++) {
		const struct workload *w = &workloads[i];

		json_array_append_new(a, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:s}", "name", w->name, "workload",
						   w->base, "levels", (int)w->levels, "kind", w->kind, "suite", w->suite,
						   "cmdline", w->cmdline, "memory_mib", (int)w->memory_mib, "timeout_s",
						   (int)w->timeout_s, "text", w->text));
	}
	return a;
}

static json_t *trips_json(void)
{
	json_t *a = json_array();

#define TRIP(id, text, paging)                                                                                                   \
	json_array_append_new(a, json_pack("{s:s, s:s, s:b}", "name", #id, "text", text, "paging", paging));
#include "abi/trips.def"
#undef TRIP
	return a;
}

static json_t *counters_json(void)
{
	json_t *a = json_array();

#define X(id, text) json_array_append_new(a, json_pack("{s:s, s:s}", "name", #id, "text", text));
	PN_COUNTERS(X)
#undef X
	return a;
}

/* An empty tree. Takes `options`. */
static json_t *new_tree(const char *run, json_t *options)
{
	char stamp[40];

	return json_pack("{s:i, s:o, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:[], s:[], s:[]}", "format", RESULTS_FORMAT, "run",
			 text_json(run), "started", time_stamp(stamp), "complete", 0, "interrupted", 0, "options", options,
			 "recipes", recipes_json(), "workloads", workloads_json(), "trips", trips_json(), "counters",
			 counters_json(), "items", "traces", "boots");
}

static void find_lists(struct results *r)
{
	r->items = json_object_get(r->root, "items");
	r->traces = json_object_get(r->root, "traces");
	r->boots = json_object_get(r->root, "boots");
}

/* Make the run's directory and lock it. It must not be another process's, nor hold a run. EXIT_OK, or the code to exit with. */
static int take_place(struct results *r)
{
	char *results = xfmt("%s/results.json", r->dir);
	int ret = EXIT_FAILED;

	if (make_dirs(r->dir))
		say("the results directory %s cannot be made: %s", r->dir, strerror(errno));
	else
		ret = journal_take(&r->journal, r->dir);
	if (!ret && (file_exists(results) || journal_begun(&r->journal))) {
		say("%s holds a run already: choose another directory, or remove it", r->dir);
		ret = EXIT_FAILED;
	}
	free(results);
	return ret;
}

int results_begin(struct results *r, const char *dir, const char *run, json_t *options)
{
	int ret;

	*r = (struct results){ .dir = xstrdup(dir), .root = new_tree(run, options) };
	find_lists(r);
	ret = take_place(r);
	if (!ret && journal_begin(&r->journal, r->root)) {
		say("%s cannot be written: %s", r->journal.path, strerror(errno));
		ret = EXIT_FAILED;
	}
	return ret;
}

void results_free(struct results *r)
{
	journal_leave(&r->journal);
	json_decref(r->root);
	free(r->dir);
	free(r->error);
	for (unsigned k = 0; k < RESULTS_LISTS; k++)
		free(r->told[k]);
	memset(r, 0, sizeof(*r));
}

bool results_begun(const json_t *root)
{
	return json_object_get(root, "machine");
}

/* Is it the guest run of that recipe, workload, repetition (from 0 on) and pass? */
static bool is_item(const json_t *it, const char *recipe, const char *workload, unsigned repetition, bool traced)
{
	return !strcmp(json_string_value(json_object_get(it, "recipe")), recipe) &&
	       !strcmp(json_string_value(json_object_get(it, "workload")), workload) &&
	       json_integer_value(json_object_get(it, "repetition")) == repetition &&
	       json_is_true(json_object_get(it, "traced")) == traced;
}

bool results_finished(const struct results *r, const char *recipe, const char *workload, unsigned repetition, bool traced)
{
	const json_t *it;
	size_t i;

	json_array_foreach(r->items, i, it)
		if (is_item(it, recipe, workload, repetition, traced))
			return item_finished(it);
	return false;
}

json_t *results_item(struct results *r, const char *recipe, const char *workload, unsigned repetition, bool traced)
{
	json_t *it;
	size_t i;

	json_array_foreach(r->items, i, it)
		if (is_item(it, recipe, workload, repetition, traced))
			return it;
	it = json_pack("{s:s, s:s, s:i, s:b, s:s, s:[]}", "recipe", recipe, "workload", workload, "repetition", (int)repetition,
		       "traced", (int)traced, "state", "running", "regions");
	json_array_append_new(r->items, it);
	return it;
}

void results_write_failed(struct results *r, const char *path, int err)
{
	char size[32];

	if (r->error)
		return;
	if (err == ENOSPC || err == EDQUOT)
		r->error = xfmt("the disk is full: %s could not be written (%s free). What was finished before is kept; "
				"make room, or choose another place with --output",
				path, human_bytes((double)disk_free(r->dir), size));
	else
		r->error = xfmt("%s could not be written: %s", path, strerror(err));
}

/* Write one of the run's files anew. 0, or -1, and the failure is kept in r->error for queue_run() to end by. */
static int save_text(struct results *r, const char *name, const char *text)
{
	char *path = xfmt("%s/%s", r->dir, name);
	int ret = write_file(path, text, strlen(text));

	if (ret)
		results_write_failed(r, path, errno);
	free(path);
	return ret;
}

/* Into the journal; a failure is kept as any other's. */
static int tell(struct results *r, const char *key, json_t *value)
{
	int ret = journal_add(&r->journal, key, value);

	if (ret)
		results_write_failed(r, r->journal.path, errno);
	return ret;
}

enum { ITEMS, TRACES, BOOTS }; /* a trace has no state: it is told of when it has ended */
static const char *const list_names[RESULTS_LISTS] = { [ITEMS] = "items", [TRACES] = "traces", [BOOTS] = "boots" };

/* The book of what the journal has been told is made as long as the list. `known`: as if the journal had all of them. */
static void extend_told(struct results *r, unsigned k, bool known)
{
	size_t n = json_array_size(json_object_get(r->root, list_names[k]));

	r->told[k] = xrealloc(r->told[k], n + 1);
	for (; r->nr_told[k] < n; r->nr_told[k]++)
		r->told[k][r->nr_told[k]] = known;
}

/* The journal is told of what has ended since. Entries are told once, whole: a killed run has all that ended before. 0, or -1. */
static int tell_ended(struct results *r)
{
	json_t *entry;
	int ret = 0;
	size_t i;

	for (unsigned k = 0; k < RESULTS_LISTS; k++) {
		extend_told(r, k, false);
		json_array_foreach(json_object_get(r->root, list_names[k]), i, entry) {
			bool ended = k == TRACES || !item_runs(entry);

			if (ret || r->told[k][i] || !ended)
				continue;
			ret = tell(r, list_names[k], entry);
			r->told[k][i] = !ret;
		}
	}
	return ret;
}

/* results.json and results.csv anew; the next time is ten times as far away as this took (results_save_lately). 0, or -1. */
static int save_files(struct results *r)
{
	double begun = now_seconds();
	char *json = json_dumps(r->root, JSON_INDENT(1));
	char *csv = results_csv(r->root);
	int ret = save_text(r, "results.json", json);

	if (!ret)
		ret = save_text(r, "results.csv", csv);
	free(json);
	free(csv);
	r->save_again = now_seconds() + 10 * (now_seconds() - begun);
	return ret;
}

int results_save(struct results *r)
{
	int ret = tell_ended(r);

	if (!ret && journal_sync(&r->journal)) {
		results_write_failed(r, r->journal.path, errno);
		ret = -1;
	}
	return save_files(r) || ret ? -1 : 0;
}

int results_save_lately(struct results *r)
{
	return now_seconds() < r->save_again ? tell_ended(r) : results_save(r);
}

/* The members that changed, to the tree and to the journal. */
static void set_members(struct results *r, json_t *members)
{
	json_object_update(r->root, members);
	tell(r, "set", members);
	json_decref(members);
}

static int write_machine(struct results *r)
{
	char *text = json_dumps(json_object_get(r->root, "machine"), JSON_INDENT(1));
	int ret = save_text(r, "machine.json", text);

	free(text);
	return ret;
}

int results_machine(struct results *r, json_t *machine)
{
	set_members(r, json_pack("{s:o}", "machine", machine));
	return write_machine(r) || results_save(r) ? -1 : 0;
}

int results_again(struct results *r)
{
	for (unsigned k = 0; k < RESULTS_LISTS; k++)
		extend_told(r, k, true);
	find_lists(r);
	if (journal_begin(&r->journal, r->root))
		results_write_failed(r, r->journal.path, errno);
	return r->error || write_machine(r) || results_save(r) ? -1 : 0;
}

int results_finish(struct results *r, bool complete, bool interrupted)
{
	char stamp[40];
	json_t *end = json_pack("{s:s, s:b, s:b}", "ended", time_stamp(stamp), "complete", (int)complete, "interrupted",
				(int)interrupted);

	if (r->error)
		json_object_set_new(end, "error", text_json(r->error));
	json_object_set(end, "wall_seconds", json_object_get(r->root, "wall_seconds"));
	set_members(r, end);
	return results_save(r);
}

/* results.json, or NULL with what is wrong with it in *why, which the caller frees. */
static json_t *read_results(const char *path, char **why)
{
	size_t len = 0;
	char *text = read_file(path, &len), *wrong;
	json_error_t err;
	json_t *root = text ? json_loadb(text, len, JSON_REJECT_DUPLICATES, &err) : NULL;

	*why = NULL;
	if (!text)
		*why = xfmt("%s cannot be read: %s", path, strerror(errno));
	else if (!root)
		*why = xfmt("%s is damaged: %s (line %d)", path, err.text, err.line);
	free(text);
	wrong = root ? schema_wrong(root, schema_results) : NULL;
	if (root && !wrong)
		wrong = journal_twice(root);
	if (!wrong)
		return root;
	*why = xfmt("%s is no results file of this version (format %d), or was damaged or changed by hand: %s", path,
		    RESULTS_FORMAT, wrong);
	free(wrong);
	json_decref(root);
	return NULL;
}

/*
 * The tree of results.json with what the journal has besides, or, without such a file, the journal's own; and a sentence about it
 * unless `quiet`. Takes both. *made_again: the file lacks something, or all.
 */
static json_t *choose(json_t *kept, json_t *told, const char *why, bool quiet, bool *made_again)
{
	unsigned n = kept && told ? journal_merge(kept, told) : 0;

	*made_again = n || !kept;
	if (n && !quiet)
		say("guest runs that finished after results.json was last written: %u, taken from " JOURNAL_NAME, n);
	if (kept) {
		json_decref(told);
		return kept;
	}
	/* A run that was ended before it began has none yet: that is another sentence. */
	if (told && results_begun(told) && !quiet)
		say("%s\n          It is made again from " JOURNAL_NAME, why);
	else if (!told)
		say("%s\n          There is no " JOURNAL_NAME " to make it again from: start a new run", why);
	return told;
}

json_t *results_load(const char *dir, bool ours, bool *made_again)
{
	char *path = xfmt("%s/results.json", dir), *why;
	pid_t holder = ours ? 0 : journal_holder(dir);
	json_t *kept = read_results(path, &why), *told = journal_tree(dir, holder != 0), *root;
	bool again;

	root = choose(kept, told, why, holder != 0, &again);
	if (root && holder && results_begun(root))
		say("%s is still being measured: this is what has finished so far", dir);
	if (made_again)
		*made_again = again && !holder;
	free(path);
	free(why);
	return root;
}

void results_restore(const char *dir, json_t *root)
{
	struct results r = { .dir = xstrdup(dir), .root = json_incref(root) };

	if (!journal_holder(dir) && !journal_take(&r.journal, dir) && save_files(&r))
		say("%s", r.error);
	results_free(&r);
}
