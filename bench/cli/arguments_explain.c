/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `penumbra explain`. */
#include <string.h>

#include "argument_parts.h"
#include "catalog.h"

enum { KEY_LEVELS = 256, KEY_PHASE, KEY_NTH, KEY_FORMAT, KEY_BARE, KEY_QEMU, KEY_CYCLES, KEY_RUN };

static const char *const formats[] = { "text", "markdown", "page", "json", NULL };

static const struct argp_option options[] = {
	{ "recipe", 'r', "NAME,...", 0, "under which recipes, side by side (default: shadow1,shadow2,shadow3)", 1 },
	{ "levels", KEY_LEVELS, "N", 0, "of the guest's page tables, 2 to 5 (default: 4)", 1 },
	{ "phase", KEY_PHASE, "NAME", 0, "only that phase of the workload (default: all of them)", 1 },
	{ "nth", KEY_NTH, "N", 0, "the Nth operation of each phase, 1 the first after warm-up (default: a third of the way in)",
	  1 },
	{ "bare", KEY_BARE, NULL, 0,
	  "boot the recipes in QEMU as well: instructions of each trip, and whether the trips there are the same, one by one",
	  1 },
	{ "cycles", KEY_CYCLES, NULL, 0, "with --bare: also modelled cycles, as `penumbra run --cycles` has them", 1 },
	{ "qemu", KEY_QEMU, "PROGRAM", 0, "with --bare: on that QEMU, or on \"next\", as `penumbra run` takes it", 1 },
	{ "run", KEY_RUN, "RUN", 0,
	  "from that run's traces alone, of any workload and recipe that it has traced, a guest of your own among them; with "
	  "--bare: hold the "
	  "hosted engine against that run, and boot nothing",
	  1 },
	{ "format", KEY_FORMAT, "NAME", 0, "text (default), markdown, page (HTML) or json", 1 },
	{ "output", 'o', "FILE", 0, "write it to FILE (default: standard output)", 1 },
	{ 0 }
};

static void take_levels(struct argp_state *state, struct options *o, const char *arg)
{
	if (*arg < '0' + LEVELS_LEAST || *arg > '0' + LEVELS_MOST || arg[1])
		argp_error(state, "--levels needs one number from %d to %d, not \"%s\"", LEVELS_LEAST, LEVELS_MOST, arg);
	o->levels = (unsigned)(*arg - '0');
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case 'r': return take_text(state, "--recipe needs a name, or several with commas between them", arg, &o->recipes);
	case KEY_LEVELS: take_levels(state, o, arg); return 0;
	case KEY_PHASE: o->phase = arg; return 0;
	case KEY_NTH: return parse_number(state, "--nth", arg, 1000000, &o->nth);
	case KEY_BARE: o->bare = true; return 0;
	case KEY_CYCLES: o->cycles = true; return 0;
	case KEY_QEMU: return take_text(state, "--qemu needs a program, or next", arg, &o->qemu);
	case KEY_RUN: return take_text(state, "--run needs a run's name or directory", arg, &o->run[0]);
	case KEY_FORMAT: return parse_format(state, formats, arg, &o->format);
	case 'o': return take_text(state, "--output needs a file", arg, &o->output);
	case ARGP_KEY_ARG:
		if (o->nr_row)
			argp_error(state, "explain takes one operation, not also \"%s\"", arg);
		o->row[o->nr_row++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->nr_row)
			argp_error(
				state,
				"explain which operation? One of the workloads': demand-fault, fork-cow, ... (docs/explain.md)");
		if ((o->cycles || o->qemu) && !o->bare)
			argp_error(state, "%s is for --bare: without it nothing is booted", o->cycles ? "--cycles" : "--qemu");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp explain_argp = {
	options,
	parse,
	"OPERATION",
	"Show one operation of a workload step by step, as it happens on the real engine: what the guest did, why it stopped, "
	"what the hypervisor "
	"found and did, what changed in tables and books, and what it cost; under several recipes side by side.",
	place_child,
	NULL,
	NULL
};
