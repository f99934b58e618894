/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The line formats. An event is accepted only with every field that the rest
 * of the program reads, in its type: later code need not check again.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parse.h"

struct field {
	const char *name;
	json_type type; /* JSON_TRUE stands for either boolean */
};

static const struct field hello_fields[] = { { "items", JSON_INTEGER }, { 0 } };
static const struct field begin_fields[] = { { "item", JSON_INTEGER }, { "rep", JSON_INTEGER }, { "name", JSON_STRING }, { 0 } };
static const struct field region_fields[] = {
	{ "item", JSON_INTEGER }, { "rep", JSON_INTEGER },	{ "name", JSON_STRING },       { "traced", JSON_TRUE },
	{ "phase", JSON_STRING }, { "ops", JSON_INTEGER },	{ "instructions", JSON_INTEGER }, { "trips", JSON_INTEGER },
	{ "bytes", JSON_INTEGER }, { "guest_levels", JSON_INTEGER }, { "shadow_levels", JSON_INTEGER }, { "trip", JSON_OBJECT }, { 0 }
};
static const struct field end_fields[] = { { "item", JSON_INTEGER }, { "rep", JSON_INTEGER }, { "name", JSON_STRING },
					   { "traced", JSON_TRUE },   { "state", JSON_STRING }, { 0 } };
static const struct field trace_fields[] = { { "name", JSON_STRING }, { "written", JSON_INTEGER }, { "lost", JSON_INTEGER }, { 0 } };
static const struct field no_fields[] = { { 0 } };

static const struct {
	const char *name;
	const struct field *fields;
} events[] = {
	{ "hello", hello_fields }, { "begin", begin_fields }, { "region", region_fields },
	{ "end", end_fields },	   { "trace", trace_fields }, { "done", no_fields },
};

static bool type_fits(const json_t *v, json_type type)
{
	if (type == JSON_TRUE)
		return json_is_boolean(v);
	if (type == JSON_INTEGER)
		return json_is_integer(v) && json_integer_value(v) >= 0;
	return v && json_typeof(v) == type;
}

static bool event_whole(const json_t *ev)
{
	const char *e = json_string_value(json_object_get(ev, "e"));

	for (unsigned i = 0; e && i < COUNT_OF(events); i++) {
		if (strcmp(events[i].name, e))
			continue;
		for (const struct field *f = events[i].fields; f->name; f++)
			if (!type_fits(json_object_get(ev, f->name), f->type))
				return false;
		return true;
	}
	return false;
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

static bool take_number(const char **p, uint64_t *out)
{
	char *end;

	if (**p < '0' || **p > '9')
		return false;
	errno = 0;
	*out = strtoull(*p, &end, 10);
	if (errno)
		return false;
	*p = end;
	return true;
}

enum line_kind parse_region(const char *line, struct region_line *out)
{
	const char *p = strstr(line, "@region ");
	size_t n;

	if (!p)
		return LINE_TEXT;
	p += 8;
	n = strcspn(p, " ");
	if (n == 0 || n >= sizeof(out->phase) || p[n] != ' ')
		return LINE_DAMAGED;
	memcpy(out->phase, p, n);
	out->phase[n] = 0;
	p += n + 1;
	if (!take_number(&p, &out->ops) || *p++ != ' ' || !take_number(&p, &out->instructions))
		return LINE_DAMAGED;
	return out->ops && (*p == 0 || *p == ' ') ? LINE_REGION : LINE_DAMAGED;
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
