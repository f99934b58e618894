/* SPDX-License-Identifier: BSD-2-Clause */
/* Confined programs: what they may write, call, and how long they may run. A shell stands for what a student hands in. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "confine.h"
#include "tests/suite.h"

static char top[] = "/tmp/penumbra-confine-XXXXXX";
static char *dir;

static void setup(void)
{
	ck_assert_ptr_nonnull(mkdtemp(top));
	dir = xfmt("%s/in", top);
	ck_assert_int_eq(make_dirs(dir), 0);
}

static void teardown(void)
{
	remove_tree(top);
	free(dir);
	strcpy(top + strlen(top) - 6, "XXXXXX");
}

static struct confined shell(const char *script, enum confine how, unsigned seconds)
{
	char *argv[] = { "/bin/sh", "-c", (char *)(uintptr_t)script, NULL };
	struct confined c;

	confined_run(&c, argv, dir, how, seconds);
	return c;
}

static bool there(const char *name)
{
	char *path = xfmt("%s/%s", top, name);
	const bool is = file_exists(path);

	free(path);
	return is;
}

START_TEST(output_and_exit_code_are_told)
{
	struct confined c = shell("echo out; echo err >&2; exit 3", CONFINE_BUILD, 5);

	ck_assert_int_eq(c.end, CONFINED_EXIT);
	ck_assert_int_eq(c.code, 3);
	ck_assert_str_eq(c.out, "out\n");
	ck_assert_str_eq(c.err, "err\n");
	confined_free(&c);
}
END_TEST

/* A compiler starts programs and writes below its folder, and nowhere else. */
START_TEST(a_build_writes_in_its_folder_only)
{
	struct confined c =
		shell("echo x >made; mkdir more; cp made more; echo x >../outside; rm -r ../kept; :", CONFINE_BUILD, 5);

	ck_assert_int_eq(c.end, CONFINED_EXIT);
	confined_free(&c);
	ck_assert(there("in/more/made"));
	if (!confine_lack())
		ck_assert(!there("outside"));
}
END_TEST

static const char *const breaches[] = {
	": >made", "echo x >../outside", "exec /bin/true", "/bin/true; :", "(:)", "kill $PPID", ": | :", "umask 0", "cd .. && :",
};

/* What is judged reads and computes. The file was there before: it is not opened for writing either. */
START_TEST(what_is_judged_may_do_next_to_nothing)
{
	struct confined c = shell(breaches[_i], CONFINE_JUDGED, 5);

	if (!confine_lack())
		ck_assert_msg(c.end == CONFINED_BREACH, "%s: end %d, code %d", breaches[_i], c.end, c.code);
	confined_free(&c);
	ck_assert(confine_lack() || !there("in/made"));
	ck_assert(confine_lack() || !there("outside"));
}
END_TEST

START_TEST(computing_is_allowed)
{
	char *argv[] = { "/bin/true", NULL };
	struct confined c;

	confined_run(&c, argv, dir, CONFINE_JUDGED, 5);
	ck_assert_int_eq(c.end, CONFINED_EXIT);
	ck_assert_int_eq(c.code, 0);
	confined_free(&c);
}
END_TEST

START_TEST(time_is_limited)
{
	struct confined c = shell("while :; do :; done", CONFINE_BUILD, 1);

	ck_assert_int_eq(c.end, CONFINED_LONG);
	confined_free(&c);
}
END_TEST

/* Dead, or not yet waited for by whoever has inherited it. */
static bool gone(pid_t pid)
{
	char *path = xfmt("/proc/%d/stat", (int)pid), *text = read_file(path, NULL);
	const bool is = !text || strstr(text, ") Z ") || strstr(text, ") X ");

	free(text);
	free(path);
	return is;
}

START_TEST(nothing_is_left_running)
{
	struct confined c = shell("sleep 1000 >/dev/null & echo $!", CONFINE_BUILD, 5);
	const pid_t pid = atoi(c.out);

	ck_assert_int_eq(c.end, CONFINED_EXIT);
	ck_assert_int_gt(pid, 1);
	for (int i = 0; i < 500 && !gone(pid); i++)
		usleep(10000);
	ck_assert(gone(pid));
	confined_free(&c);
}
END_TEST

START_TEST(a_crash_is_a_signal_and_no_program_is_told_so)
{
	char *argv[] = { "/no/such/program", NULL };
	struct confined c = shell("kill -SEGV $$", CONFINE_BUILD, 5);

	ck_assert_int_eq(c.end, CONFINED_SIGNAL);
	ck_assert_int_eq(c.code, SIGSEGV);
	confined_free(&c);
	confined_run(&c, argv, dir, CONFINE_JUDGED, 5);
	ck_assert_int_eq(c.end, CONFINED_UNSTARTED);
	ck_assert_ptr_nonnull(strstr(c.err, "No such file"));
	confined_free(&c);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("bench: confine");
	TCase *c = tcase_create("confine");

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_set_timeout(c, 120);
	tcase_add_test(c, output_and_exit_code_are_told);
	tcase_add_test(c, a_build_writes_in_its_folder_only);
	tcase_add_loop_test(c, what_is_judged_may_do_next_to_nothing, 0, COUNT_OF(breaches));
	tcase_add_test(c, computing_is_allowed);
	tcase_add_test(c, time_is_limited);
	tcase_add_test(c, nothing_is_left_running);
	tcase_add_test(c, a_crash_is_a_signal_and_no_program_is_told_so);
	suite_add_tcase(s, c);
	return suite_run(s);
}
