/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Programs that somebody else's code is in, or that read it: started in a folder of their own, with limits of time, memory and bytes, and
 * ended with all that they have started. What the kernel lets a program without rights do for that:
 *  - Landlock: what is compiled writes below its folder only;
 *  - seccomp: what is judged has the few system calls that it needs. It opens nothing for writing, starts no program, signals nobody.
 */
#ifndef BENCH_CONFINE_H
#define BENCH_CONFINE_H

#include "util.h"

enum confine { CONFINE_BUILD, CONFINE_JUDGED };

enum confined_end {
	CONFINED_EXIT,     /* `code` is the exit code */
	CONFINED_SIGNAL,   /* `code` is the signal */
	CONFINED_LONG,     /* its time was over */
	CONFINED_BREACH,   /* it asked the kernel for what it must not do */
	CONFINED_UNSTARTED /* it could not be started; `err` says why */
};

struct confined {
	enum confined_end end;
	int code;
	char *out, *err; /* what it printed; never NULL after confined_run() */
};

/*
 * Runs argv[0], a path, in `dir`, where it leaves its output as well. `seconds` of CPU time each of its processes has, and ten times as
 * many (two minutes at least) pass before it is ended anyway. The caller calls confined_free().
 */
void confined_run(struct confined *c, char *const argv[], const char *dir, enum confine how, unsigned seconds);
void confined_free(struct confined *c);

/* What this kernel lacks for it, as a sentence; NULL: nothing. */
const char *confine_lack(void);
/* A signal has asked this program to end: nothing more is started. */
bool confine_interrupted(void);
/* From now on such signals are taken so. */
void confine_begin(void);

#endif
