/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal: what it tells after any loss, and who holds the lock that it is. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "results.h"
#include "tests/bench/tree.h"
#include "tests/suite.h"

static char dir[32], *kept, *told;
static struct results res;

static json_t *end_item(unsigned repetition, const char *state)
{
	json_t *it = results_item(&res, "shadow2", "compute", repetition, false);

	item_end(it, state, "");
	return it;
}

/* A run of three guests, of which the last is still running. */
static void setup(void)
{
	strcpy(dir, "/tmp/bench-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	kept = xfmt("%s/results.json", dir);
	told = xfmt("%s/" JOURNAL_NAME, dir);
	ck_assert_int_eq(results_begin(&res, dir, "run", tree_of(TREE_OPTIONS)), EXIT_OK);
	ck_assert_int_eq(results_machine(&res, tree_of(TREE_MACHINE)), 0);
	end_item(1, "finished");
	end_item(2, "crashed");
	results_item(&res, "shadow2", "compute", 3, false);
}

static void teardown(void)
{
	results_free(&res);
	remove_tree(dir);
	free(kept);
	free(told);
}

static size_t nr_items(const json_t *tree)
{
	return json_array_size(json_object_get(tree, "items"));
}

static void cut(const char *path, size_t bytes)
{
	ck_assert_int_eq(truncate(path, (off_t)bytes), 0);
}

START_TEST(it_tells_the_whole_tree)
{
	json_t *tree;

	json_array_remove(res.items, 2); /* what runs is not told of */
	ck_assert_int_eq(results_finish(&res, true, false), 0);
	tree = journal_tree(dir, false);
	ck_assert(json_equal(tree, res.root));
	json_decref(tree);
}
END_TEST

START_TEST(results_cut_at_any_byte_are_made_again)
{
	const bool all = getenv("PENUMBRA_LONG"); /* each is a rebuild that waits for the disk */
	size_t bytes;

	json_array_remove(res.items, 2);
	ck_assert_int_eq(results_finish(&res, false, true), 0);
	bytes = (size_t)file_bytes(kept);
	for (size_t n = 0; n < bytes; n += n < bytes - 30 ? all ? 97 : 1499 : 1) {
		bool made_again;
		json_t *back;

		/* All but the last closing brace's newline, which json_dumps does not write. */
		ck_assert_int_eq(results_save(&res), 0);
		cut(kept, n);
		back = results_load(dir, true, &made_again);
		ck_assert(made_again && json_equal(back, res.root));
		json_decref(back);
	}
	ck_assert_int_eq(unlink(kept), 0);
	results_restore(dir, res.root); /* not while somebody, who may be us, has the lock */
	ck_assert(!file_exists(kept));
	journal_leave(&res.journal);
	results_restore(dir, res.root);
	ck_assert(file_exists(kept));
}
END_TEST

START_TEST(what_ended_after_the_last_save_is_there)
{
	bool made_again;
	json_t *back;

	ck_assert_int_eq(results_save(&res), 0);
	res.save_again = now_seconds() + 1000;
	item_end(results_item(&res, "shadow2", "compute", 3, false), "finished", "");
	end_item(4, "finished");
	ck_assert_int_eq(results_save_lately(&res), 0);
	back = results_load(dir, true, &made_again);
	ck_assert(made_again);
	ck_assert(json_equal(back, res.root));
	json_decref(back);
}
END_TEST

/* The journal alone, cut anywhere: a tree with the guests whose lines are whole, or none before the first line is. */
START_TEST(a_journal_cut_at_any_byte_tells_what_is_whole)
{
	const size_t step = getenv("PENUMBRA_LONG") ? 1 : 5;
	size_t bytes, had = 0;
	char *text;

	ck_assert_int_eq(results_save(&res), 0);
	text = read_file(told, &bytes);
	for (size_t n = bytes % step; n <= bytes; n += step) { /* the last is not cut */
		size_t lines = 0, items;
		json_t *tree;

		ck_assert_int_eq(write_file(told, text, n), 0);
		for (size_t i = 0; i < n; i++)
			lines += text[i] == '\n';
		tree = journal_tree(dir, true);
		items = nr_items(tree);
		ck_assert_int_eq(tree != NULL, lines > 0);
		ck_assert_uint_eq(items, lines < 3 ? 0 : lines - 2);
		ck_assert_uint_ge(items, had);
		ck_assert_int_eq(results_begun(tree), lines > 1);
		had = items;
		json_decref(tree);
	}
	ck_assert_uint_eq(had, 2);
	free(text);
}
END_TEST

START_TEST(a_damaged_line_costs_itself)
{
	char *text, *line;
	json_t *tree;

	ck_assert_int_eq(results_save(&res), 0);
	text = read_file(told, NULL);
	line = strstr(text, "\n{\"items\"") + 1;
	memset(line, 0, 20); /* as after a power cut */
	ck_assert_int_eq(write_file(told, text, (size_t)file_bytes(told)), 0);
	tree = journal_tree(dir, false);
	ck_assert_uint_eq(nr_items(tree), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(json_object_get(tree, "items"), 0), "repetition")), 2);
	json_decref(tree);
	free(text);
}
END_TEST

START_TEST(lines_that_the_schema_refuses_are_left_out)
{
	static const char *const lines[] = { "{\"items\":{}}", "{\"set\":{\"complete\":1}}", "{\"begin\":{}}", "{}", "[]",
					     "{\"items\":[]}" };
	size_t before = nr_items(res.root) - 1;
	json_t *tree;
	FILE *f;

	ck_assert_int_eq(results_save(&res), 0);
	f = fopen(told, "a");
	for (unsigned i = 0; i < COUNT_OF(lines); i++)
		fprintf(f, "%s\n", lines[i]);
	fclose(f);
	tree = journal_tree(dir, false);
	ck_assert_uint_eq(nr_items(tree), before);
	ck_assert(json_is_false(json_object_get(tree, "complete")));
	json_decref(tree);
}
END_TEST

START_TEST(going_on_starts_after_the_last_whole_line)
{
	json_t *tree;

	ck_assert_int_eq(results_save(&res), 0);
	cut(told, (size_t)file_bytes(told) - 3);
	json_array_remove(res.items, 2);
	ck_assert_int_eq(results_again(&res), 0);
	end_item(5, "finished");
	ck_assert_int_eq(results_save(&res), 0);
	tree = journal_tree(dir, false);
	ck_assert(json_equal(tree, res.root));
	json_decref(tree);
}
END_TEST

/* One of another run, left in the directory by hand, adds nothing. */
START_TEST(a_journal_of_another_run_is_not_mixed_in)
{
	json_t *tree = json_deep_copy(res.root), *back;
	char *text;

	ck_assert_int_eq(results_save(&res), 0);
	json_object_set_new(tree, "started", json_string("another day"));
	json_array_clear(json_object_get(tree, "items"));
	text = json_dumps(tree, 0);
	ck_assert_int_eq(write_file(kept, text, strlen(text)), 0);
	back = results_load(dir, true, NULL);
	ck_assert(json_equal(back, tree));
	json_decref(back);
	json_decref(tree);
	free(text);
}
END_TEST

START_TEST(one_at_a_time)
{
	struct journal second;
	struct results other;

	ck_assert_int_eq(journal_holder(dir), getpid());
	ck_assert_int_eq(journal_take(&second, dir), EXIT_BUSY);
	ck_assert_int_eq(results_begin(&other, dir, "run", tree_of(TREE_OPTIONS)), EXIT_BUSY);
	results_free(&other);
	ck_assert_int_eq(journal_holder(dir), getpid()); /* who was refused took nothing away */
	journal_leave(&res.journal);
	ck_assert_int_eq(journal_holder(dir), 0);
	ck_assert_int_eq(journal_take(&second, dir), EXIT_OK);
	journal_leave(&second);
	ck_assert_int_eq(results_begin(&other, dir, "run", tree_of(TREE_OPTIONS)), EXIT_FAILED); /* it holds a run */
	results_free(&other);
}
END_TEST

START_TEST(reading_lets_go_of_nothing)
{
	struct journal second;

	json_decref(journal_tree(dir, true));
	json_decref(results_load(dir, false, NULL));
	ck_assert_int_eq(journal_take(&second, dir), EXIT_BUSY);
}
END_TEST

START_TEST(a_process_that_is_killed_lets_go)
{
	int fd[2], status;
	char byte;
	pid_t pid;

	journal_leave(&res.journal);
	ck_assert_int_eq(pipe(fd), 0);
	pid = fork();
	if (!pid) {
		struct journal mine;

		if (!journal_take(&mine, dir) && !journal_begin(&mine, res.root) && write(fd[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	ck_assert_int_eq(read(fd[0], &byte, 1), 1);
	ck_assert_int_eq(journal_holder(dir), pid);
	kill(pid, SIGKILL);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(journal_holder(dir), 0);
	ck_assert_int_eq(journal_take(&res.journal, dir), EXIT_OK);
}
END_TEST

START_TEST(one_that_nothing_was_written_to_is_not_left)
{
	struct journal j;

	journal_leave(&res.journal);
	ck_assert_int_eq(unlink(told), 0);
	ck_assert_int_eq(journal_take(&j, dir), EXIT_OK);
	ck_assert(!journal_begun(&j) && file_exists(told) && !journal_there(dir));
	journal_leave(&j);
	ck_assert(!file_exists(told));
}
END_TEST

/* No room behind the first bytes of a line: they go, too, and what was told before stays. */
START_TEST(what_does_not_fit_leaves_whole_lines)
{
	struct rlimit limit, was;
	int64_t bytes;
	json_t *tree;

	ck_assert_int_eq(results_save(&res), 0);
	bytes = file_bytes(told);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &was), 0);
	limit = (struct rlimit){ (rlim_t)bytes + 10, was.rlim_max };
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	end_item(9, "finished");
	ck_assert_int_eq(results_save_lately(&res), -1);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &was), 0);
	ck_assert_ptr_nonnull(strstr(res.error, JOURNAL_NAME " could not be written: File too large"));
	ck_assert_int_eq(file_bytes(told), bytes);
	tree = journal_tree(dir, false);
	ck_assert_uint_eq(nr_items(tree), 2);
	json_decref(tree);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: journal");
	TCase *t = tcase_create("journal");

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 300);
	tcase_add_test(t, it_tells_the_whole_tree);
	tcase_add_test(t, results_cut_at_any_byte_are_made_again);
	tcase_add_test(t, what_ended_after_the_last_save_is_there);
	tcase_add_test(t, a_journal_cut_at_any_byte_tells_what_is_whole);
	tcase_add_test(t, a_damaged_line_costs_itself);
	tcase_add_test(t, lines_that_the_schema_refuses_are_left_out);
	tcase_add_test(t, going_on_starts_after_the_last_whole_line);
	tcase_add_test(t, a_journal_of_another_run_is_not_mixed_in);
	tcase_add_test(t, one_at_a_time);
	tcase_add_test(t, reading_lets_go_of_nothing);
	tcase_add_test(t, a_process_that_is_killed_lets_go);
	tcase_add_test(t, one_that_nothing_was_written_to_is_not_left);
	tcase_add_test(t, what_does_not_fit_leaves_whole_lines);
	suite_add_tcase(s, t);
	return suite_run(s);
}
