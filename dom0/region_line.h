/* SPDX-License-Identifier: BSD-2-Clause */
/* What guests print of a measured region, "@region <phase> <ops> <instructions>", understood. Nothing on a console is trusted. */
#ifndef DOM0_REGION_LINE_H
#define DOM0_REGION_LINE_H

#include <stdint.h>

enum line_kind {
	LINE_TEXT,    /* not ours */
	LINE_EVENT,   /* dom0's "@pn {...}" */
	LINE_DAMAGED, /* begins like ours and cannot be understood */
	LINE_REGION,  /* a guest's "@region phase ops instructions" */
};

struct region_line {
	char phase[17];
	uint64_t ops, instructions;
};

/* LINE_REGION, LINE_DAMAGED or LINE_TEXT. ops is at least 1. */
enum line_kind parse_region(const char *line, struct region_line *out);

#endif
