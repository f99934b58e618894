/* SPDX-License-Identifier: BSD-2-Clause */
/* The command-line program: options in, one command, an exit code out. */
#include "arguments.h"
#include "commands.h"
#include "run.h"

static int dispatch(const struct options *o, const struct paths *p)
{
	switch (o->command) {
	case CMD_RUN: return cmd_run(o, p);
	case CMD_LIST: return cmd_list();
	case CMD_REPORT: return cmd_report(p, o->run);
	case CMD_CHECK: return cmd_check(p, o->long_tests);
	case CMD_DOCTOR: return cmd_doctor(p);
	case CMD_HELP: break;
	}
	return EXIT_USAGE;
}

int main(int argc, char **argv)
{
	struct options o;
	struct paths p;
	int ret = options_parse(&o, argc, argv);

	if (ret)
		return ret;
	paths_find(&p, o.build, o.results);
	ret = dispatch(&o, &p);
	paths_free(&p);
	return ret;
}
