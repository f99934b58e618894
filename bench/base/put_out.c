/* SPDX-License-Identifier: BSD-2-Clause */
/* A command's output. */
#include <errno.h>
#include <string.h>

#include "put_out.h"

int put_out(const char *path, const char *text, size_t len)
{
	bool bad = path ? write_file(path, text, len) : fwrite(text, 1, len, stdout) != len || fflush(stdout);

	if (bad)
		say("%s could not be written: %s", path ? path : "standard output", strerror(errno));
	return bad ? EXIT_FAILED : EXIT_OK;
}
