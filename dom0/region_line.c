/* SPDX-License-Identifier: BSD-2-Clause */
/* A line is one of a region in full, or it is not. */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "region_line.h"

static bool take_number(const char **p, uint64_t *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*out = strtoull(*p, &end, 10);
	if (errno)
		return false;
	*p = end;
	return true;
}

enum line_kind parse_region(const char *line, struct region_line *out)
{
	const char *p = strstr(line, "@region ");
	size_t n;

	if (!p)
		return LINE_TEXT;
	p += 8;
	n = strcspn(p, " ");
	if (n == 0 || n >= sizeof(out->phase) || p[n] != ' ')
		return LINE_DAMAGED;
	memcpy(out->phase, p, n);
	out->phase[n] = 0;
	p += n + 1;
	if (!take_number(&p, &out->ops) || *p++ != ' ' || !take_number(&p, &out->instructions))
		return LINE_DAMAGED;
	return out->ops && (*p == 0 || *p == ' ') ? LINE_REGION : LINE_DAMAGED;
}
