/* SPDX-License-Identifier: BSD-2-Clause */
/* The results tree: made, filled, saved, loaded. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "dataset.h"
#include "hv/include/control_abi.h"
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

static json_t *recipes_json(void)
{
	static const char *const kind[] = { "shadow", "nested", "native" };
	json_t *a = json_array();

	for (unsigned i = 0; i < nr_recipes; i++) {
		const struct recipe *r = &recipes[i];

		json_array_append_new(a, json_pack("{s:s, s:s, s:s, s:s*, s:s*, s:s*}", "name", r->name, "kind", kind[r->kind], "text",
						   r->text, "base", base_name(r), "axis", r->axis, "parts", r->parts));
	}
	return a;
}

static json_t *workloads_json(void)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < nr_workloads; i++) {
		const struct workload *w = &workloads[i];

		json_array_append_new(a, json_pack("{s:s, s:s, s:i, s:s, s:s, s:s, s:i, s:i, s:s}", "name", w->name, "workload", w->base,
						   "levels", (int)w->levels, "kind", w->kind,
						   "suite", w->suite, "cmdline", w->cmdline, "memory_mib", (int)w->memory_mib,
						   "timeout_s", (int)w->timeout_s, "text", w->text));
	}
	return a;
}

static json_t *trips_json(void)
{
	json_t *a = json_array();

#define TRIP(id, text, paging) \
	json_array_append_new(a, json_pack("{s:s, s:s, s:b}", "name", #id, "text", text, "paging", paging));
#include "hv/include/trips.def"
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

int results_begin(struct results *r, const char *dir, const char *run, json_t *options, json_t *machine)
{
	char stamp[40];

	*r = (struct results){ .dir = xstrdup(dir), .items = json_array(), .traces = json_array(), .boots = json_array() };
	r->root = json_pack("{s:i, s:s, s:s, s:b, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "format", RESULTS_FORMAT,
			    "run", run, "started", time_stamp(stamp), "complete", 0, "interrupted", 0, "options", options,
			    "machine", machine, "recipes", recipes_json(), "workloads", workloads_json(), "trips",
			    trips_json(), "counters", counters_json(), "items", r->items, "traces", r->traces, "boots",
			    r->boots);
	if (make_dirs(dir)) {
		say("the results directory %s cannot be made: %s", dir, strerror(errno));
		return -1;
	}
	return 0;
}

void results_free(struct results *r)
{
	json_decref(r->root);
	free(r->dir);
	free(r->error);
	memset(r, 0, sizeof(*r));
}

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
	it = json_pack("{s:s, s:s, s:i, s:b, s:s, s:[]}", "recipe", recipe, "workload", workload, "repetition",
		       (int)repetition, "traced", (int)traced, "state", "running", "regions");
	json_array_append_new(r->items, it);
	return it;
}

static const char *item_state(const json_t *item)
{
	const char *s = json_string_value(json_object_get(item, "state"));

	return s ? s : "running";
}

void item_end(json_t *item, const char *state, const char *reason)
{
	if (strcmp(item_state(item), "running"))
		return;
	json_object_set_new(item, "state", json_string(state));
	json_object_set_new(item, "reason", json_sprintf("%s", reason ? reason : ""));
}

char *item_why(const json_t *item)
{
	const char *reason = json_string_value(json_object_get(item, "reason"));
	const char *words = json_string_value(json_object_get(item, "words"));
	bool both = reason && *reason && words && *words;

	if (item_finished(item) || !words || !*words)
		return xstrdup(reason ? reason : "");
	return xfmt("%s%sits last words: %s", both ? reason : "", both ? "; " : "", words);
}

bool item_finished(const json_t *item)
{
	return !strcmp(item_state(item), "finished");
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

static int save_text(struct results *r, const char *name, const char *text)
{
	char *path = xfmt("%s/%s", r->dir, name);
	int ret = write_file(path, text, strlen(text));

	if (ret)
		results_write_failed(r, path, errno);
	free(path);
	return ret;
}

int results_save(struct results *r)
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

int results_save_lately(struct results *r)
{
	return now_seconds() < r->save_again ? 0 : results_save(r);
}

int results_finish(struct results *r, bool complete, bool interrupted)
{
	char stamp[40];

	json_object_set_new(r->root, "ended", json_string(time_stamp(stamp)));
	json_object_set_new(r->root, "complete", json_boolean(complete));
	json_object_set_new(r->root, "interrupted", json_boolean(interrupted));
	if (r->error)
		json_object_set_new(r->root, "error", json_string(r->error));
	return results_save(r);
}

char *results_csv(const json_t *root)
{
	struct dataset d;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	dataset_load(&d, root);
	/* A form appears as its workload: its levels have a column of their own. */
	fputs("recipe,workload,phase,guest_levels,shadow_levels,repetition,ops,instructions,trips,bytes_touched\n", f);
	for (unsigned i = 0; i < d.nr_rows; i++) {
		const struct row *w = &d.row[i];

		if (!w->traced)
			fprintf(f, "%s,%s,%s,%u,%u,%u,%lu,%lu,%lu,%lu\n", w->recipe, dataset_base(&d, w->workload), w->phase, w->guest_levels,
				w->shadow_levels, w->repetition, w->ops, w->instructions, w->trips, w->bytes);
	}
	fclose(f);
	dataset_free(&d);
	return text;
}

/* NULL after a message. */
static json_t *checked(json_t *root, const char *path)
{
	char *wrong = schema_wrong(root, schema_results);

	if (!wrong)
		return root;
	say("%s is no results file of this version (format %d), or was damaged or changed by hand: %s", path, RESULTS_FORMAT, wrong);
	free(wrong);
	json_decref(root);
	return NULL;
}

json_t *results_load(const char *dir)
{
	char *path = xfmt("%s/results.json", dir);
	json_error_t err;
	json_t *root = json_load_file(path, JSON_REJECT_DUPLICATES, &err);

	if (root)
		root = checked(root, path);
	else
		say("%s cannot be read: %s (line %d)", path, err.text, err.line);
	free(path);
	return root;
}
