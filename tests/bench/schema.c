/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The schema: a small tree that has every key, and each way of spoiling one of them. What must be refused follows from the tables
 * for all keys alike; the cases that once went through are named besides.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "options.h"
#include "results.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static json_t *tree;
static unsigned spoilt;

static void setup(void)
{
	tree = tree_of(TREE);
	spoilt = 0;
}

static void teardown(void)
{
	json_decref(tree);
}

static void accepted(void)
{
	char *wrong = schema_wrong(tree, schema_results);

	ck_assert_msg(!wrong, "%s", wrong);
}

static void refused(const char *key)
{
	char *wrong = schema_wrong(tree, schema_results);

	ck_assert_msg(wrong, "\"%s\" is spoilt, and nobody says so", key);
	ck_assert_msg(strstr(wrong, key), "\"%s\" is spoilt, and this is said: %s", key, wrong);
	free(wrong);
	spoilt++;
}

/* A value of a member or, with key NULL, the element i of an array. */
static json_t *get(json_t *in, const char *key, size_t i)
{
	return key ? json_object_get(in, key) : json_array_get(in, i);
}

static void put(json_t *in, const char *key, size_t i, json_t *v)
{
	ck_assert_int_eq(key ? json_object_set_new(in, key, v) : json_array_set_new(in, i, v), 0);
}

static bool type_fits(json_type type, const struct rule *r)
{
	static const unsigned fits[] = { [RULE_TEXT] = 1 << JSON_STRING,
					 [RULE_KNOWN] = 1 << JSON_STRING | 1 << JSON_NULL,
					 [RULE_NAME] = 1 << JSON_STRING,
					 [RULE_WHOLE] = 1 << JSON_INTEGER,
					 [RULE_NUMBER] = 1 << JSON_INTEGER | 1 << JSON_REAL,
					 [RULE_TRUTH] = 1 << JSON_TRUE | 1 << JSON_FALSE,
					 [RULE_OBJECT] = 1 << JSON_OBJECT,
					 [RULE_EACH] = 1 << JSON_OBJECT,
					 [RULE_LIST] = 1 << JSON_ARRAY };

	return fits[r->kind] >> type & 1;
}

static void spoil_type(json_t *in, const char *key, const struct rule *r, const char *named)
{
	static const char *const values[] = { "7", "7.5", "\"shadow2\"", "true", "null", "{}", "[]" };
	json_t *was = json_incref(get(in, key, 0));

	for (unsigned i = 0; i < COUNT_OF(values); i++) {
		json_t *v = json_loads(values[i], JSON_DECODE_ANY, NULL);

		if (type_fits(json_typeof(v), r)) {
			json_decref(v);
			continue;
		}
		put(in, key, 0, v);
		refused(named);
	}
	put(in, key, 0, was);
}

static void spoil_range(json_t *in, const char *key, const struct rule *r, const char *named)
{
	json_t *was = json_incref(get(in, key, 0));

	if (r->kind == RULE_WHOLE && r->least > INT64_MIN) {
		put(in, key, 0, json_integer(r->least - 1));
		refused(named);
	}
	if (r->kind == RULE_WHOLE && r->most < INT64_MAX) {
		put(in, key, 0, json_integer(r->most + 1));
		refused(named);
	}
	if (r->kind == RULE_WHOLE) {
		put(in, key, 0, json_integer(r->least));
		accepted();
		put(in, key, 0, json_integer(r->most));
		accepted();
	}
	if (r->kind == RULE_NUMBER) {
		put(in, key, 0, json_real(-0.5));
		refused(named);
	}
	put(in, key, 0, was);
}

static void spoil_text(json_t *in, const char *key, const struct rule *r, const char *named)
{
	static const char *const texts[] = { "", "a b", "a,b", "a/b", "quick|full", "quic", "quickly" };
	json_t *was = json_incref(get(in, key, 0));

	for (unsigned i = 0; i < COUNT_OF(texts); i++)
		if (r->kind == RULE_NAME ? i < 5 : r->kind == RULE_TEXT && r->words) {
			put(in, key, 0, json_string(texts[i]));
			refused(named);
		}
	put(in, key, 0, was);
}

static void spoil_all(json_t *object, const struct rule *rules);

/* `key` NULL: the first element of the array. */
static void spoil(json_t *in, const char *key, const struct rule *r, const char *named)
{
	json_t *v = get(in, key, 0);
	const char *first;

	ck_assert_msg(v, "the small tree has no \"%s\"", named);
	spoil_type(in, key, r, named);
	spoil_range(in, key, r, named);
	spoil_text(in, key, r, named);
	if (r->kind == RULE_OBJECT)
		spoil_all(v, r->inside);
	if (r->kind == RULE_LIST)
		spoil(v, NULL, r->inside, named);
	if (r->kind == RULE_EACH) {
		first = json_object_iter_key(json_object_iter(v));
		spoil(v, first, r->inside, first);
	}
}

static void spoil_all(json_t *object, const struct rule *rules)
{
	for (const struct rule *r = rules; r->key; r++) {
		json_t *was = json_incref(json_object_get(object, r->key));

		spoil(object, r->key, r, r->key);
		json_object_del(object, r->key);
		if (r->must)
			refused(r->key);
		else
			accepted();
		json_object_set_new(object, r->key, was);
	}
}

START_TEST(every_key_missing_of_another_type_out_of_range)
{
	accepted();
	spoil_all(tree, schema_results);
	accepted();
	ck_assert_uint_gt(spoilt, 600);
}
END_TEST

START_TEST(what_no_table_names_is_let_be)
{
	json_object_set_new(tree, "colour", json_string("red"));
	json_object_set_new(json_array_get(json_object_get(tree, "items"), 0), "mood", json_null());
	accepted();
}
END_TEST

/* Where, what it says, and the words that must be in the sentence. */
static const struct spoiling {
	const char *pointer, *value, *said;
} spoilings[] = {
	{ "items/0/recipe", NULL, "items[0] (compute): \"recipe\" is missing" },
	{ "items/0/workload", NULL, "items[0] (shadow2): \"workload\" is missing" },
	{ "items/0/regions", "\"x\"", "items[0] (shadow2, compute): \"regions\" is \"x\", not a list" },
	{ "items/0/regions/0", "\"x\"", "regions[0]: \"it\" is \"x\", not an object" },
	{ "items/0/regions/0/phase", NULL, "items[0] (shadow2, compute): regions[0]: \"phase\" is missing" },
	{ "items/0/regions/0/ops", "-1", "\"ops\" is -1, not a whole number from 0 to" },
	{ "items/0/regions/0/phase", "\"a,b\"", "\"phase\" is \"a,b\", not a name" },
	{ "items/0/state", "\"done\"", "\"state\" is \"done\", not one of running|finished|" },
	{ "items/0/repetition", "0", "\"repetition\" is 0, not a whole number from 1 to 1000" },
	{ "items/0/stat/trip/cr3", "3", "trip: \"cr3\" is 3, not an object" },
	{ "items/0/stat/trip/cr3/hist/0", "-1", "hist[0]: \"it\" is -1" },
	{ "items", "3", "\"items\" is 3, not a list" },
	{ "options/repeat", "4000000000", "options: \"repeat\" is 4000000000, not a whole number from 0 to 1000" },
	{ "options/suite", "\"Quick\"", "options: \"suite\" is \"Quick\", not one of quick|full|peers|hostile" },
	{ "options", NULL, "\"options\" is missing" },
	{ "machine/images/0/name", "0", "machine: images[0]: \"name\" is 0, not text" },
	{ "boots/0/label", NULL, "boots[0] (shadow2): \"label\" is missing" },
	{ "resumed/0", "1", "resumed[0]: \"it\" is 1, not text" },
	{ "format", "2", "\"format\" is 2, not a whole number from 1 to 1" },
};

static void spoil_at(const struct spoiling *s)
{
	char *path = xstrdup(s->pointer), *rest = path, *key = strsep(&rest, "/");
	json_t *in = tree;

	for (; rest; key = strsep(&rest, "/"))
		in = json_is_array(in) ? json_array_get(in, (size_t)atoi(key)) : json_object_get(in, key);
	if (!s->value)
		json_object_del(in, key);
	else if (json_is_array(in))
		json_array_set_new(in, (size_t)atoi(key), json_loads(s->value, JSON_DECODE_ANY, NULL));
	else
		json_object_set_new(in, key, json_loads(s->value, JSON_DECODE_ANY, NULL));
	free(path);
}

START_TEST(the_sentence_names_the_place)
{
	char *wrong;

	spoil_at(&spoilings[_i]);
	wrong = schema_wrong(tree, schema_results);
	ck_assert_ptr_nonnull(wrong);
	ck_assert_msg(strstr(wrong, spoilings[_i].said), "%s", wrong);
	free(wrong);
}
END_TEST

START_TEST(events_say_what_the_tree_keeps)
{
	json_t *ev = tree_of(
		"{\"e\":\"end\",\"item\":0,\"rep\":0,\"name\":\"x\",\"traced\":false,\"state\":\"finished\",\"reason\":5}");
	char *wrong = schema_wrong(ev, schema_event("end"));

	ck_assert_str_eq(wrong, "\"reason\" is 5, not text");
	ck_assert_ptr_null(schema_event("dance"));
	free(wrong);
	json_decref(ev);
}
END_TEST

/* Cut anywhere, it is refused: no part of it is a tree. */
START_TEST(a_file_cut_at_every_byte)
{
	char dir[] = "/tmp/bench-schema-XXXXXX", *path;
	json_t *whole;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xfmt("%s/results.json", dir);
	for (size_t n = 0; n < strlen(TREE); n++) {
		ck_assert_int_eq(write_file(path, TREE, n), 0);
		ck_assert_ptr_null(results_load(dir, true, NULL));
	}
	ck_assert_int_eq(write_file(path, TREE, strlen(TREE)), 0);
	whole = results_load(dir, true, NULL);
	ck_assert(json_equal(whole, tree));
	json_decref(whole);
	free(path);
	remove_tree(dir);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: schema");
	TCase *t = tcase_create("schema");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 120);
	tcase_add_test(t, every_key_missing_of_another_type_out_of_range);
	tcase_add_test(t, what_no_table_names_is_let_be);
	tcase_add_loop_test(t, the_sentence_names_the_place, 0, COUNT_OF(spoilings));
	tcase_add_test(t, events_say_what_the_tree_keeps);
	tcase_add_test(t, a_file_cut_at_every_byte);
	suite_add_tcase(s, t);
	return suite_run(s);
}
