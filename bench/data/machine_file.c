/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine_file.h. */
#include <stdlib.h>
#include <string.h>

#include "bench/model/machine.h"
#include "machine_file.h"

char *machine_file(const struct paths *p, const char *word)
{
	bool is_path = strchr(word, '/') || strstr(word, ".machine");
	char *path = is_path ? xstrdup(word) : xfmt("%s/machines/%s.machine", p->build, word), *full;
	char why[MACHINE_WHY];
	struct machine m;

	if (!machine_read(&m, path, why)) {
		say("--machine %s", why);
		free(path);
		return NULL;
	}
	full = realpath(path, NULL);
	free(path);
	return full;
}
