/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The guests, one function a number of levels, and one for those whose kernel half has 2 GiB: run a workload of explained.def to its end. False: there is none
 * of that name.
 */
#ifndef EXPLAIN_GUESTS_H
#define EXPLAIN_GUESTS_H

#include <stdbool.h>

bool explain_guest_2(const char *name, const char *command_line);
bool explain_guest_3(const char *name, const char *command_line);
bool explain_guest_2_windows(const char *name, const char *command_line);
bool explain_guest_3_windows(const char *name, const char *command_line);
bool explain_guest_4(const char *name, const char *command_line);
bool explain_guest_5(const char *name, const char *command_line);

#endif
