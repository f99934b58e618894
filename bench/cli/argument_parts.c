/* SPDX-License-Identifier: BSD-2-Clause */
/* Places, numbers and texts, as every command's parser takes them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "argument_parts.h"

/* Beyond every command's own keys, which begin at 256. */
enum { KEY_BUILD = 1024, KEY_RESULTS };

static const struct argp_option place_options[] = {
	{ "build", KEY_BUILD, "DIR", 0, "where the images are (default: where this program is)", 9 },
	{ "results", KEY_RESULTS, "DIR", 0, "where runs are kept (default: results)", 9 },
	{ 0 }
};

error_t parse_number(struct argp_state *state, const char *what, const char *arg, unsigned max, unsigned *out)
{
	char *end;
	unsigned long n;

	errno = 0;
	n = strtoul(arg, &end, 10);
	/* strtoul() would take " 5", "+5" and, as a large number, " -5". */
	if (errno || *arg < '0' || *arg > '9' || *end || n < 1 || n > max)
		argp_error(state, "%s needs a whole number from 1 to %u, not \"%s\"", what, max, arg);
	*out = (unsigned)n;
	return 0;
}

error_t parse_percent(struct argp_state *state, const char *what, const char *arg, double *out)
{
	char *end;
	double v = strtod(arg, &end);

	if (*arg < '0' || *arg > '9' || *end || !(v <= 100))
		argp_error(state, "%s needs a percentage from 0 to 100, not \"%s\"", what, arg);
	*out = v / 100;
	return 0;
}

void need_text(struct argp_state *state, const char *message, const char *arg)
{
	if (!*arg)
		argp_error(state, "%s", message);
}

error_t take_text(struct argp_state *state, const char *message, const char *arg, const char **out)
{
	need_text(state, message, arg);
	*out = arg;
	return 0;
}

error_t parse_format(struct argp_state *state, const char *const names[], const char *arg, const char **out)
{
	char *all = xstrdup("");

	for (unsigned i = 0; names[i]; i++) {
		list_add(&all, ", ", "%s", names[i]);
		if (!strcmp(names[i], arg))
			*out = names[i];
	}
	if (!*out || strcmp(*out, arg))
		argp_error(state, "--format is one of %s, not \"%s\"", all, arg);
	free(all);
	return 0;
}

static error_t parse_place(int key, char *arg, struct argp_state *state)
{
	struct options *o = state->input;

	if (key == KEY_BUILD || key == KEY_RESULTS)
		need_text(state, key == KEY_BUILD ? "--build needs a directory" : "--results needs a directory", arg);
	if (key == KEY_BUILD)
		o->build = arg;
	else if (key == KEY_RESULTS)
		o->results = arg;
	else
		return ARGP_ERR_UNKNOWN;
	return 0;
}

const struct argp place_argp = { place_options, parse_place, NULL, NULL, NULL, NULL, NULL };
const struct argp_child place_child[2] = { { &place_argp, 0, "Places:", 9 }, { 0 } };
