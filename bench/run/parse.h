/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lines that guests and dom0 print, understood. Nothing on a console is
 * trusted: a line is one of ours in full, or text.
 */
#ifndef BENCH_PARSE_H
#define BENCH_PARSE_H

#include <jansson.h>

#include "region_line.h"
#include "util.h"

/* LINE_EVENT with *event (a new reference) holding a known "e" and all that this kind of event must have, or LINE_DAMAGED, or LINE_TEXT. */
enum line_kind parse_event(const char *line, json_t **event);

/*
 * Cuts a byte stream into lines. A line longer than LINE_MAX_BYTES is cut there, so that a
 * guest without newlines costs no more than that; carriage returns and NULs go.
 */
#define LINE_MAX_BYTES (1u << 20)
struct line_cutter {
	char *data;
	size_t len, cap;
};
/* Calls line(arg, text) for each complete line in data[0..len). */
void cut_lines(struct line_cutter *c, const char *data, size_t len, void (*line)(void *arg, const char *text), void *arg);
/* The last line if it has no newline; then the cutter is empty and owns nothing. */
void cut_rest(struct line_cutter *c, void (*line)(void *arg, const char *text), void *arg);

#endif
