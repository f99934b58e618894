/* SPDX-License-Identifier: BSD-2-Clause */
/* An access by the engine, and what the reference makes of its end. */
#ifndef TESTS_ORACLE_JUDGE_H
#define TESTS_ORACLE_JUDGE_H

#include "tests/oracle/run.h"

#define MOST_PARTS 2
#define MOST_WALKS 2

/* What lies in one page. */
struct part {
	gva_t va;
	u32 at, bytes; /* in the data */
	struct ref_walk
		want[MOST_WALKS]; /* by the tables as they were at first, and since another vCPU wrote to them meanwhile */
};

struct attempt {
	struct run *r;
	u32 cpu, access, bytes, nr, walks;
	bool swap;    /* the data is stored only where `expected` stands, and what stands there is read */
	bool running; /* the engine is at it: it has not come to an end */
	struct part part[MOST_PARTS];
	u8 data[MOST_BYTES] __attribute__((aligned(16))), expected[MOST_BYTES] __attribute__((aligned(16)));
	struct access got;
	gpa_t raced; /* what another vCPU wrote meanwhile */
	u32 raced_bytes;
};

/* Ends the process if it came to what must not be; otherwise the reference knows what was stored and marked. */
void judge(struct attempt *a);
/* Marks that the engine has set for an access that is not at its end. */
void judge_marks_so_far(struct attempt *a);
void judge_say(const struct attempt *a);
_Noreturn void judge_refuse(const struct attempt *a, const char *what);

#endif
