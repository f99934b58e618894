/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line formats. An event is accepted only as its table in schema.c has it: later code need not check again.
 */
#include <stdlib.h>
#include <string.h>

#include "parse.h"
#include "schema.h"

static bool event_whole(const json_t *ev)
{
	const char *e = json_string_value(json_object_get(ev, "e"));
	const struct rule *rules = e ? schema_event(e) : NULL;
	char *wrong = rules ? schema_wrong(ev, rules) : NULL;
	bool whole = rules && !wrong;

	free(wrong);
	return whole;
}

enum line_kind parse_event(const char *line, json_t **event)
{
	/* The kernel's own messages may stand before ours on the same console line. */
	const char *at = strstr(line, "@pn ");
	json_t *ev;

	*event = NULL;
	if (!at)
		return LINE_TEXT;
	ev = json_loads(at + 4, JSON_REJECT_DUPLICATES | JSON_DISABLE_EOF_CHECK, NULL);
	if (!ev || !event_whole(ev)) {
		json_decref(ev);
		return LINE_DAMAGED;
	}
	*event = ev;
	return LINE_EVENT;
}

static void put_byte(struct line_cutter *c, char byte)
{
	if (c->len + 2 > c->cap) {
		c->cap = c->cap ? 2 * c->cap : 4096;
		c->data = xrealloc(c->data, c->cap);
	}
	c->data[c->len++] = byte;
}

static void give_line(struct line_cutter *c, void (*line)(void *arg, const char *text), void *arg)
{
	put_byte(c, 0);
	c->len = 0;
	line(arg, c->data);
}

void cut_lines(struct line_cutter *c, const char *data, size_t len, void (*line)(void *arg, const char *text), void *arg)
{
	for (size_t i = 0; i < len; i++) {
		if (data[i] == '\n' || c->len >= LINE_MAX_BYTES)
			give_line(c, line, arg);
		if (data[i] != '\n' && data[i] != '\r' && data[i])
			put_byte(c, data[i]);
	}
}

void cut_rest(struct line_cutter *c, void (*line)(void *arg, const char *text), void *arg)
{
	if (c->len)
		give_line(c, line, arg);
	free(c->data);
	memset(c, 0, sizeof(*c));
}
