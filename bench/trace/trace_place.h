/* SPDX-License-Identifier: BSD-2-Clause */
/* Where a CTF trace lies, and whether babeltrace2 may be given it. */
#ifndef BENCH_TRACE_PLACE_H
#define BENCH_TRACE_PLACE_H

#include "util.h"

/*
 * The directory below `dir` that has the file "metadata", which is made of whole packets or is text: of a packet cut short
 * babeltrace2 2.0 waits for the rest for ever. A new string; NULL after a message.
 */
char *trace_place(const char *dir);

#endif
