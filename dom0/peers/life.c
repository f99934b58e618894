/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold: a life that has no end has no figures, and `ended` is never before `begun`. */
#include "life.h"

#include <string.h>

void life_watch(struct life *l, const char *from, const char *to)
{
	*l = (struct life){ .state = PN_LIFE_WAITS, .from = from, .to = to };
}

bool life_starts(struct life *l)
{
	if (l->state != PN_LIFE_WAITS || l->from)
		return false;
	l->state = PN_LIFE_RUNS;
	return true;
}

static void keep(struct life *l, char byte)
{
	if (l->tail_bytes == sizeof(l->tail))
		memmove(l->tail, l->tail + 1, --l->tail_bytes);
	l->tail[l->tail_bytes++] = byte;
}

static bool has_printed(const struct life *l, const char *text)
{
	size_t n = text ? strlen(text) : 0;

	return n && n <= l->tail_bytes && !memcmp(l->tail + l->tail_bytes - n, text, n);
}

bool life_prints(struct life *l, char byte)
{
	if (l->state == PN_LIFE_NONE || l->state == PN_LIFE_ENDS)
		return false;
	keep(l, byte);
	if (l->state == PN_LIFE_WAITS && has_printed(l, l->from))
		l->state = PN_LIFE_RUNS;
	else if (l->state == PN_LIFE_RUNS && has_printed(l, l->to))
		l->state = PN_LIFE_ENDS;
	else
		return false;
	return true;
}

void life_stamp(struct life *l, struct life_stamp at)
{
	if (l->state == PN_LIFE_RUNS || !l->begun.ticks)
		l->begun = at;
	l->ended = at;
}

void life_stops(struct life *l, struct life_stamp at)
{
	if (l->state == PN_LIFE_RUNS && !l->to) {
		l->ended = at.ticks < l->begun.ticks ? l->begun : at;
		l->state = PN_LIFE_ENDS;
	}
}

bool life_is_whole(const struct life *l)
{
	return l->state == PN_LIFE_ENDS;
}

const char *life_missing(const struct life *l)
{
	return l->state == PN_LIFE_WAITS ? l->from : l->state == PN_LIFE_RUNS ? l->to : NULL;
}
