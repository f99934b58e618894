/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters from the loader's command line: words "name=N". A word that the
 * workload never asks for is an error, so that a slip of the pen cannot
 * silently measure the default.
 */
#include "guest.h"
#include "private.h"

#define MAX_WORDS  16
#define MAX_DIGITS 9 /* of a number: less than 2^30 in every form */

static char text[256];
static char *word[MAX_WORDS];
static bool asked[MAX_WORDS];
static unsigned nr_words;

void params_init(const char *command_line)
{
	char *p = text;

	need(str_copy(text, sizeof(text), command_line), "the command line is longer than %zu bytes", sizeof(text) - 1);
	for (;;) {
		while (*p == ' ')
			*p++ = 0;
		if (!*p)
			return;
		need(nr_words < MAX_WORDS, "more than %u words on the command line", MAX_WORDS);
		word[nr_words++] = p;
		while (*p && *p != ' ')
			p++;
	}
}

static ulong number(const char *whole, const char *digits)
{
	ulong value = 0;

	need(*digits && strlen(digits) <= MAX_DIGITS, "no number: %s", whole);
	for (; *digits; digits++) {
		need(*digits >= '0' && *digits <= '9', "no number: %s", whole);
		value = value * 10 + (*digits - '0');
	}
	return value;
}

ulong param(const char *name, ulong standard, ulong least, ulong most)
{
	size_t n = strlen(name);
	ulong value = standard;

	for (unsigned i = 0; i < nr_words; i++) {
		if (strncmp(word[i], name, n) || word[i][n] != '=')
			continue;
		asked[i] = true;
		value = number(word[i], word[i] + n + 1);
	}
	need(value >= least && value <= most, "%s=%lu is not within %lu..%lu", name, value, least, most);
	return value;
}

void params_check(void)
{
	for (unsigned i = 0; i < nr_words; i++)
		need(asked[i], "this workload has no parameter: %s", word[i]);
}
