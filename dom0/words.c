/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's last words. Whatever it prints is a text of lines of any length, with anything in it. */
#include "words.h"

#include <string.h>

#define FAIL "@fail" /* how our guests begin that sentence (workloads/lib) */

static bool is_fail(const char *line)
{
	return strstr(line, FAIL) != NULL;
}

static void end_line(struct words *w)
{
	w->line[w->len] = '\0';
	w->len = 0;
	if (!w->line[strspn(w->line, " ")] || w->is_final)
		return;
	w->is_final = is_fail(w->line);
	strcpy(w->last, w->line);
}

void words_take(struct words *w, const char *text, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (text[i] == '\n')
			end_line(w);
		else if ((unsigned char)text[i] >= ' ' && w->len < WORDS_BYTES - 1)
			w->line[w->len++] = text[i];
}

const char *words_last(struct words *w)
{
	if (w->len)
		end_line(w);
	return w->last;
}
