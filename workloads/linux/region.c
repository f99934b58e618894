/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-region, a static program for Linux guests: measured regions around what scripts do.
 *
 *   penumbra-region begin NAME            from here on
 *   penumbra-region end [OPS]             to here; so many operations (1)
 *   penumbra-region wrap NAME -- COMMAND  a command as one region; its exit code
 *   penumbra-region here                  exit code 0: Penumbra is beneath, so that it measures
 *
 * Between begin and end, two processes, the begin is kept in a file: $PENUMBRA_REGION, or /tmp/penumbra-region.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "penumbra_region.h"

enum { USAGE = 64, FAILED = 1, NOT_RUN = 127 };

static const char *kept_in(void)
{
	const char *file = getenv("PENUMBRA_REGION");

	return file ? file : "/tmp/penumbra-region";
}

static int complain(const char *what)
{
	fprintf(stderr, "penumbra-region: %s: %s\n", what, strerror(errno));
	return FAILED;
}

static int begin(const char *name)
{
	FILE *f = fopen(kept_in(), "w");

	if (!f)
		return complain(kept_in());
	/* The region begins when all else is done: of what is written, the time is known before. */
	if (!penumbra_is_here()) {
		if (penumbra_region_begin(name)) {
			fclose(f);
			return complain(name);
		}
		fprintf(f, "%s %llu\n", penumbra_region.name, penumbra_region.ticks);
		return fclose(f) ? complain(kept_in()) : 0;
	}
	fprintf(f, "%s %llu\n", name, (unsigned long long)__rdtsc());
	if (fclose(f))
		return complain(kept_in());
	return penumbra_region_begin(name) ? complain(name) : 0;
}

static int end(unsigned long long ops)
{
	char format[32];
	FILE *f;
	int n;

	/* Its ticks are the hypervisor's own. */
	if (penumbra_is_here())
		return penumbra_hypercall(PN_HC_QUIET_END, (uint32_t)ops, 0, 0, 0) ? (errno = EINVAL, complain("end")) : 0;
	f = fopen(kept_in(), "r");
	if (!f)
		return complain("no region was begun");
	snprintf(format, sizeof(format), "%%%ds %%llu", PN_PHASE_NAME);
	n = fscanf(f, format, penumbra_region.name, &penumbra_region.ticks);
	fclose(f);
	remove(kept_in());
	errno = EINVAL;
	return n != 2 || penumbra_region_end(ops) ? complain("end") : 0;
}

static int wrap(const char *name, char **command)
{
	int status;
	pid_t pid;

	fflush(stdout);
	if (penumbra_region_begin(name))
		return complain(name);
	pid = fork();
	if (!pid) {
		execvp(command[0], command);
		complain(command[0]);
		_exit(NOT_RUN);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return complain(command[0]);
	if (penumbra_region_end(1))
		return complain("end");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int usage(void)
{
	fprintf(stderr, "usage: penumbra-region begin NAME | end [OPS] | wrap NAME -- COMMAND [ARGUMENT...] | here\n");
	return USAGE;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	char *rest = NULL;
	unsigned long long ops = argc == 3 && strcmp(what, "end") == 0 ? strtoull(argv[2], &rest, 10) : 1;

	if (strcmp(what, "here") == 0 && argc == 2)
		return !penumbra_is_here();
	if (strcmp(what, "begin") == 0 && argc == 3)
		return begin(argv[2]);
	if (strcmp(what, "end") == 0 && argc <= 3 && ops && !(rest && *rest))
		return end(ops);
	if (strcmp(what, "wrap") == 0 && argc >= 5 && strcmp(argv[3], "--") == 0)
		return wrap(argv[2], argv + 4);
	return usage();
}
