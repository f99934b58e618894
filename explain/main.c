/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-explain-<recipe>: one operation of a workload under the recipe that this is compiled with, as JSON on the standard output.
 *   penumbra-explain-<recipe> NAME LEVELS "COMMAND LINE" MIB SHADOW-LEVELS POOL OPERATION [cpus=N] [traced]
 * traced: as the hypervisor does it while it is traced, every step by itself.
 * OPERATION "-" leaves the steps out: the phases have their figures alone, and no process is started.
 * NAME is a source of explained.def; the others are as in workloads.def, 0 for what that leaves out. `./penumbra explain` calls it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cpus.h"
#include "guests.h"
#include "machine.h"
#include "paging.h"
#include "record.h"

struct wish {
	const char *name, *command_line;
	unsigned long levels, memory_mib, shadow_levels, pool, operation;
	bool figures; /* and no operation */
	bool traced;
	unsigned long cpus;
};

static void run(const struct wish *w, bool counting)
{
	record_begin(machine_vcpu(), w->operation, counting, w->traced);
	if (explain_guest(w->levels, w->name, w->command_line))
		return;
	fprintf(stderr, "no such operation: %s\n", w->name);
	exit(2);
}

/* In a process of its own, because a workload's variables cannot be made as they were. */
static bool count(const struct wish *w)
{
	int fd[2], status;
	pid_t child;
	ssize_t n;

	if (pipe(fd) || (child = fork()) < 0) {
		perror("explain");
		return false;
	}
	if (!child) {
		close(fd[0]);
		run(w, true);
		_exit(write(fd[1], record_sizes, sizeof(record_sizes)) != sizeof(record_sizes));
	}
	close(fd[1]);
	n = read(fd[0], record_sizes, sizeof(record_sizes));
	close(fd[0]);
	if (waitpid(child, &status, 0) == child && WIFSIGNALED(status))
		fprintf(stderr, "explain: signal %d\n", WTERMSIG(status));
	return !status && n == sizeof(record_sizes);
}

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
	char *end;

	*out = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *out >= least && *out <= most;
}

int main(int argc, char **argv)
{
	struct wish w;
	json_t *out;
	unsigned faults;

	w.cpus = 1;
	w.traced = argc > 8 && !strcmp(argv[argc - 1], "traced");
	argc -= w.traced;
	if (argc == 9 && !strncmp(argv[8], "cpus=", 5) && number(argv[8] + 5, 1, MACHINE_CPUS, &w.cpus))
		argc--;
	w.figures = argc == 8 && !strcmp(argv[7], "-");
	if (argc != 8 || !number(argv[2], 2, 5, &w.levels) || !number(argv[4], 4, 512, &w.memory_mib) ||
	    !number(argv[5], 0, 5, &w.shadow_levels) || !number(argv[6], 0, 100000, &w.pool) ||
	    !number(w.figures ? "0" : argv[7], 0, 1000000000, &w.operation)) {
		fprintf(stderr, "Usage: %s NAME LEVELS \"COMMAND LINE\" MIB SHADOW-LEVELS POOL OPERATION [cpus=N] [traced]\n",
			argv[0]);
		return 2;
	}
	w.name = argv[1];
	w.command_line = argv[3];
	machine_start((unsigned)w.memory_mib, (unsigned)w.shadow_levels, (unsigned)w.pool, (unsigned)w.cpus, w.traced);
	if (!w.figures && !count(&w))
		return EXIT_FAILURE;
	run(&w, false);
	faults = machine_audit();
	out = json_pack("{s:i, s:s, s:s, s:i, s:i, s:o, s:o}", "format", 1, "recipe", paging_recipe_name, "workload", w.name,
			"levels", (int)w.levels, "audit", (int)faults, "phases", record_end(), "counters", record_counters());
	if (!out || json_dumpf(out, stdout, JSON_COMPACT) || fflush(stdout)) {
		fprintf(stderr, "the result could not be written\n");
		return EXIT_FAILURE;
	}
	putchar('\n');
	json_decref(out);
	return faults ? EXIT_FAILURE : EXIT_SUCCESS;
}
