/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `penumbra lab`. */
#include "argument_parts.h"
#include "lab.h"

enum { KEY_CHECK = 256, KEY_JSON, KEY_CLASS, KEY_KEEP };

static const struct argp_option options[] = {
	{ "check", KEY_CHECK, NULL, 0, "say what the files in FOLDER are worth; exit code 1 if that does not pass", 1 },
	{ "json", KEY_JSON, NULL, 0, "of --check: as JSON", 1 },
	{ "class", KEY_CLASS, "DIR", 0, "of --check: every folder in DIR is a submission (labs/teaching.md)", 1 },
	{ "keep", KEY_KEEP, NULL, 0, "of --check: leave the programs that were built of it, and say where", 1 },
	{ "output", 'o', "FILE", 0, "of --check: write it to FILE (default: standard output)", 1 },
	{ 0 }
};

static void take_argument(struct argp_state *state, struct options *o, const char *arg)
{
	if (!o->nth)
		parse_number(state, "the lab", arg, LABS, &o->nth);
	else if (!o->dir)
		o->dir = arg;
	else
		argp_error(state, "lab takes a number and a folder, not also \"%s\"", arg);
}

static void look_over(struct argp_state *state, const struct options *o)
{
	if (!o->check && (o->json || o->class || o->output || o->keep_built))
		argp_error(state, "--json, --class, --keep and --output are for --check");
	if (o->check && !o->nth)
		argp_error(state, "check which lab? One of 1 to %d", LABS);
	if (o->class && o->dir)
		argp_error(state, "--class has the submissions: leave \"%s\" out", o->dir);
}

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	switch (key) {
	case ARGP_KEY_INIT: state->child_inputs[0] = o; return 0;
	case KEY_CHECK: o->check = true; return 0;
	case KEY_JSON: o->json = true; return 0;
	case KEY_CLASS: return take_text(state, "--class needs a folder", arg, &o->class);
	case KEY_KEEP: o->keep_built = true; return 0;
	case 'o': return take_text(state, "--output needs a file", arg, &o->output);
	case ARGP_KEY_ARG: take_argument(state, o, arg); return 0;
	case ARGP_KEY_END: look_over(state, o); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

const struct argp lab_argp = { options,
			       parse,
			       "[N [FOLDER]]",
			       "The teaching labs: without a number, their list; with one, its text, and FOLDER (default: lab-N) "
			       "with the files to begin with.",
			       place_child,
			       NULL,
			       NULL };
