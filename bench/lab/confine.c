/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes with limits. The filters are in confine_filter.c. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "confine.h"
#include "confine_filter.h"

#define MOST_MEMORY     (5ull << 30) /* bytes of addresses: the hosted machine reserves what it may never touch */
#define COMPILER_MEMORY (1ull << 30)
#define MOST_BUILT      (256ull << 20) /* bytes of a file */
#define MOST_SAID       (16ull << 20)
#define WALL_FACTOR     10
#define WALL_LEAST      120 /* s */
#define CANNOT_START    127

static volatile sig_atomic_t asked_to_end;

static void on_end(int sig)
{
	(void)sig;
	asked_to_end = 1;
}

void confine_begin(void)
{
	on_end_signals(on_end);
}

bool confine_interrupted(void)
{
	return asked_to_end;
}

static enum confined_end end_of(int sig)
{
	if (sig == SIGSYS)
		return CONFINED_BREACH;
	return sig == SIGXCPU || sig == SIGKILL || sig == SIGALRM ? CONFINED_LONG : CONFINED_SIGNAL;
}

static void limit(int what, rlim_t soft, rlim_t hard)
{
	const struct rlimit l = { soft, hard };

	setrlimit(what, &l);
}

/* In the child. */
static void set_limits(enum confine how, unsigned seconds)
{
	const rlim_t memory = how == CONFINE_BUILD ? COMPILER_MEMORY : MOST_MEMORY;
	const rlim_t bytes = how == CONFINE_BUILD ? MOST_BUILT : MOST_SAID;

	limit(RLIMIT_CPU, seconds, seconds + 1);
	limit(RLIMIT_AS, memory, memory);
	limit(RLIMIT_FSIZE, bytes, bytes);
	limit(RLIMIT_CORE, 0, 0);
}

static void put_there(const char *path, int to)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);

	if (fd < 0 || dup2(fd, to) < 0)
		_exit(CANNOT_START);
	close(fd);
}

static _Noreturn void become(char *const argv[], const char *dir, enum confine how, unsigned seconds)
{
	int none = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (chdir(dir))
		_exit(CANNOT_START);
	put_there("stdout", STDOUT_FILENO);
	put_there("stderr", STDERR_FILENO);
	dup2(none, STDIN_FILENO);
	close_range(STDERR_FILENO + 1, ~0u, 0);
	set_limits(how, seconds);
	unsetenv("MAKEFLAGS"); /* of a make that runs this: its job server's pipe is not ours to use */
	unsetenv("MAKELEVEL");
	setenv("TMPDIR", dir, 1);
	setenv("CCACHE_DISABLE", "1", 1); /* it would write elsewhere */
	setenv("LC_ALL", "C", 1);
	personality(ADDR_NO_RANDOMIZE); /* what it does by accident, it does each time */
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	confine_files(dir);
	if (how == CONFINE_JUDGED)
		confine_calls(argv[0]);
	execv(argv[0], argv);
	dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
	_exit(CANNOT_START);
}

/* True: it ended by itself, before its time was over and nobody asked. */
static bool wait_for(pid_t pid, double until, int *status)
{
	const struct timespec nap = { 0, 10000000 };
	pid_t got;

	while (!(got = waitpid(pid, status, WNOHANG)) || (got < 0 && errno == EINTR)) {
		if (asked_to_end || now_seconds() > until)
			return false;
		nanosleep(&nap, NULL);
	}
	return got == pid;
}

static char *what_it_left(const char *dir, const char *name)
{
	char *path = xfmt("%s/%s", dir, name), *text = read_file(path, NULL);

	free(path);
	return text ? text : xstrdup("");
}

void confined_run(struct confined *c, char *const argv[], const char *dir, enum confine how, unsigned seconds)
{
	const double wall = seconds * WALL_FACTOR < WALL_LEAST ? WALL_LEAST : seconds * WALL_FACTOR;
	int status = 0;
	pid_t pid = fork();
	bool ended;

	if (!pid)
		become(argv, dir, how, seconds);
	setpgid(pid, pid); /* whoever comes first */
	ended = pid > 0 && wait_for(pid, now_seconds() + wall, &status);
	if (pid > 0)
		kill(-pid, SIGKILL); /* what it has left running, too */
	if (pid > 0 && !ended)
		waitpid(pid, &status, 0);
	*c = (struct confined){ .end = CONFINED_EXIT, .code = WEXITSTATUS(status) };
	c->out = what_it_left(dir, "stdout");
	c->err = what_it_left(dir, "stderr");
	if (pid < 0 || (ended && WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_START))
		c->end = CONFINED_UNSTARTED;
	else if (!ended)
		c->end = CONFINED_LONG;
	else if (WIFSIGNALED(status))
		*c = (struct confined){ end_of(WTERMSIG(status)), WTERMSIG(status), c->out, c->err };
}

void confined_free(struct confined *c)
{
	free(c->out);
	free(c->err);
}
