/* SPDX-License-Identifier: BSD-2-Clause */
/* The command-line program: options in, one command, an exit code out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "arguments.h"
#include "commands.h"

static int (*const command[COMMANDS])(const struct options *o, const struct paths *p) = {
#define COMMAND(name, text) cmd_##name,
#include "commands.def"
#undef COMMAND
};

int main(int argc, char **argv)
{
	struct options o;
	struct paths p;
	int ret = options_parse(&o, argc, argv);

	if (ret)
		return ret;
	paths_find(&p, o.build, o.results);
	ret = command[o.command](&o, &p);
	paths_free(&p);
	if (ret == EXIT_OK && (ferror(stdout) || fflush(stdout))) {
		say("standard output could not be written: %s", strerror(errno));
		ret = EXIT_FAILED;
	}
	return ret;
}
