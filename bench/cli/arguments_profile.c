/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `penumbra profile`. */
#include <string.h>

#include "argument_parts.h"
#include "profile_command.h"

enum { KEY_PHASE = 256, KEY_PERIOD, KEY_FORMAT, KEY_SYMBOLS, KEY_FUNCTION, KEY_QEMU };

static const struct argp_option options[] = {
	{ "phase", KEY_PHASE, "NAME", 0, "only that phase of the workload (default: all of them)", 1 },
	{ "period", KEY_PERIOD, "N", 0, "a sample every N instructions (default: 1009)", 1 },
	{ "symbols", KEY_SYMBOLS, "FILE", 0,
	  "the guest's functions: its ELF file, System.map, or a copy of its /proc/kallsyms (default: a bare-metal guest's own "
	  "image)",
	  1 },
	{ "format", KEY_FORMAT, "NAME", 0,
	  "text (default), a table as perf report's; script, samples with stacks as perf script prints them; folded, stacks with "
	  "all "
	  "instructions; annotate, lines of source; page, HTML with a flame graph; or json",
	  1 },
	{ "function", KEY_FUNCTION, "NAME", 0, "of annotate: only that function of the hypervisor's", 1 },
	{ "qemu", KEY_QEMU, "PROGRAM", 0, "the emulator to run: a program, or `next` (as for run)", 1 },
	{ "output", 'o', "FILE", 0, "write it to FILE (default: standard output)", 1 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case KEY_PHASE: o->phase = arg; return 0;
	case KEY_PERIOD: return parse_number(state, "--period", arg, 1000000000, &o->period);
	case KEY_FORMAT: return parse_format(state, profile_formats, arg, &o->format);
	case KEY_SYMBOLS: return take_text(state, "--symbols needs a file", arg, &o->symbols);
	case KEY_FUNCTION: return take_text(state, "--function needs a name", arg, &o->function);
	case KEY_QEMU: return take_text(state, "--qemu needs a program", arg, &o->qemu);
	case 'o': return take_text(state, "--output needs a file", arg, &o->output);
	case ARGP_KEY_ARG:
		if (o->nr_row == 2)
			argp_error(state, "profile takes one recipe and one workload, not also \"%s\"", arg);
		o->row[o->nr_row++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (o->nr_row < 2)
			argp_error(state, "profile which recipe and workload? `penumbra profile shadow3 demand-fault`, for one");
		if (o->function && (!o->format || strcmp(o->format, "annotate")))
			argp_error(state, "--function is for --format annotate: others show all functions");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp profile_argp = { options,
				   parse,
				   "RECIPE WORKLOAD",
				   "Count every instruction that a workload's measured regions take, the hypervisor's and the "
				   "guest's, by function, by line and by what called "
				   "it, and sample them by the guest's virtual time: a boot of its own, with a plugin in QEMU. "
				   "Under QEMU's clock an instruction is a "
				   "nanosecond, so samples are of time as well.\v"
				   "Exit status: 0 done, 1 it could not be run, 2 the command line is wrong, 130 "
				   "interrupted.",
				   place_child,
				   NULL,
				   NULL };
