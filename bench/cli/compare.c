/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra compare`, and `run --baseline`'s end. */
#include <stdlib.h>
#include <string.h>

#include "commands.h"
#include "compared.h"

int cmd_compare(const struct options *o, const struct paths *p)
{
	char *before = path_run(p, o->run[0]), *after = before ? path_run(p, o->run[1]) : NULL;
	int ret = after ? compare_runs(before, after, o) : EXIT_FAILED;

	free(before);
	free(after);
	return ret;
}
