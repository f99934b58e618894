/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command line, with argp: one parser before the command's name and one
 * after it. A wrong number or name is refused here, never rounded.
 */
#include <argp.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "argument_parts.h"
#include "arguments.h"
#include "catalog.h"
#include "comparison.h"

const char *argp_program_version = PN_VERSION;

enum {
	KEY_SUITE = 256,
	KEY_LEVELS,
	KEY_PEERS,
	KEY_NO_TRACE,
	KEY_TRACE_LIMIT,
	KEY_KEEP_GOING,
	KEY_QEMU,
	KEY_CYCLES,
	KEY_MACHINE,
	KEY_SENSITIVITY,
	KEY_PLUGIN,
	KEY_SCRATCH,
	KEY_NO_REPORT,
	KEY_MODELLED,
	KEY_NO_MODELLED,
	KEY_PROFILE,
	KEY_WORKLOADS,
	KEY_SLURM,
	KEY_PARTITION,
	KEY_SLICE,
	KEY_BASELINE,
	KEY_THRESHOLD,
	KEY_SILENCE,
	KEY_RESUME,
	KEY_LONG
};

static const struct argp_option run_options[] = {
	{ "recipe", 'r', "A,B", 0, "only these recipes (default: the suite's; `penumbra list` shows all)", 1 },
	{ "workload", 'w', "X,Y", 0, "only these workloads (default: the whole suite)", 1 },
	{ "workloads", KEY_WORKLOADS, "DIR", 0,
	  "also the workloads of that directory outside the tree: its workloads.def, and the images beside it "
	  "(docs/own-guest.md)",
	  1 },
	{ "suite", KEY_SUITE, "NAME", 0,
	  "quick (default); full: every recipe, variant, workload and form, some 8000 guests, for hours; or peers: Xen, KVM, and "
	  "a few "
	  "recipes beside them",
	  1 },
	{ "peers", KEY_PEERS, "xen,kvm", 0,
	  "the same guests under Debian's Xen and Linux KVM as well (fetched into the build directory, nothing is installed)",
	  1 },
	{ "levels", KEY_LEVELS, "2,3,4,5", 0, "guests with so many levels of page tables (default: 4; in the full suite all)",
	  1 },
	{ "repeat", 'n', "N", 0, "measure each workload N times (default: 2; Linux guests, and most of the quick suite, 1)", 1 },
	{ "jobs", 'j', "N", 0, "how many QEMUs at once (default: one a CPU, as far as there is memory)", 1 },
	{ "output", 'o', "DIR", 0, "write this run's results to DIR (default: results/<date-time>)", 1 },
	{ "resume", KEY_RESUME, "RUN", 0,
	  "go on with a run that was interrupted or killed, a name in results/ or a directory: what it has finished is not run "
	  "again",
	  1 },
	{ "no-trace", KEY_NO_TRACE, NULL, 0, "skip the extra, traced passes", 1 },
	{ "trace-limit", KEY_TRACE_LIMIT, "MIB", 0,
	  "end the tracing of a guest when its trace has so many MiB: what it does after that is in no trace (default: 64)", 1 },
	{ "keep-going", KEY_KEEP_GOING, NULL, 0, "start the other recipes even after one has failed to boot", 1 },
	{ "no-report", KEY_NO_REPORT, NULL, 0, "write the results but no report.html", 1 },
	{ "slurm", KEY_SLURM, NULL, 0,
	  "measure on a cluster: an array job of Slurm's, a task for each recipe and slice of its workloads; Ctrl-C ends the "
	  "job, "
	  "--resume RUN --slurm goes on",
	  1 },
	{ "partition", KEY_PARTITION, "P", 0, "of --slurm: the partition (default: Slurm's own)", 1 },
	{ "slice", KEY_SLICE, "FILE", OPTION_HIDDEN, "a task's part of a run", 1 },
	{ "plugin", KEY_PLUGIN, "TEXT", OPTION_HIDDEN, "what QEMU is told of a plugin; its file is in cycles/", 1 },
	{ "scratch", KEY_SCRATCH, NULL, OPTION_HIDDEN, "it is another command's own, and goes afterwards", 1 },
	{ "baseline", KEY_BASELINE, "RUN", 0,
	  "compare with that run at the end, as `penumbra compare RUN <this run>` does; comparison.html beside the report has "
	  "every row",
	  1 },
	{ "threshold", KEY_THRESHOLD, "PERCENT", 0, "of --baseline: smaller changes are neither better nor worse (default: 1)",
	  1 },
	{ "profile", KEY_PROFILE, NULL, 0, "say at the end where the time went", 1 },
	{ "silence", KEY_SILENCE, "SECONDS", 0,
	  "kill a QEMU that gets no further in so much of its own CPU time, or has used none for so long (default: from the "
	  "workload's limit, or 300)",
	  1 },
	{ "qemu", KEY_QEMU, "PROGRAM", 0,
	  "the emulator to run: a program, or `next`, the newer one of this release's backports (default: $PENUMBRA_QEMU, or "
	  "qemu-system-x86_64)",
	  1 },
	{ "cycles", KEY_CYCLES, NULL, 0,
	  "also what each region would take on real machines, in modelled cycles (docs/model.md); by a QEMU of version 10, on "
	  "Debian 12 "
	  "with `--qemu next`",
	  1 },
	{ "machine", KEY_MACHINE, "A,FILE", 0,
	  "of --cycles: these machines, by name or file (default: opteron-2007, xeon-2009, zen2-2019, nested-cloud)", 1 },
	{ "modelled", KEY_MODELLED, NULL, 0,
	  "beside this run one with modelled cycles of a few workloads and recipes, with which the report begins; so it is where "
	  "nothing is "
	  "named",
	  1 },
	{ "no-modelled", KEY_NO_MODELLED, NULL, 0, "none beside it", 1 },
	{ "sensitivity", KEY_SENSITIVITY, NULL, 0,
	  "of --cycles: also with each assumed size and kind of a machine's caches and TLBs halved, doubled or the other, so "
	  "that the "
	  "report can say which winners hang on it; 10 to 36 machines more for each, so name one by --machine",
	  1 },
	{ 0 }
};

/* Digits, each alone between commas. */
static error_t parse_levels(struct argp_state *state, const char *arg, unsigned *out)
{
	const char *p = arg;

	for (*out = 0;; p += 2) {
		if (*p < '0' + LEVELS_LEAST || *p > '0' + LEVELS_MOST || (p[1] && p[1] != ','))
			argp_error(state, "--levels needs numbers from %d to %d with commas between them, not \"%s\"",
				   LEVELS_LEAST, LEVELS_MOST, arg);
		*out |= 1u << (*p - '0');
		if (!p[1])
			return 0;
	}
}

/* Options that need one another, or cannot be together. */
static void fit_together(struct argp_state *state, const struct options *o)
{
	if (o->slice && o->nr_guests)
		argp_error(state, "a slice has its guests: leave --guest and --script out");
	if (o->machines && !o->cycles)
		argp_error(state, "--machine is for --cycles");
	if (o->sensitivity && !o->cycles)
		argp_error(state, "--sensitivity is for --cycles");
	if (o->modelled == MODELLED_ALWAYS && (o->cycles || o->slurm || o->plugin))
		argp_error(state, "--modelled is for a run without --cycles, here and not by --slurm");
	if (o->partition && !o->slurm)
		argp_error(state, "--partition is for --slurm");
	if (o->slurm && o->slice)
		argp_error(state, "a slice is measured here: leave --slurm out");
	if (o->resume && o->nr_guests)
		argp_error(state, "--resume knows the run's own guests: leave --guest and --script out");
	if (o->resume && o->output)
		argp_error(state, "--resume goes on in the run's own directory: leave --output out");
}

static error_t parse_run(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = o;
		state->child_inputs[1] = o;
		return 0;
	case 'r': o->recipes = arg; return 0;
	case 'w': o->workloads = arg; return 0;
	case KEY_SUITE:
		if (strcmp(arg, "quick") && strcmp(arg, "full") && strcmp(arg, "peers") && strcmp(arg, "hostile"))
			argp_error(state, "--suite is quick, full or peers, not \"%s\"", arg);
		o->suite = arg;
		return 0;
	case KEY_PEERS: o->peers = arg; return 0;
	case KEY_LEVELS: return parse_levels(state, arg, &o->levels);
	case 'n': return parse_number(state, "--repeat", arg, MAX_REPEAT, &o->repeat);
	case 'j': return parse_number(state, "--jobs", arg, MAX_JOBS, &o->jobs);
	case KEY_SILENCE: return parse_number(state, "--silence", arg, 86400, &o->silence_s);
	case 'o': return take_text(state, "--output needs a directory", arg, &o->output);
	case KEY_RESUME: return take_text(state, "--resume needs a run", arg, &o->resume);
	case KEY_NO_TRACE: o->trace = false; return 0;
	case KEY_TRACE_LIMIT: return parse_number(state, "--trace-limit", arg, TRACE_MIB_MOST, &o->trace_mib);
	case KEY_KEEP_GOING: o->keep_going = true; return 0;
	case KEY_NO_REPORT: o->no_report = true; return 0;
	case KEY_WORKLOADS:
		need_text(state, "--workloads needs a directory", arg);
		o->workloads_dir = realpath(arg, NULL);
		if (!o->workloads_dir)
			argp_error(state, "--workloads %s: %s", arg, strerror(errno));
		return 0;
	case KEY_SLURM: o->slurm = true; return 0;
	case KEY_PARTITION: return take_text(state, "--partition needs a name", arg, &o->partition);
	case KEY_SLICE: o->slice = arg; return 0;
	case KEY_SCRATCH: o->scratch = true; return 0;
	case KEY_PLUGIN: o->plugin = arg; return 0;
	case KEY_BASELINE: return take_text(state, "--baseline needs a run", arg, &o->baseline);
	case KEY_THRESHOLD: return parse_percent(state, "--threshold", arg, &o->threshold);
	case KEY_PROFILE: o->profile = true; return 0;
	case KEY_QEMU: return take_text(state, "--qemu needs a program", arg, &o->qemu);
	case KEY_CYCLES: o->cycles = true; return 0;
	case KEY_MODELLED: o->modelled = MODELLED_ALWAYS; return 0;
	case KEY_NO_MODELLED: o->modelled = MODELLED_NEVER; return 0;
	case KEY_SENSITIVITY: o->sensitivity = true; return 0;
	case KEY_MACHINE: return take_text(state, "--machine needs a name or a file", arg, &o->machines);
	case ARGP_KEY_END: fit_together(state, o); return 0;
	case ARGP_KEY_ARG:
		argp_error(state, "run takes options only; \"%s\" is none (did you mean --workload %s?)", arg, arg);
		return EINVAL;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_plain(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_INIT) {
		state->child_inputs[0] = state->input;
		return 0;
	}
	if (key == ARGP_KEY_ARG)
		argp_error(state, "unexpected argument \"%s\"", arg);
	return ARGP_ERR_UNKNOWN;
}

static const struct argp_option check_options[] = {
	{ "long", KEY_LONG, NULL, 0, "run those that have a long form in it: hours, where the usual one takes a sample", 1 },
	{ 0 }
};

static error_t parse_check(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key != KEY_LONG)
		return parse_plain(key, arg, state);
	o->long_tests = true;
	return 0;
}

static const struct argp_child run_child[] = { { &guest_argp, 0, "Guests of your own:", 5 },
					       { &place_argp, 0, "Places:", 9 },
					       { 0 } };
static const struct argp run_argp = {
	run_options,
	parse_run,
	"",
	"Boot every chosen recipe in QEMU, run the chosen workloads in it, and write results and a report.\v"
	"Exit status: 0 all finished, 1 something did not, or is worse than the baseline, 2 the command line is wrong, 3 another "
	"run is at work in that "
	"directory, 130 interrupted (what was finished is kept).",
	run_child,
	NULL,
	NULL
};
static const struct argp list_argp = { NULL, parse_plain, "", "Show every recipe and workload.", place_child, NULL, NULL };
static const struct argp check_argp = {
	check_options, parse_check, "",  "Run every test and linter: why one failed is told at once, a total at the end.",
	place_child,   NULL,        NULL
};
static const struct argp doctor_argp = {
	NULL,        parse_plain, "",  "Look whether everything that a run needs is there, and say what to do if not.",
	place_child, NULL,        NULL
};

static const struct {
	const char *name;
	enum command command;
	const struct argp *argp;
	const char *text;
} commands[] = {
#define COMMAND(name, text) { #name, CMD_##name, &name##_argp, text },
#include "commands.def"
#undef COMMAND
};

/* As users write it: bench-engine. The caller frees it. */
static char *command_name(unsigned c)
{
	char *name = xstrdup(commands[c].name);

	for (char *p = name; *p; p++)
		*p = *p == '_' ? '-' : *p;
	return name;
}

/* " run explain ..."; lives as long as the program. */
static const char *command_names(void)
{
	char *all = NULL;

	for (unsigned c = 0; c < COUNT_OF(commands); c++) {
		char *name = command_name(c);

		list_add(&all, "", " %s", name);
		free(name);
	}
	return all;
}

static bool command_is(unsigned c, const char *typed)
{
	char *name = command_name(c);
	const bool is = !strcmp(name, typed);

	free(name);
	return is;
}

static const char top_text[] =
	"Penumbra measures shadow paging: it boots a hypervisor once for every policy, runs the same guests "
	"under each, and reports what every page fault costs.\v"
	"Commands:\n";

/* With the commands; lives as long as the program. */
static char *whole_text(void)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	fputs(top_text, f);
	for (unsigned c = 0; c < COUNT_OF(commands); c++) {
		char *name = command_name(c);

		fprintf(f, "  %-14s%s\n", name, commands[c].text);
		free(name);
	}
	fputs("\n`penumbra COMMAND --help` shows a command's options.", f);
	fclose(f);
	return text;
}

static error_t parse_top(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_NO_ARGS) {
		argp_error(state, "which command? It is one of%s", command_names());
		return EINVAL;
	}
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	/* The command and what follows are for the next parser. */
	*(int *)state->input = state->next - 1;
	state->next = state->argc;
	return 0;
}

static void set_defaults(struct options *o)
{
	memset(o, 0, sizeof(*o));
	o->trace = true;
	o->trace_mib = TRACE_MIB_USUAL;
	o->threshold = THRESHOLD_PERCENT / 100;
}

static int parse_command(struct options *o, unsigned c, int argc, char **argv)
{
	char *typed = command_name(c), *name = xfmt("penumbra %s", typed);

	/* argp prints argv[0] in its messages; the string lives as long as the program. */
	free(typed);
	argv[0] = name;
	o->command = commands[c].command;
	return argp_parse(commands[c].argp, argc, argv, 0, NULL, o) ? EXIT_USAGE : 0;
}

int options_parse(struct options *o, int argc, char **argv)
{
	static char top_name[] = "penumbra";
	struct argp top_argp = { NULL, parse_top, "COMMAND [OPTION...]", whole_text(), NULL, NULL, NULL };
	int at = 0;

	set_defaults(o);
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = top_name;
	if (argp_parse(&top_argp, argc, argv, ARGP_IN_ORDER, NULL, &at))
		return EXIT_USAGE;
	for (unsigned c = 0; c < COUNT_OF(commands); c++)
		if (command_is(c, argv[at]))
			return parse_command(o, c, argc - at, argv + at);
	say("there is no command \"%s\": it is one of%s (penumbra --help)", argv[at], command_names());
	return EXIT_USAGE;
}
