/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `penumbra check`: make check, with each test's result as it comes and one
 * total at the end. A test that left no result has failed. What failed is told
 * on the console itself: continuous integration may keep nothing else.
 *
 * Totals: a Check suite counts its checks; a script its "ok", "not ok" and
 * "skip" lines; a test with neither counts as one.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check_log.h"
#include "child.h"
#include "commands.h"

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = 1;
}

struct test {
	char *name, *trs, *log;
	double begun; /* when its log was first seen; 0: not yet */
	bool over;
	struct totals totals;
};

struct tests {
	struct test *test;
	unsigned n, over;
	struct totals totals;
};

static void add_test(struct tests *t, const char *build, const char *name)
{
	t->test = xrealloc(t->test, (t->n + 1) * sizeof(*t->test));
	t->test[t->n++] = (struct test){ .name = xstrdup(name),
					 .trs = xfmt("%s/%s.trs", build, name),
					 .log = xfmt("%s/%s.log", build, name) };
	unlink(t->test[t->n - 1].trs);
	unlink(t->test[t->n - 1].log);
}

static bool list_tests(struct tests *t, const char *build)
{
	const char *argv[] = { "make", "-s", "--no-print-directory", "-C", build, "list-tests", NULL };
	char *line = command_line_output(argv), *rest = line, *name;

	while (line && (name = strsep(&rest, " ")))
		if (*name)
			add_test(t, build, name);
	free(line);
	if (!t->n)
		say("%s has no tests to run: configure and build there first (./penumbra check does)", build);
	return t->n > 0;
}

static pid_t start_make(const char *build, const char *log)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	prctl(PR_SET_PDEATHSIG, SIGTERM); /* should we be killed ourselves */
	dup2(fd, 1);
	dup2(fd, 2);
	execlp("make", "make", "-C", build, "-k", "-j2", "check", (char *)NULL);
	_exit(127);
}

static const char *word_for(const struct totals *t)
{
	return t->failed ? "FAIL" : t->passed ? "pass" : "skip";
}

static void count_in(struct tests *t, struct test *one, const char *trs)
{
	char *log = read_file(one->log, NULL), took[32];

	check_log_totals(&one->totals, trs, log ? log : "");
	one->over = true;
	t->over++;
	t->totals.passed += one->totals.passed;
	t->totals.failed += one->totals.failed;
	t->totals.skipped += one->totals.skipped;
	printf("[%2u/%u] %s  %-32s %u passed", t->over, t->n, word_for(&one->totals), one->name, one->totals.passed);
	if (one->begun)
		printf(" in %s", human_seconds(now_seconds() - one->begun, took));
	if (one->totals.failed)
		printf(", %u failed: see %s", one->totals.failed, one->log);
	if (one->totals.skipped)
		printf(", %u skipped", one->totals.skipped);
	putchar('\n');
	if (one->totals.failed)
		check_log_why(stdout, log ? log : "");
	free(log);
	fflush(stdout);
}

static void look(struct tests *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		char *trs = t->test[i].over ? NULL : read_file(t->test[i].trs, NULL);

		if (!t->test[i].begun && access(t->test[i].log, F_OK) == 0)
			t->test[i].begun = now_seconds();

		/* Automake writes the file in one go; until the last line is there it is not whole. */
		if (trs && strstr(trs, ":copy-in-global-log:"))
			count_in(t, &t->test[i], trs);
		free(trs);
	}
}

static void show_waiting(const struct tests *t, bool end)
{
	static double begun;
	char text[32];

	if (!isatty(1))
		return;
	if (!begun)
		begun = now_seconds();
	if (end)
		fputs("\r\033[K", stdout);
	else
		printf("\r\033[K%u of %u tests done, %s", t->over, t->n, human_seconds(now_seconds() - begun, text));
	fflush(stdout);
}

static int wait_for_make(struct tests *t, pid_t pid)
{
	int status = 0;
	pid_t got;

	do {
		struct timespec pause = { 0, 300000000 };

		show_waiting(t, false);
		nanosleep(&pause, NULL);
		got = waitpid(pid, &status, WNOHANG);
		show_waiting(t, true);
		look(t);
	} while (got == 0 && !signalled);
	return status;
}

/* Make's status, or -1. Whatever ends it early, nothing of it goes on. */
static int run_make(struct tests *t, const char *build, const char *log)
{
	int status = -1;
	pid_t pid;

	adopt_children();
	on_end_signals(on_signal);
	signal(SIGPIPE, on_signal); /* nobody reads on */
	pid = start_make(build, log);
	if (pid > 0)
		status = wait_for_make(t, pid);
	if (signalled) {
		say("interrupted: ending the tests that run");
		end_children();
	}
	return status;
}

static void say_missing(struct tests *t, const char *log)
{
	bool any = false;
	char *text;

	for (unsigned i = 0; i < t->n; i++) {
		if (t->test[i].over)
			continue;
		printf("        FAIL  %-32s did not run\n", t->test[i].name);
		t->totals.failed++;
		any = true;
	}
	if (!any)
		return;
	text = read_file(log, NULL);
	printf("The build's own messages are in %s\n", log);
	check_log_why(stdout, text ? text : "");
	free(text);
}

static void free_tests(struct tests *t)
{
	for (unsigned i = 0; i < t->n; i++) {
		free(t->test[i].name);
		free(t->test[i].trs);
		free(t->test[i].log);
	}
	free(t->test);
}

int cmd_check(const struct options *o, const struct paths *p)
{
	char *log = xfmt("%s/check.log", p->build);
	struct tests t = { .n = 0 };
	int status = -1;

	unsetenv("MAKEFLAGS"); /* of a make that runs this: its job server's pipe is not ours to use */
	unsetenv("MAKELEVEL");
	if (o->long_tests)
		setenv("PENUMBRA_LONG", "yes", 1);
	if (list_tests(&t, p->build)) {
		printf("%u tests; building them and running two at a time (messages: %s)\n", t.n, log);
		fflush(stdout);
		status = run_make(&t, p->build, log);
		if (!signalled)
			say_missing(&t, log);
		printf("%u passed, %u failed, %u skipped\n", t.totals.passed, t.totals.failed, t.totals.skipped);
	}
	free_tests(&t);
	free(log);
	if (signalled)
		return EXIT_INTERRUPTED;
	return status == 0 && !t.totals.failed ? EXIT_OK : EXIT_FAILED;
}
