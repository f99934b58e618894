/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the user asked for, checked: whoever gets a struct options may rely on every number being in range.
 */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include "util.h"

enum command { CMD_HELP, CMD_RUN, CMD_LIST, CMD_REPORT, CMD_CHECK, CMD_DOCTOR };

#define MAX_REPEAT 1000
#define MAX_JOBS   64

struct options {
	enum command command;
	const char *recipes;   /* comma-separated, NULL: all */
	const char *workloads; /* comma-separated, NULL: the suite */
	const char *suite;     /* NULL: not given; "quick" then */
	const char *resume;    /* run: which run to go on with; NULL: a new one */
	unsigned levels;       /* of the guests: bit n for n levels; LEVELS_DEFAULT */
	unsigned repeat;       /* 1 .. MAX_REPEAT; 0: 2 for bare-metal guests, 1 for Linux */
	unsigned jobs;         /* QEMUs at once, 1 .. MAX_JOBS */
	const char *output;    /* directory of this run; NULL: a new one in results/ */
	bool trace;
	bool keep_going;
	bool no_report;
	bool profile;     /* run: say where the time went */
	const char *qemu; /* as given, NULL: not given; from run.c on the program itself */
	bool long_tests;  /* check: in their long form */
	const char *run;  /* report: which; NULL: the newest */
	const char *build, *results;
	unsigned
		silence_s; /* of QEMU's CPU time without an event from dom0, or of wall time without CPU time; 0: as boot_end.c has it */
};

#endif
