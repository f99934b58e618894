/* SPDX-License-Identifier: BSD-2-Clause */
/* A hosted engine run to its end. Time is limited by the kernel: an engine that hangs is ended by it. */
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine_program.h"

#define MOST_SECONDS 120 /* of CPU time; natively each takes less than one, under callgrind some */
#define MOST_ARGS    24

void engine_program_of(struct engine_program *e, const struct paths *p, const struct recipe *r, const struct workload *w,
		       unsigned programs)
{
	*e = (struct engine_program){ .path = xfmt("%s/penumbra-engine-%s%s", p->build, w ? "" : "mix-", r->file) };
	e->name = w ? w->file : "oracle";
	e->numbers[0] = w ? xstrdup(w->cmdline) : xfmt("programs=%u steps=600 seed=1", programs);
	e->numbers[1] = xfmt("%u", w ? w->levels : 4);
	e->numbers[2] = xfmt("%u", w ? w->memory_mib : 4);
	e->numbers[3] = xfmt("%u", w ? workload_shadow_levels(w) : 0);
	e->numbers[4] = xfmt("%u", w ? workload_pool(w) : 0);
}

void engine_program_free(struct engine_program *e)
{
	free(e->path);
	for (unsigned i = 0; i < COUNT_OF(e->numbers); i++)
		free(e->numbers[i]);
}

bool engine_program_there(const struct engine_program *e, const char *recipe)
{
	if (!access(e->path, X_OK))
		return true;
	say("%s is not measured yet: %s is not there; `make %s` in the build directory makes it (./penumbra does)", recipe,
	    e->path, strrchr(e->path, '/') + 1);
	return false;
}

/* Behind what is in argv already: the program and its arguments. */
static void add_program(const struct engine_program *e, const char *argv[MOST_ARGS], unsigned *n)
{
	const char *const all[] = { e->path, e->name, e->numbers[1], e->numbers[0], e->numbers[2], e->numbers[3], e->numbers[4] };

	for (unsigned i = 0; i < COUNT_OF(all); i++)
		argv[(*n)++] = all[i];
	argv[*n] = NULL;
}

static pid_t start(const char *const argv[], int out)
{
	const struct rlimit limit = { MOST_SECONDS, MOST_SECONDS };
	pid_t pid = fork();

	if (pid)
		return pid;
	setrlimit(RLIMIT_CPU, &limit);
	setenv("LC_ALL", "C", 1);
	dup2(out, STDOUT_FILENO);
	execvp(argv[0], (char *const *)(uintptr_t)argv);
	_exit(127);
}

/* How it ended, if not well; the caller frees it. */
static char *ending(const char *program, int status)
{
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGKILL || WTERMSIG(status) == SIGXCPU ?
			       xfmt("%s was killed; it may take %d seconds of CPU time", program, MOST_SECONDS) :
			       xfmt("%s ended with signal %d", program, WTERMSIG(status));
	if (WEXITSTATUS(status) == 127)
		return xfmt("%s cannot be run", program);
	return WEXITSTATUS(status) ? xfmt("%s failed with code %d", program, WEXITSTATUS(status)) : NULL;
}

/* What it prints on standard output, as JSON. NULL, and *why. */
static json_t *run(const char *const argv[], char **why)
{
	json_error_t error;
	json_t *told;
	int fd[2], status = 0;
	pid_t pid;
	FILE *f;

	*why = NULL;
	if (pipe(fd)) {
		*why = xfmt("no pipe: %s", strerror(errno));
		return NULL;
	}
	pid = start(argv, fd[1]);
	close(fd[1]);
	f = pid < 0 ? NULL : fdopen(fd[0], "r");
	told = f ? json_loadf(f, JSON_DISABLE_EOF_CHECK, &error) : NULL;
	if (f)
		fclose(f);
	else
		close(fd[0]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid > 0)
		*why = ending(argv[0], status);
	if (!*why && !told)
		*why = pid < 0 ? xfmt("%s cannot be started", argv[0]) : xfmt("what %s says cannot be read", argv[0]);
	if (*why) {
		json_decref(told);
		told = NULL;
	}
	return told;
}

/* The few keys that are read of it. */
static bool sound(const json_t *told)
{
	const json_t *regions = json_object_get(told, "regions"), *region;
	size_t i;

	if (!json_array_size(regions))
		return false;
	json_array_foreach(regions, i, region) {
		static const char *const key[] = { "ops", "trips", "bytes", "switches", "engine_ns" };

		for (unsigned k = 0; k < COUNT_OF(key); k++)
			if (!json_is_integer(json_object_get(region, key[k])))
				return false;
		if (!json_is_string(json_object_get(region, "phase")))
			return false;
	}
	return true;
}

json_t *engine_program_run(const struct engine_program *e, char **why)
{
	const char *argv[MOST_ARGS];
	unsigned n = 0;
	json_t *told;

	add_program(e, argv, &n);
	told = run(argv, why);
	if (told && !sound(told)) {
		*why = xfmt("what %s says has no regions", e->path);
		json_decref(told);
		told = NULL;
	}
	return told;
}

/* A file of ours that goes again. NULL with *why. */
static char *scratch(char **why)
{
	const char *tmp = getenv("TMPDIR");
	char *top = xfmt("%s/penumbra-engine-XXXXXX", tmp && *tmp ? tmp : "/tmp");

	if (mkdtemp(top))
		return top;
	*why = xfmt("%s cannot be made: %s", top, strerror(errno));
	free(top);
	return NULL;
}

static void close_all(const int fd[4])
{
	for (unsigned i = 0; i < 4; i++)
		close(fd[i]);
}

static bool perf_in(const char *dir, const struct engine_program *e, unsigned nth, uint64_t count[HOST_FIGURES], char **why)
{
	char *file = xfmt("%s/stat", dir), *events = perf_stat_events(), *control, *number[3], *text;
	const char *argv[MOST_ARGS] = { "perf", "stat", "-j", "-D", "-1", "-e", events, "-o", file, "--control" };
	unsigned n = 10;
	json_t *told = NULL;
	int fd[4]; /* commands, answers */

	if (pipe(fd) || pipe(fd + 2)) {
		*why = xfmt("no pipe: %s", strerror(errno));
		goto out;
	}
	control = xfmt("fd:%d,%d", fd[0], fd[3]);
	argv[n++] = control;
	argv[n++] = "--";
	add_program(e, argv, &n);
	number[0] = xfmt("%u", nth);
	number[1] = xfmt("%d", fd[1]);
	number[2] = xfmt("%d", fd[2]);
	for (unsigned i = 0; i < 3; i++)
		argv[n++] = number[i];
	argv[n] = NULL;
	told = run(argv, why);
	close_all(fd);
	for (unsigned i = 0; i < 3; i++)
		free(number[i]);
	free(control);
	text = told ? read_file(file, NULL) : NULL;
	if (told && (!text || !perf_stat_read(text, count)))
		*why = xstrdup("perf has counted nothing");
	free(text);
	json_decref(told);
out:
	free(events);
	free(file);
	return !*why;
}

bool engine_program_perf(const struct engine_program *e, unsigned nth, uint64_t count[HOST_FIGURES], char **why)
{
	char *dir = scratch(why);
	bool done = dir && perf_in(dir, e, nth, count, why);

	if (dir)
		remove_tree(dir);
	free(dir);
	return done;
}

/* All dumps of a directory that name a region. */
static json_t *read_dumps(const char *dir)
{
	DIR *d = opendir(dir);
	json_t *all = json_object();
	const struct dirent *entry;

	while (d && (entry = readdir(d))) {
		char *path = xfmt("%s/%s", dir, entry->d_name), *text = read_file(path, NULL), *region = NULL;
		uint64_t instructions;

		if (text && callgrind_read(text, &region, &instructions) && region)
			json_object_set_new(all, region, json_integer((json_int_t)instructions));
		free(region);
		free(text);
		free(path);
	}
	if (d)
		closedir(d);
	return all;
}

json_t *engine_program_callgrind(const struct engine_program *e, char **why)
{
	char *dir = scratch(why), *file = xfmt("--callgrind-out-file=%s/out", dir ? dir : "");
	const char *argv[MOST_ARGS] = {
		"valgrind", "-q", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no", file
	};
	unsigned n = 6;
	json_t *told, *all = NULL;

	add_program(e, argv, &n);
	told = dir ? run(argv, why) : NULL;
	if (told)
		all = read_dumps(dir);
	if (all && !json_object_size(all)) {
		json_decref(all);
		all = NULL;
		*why = xstrdup("callgrind left no dump: was the program built with valgrind's headers?");
	}
	json_decref(told);
	if (dir)
		remove_tree(dir);
	free(dir);
	free(file);
	return all;
}

char *engine_no_callgrind(void)
{
	const char *const argv[] = { "valgrind", "--version", NULL };
	char *version = command_line_output(argv), *why = version ? NULL : xstrdup("valgrind is not installed");

	free(version);
	return why;
}

/* perf stat of nothing, with the same events. */
char *engine_no_perf(void)
{
	const char *const version[] = { "perf", "--version", NULL };
	char *is = command_line_output(version), *why = NULL, *dir, *file, *events, *text;
	uint64_t count[HOST_FIGURES] = { 0 };

	if (!is)
		return xstrdup("perf is not installed (Debian's package linux-perf)");
	free(is);
	dir = scratch(&why);
	if (!dir)
		return why;
	file = xfmt("%s/stat", dir);
	events = perf_stat_events();
	const char *const argv[] = { "perf", "stat", "-j", "-e", events, "-o", file, "true", NULL };
	free(command_line_output(argv));
	text = read_file(file, NULL);
	if (!text)
		why = xstrdup("perf may not count here (see /proc/sys/kernel/perf_event_paranoid)");
	else if (!perf_stat_read(text, count))
		why = xstrdup("this machine has no PMU that perf can use: its events are \"not supported\"");
	free(text);
	free(events);
	free(file);
	remove_tree(dir);
	free(dir);
	return why;
}
