/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `penumbra bench-engine`. */
#include "argument_parts.h"

enum { KEY_NO_PERF = 256, KEY_NO_VALGRIND };

static const struct argp_option options[] = {
	{ "recipe", 'r', "A,B", 0, "only these recipes (default: all that keep shadows, but no variants)", 1 },
	{ "workload", 'w', "X,Y", 0,
	  "only these workloads, those that `explain` has; `oracle` is the oracle's mix (default: all)", 1 },
	{ "repeat", 'n', "N", 0, "measure each N times (default: 5)", 1 },
	{ "output", 'o', "DIR", 0, "write this run's results to DIR (default: results/<date-time>)", 1 },
	{ "no-perf", KEY_NO_PERF, NULL, 0, "leave the CPU's own counters out: cycles, instructions, cache and dTLB misses", 1 },
	{ "no-valgrind", KEY_NO_VALGRIND, NULL, 0, "leave the engine's instructions out, which callgrind counts", 1 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case 'r': return take_text(state, "--recipe needs a name, or several with commas between them", arg, &o->recipes);
	case 'w': return take_text(state, "--workload needs a name, or several with commas between them", arg, &o->workloads);
	case 'n': return parse_number(state, "--repeat", arg, MAX_REPEAT, &o->repeat);
	case 'o': return take_text(state, "--output needs a directory", arg, &o->output);
	case KEY_NO_PERF: o->no_perf = true; return 0;
	case KEY_NO_VALGRIND: o->no_valgrind = true; return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "bench-engine takes options only; \"%s\" is none (did you mean --workload %s?)", arg, arg);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp bench_engine_argp = { options,
					parse,
					"",
					"Measure the shadow engine alone: compiled for user space and run at native speed on the "
					"simulated machine, with the guests of "
					"`penumbra explain` and the oracle's random programs. Instructions are the engine's own "
					"and repeat to the digit; nanoseconds are "
					"its own, too; what the CPU's counters say is of the whole region, the simulated machine "
					"included. The results are a run's: "
					"`penumbra compare` and `penumbra history engine-WORKLOAD` read them.\v"
					"Exit status: 0 all finished, 1 something did not, 2 the command line is wrong, 130 "
					"interrupted (what was finished is kept).",
					place_child,
					NULL,
					NULL };
