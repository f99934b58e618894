/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The suite: a plan is read and checked as a whole before anything runs, then its
 * items run one after the other. Every run that begins also ends, in one `@pn` line
 * with its state; the host trusts nothing else.
 */
#include "suite.h"

#include "exercise.h"

#include <libgen.h>
#include <stdlib.h>
#include <string.h>

void suite_say(struct ctl *c, json_t *event)
{
	/* One write a line: the kernel's messages share this console. */
	char *text = json_dumps(event, JSON_COMPACT | JSON_PRESERVE_ORDER);

	fprintf(c->out, "@pn %s\n", text ? text : "{}");
	fflush(c->out);
	free(text);
	json_decref(event);
}

static bool bad(struct ctl *c, const char *path, const char *what, const char *why)
{
	fprintf(c->err, "penumbra-ctl: %s: %s: %s\n", path, what, why);
	return false;
}

/* Names become file names: nothing that leads elsewhere. */
static bool is_plain_name(const char *s)
{
	return s && *s && *s != '.' && strlen(s) < PN_NAME &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz"
			 "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+") == strlen(s);
}

static uint64_t positive(const json_t *v, uint64_t otherwise)
{
	return json_is_integer(v) && json_integer_value(v) >= 0 ? (uint64_t)json_integer_value(v) : otherwise;
}

/* "modules": the bytes of each. */
static bool read_modules(const json_t *array, struct suite_item *it)
{
	json_t *bytes;
	size_t i;

	if (json_array_size(array) > PN_MAX_MODULES || (array && !json_is_array(array)))
		return false;
	it->modules.nr = json_array_size(array);
	json_array_foreach((json_t *)array, i, bytes) {
		if (!json_is_integer(bytes) || json_integer_value(bytes) < 0)
			return false;
		it->modules.bytes[i] = (uint64_t)json_integer_value(bytes);
	}
	return true;
}

static bool read_item(struct suite *s, const char *path, const json_t *v, struct suite_item *it)
{
	it->name = json_string_value(json_object_get(v, "name"));
	it->image = json_string_value(json_object_get(v, "image"));
	it->initrd = json_string_value(json_object_get(v, "initrd"));
	it->cmdline = json_string_value(json_object_get(v, "cmdline"));
	it->memory_mib = positive(json_object_get(v, "memory_mib"), 32);
	it->pool_pages = positive(json_object_get(v, "pool_pages"), 0);
	it->vcpus = positive(json_object_get(v, "vcpus"), 1);
	it->shadow_levels = positive(json_object_get(v, "shadow_levels"), 0);
	it->timeout_s = positive(json_object_get(v, "timeout_s"), 60);
	it->repeat = positive(json_object_get(v, "repeat"), 1);
	it->trace = json_is_true(json_object_get(v, "trace"));
	it->trace_limit = positive(json_object_get(v, "trace_limit"), 0);
	it->life = json_is_true(json_object_get(v, "life"));
	it->alone = json_is_true(json_object_get(v, "alone"));
	it->from = json_string_value(json_object_get(v, "from"));
	it->to = json_string_value(json_object_get(v, "to"));
	it->disk = json_string_value(json_object_get(v, "disk"));
	it->keep_disk = json_is_true(json_object_get(v, "keep_disk"));
	it->exercise = json_string_value(json_object_get(v, "exercise"));
	if (!is_plain_name(it->name))
		return bad(s->c, path, "name", "missing, too long, or no plain file name");
	if (!is_plain_name(it->image) || (it->initrd && !is_plain_name(it->initrd)) || (it->disk && !is_plain_name(it->disk)))
		return bad(s->c, path, it->name, "its image, initrd or disk is missing or no plain file name");
	if (it->life && it->alone)
		return bad(s->c, path, it->name, "its life is measured, or it has regions of its own and is alone");
	if ((it->from && strlen(it->from) > PN_LIFE_TEXT) || (it->to && strlen(it->to) > PN_LIFE_TEXT))
		return bad(s->c, path, it->name, "a text that begins or ends what is measured is too long");
	if (!read_modules(json_object_get(v, "modules"), it))
		return bad(s->c, path, it->name, "its modules' sizes make no sense");
	if (it->exercise && !exercise_known(it->exercise))
		return bad(s->c, path, it->name, "it names an exercise that there is not");
	if (it->memory_mib == 0 || it->memory_mib > 1 << 20 || it->timeout_s == 0 || it->repeat > 100000)
		return bad(s->c, path, it->name, "memory_mib, timeout_s or repeat is out of range");
	return true;
}

static bool read_items(struct suite *s, const char *path)
{
	json_t *items = json_object_get(s->plan, "items");

	s->recipe = json_string_value(json_object_get(s->plan, "recipe"));
	if (!s->recipe || !json_is_array(items))
		return bad(s->c, path, "plan", "it needs \"recipe\" and \"items\"");
	if (strcmp(s->recipe, s->c->dev->recipe))
		return bad(s->c, path, s->recipe, "the hypervisor that runs is another recipe's");
	s->items = calloc(json_array_size(items) + 1, sizeof(*s->items));
	for (; s->items && s->nr_items < json_array_size(items); s->nr_items++)
		if (!read_item(s, path, json_array_get(items, s->nr_items), &s->items[s->nr_items]))
			return false;
	return s->items != NULL;
}

int suite_read(struct suite *s, struct ctl *c, const char *path)
{
	json_error_t error;
	char *copy = strdup(path);
	bool ok;

	*s = (struct suite){ .c = c, .plan = json_load_file(path, JSON_REJECT_DUPLICATES, &error) };
	if (!s->plan)
		fprintf(c->err, "penumbra-ctl: %s:%d: %s\n", path, error.line, error.text);
	ok = s->plan && copy && read_items(s, path);
	if (ok)
		ok = (c->root ? asprintf(&s->images, "%s", c->root) : asprintf(&s->images, "%s/images", dirname(copy))) > 0;
	free(copy);
	if (!ok)
		suite_free(s);
	return ok ? 0 : -1;
}

void suite_free(struct suite *s)
{
	free(s->images);
	free(s->items);
	json_decref(s->plan);
	*s = (struct suite){ 0 };
}

/* The `done` event is the init script's: it comes after the export. */
int cmd_suite(struct ctl *c)
{
	struct suite s;

	if (suite_read(&s, c, c->arg[0]))
		return CTL_FAILED;
	suite_say(c, json_pack("{s:s,s:s,s:i,s:I}", "e", "hello", "recipe", c->dev->recipe, "items", (int)s.nr_items, "tsc_khz",
			       (json_int_t)c->dev->tsc_khz));
	for (unsigned i = 0; i < s.nr_items; i++)
		for (unsigned r = 0; r < s.items[i].repeat; r++)
			suite_run_item(&s, i, r);
	suite_free(&s);
	return 0;
}
