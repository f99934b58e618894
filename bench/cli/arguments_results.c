/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of the commands that work on the results of runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "argument_parts.h"
#include "choice.h"
#include "comparison.h"
#include "table.h"

enum {
	KEY_THRESHOLD = 256,
	KEY_FORMAT,
	KEY_ALL,
	KEY_PHASE,
	KEY_TABLE,
	KEY_KEEP,
	KEY_RUNS,
	KEY_PACKAGES,
	KEY_LABS,
	KEY_DRY,
	KEY_FROM,
	KEY_TO,
	KEY_EVENT,
	KEY_WHERE,
	KEY_COMPARE,
	KEY_SYMBOLS
};

static error_t take_run(struct argp_state *state, struct options *o, const char *arg, unsigned most)
{
	need_text(state, "a run is its name in results/ or its directory, and not empty", arg);
	if (o->nr_runs == most)
		argp_error(state, "%s, and \"%s\" is one too many", most == 1 ? "it takes one run" : "it takes two runs", arg);
	o->run[o->nr_runs++] = arg;
	return 0;
}

/* --output and --format, in each of the commands that show something. */
static error_t parse_shown(int key, char *arg, struct argp_state *state, const char *const formats[])
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case KEY_FORMAT: return parse_format(state, formats, arg, &o->format);
	case 'o': return take_text(state, "--output needs a file", arg, &o->output);
	default: return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_report(int key, char *arg, struct argp_state *state)
{
	if (key == ARGP_KEY_INIT)
		state->child_inputs[0] = state->input;
	return key == ARGP_KEY_INIT ? 0 : key == ARGP_KEY_ARG ? take_run(state, state->input, arg, 1) : ARGP_ERR_UNKNOWN;
}

#define OUTPUT_OPTION                                                                                                            \
	{                                                                                                                        \
		"output", 'o', "FILE", 0, "write it to FILE (default: standard output)", 1                                       \
	}

static const char *const compare_formats[] = {
#define FORMAT(name) #name,
#include "formats.def"
#undef FORMAT
	NULL
};

static const struct argp_option compare_options[] = {
	{ "threshold", KEY_THRESHOLD, "PERCENT", 0, "smaller changes are neither better nor worse (default: 1)", 1 },
	{ "format", KEY_FORMAT, "NAME", 0, "text (default), markdown, page (HTML), json, or junit (XML)", 1 },
	{ "all", KEY_ALL, NULL, 0, "every row in text and Markdown (default: the 20 largest changes of a kind)", 1 },
	OUTPUT_OPTION,
	{ 0 }
};

static error_t parse_compare(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_THRESHOLD: return parse_percent(state, "--threshold", arg, &o->threshold);
	case KEY_ALL: o->all = true; return 0;
	case ARGP_KEY_ARG: return take_run(state, o, arg, 2);
	case ARGP_KEY_END:
		if (o->nr_runs < 2)
			argp_error(state, "compare needs two runs: the one before, and the one after");
		return 0;
	default: return parse_shown(key, arg, state, compare_formats);
	}
}

static const char *const history_formats[] = { "text", "svg", "csv", "json", NULL };

static const struct argp_option history_options[] = {
	{ "phase", KEY_PHASE, "NAME", 0, "only that phase (default: the main one)", 1 },
	{ "format", KEY_FORMAT, "NAME", 0, "text (default: a table and a picture of letters), svg, csv or json", 1 },
	OUTPUT_OPTION,
	{ 0 }
};

static error_t parse_history(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_PHASE: o->phase = arg; return 0;
	case ARGP_KEY_ARG:
		if (o->nr_row == 2)
			argp_error(state, "history takes a workload and a recipe, not also \"%s\"", arg);
		o->row[o->nr_row++] = arg;
		return 0;
	case ARGP_KEY_END:
		if (!o->nr_row)
			argp_error(state, "history of which workload? `penumbra list` shows them");
		return 0;
	default: return parse_shown(key, arg, state, history_formats);
	}
}

static const char *const trace_formats[] = { "text", "json", "csv", "page", "perfetto", NULL };

static const struct argp_option trace_options[] = {
	{ "recipe", 'r', "A,B", 0, "only the traces under these recipes", 1 },
	{ "workload", 'w', "X,Y", 0, "only the traces of these workloads", 1 },
	{ "compare", KEY_COMPARE, "A,B", 0,
	  "the same operations of the guest under two recipes, one by one: where they part, and what it costs", 1 },
	{ "from", KEY_FROM, "PLACE", 0, "from there on: ticks from the trace's beginning, or a region's name", 1 },
	{ "to", KEY_TO, "PLACE", 0, "up to there: likewise, where the region ends", 1 },
	{ "event", KEY_EVENT, "NAME,...", 0,
	  "only trips of that kind or fate, of that operation of the guest, or in which that event happened (docs/events.md)",
	  1 },
	{ "where", KEY_WHERE, "CONDITION", 0,
	  "only trips that fit: FIELD in LOW..HIGH, FIELD = N, FIELD < N or FIELD > N, with \"and\" between several", 1 },
	{ "symbols", KEY_SYMBOLS, "FILE", 0,
	  "name the guest's functions, by its ELF file, its System.map, or a copy of its /proc/kallsyms", 1 },
	{ "format", KEY_FORMAT, "NAME", 0,
	  "text (default), json, csv, page (HTML with pictures), or perfetto (one trace, for ui.perfetto.dev)", 1 },
	OUTPUT_OPTION,
	{ 0 }
};

/* Two names that are not the same. */
static void take_compared(struct argp_state *state, struct options *o, const char *arg)
{
	size_t left = strcspn(arg, ",");
	const char *right = arg[left] ? arg + left + 1 : "";

	if (!left || !*right || strchr(right, ',') || (strlen(right) == left && !strncmp(arg, right, left)))
		argp_error(state, "--compare needs two recipes with a comma between them, not \"%s\"", arg);
	o->compared = arg;
}

/* What needs more than one option to be wrong. */
static void check_trace(struct argp_state *state, const struct options *o)
{
	struct ta_choice choice;
	char why[512];

	if (o->compared && o->recipes)
		argp_error(state, "--compare names the recipes: --recipe does not go with it");
	if (o->compared && o->format && !strcmp(o->format, "perfetto"))
		argp_error(state, "--compare has no form for Perfetto");
	if (!ta_choice_parse(&choice, o->from, o->to, o->event, o->where, why, sizeof(why)))
		argp_error(state, "%s", why);
}

static error_t parse_trace(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case 'r': return take_text(state, "--recipe needs a name, or several with commas between them", arg, &o->recipes);
	case 'w': return take_text(state, "--workload needs a name, or several with commas between them", arg, &o->workloads);
	case KEY_FROM: o->from = arg; return 0;
	case KEY_TO: o->to = arg; return 0;
	case KEY_EVENT: o->event = arg; return 0;
	case KEY_WHERE: o->where = arg; return 0;
	case KEY_SYMBOLS: return take_text(state, "--symbols needs a file", arg, &o->symbols);
	case ARGP_KEY_ARG: return take_run(state, o, arg, 1);
	case KEY_COMPARE: take_compared(state, o, arg); return 0;
	case ARGP_KEY_END: check_trace(state, o); return 0;
	default: return parse_shown(key, arg, state, trace_formats);
	}
}

static const struct argp_option export_options[] = { { "table", KEY_TABLE, "NAME", 0,
						       "which of the report's tables (default: tell their names)", 1 },
						     { "all", KEY_ALL, NULL, 0, "all of them, one behind the other", 1 },
						     { "format", KEY_FORMAT, "NAME", 0, "csv (default), json or markdown", 1 },
						     OUTPUT_OPTION,
						     { 0 } };

static error_t parse_export(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case KEY_TABLE: o->table = arg; return 0;
	case KEY_ALL: o->all = true; return 0;
	case ARGP_KEY_ARG: return take_run(state, o, arg, 1);
	case ARGP_KEY_END:
		if (o->table && o->all)
			argp_error(state, "--table names one, --all means all of them: one or the other");
		return 0;
	default: return parse_shown(key, arg, state, table_formats);
	}
}

static const struct argp_option clean_options[] = {
	{ "runs", KEY_RUNS, NULL, 0, "runs in results/, the newest excepted", 1 },
	{ "keep", KEY_KEEP, "N", 0, "of the runs, keep the N newest (default: 1)", 1 },
	{ "all", KEY_ALL, NULL, 0, "of the runs, all of them, and the index", 1 },
	{ "packages", KEY_PACKAGES, NULL, 0,
	  "kernels, programs, QEMU and package lists that were fetched: the next build fetches them again", 1 },
	{ "labs", KEY_LABS, NULL, 0, "what lab --check --keep left", 1 },
	{ "dry-run", KEY_DRY, NULL, 0, "only say what each takes", 1 },
	{ 0 }
};

static error_t parse_clean(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case KEY_RUNS: o->runs = true; return 0;
	case KEY_PACKAGES: o->packages = true; return 0;
	case KEY_LABS: o->labs = true; return 0;
	case KEY_ALL: o->all = o->runs = true; return 0;
	case KEY_DRY: o->dry = true; return 0;
	case KEY_KEEP: o->keep_given = o->runs = true; return parse_number(state, "--keep", arg, 1000000, &o->keep);
	case ARGP_KEY_ARG: argp_error(state, "unexpected argument \"%s\"", arg); return EINVAL;
	case ARGP_KEY_END:
		if (o->all && o->keep_given)
			argp_error(state, "--all and --keep: one or the other");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp report_argp = { NULL,
				  parse_report,
				  "[RUN]",
				  "Make report.html again from results.json. RUN is a name in results/ or a directory; "
				  "the newest run if left out.",
				  place_child,
				  NULL,
				  NULL };
const struct argp compare_argp = {
	compare_options,
	parse_compare,
	"BEFORE AFTER",
	"Show what differs between two runs, names in results/ or directories, row by row and per operation: exactly where a "
	"figure "
	"repeats to the digit, by a confidence interval where it varies.\v"
	"Exit status: 0 nothing got worse by more than the threshold, 1 something did, or a guest no longer finishes, or a run "
	"cannot be read, 2 the command line is wrong.",
	place_child,
	NULL,
	NULL
};
const struct argp history_argp = {
	history_options,
	parse_history,
	"WORKLOAD [RECIPE]",
	"Show a workload's figures over all runs that the index knows and those that lie in the results "
	"directory, under one recipe or under all.",
	place_child,
	NULL,
	NULL
};
const struct argp trace_argp = {
	trace_options,
	parse_trace,
	"[RUN]",
	"Show what a run's traces say: trips into the hypervisor by exit reason, page faults by what became of them, the guest's "
	"operations with all their trips, CR3 loads, searches for writable mappings, bytes of page tables, figures over time, "
	"and the "
	"most expensive trips with what led to them. RUN is a name in results/ or a directory; the newest run if left out. "
	"Without "
	"--recipe, --workload and --format, the traces of a run that has several are listed.\v"
	"Fields of --where: va, rip, info1 (page fault: error code), exit_code, cost (ticks), bytes, vcpu, trip and op (numbers "
	"in the "
	"trace). For example --from fault --to fault --where 'va in 0x400000000000..0x400000ffffff and cost > 1000'.",
	place_child,
	NULL,
	NULL
};
const struct argp export_argp = {
	export_options,
	parse_export,
	"[RUN]",
	"Give the tables of a run's report to other programs: the newest run's, if RUN is left out. Without "
	"--table and --all their names are told.",
	place_child,
	NULL,
	NULL
};
const struct argp clean_argp = {
	clean_options,
	parse_clean,
	"",
	"Remove what was asked for, and say how much it took; without an option only say how much each takes.",
	place_child,
	NULL,
	NULL
};
