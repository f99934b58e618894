/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A tree from the journal's lines. Each line is checked by the schema before it counts: what comes out is as sound as what is read
 * from results.json. A damaged line costs what it told, nothing else.
 */
#include <stdlib.h>
#include <string.h>

#include "journal.h"
#include "schema.h"

/* The lists of the tree, and by which of its members an entry is known again. */
static const struct list {
	const char *name;
	const struct rule *rules;
	const char *key[4];
} lists[] = {
	{ "items", schema_item, { "recipe", "workload", "repetition", "traced" } },
	{ "traces", schema_trace, { "recipe", "workload" } },
	{ "boots", schema_boot, { "label" } },
};

struct fold {
	json_t *tree;
	json_t *place; /* of each entry in its list, by its identity */
	unsigned line, damaged, first_damaged;
	char *why; /* of the first */
};

/* The caller frees it. */
static char *identity(const struct list *l, const json_t *entry)
{
	json_t *a = json_array();
	char *text;

	json_array_append_new(a, json_string(l->name));
	for (unsigned i = 0; i < COUNT_OF(l->key) && l->key[i]; i++)
		json_array_append(a, json_object_get(entry, l->key[i]));
	text = json_dumps(a, JSON_COMPACT);
	json_decref(a);
	return text;
}

/* The entry of the tree that is the same guest run, boot, ...; NULL: there is none. *id is then where it would be found. */
static json_t *find(const struct fold *f, const struct list *l, const json_t *entry, char **id)
{
	const json_t *place;

	*id = identity(l, entry);
	place = json_object_get(f->place, *id);
	return place ? json_array_get(json_object_get(f->tree, l->name), (size_t)json_integer_value(place)) : NULL;
}

static void put(struct fold *f, const struct list *l, json_t *entry)
{
	json_t *array = json_object_get(f->tree, l->name);
	char *id;

	if (find(f, l, entry, &id)) {
		json_array_set(array, (size_t)json_integer_value(json_object_get(f->place, id)), entry);
	} else {
		json_object_set_new(f->place, id, json_integer((json_int_t)json_array_size(array)));
		json_array_append(array, entry);
	}
	free(id);
}

char *journal_twice(const json_t *tree)
{
	json_t *seen = json_object();
	const json_t *item;
	char *wrong = NULL;
	size_t i;

	json_array_foreach(json_object_get(tree, lists[0].name), i, item) {
		char *id = identity(&lists[0], item);
		const json_t *first = json_object_get(seen, id);

		if (first && !wrong)
			wrong = xfmt("%s[%zu] is %s[%d] again", lists[0].name, i, lists[0].name, (int)json_integer_value(first));
		json_object_set_new(seen, id, json_integer((json_int_t)i));
		free(id);
	}
	json_decref(seen);
	return wrong;
}

/* From this tree on. */
static void start(struct fold *f, json_t *tree)
{
	json_decref(f->tree);
	json_decref(f->place);
	f->tree = json_incref(tree);
	f->place = json_object();
	for (unsigned k = 0; k < COUNT_OF(lists); k++) {
		const json_t *entry;
		size_t i;

		json_array_foreach(json_object_get(tree, lists[k].name), i, entry) {
			char *id = identity(&lists[k], entry);

			json_object_set_new(f->place, id, json_integer((json_int_t)i));
			free(id);
		}
	}
}

/* What is wrong with it, or NULL. */
static char *take_begin(struct fold *f, json_t *tree)
{
	char *wrong = schema_wrong(tree, schema_results);

	if (!wrong)
		wrong = journal_twice(tree);
	if (!wrong)
		start(f, tree);
	return wrong;
}

static char *take_set(struct fold *f, json_t *members)
{
	char *wrong = schema_part_wrong(members, schema_results);

	if (!wrong)
		json_object_update(f->tree, members);
	return wrong;
}

static char *take_entry(struct fold *f, const struct list *l, json_t *entry)
{
	char *wrong = schema_wrong(entry, l->rules);

	if (!wrong)
		put(f, l, entry);
	return wrong;
}

static char *take(struct fold *f, json_t *line)
{
	json_t *value = json_object_get(line, "begin");

	if (value)
		return take_begin(f, value);
	if (!f->tree)
		return xstrdup("nothing has begun before it");
	value = json_object_get(line, "set");
	if (value)
		return take_set(f, value);
	for (unsigned k = 0; k < COUNT_OF(lists); k++) {
		value = json_object_get(line, lists[k].name);
		if (value)
			return take_entry(f, &lists[k], value);
	}
	return xstrdup("it is none of the lines that there are");
}

static void take_text(struct fold *f, const char *text, size_t len)
{
	json_error_t err;
	json_t *line = json_loadb(text, len, JSON_REJECT_DUPLICATES, &err);
	char *wrong = line ? take(f, line) : xstrdup(err.text);

	json_decref(line);
	if (wrong && !f->damaged++) {
		f->first_damaged = f->line;
		f->why = wrong;
	} else {
		free(wrong);
	}
}

/* True if the last line is half. */
static bool take_lines(struct fold *f, const char *text, size_t len)
{
	const char *end;

	for (; len && (end = memchr(text, '\n', len)); text = end + 1) {
		f->line++;
		take_text(f, text, (size_t)(end - text));
		len -= (size_t)(end + 1 - text);
	}
	return len > 0;
}

json_t *journal_tree(const char *dir, bool quiet)
{
	char *path = xfmt("%s/%s", dir, JOURNAL_NAME);
	struct fold f = { .tree = NULL };
	size_t len = 0;
	char *text = read_file(path, &len);
	bool half = text && take_lines(&f, text, len);

	if (half && !quiet)
		say("the last line of %s is half a line, as a process leaves it that is killed: it is left out", path);
	if (f.damaged && !quiet)
		say("%s has damaged lines: %u, which are left out. Line %u: %s", path, f.damaged, f.first_damaged, f.why);
	free(f.why);
	json_decref(f.place);
	free(text);
	free(path);
	return f.tree;
}

static bool has_ended(const json_t *entry)
{
	const char *state = json_string_value(json_object_get(entry, "state"));

	return !state || strcmp(state, "running");
}

/* How many of them were put into the tree. */
static unsigned merge_list(struct fold *f, const struct list *l, const json_t *newer)
{
	unsigned n = 0;
	json_t *entry;
	size_t i;

	json_array_foreach(json_object_get(newer, l->name), i, entry) {
		char *id;
		const json_t *had = find(f, l, entry, &id);

		free(id);
		if (had && has_ended(had))
			continue;
		put(f, l, entry);
		n++;
	}
	return n;
}

unsigned journal_merge(json_t *tree, const json_t *newer)
{
	struct fold f = { .tree = NULL };
	unsigned n = 0;

	if (!json_equal(json_object_get(tree, "started"), json_object_get(newer, "started")))
		return 0;
	start(&f, tree);
	for (unsigned k = 0; k < COUNT_OF(lists); k++) {
		unsigned put_in = merge_list(&f, &lists[k], newer);

		n += k ? 0 : put_in;
	}
	json_decref(f.place);
	json_decref(f.tree);
	return n;
}
