/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Finding and ending what this process has started. A process group would not do: timeout and the runner give their children
 * groups of their own, and a shell that is told to end waits for them.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "util.h"

#define PATIENCE 5.0 /* seconds from asking to making */

void adopt_children(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
}

/* Top down, so that none starts another because the one it waited for has gone. Programs with threads start no processes here. */
static void signal_tree(pid_t pid, int sig)
{
	char *path = xfmt("/proc/%d/task/%d/children", (int)pid, (int)pid);
	char *text = read_file(path, NULL), *rest = text, *word;

	if (pid != getpid())
		kill(pid, sig);
	while (text && (word = strsep(&rest, " ")))
		if (atoi(word) > 1)
			signal_tree((pid_t)atoi(word), sig);
	free(text);
	free(path);
}

void end_children(void)
{
	const struct timespec nap = { 0, 50000000 };
	double passed, asked = now_seconds();
	pid_t got;

	signal_tree(getpid(), SIGTERM);
	do {
		do
			got = waitpid(-1, NULL, WNOHANG);
		while (got > 0);
		if (got < 0)
			return;
		nanosleep(&nap, NULL);
		passed = now_seconds() - asked;
		if (passed > PATIENCE)
			signal_tree(getpid(), SIGKILL);
	} while (passed < 2 * PATIENCE);
}
