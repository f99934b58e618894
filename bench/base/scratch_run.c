/* SPDX-License-Identifier: BSD-2-Clause */
/* See scratch_run.h. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "scratch_run.h"
#include "util.h"

#define MOST_WORDS 32

static volatile sig_atomic_t told_to_end, running; /* running: the run's process; 0: there is none */

/* A terminal tells the run itself, a kill of ours does not. To be told twice does no harm. */
static void on_end(int sig)
{
	(void)sig;
	told_to_end = 1;
	if (running)
		kill(running, SIGTERM);
}

int scratch_run_begin(struct scratch_run *s, const char *what)
{
	const char *tmp = getenv("TMPDIR");

	s->top = xfmt("%s/penumbra-%s-XXXXXX", tmp && *tmp ? tmp : "/tmp", what);
	s->dir = NULL;
	on_end_signals(on_end);
	if (!mkdtemp(s->top)) {
		say("%s cannot be made: %s", s->top, strerror(errno));
		free(s->top);
		s->top = NULL;
		return EXIT_FAILED;
	}
	s->dir = xfmt("%s/run", s->top);
	return EXIT_OK;
}

static void become_run(const char *const *argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	execv("/proc/self/exe", (char *const *)(uintptr_t)argv);
	_exit(127);
}

int scratch_run(const struct scratch_run *s, const char *const *words)
{
	const char *argv[MOST_WORDS] = { "penumbra", "run", "--scratch", "--repeat", "1", "--no-report", "--output", s->dir };
	unsigned n = 8;
	int status = -1;
	sigset_t ends, was;
	pid_t pid;

	while (*words && n < MOST_WORDS - 1)
		argv[n++] = *words++;
	/* Between the fork and the number's place nobody must be told. */
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGHUP);
	sigprocmask(SIG_BLOCK, &ends, &was);
	pid = fork();
	running = pid > 0 ? pid : 0;
	sigprocmask(SIG_SETMASK, &was, NULL);
	if (!pid)
		become_run(argv);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	running = 0;
	if (told_to_end) {
		say("interrupted");
		return EXIT_INTERRUPTED;
	}
	return pid > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILED;
}

void scratch_run_end(struct scratch_run *s)
{
	if (s->top)
		remove_tree(s->top);
	free(s->top);
	free(s->dir);
	*s = (struct scratch_run){ NULL };
}
