/* SPDX-License-Identifier: BSD-2-Clause */
/* The command-line program: options in, one command, an exit code out. */
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
	return ret;
}
