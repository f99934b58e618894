/* SPDX-License-Identifier: BSD-2-Clause */
/* The programs penumbra-explain-<recipe>: found, run, read. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain.h"

/* What the child prints; its messages go where ours do. NULL with errno. */
static FILE *start(char *const argv[], pid_t *pid)
{
	int fd[2];
	FILE *f;

	if (pipe(fd))
		return NULL;
	*pid = fork();
	if (!*pid) {
		dup2(fd[1], STDOUT_FILENO);
		close(fd[0]);
		close(fd[1]);
		execv(argv[0], argv);
		_exit(127);
	}
	close(fd[1]);
	f = *pid < 0 ? NULL : fdopen(fd[0], "r");
	if (!f)
		close(fd[0]);
	return f;
}

static json_t *run(char *const argv[], const char *recipe)
{
	json_error_t error;
	json_t *told;
	pid_t pid;
	FILE *f = start(argv, &pid);
	int status = 0;

	if (!f) {
		say("%s cannot be run: %s", argv[0], strerror(errno));
		return NULL;
	}
	told = json_loadf(f, 0, &error);
	fclose(f);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (told && WIFEXITED(status) && !WEXITSTATUS(status))
		return told;
	if (WIFSIGNALED(status))
		say("under %s: the explainer ended with signal %d", recipe, WTERMSIG(status));
	else if (told && json_integer_value(json_object_get(told, "audit")))
		say("under %s: the audit found shadows that do not agree with the guest's tables, so what happened is not told",
		    recipe);
	else
		say("under %s: %s", recipe, told ? "the explainer failed" : "what the explainer says cannot be read");
	json_decref(told);
	return NULL;
}

json_t *explain_record(const struct paths *p, const struct recipe *r, const struct workload *w, unsigned operation, bool traced)
{
	char *program = path_explainer(p, r), *cmdline = xstrdup(w->cmdline);
	char numbers[5][16], cpus[16];
	char *argv[] = { program, (char *)(uintptr_t)w->file, numbers[0], cmdline, numbers[1], numbers[2], numbers[3], numbers[4],
			 cpus,    traced ? "traced" : NULL,   NULL };
	json_t *told = NULL;

	snprintf(numbers[0], sizeof(numbers[0]), "%u", w->levels);
	snprintf(numbers[1], sizeof(numbers[1]), "%u", w->memory_mib);
	snprintf(numbers[2], sizeof(numbers[2]), "%u", workload_shadow_levels(w));
	snprintf(numbers[3], sizeof(numbers[3]), "%u", workload_pool(w));
	snprintf(numbers[4], sizeof(numbers[4]), "%u", operation);
	snprintf(cpus, sizeof(cpus), "cpus=%u", workload_vcpus(w));
	if (access(program, X_OK))
		say("%s explains nothing yet: %s is not there; `make %s` in the build directory makes it", r->name, program,
		    strrchr(program, '/') + 1);
	else
		told = run(argv, r->name);
	free(program);
	free(cmdline);
	return told;
}
