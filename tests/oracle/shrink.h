/* SPDX-License-Identifier: BSD-2-Clause */
/* Running a recorded program again, and making a failing one small. */
#ifndef TESTS_ORACLE_SHRINK_H
#define TESTS_ORACLE_SHRINK_H

#include "tests/oracle/run.h"

/* From begin to end; ends the process if the program fails. */
void replay(struct run *r, const struct prog *p);
/* Takes `seconds` or so at most; leaves p as it is if it does not fail by itself. */
void shrink(struct run *r, struct prog *p, u32 seconds);

#endif
