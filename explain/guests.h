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

/* The workload with so many levels, 2 to 5, whichever kernel half it has. */
static inline bool explain_guest(unsigned long levels, const char *name, const char *command_line)
{
	switch (levels) {
	case 2: return explain_guest_2(name, command_line) || explain_guest_2_windows(name, command_line);
	case 3: return explain_guest_3(name, command_line) || explain_guest_3_windows(name, command_line);
	case 4: return explain_guest_4(name, command_line);
	}
	return explain_guest_5(name, command_line);
}

#endif
