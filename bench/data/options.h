/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asked for, checked: whoever gets a struct options may rely on every number being in range.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "own_guest.h"
#include "util.h"

enum command {
#define COMMAND(name, text) CMD_##name,
#include "commands.def"
#undef COMMAND
	COMMANDS
};

#define MAX_REPEAT 1000
/* A trace's size, MiB: what dom0 has room for, as files, and what is worth keeping unless one wants more. */
#define TRACE_MIB_MOST  1024
#define TRACE_MIB_USUAL 64
#define MAX_JOBS        64

struct options {
	enum command command;
	const char *recipes;       /* comma-separated, NULL: all */
	const char *workloads_dir; /* run: workloads outside the tree (outside.h); NULL: none */
	const char *workloads;     /* comma-separated, NULL: the suite */
	const char *suite;         /* NULL: not given; "quick" then */
	const char *peers;         /* comma-separated; NULL: none besides */
	const char *resume;        /* run: which run to go on with; NULL: a new one */
	unsigned levels;           /* of the guests: bit n for n levels; LEVELS_DEFAULT. explain: how many, 0: 4 */
	unsigned repeat;           /* 1 .. MAX_REPEAT; 0: selection_repeat() */
	unsigned jobs;             /* QEMUs at once, 1 .. MAX_JOBS */
	const char *
		output; /* run: its directory; NULL: a new one in results/. compare, history, export: a file; NULL: standard output */
	bool trace;
	unsigned trace_mib; /* the most that one trace is to have, MiB, 1 .. TRACE_MIB_MOST */
	bool keep_going;
	bool no_report;
	bool slurm;            /* run: as an array job */
	const char *partition; /* of Slurm; NULL: its default */
	const char
		*slice;   /* run: the file that says what is measured (bench/run/slice.h), as a part of another run; NULL: none */
	bool profile;     /* run: say where the time went */
	const char *qemu; /* as given, NULL: not given; from run.c on the program itself */
	bool cycles;      /* run: the machine model under each region, */
	enum { MODELLED_USUAL, MODELLED_ALWAYS, MODELLED_NEVER } modelled; /* run: is one with cycles beside it (beside.h)? */
	bool is_beside;                                                    /* it is that one itself */
	bool scratch;                                                      /* run: it is another command's own (scratch_run.h) */
	bool sensitivity;     /* run: also with assumed values of the machines that are others */
	const char *machines; /* comma-separated: by these; NULL: the usual ones */
	const char *model;    /* from run.c on: what QEMU is told of it (cycles.h); NULL: there is none */
	bool long_tests;      /* check: in their long form */
	const char *run[2];   /* report, export, trace: which, NULL: the newest; compare: before and after */
	unsigned nr_runs;
	const char *baseline; /* run: the run that this one is compared with when it has ended; NULL: none */
	double threshold;     /* compare, run with a baseline: a fraction of the figure before, 0 .. 1 */
	const char *format;   /* compare, history, export, trace: a name of theirs; NULL: text */
	bool all;             /* compare: every row. export: every table. clean: every run */
	const char *row[2];   /* history: workload, and recipe or NULL; explain: workload */
	unsigned nr_row;
	const char *phase;    /* history: NULL: the workload's main one */
	unsigned nth;         /* explain: which operation of a phase, from 1; 0: the middle one. lab: which, from 1; 0: none */
	unsigned period;      /* profile: instructions a sample; 0: the usual number */
	const char *symbols;  /* profile, trace: a file with the guest's functions; NULL: none */
	const char *function; /* profile: annotate only this one; NULL: all */
	const char *plugin;   /* run: what QEMU is told of a plugin that is not the model; NULL: none */
	bool no_perf, no_valgrind;             /* bench-engine: these figures are left out */
	bool bare;                             /* explain: measured in the hypervisor, too */
	const char *from, *to, *event, *where; /* trace: as choice.h reads them; NULL: not given */
	const char *compared;                  /* trace: two different recipes with a comma between; NULL: none */
	const char *dir;                       /* lab: the student's folder; NULL: lab-<nth> */
	const char *class;                     /* lab: a folder of submissions; NULL: there is one, `dir` */
	bool check, json, keep_built;          /* lab: what is it worth, in which form, and does what was built for it stay */
	const char *table;                     /* export: NULL: list them */
	unsigned keep;                         /* clean: so many of the newest runs stay */
	bool keep_given, runs, packages, labs; /* clean: what is asked for, */
	bool dry;                              /* and that it is only said */
	const char *build, *results;
	struct own_guest guest[OWN_GUESTS]; /* run: the user's own, */
	unsigned nr_guests;                 /* so many of them, */
	bool alone;                         /* and nothing else */
	unsigned
		silence_s; /* of QEMU's CPU time without an event from dom0, or of wall time without CPU time; 0: as boot_end.c has it */
};

#endif
