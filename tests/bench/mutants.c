/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Results files and journals with random damage, by fixed seeds, under the address and undefined-behaviour sanitizers. Each is
 * refused, or all that is ever done with a run is done with it: rows, CSV, the report and its tables, a comparison, the index, going on.
 * Both outcomes must occur.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dataset.h"
#include "index.h"
#include "report.h"
#include "resume.h"
#include "show_comparison.h"
#include "table.h"
#include "textbook.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

enum { MUTANTS = 500, SEEDS = 4 };

static char dir[32];

static void setup(void)
{
	strcpy(dir, "/tmp/bench-mutants-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	setenv("PATH", "/nonexistent", 1); /* no gnuplot: pictures are not what is tested here */
	ck_assert_ptr_nonnull(freopen("/dev/null", "w", stderr));
}

static void teardown(void)
{
	remove_tree(dir);
}

/* Values that break careless readers. */
static json_t *nasty(void)
{
	static const json_int_t numbers[] = { 0, 1, 2, -1, 4, 6, 1000, 1001, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN };
	static const char *const texts[] = { "",
					     "x",
					     "shadow2",
					     "compute",
					     "running",
					     "finished",
					     "a,b\n",
					     "<b>&\"'",
					     "%s%n",
					     "../../x",
					     "\xc3\xa9",
					     "QEMU emulator version ",
					     "not audited: x" };

	switch (rand() % 8) {
	case 0: return json_null();
	case 1: return json_boolean(rand() & 1);
	case 2: return json_real(rand() % 2 ? 1e300 : -0.5);
	case 3: return rand() & 1 ? json_array() : json_object();
	case 4:
	case 5: return json_string(texts[(unsigned)rand() % COUNT_OF(texts)]);
	default: return json_integer(numbers[(unsigned)rand() % COUNT_OF(numbers)]);
	}
}

static void damage(json_t *v);

static void damage_object(json_t *o)
{
	size_t nth = json_object_size(o) ? (size_t)rand() % json_object_size(o) : 0;
	void *it = json_object_iter(o);
	json_t *value;

	while (it && nth--)
		it = json_object_iter_next(o, it);
	if (!it)
		return;
	value = json_object_iter_value(it);
	if (json_is_object(value) || json_is_array(value) ? rand() % 8 : 0)
		damage(value);
	else if (rand() % 4)
		json_object_set_new(o, json_object_iter_key(it), nasty());
	else
		json_object_del(o, json_object_iter_key(it));
}

static void damage_array(json_t *a)
{
	size_t n = json_array_size(a), i = n ? (size_t)rand() % n : 0;

	switch (n ? rand() % 8 : 0) {
	case 0: json_array_append_new(a, nasty()); return;
	case 1: json_array_append_new(a, json_deep_copy(json_array_get(a, i))); return;
	case 2: json_array_remove(a, i); return;
	default: damage(json_array_get(a, i));
	}
}

static void damage(json_t *v)
{
	if (json_is_object(v))
		damage_object(v);
	else if (json_is_array(v))
		damage_array(v);
}

/* Also a few of its bytes, sometimes. The caller frees it. */
static char *mutant(json_t *tree, size_t *len)
{
	char *text = json_dumps(tree, JSON_COMPACT);

	*len = strlen(text);
	if (rand() % 8 == 0)
		*len = (size_t)rand() % *len;
	for (int n = rand() % 8 ? 0 : 1 + rand() % 3; n && *len; n--)
		text[(size_t)rand() % *len] = (char)rand();
	return text;
}

static void compare_with_sound_run(const struct dataset *d)
{
	static void (*const show[])(FILE * f, const struct comparison *c, unsigned most) = { show_text, show_markdown, show_page,
											     show_json, show_junit };
	json_t *sound = tree_of(TREE);
	struct comparison c;
	struct dataset other;
	FILE *f = fopen("/dev/null", "w");

	ck_assert_ptr_nonnull(f);
	dataset_load(&other, sound);
	comparison_make(&c, d, &other, 0.01);
	for (unsigned i = 0; i < COUNT_OF(show); i++)
		show[i](f, &c, 20);
	comparison_free(&c);
	dataset_free(&other);
	json_decref(sound);
	fclose(f);
}

static void export_tables(const json_t *root)
{
	size_t len;
	char *page = textbook_text(root, NULL, &len);
	FILE *f = fopen("/dev/null", "w");
	struct tables t;

	ck_assert_ptr_nonnull(f);
	free(page);
	page = report_text(root, NULL, &len);
	ck_assert(tables_read(&t, page, len));
	for (unsigned i = 0; i < t.nr_tables; i++)
		for (unsigned k = 0; table_formats[k]; k++)
			table_show(f, &t.table[i], table_formats[k]);
	tables_free(&t);
	free(page);
	fclose(f);
}

static void use(json_t *root)
{
	struct results r = { .dir = xstrdup(dir), .root = json_deep_copy(root) };
	struct dataset d;

	dataset_load(&d, root);
	compare_with_sound_run(&d);
	dataset_free(&d);
	index_add(dir, &(struct results){ .dir = dir, .root = root, .items = json_object_get(root, "items") });
	export_tables(root);
	/* What is said of a whole run only. */
	if (rand() & 1)
		json_object_set_new(root, "complete", json_true());
	ck_assert_int_eq(report_write(dir, root), 0);
	ck_assert_int_eq(journal_take(&r.journal, dir), EXIT_OK);
	resume_results(&r, tree_of(TREE_MACHINE));
	results_free(&r);
}

static void write_text(const char *name, const char *text, size_t len)
{
	char *path = xfmt("%s/%s", dir, name);

	ck_assert_int_eq(write_file(path, text, len), 0);
	free(path);
}

static void forget(void)
{
	static const char *const name[] = { "results.json", JOURNAL_NAME };

	for (unsigned i = 0; i < COUNT_OF(name); i++) {
		char *path = xfmt("%s/%s", dir, name[i]);

		unlink(path);
		free(path);
	}
}

static bool load_and_use(bool always)
{
	json_t *root = results_load(dir, true, NULL);
	char *csv;

	if (!root)
		return false;
	csv = results_csv(root);
	free(csv);
	results_finished(&(struct results){ .items = json_object_get(root, "items") }, "shadow2", "compute", 1, false);
	/* The report and going on cost much more than the rest. */
	if (always || rand() % 8 == 0)
		use(root);
	json_decref(root);
	return true;
}

START_TEST(of_results)
{
	unsigned taken = 0;

	srand((unsigned)_i + 1);
	for (unsigned i = 0; i < MUTANTS; i++) {
		json_t *tree = tree_of(TREE);
		size_t len;
		char *text;

		for (int n = rand() % 3; n >= 0; n--)
			damage(tree);
		text = mutant(tree, &len);
		forget();
		write_text("results.json", text, len);
		taken += load_and_use(false);
		free(text);
		json_decref(tree);
	}
	ck_assert_uint_gt(taken, MUTANTS / 50);
	ck_assert_uint_lt(taken, MUTANTS - MUTANTS / 50);
}
END_TEST

static char *add_line(char *text, size_t *len, const char *line, size_t n)
{
	text = xrealloc(text, *len + n + 1);
	memcpy(text + *len, line, n);
	text[*len + n] = '\n';
	*len += n + 1;
	return text;
}

/* Lines of all kinds, each damaged or not. */
static char *make_journal(size_t *len)
{
	static const char *const lines[] = { "{\"set\":{\"complete\":false,\"wall_seconds\":2}}", "{\"items\":" TREE_ITEM "}",
					     "{\"set\":{\"machine\":" TREE_MACHINE "}}", "{\"pid\":1,\"begin\":" TREE "}" };
	char *text = NULL;

	*len = 0;
	for (unsigned i = 0; i < 6; i++) {
		json_t *line = tree_of(lines[i ? (unsigned)rand() % COUNT_OF(lines) : 3]);
		size_t n;
		char *one;

		for (int k = rand() % 3; k > 0; k--)
			damage(line);
		one = mutant(line, &n);
		text = add_line(text, len, one, n);
		free(one);
		json_decref(line);
	}
	*len -= (size_t)rand() % 3;
	return text;
}

START_TEST(of_journals)
{
	unsigned taken = 0;

	srand((unsigned)_i + 1);
	for (unsigned i = 0; i < MUTANTS; i++) {
		size_t len;
		char *text = make_journal(&len);

		forget();
		write_text(JOURNAL_NAME, text, len);
		if (rand() & 1)
			write_text("results.json", TREE, strlen(TREE) - (rand() & 1));
		taken += load_and_use(false);
		free(text);
	}
	ck_assert_uint_gt(taken, MUTANTS / 50);
	ck_assert_uint_lt(taken, MUTANTS);
}
END_TEST

START_TEST(the_whole_one_is_taken)
{
	write_text("results.json", TREE, strlen(TREE));
	ck_assert(load_and_use(true));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: mutants");
	TCase *t = tcase_create("mutants");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 600);
	tcase_add_test(t, the_whole_one_is_taken);
	tcase_add_loop_test(t, of_results, 0, SEEDS);
	tcase_add_loop_test(t, of_journals, 0, SEEDS);
	suite_add_tcase(s, t);
	return suite_run(s);
}
