/* SPDX-License-Identifier: BSD-2-Clause */
/* The sentences of sentences.def, and how they are filled. */
#include "template.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "control_abi.h"
#include "events.h"
#include "trips.h"

struct named {
	const char *name, *text;
};

static const struct named events_say[] = {
#define EVENT_SAYS(id, text) { #id, text },
#include "sentences.def"
};
static const struct {
	const char *name, *text, *unless;
} counters_say[] = {
#define COUNTER_SAYS(id, text)          { #id, text, NULL },
#define COUNTER_UNLESS(id, event, text) { #id, text, #event },
#define COUNTER_TOLD(id)                { #id, NULL, NULL },
#include "sentences.def"
};
static const char *const states_say[] = {
#define STATE_SAYS(id, text) text,
#include "sentences.def"
};
static const struct named steps_say[] = {
#define STEP_SAYS(id, text) { #id, text },
#include "sentences.def"
};
static const struct named operations[] = {
#define GUEST_OP(id, text) { #id, text },
#include "guest_ops.def"
#undef GUEST_OP
};
static const struct named counters[] = {
#define X(id, text) { #id, text },
	PN_COUNTERS(X)
#undef X
};
static const struct named trips[] = {
#define TRIP(id, text, paging) { #id, text },
#include "trips.def"
#undef TRIP
};

/* Fields as "format|name|meaning". */
#define EVENT_FIELDS 5
static const struct {
	const char *name, *text;
	const char *field[EVENT_FIELDS];
} events[] = {
#define FIELD(index, format, name, text) [index] = #format "|" #name "|" text,
#define EVENT(id, text, fields)          { #id, text, { fields } },
#include "events.def"
#undef EVENT
#undef FIELD
};

static const char *look_up(const struct named *table, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (!strcmp(table[i].name, name))
			return table[i].text;
	return NULL;
}

const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

uint64_t number_of(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_string(v) ? strtoull(json_string_value(v), NULL, 16) : (uint64_t)json_integer_value(v);
}

/* ---- entries ---- */

static const struct {
	uint64_t bit;
	const char *name;
} bits[] = { { 1, "P" },      { 1 << 1, "RW" }, { 1 << 2, "US" }, { 1 << 3, "PWT" }, { 1 << 4, "PCD" },
	     { 1 << 5, "A" }, { 1 << 6, "D" },  { 1 << 7, "PS" }, { 1 << 8, "G" },   { 1ull << 63, "NX" } };
#define FRAME_BITS    0x000ffffffffff000ul
#define SOFTWARE_BITS 0x7ff0000000000e00ul

char *entry_text(uint64_t e)
{
	char *s, *longer;

	if (!e)
		return xstrdup("empty");
	if (!(e & 1))
		return xfmt("%#" PRIx64 ", not present", e);
	s = xfmt("frame %#" PRIx64 ",", (e & FRAME_BITS) >> 12);
	for (unsigned i = 0; i < COUNT_OF(bits); i++) {
		if (!(e & bits[i].bit))
			continue;
		longer = xfmt("%s %s", s, bits[i].name);
		free(s);
		s = longer;
	}
	if (e & SOFTWARE_BITS) {
		longer = xfmt("%s, software bits %#" PRIx64, s, e & SOFTWARE_BITS);
		free(s);
		s = longer;
	}
	return s;
}

/* A role as shadow/pool/pool.h packs it: what a trace's reader may know of it. */
#define ROLE_LEVEL(r)  ((unsigned)(r)&7)
#define ROLE_DIRECT(r) ((r)&1u << 12)

static char *role_text(uint64_t role)
{
	if (!role)
		return xstrdup("a book of the engine's own");
	return xfmt("%s level-%u shadow", ROLE_DIRECT(role) ? "a direct" : "a", ROLE_LEVEL(role));
}

/* "0: this, 1: that": the words for n. */
static char *why_text(const char *meaning, uint64_t n)
{
	char *key = xfmt("%" PRIu64 ": ", n);
	const char *at = meaning ? strstr(meaning, key) : NULL;
	char *s = at ? xfmt("%.*s", (int)strcspn(at + strlen(key), ","), at + strlen(key)) : xfmt("%" PRIu64, n);

	free(key);
	return s;
}

/* ---- filling ---- */

static char *plain_text(const json_t *v)
{
	return json_is_string(v) ? xstrdup(json_string_value(v)) : xfmt("%" JSON_INTEGER_FORMAT, json_integer_value(v));
}

/* What {field} or {field:form} becomes; NULL: o has no such field. */
static char *field_text(const json_t *o, const char *field, const char *form, const char *meaning)
{
	const json_t *v = json_object_get(o, field);

	if (!v)
		return NULL;
	if (!strcmp(form, "entry"))
		return entry_text(number_of(o, field));
	if (!strcmp(form, "role"))
		return role_text(number_of(o, field));
	if (!strcmp(form, "why"))
		return why_text(meaning, number_of(o, field));
	return plain_text(v);
}

static const char *event_meaning(const char *event, const char *field)
{
	for (unsigned i = 0; i < COUNT_OF(events); i++)
		for (unsigned k = 0; k < EVENT_FIELDS && !strcmp(events[i].name, event); k++) {
			const char *name = events[i].field[k] ? strchr(events[i].field[k], '|') + 1 : "";
			size_t n = strlen(field);

			if (!strncmp(name, field, n) && name[n] == '|')
				return name + n + 1;
		}
	return NULL;
}

static char *fill(const char *text, const json_t *o)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	while (*text) {
		const size_t plain = strcspn(text, "{");
		const char *end = strchr(text + plain, '}');
		char name[32] = "", *form, *value;

		fprintf(f, "%.*s", (int)plain, text);
		text += plain;
		if (!*text || !end)
			break;
		snprintf(name, sizeof(name), "%s", text + 1);
		name[strcspn(name, "}")] = 0;
		form = strchr(name, ':');
		if (form)
			*form++ = 0;
		value = field_text(o, name, form ? form : "", event_meaning(text_of(o, "event"), name));
		if (value)
			fputs(value, f);
		else
			fprintf(f, "%.*s", (int)(end + 1 - text), text);
		free(value);
		text = end + 1;
	}
	fclose(f);
	return out;
}

/* ---- what others ask ---- */

/* An event that has no sentence: its text, and its fields by name. */
static char *say_by_table(const char *event, const json_t *o)
{
	const char *key;
	json_t *v;
	char *s = NULL;

	for (unsigned i = 0; i < COUNT_OF(events); i++)
		if (!strcmp(events[i].name, event))
			s = xstrdup(events[i].text);
	if (!s)
		s = xstrdup(event);
	json_object_foreach((json_t *)(uintptr_t)o, key, v) {
		char *value, *longer;

		if (!strcmp(key, "event"))
			continue;
		value = plain_text(v);
		longer = xfmt("%s; %s %s", s, key, value);
		free(value);
		free(s);
		s = longer;
	}
	return s;
}

char *say_event(const json_t *event)
{
	const char *name = text_of(event, "event"), *text = look_up(events_say, COUNT_OF(events_say), name);

	return text ? fill(text, event) : say_by_table(name, event);
}

char *say_state(enum state_id id, const json_t *o)
{
	return fill(states_say[id], o);
}

char *say_step(const char *step, const json_t *o)
{
	const char *text = look_up(steps_say, COUNT_OF(steps_say), step);

	return text ? fill(text, o) : xstrdup(step);
}

static bool has_event(const json_t *events_of_trip, const char *name)
{
	size_t i;
	json_t *event;

	json_array_foreach((json_t *)(uintptr_t)events_of_trip, i, event) {
		if (!strcmp(text_of(event, "event"), name))
			return true;
	}
	return false;
}

char *say_counter(const char *counter, json_int_t n, const json_t *events_of_trip)
{
	const char *meaning = look_up(counters, COUNT_OF(counters), counter);

	for (unsigned i = 0; i < COUNT_OF(counters_say); i++) {
		json_t *o;
		char *s;

		if (strcmp(counters_say[i].name, counter))
			continue;
		if (!counters_say[i].text || (counters_say[i].unless && has_event(events_of_trip, counters_say[i].unless)))
			return NULL;
		o = json_pack("{s:I}", "n", n);
		s = fill(counters_say[i].text, o);
		json_decref(o);
		return s;
	}
	return xfmt("%s: %" JSON_INTEGER_FORMAT ".", meaning ? meaning : counter, n);
}

const char *trip_text(const char *kind)
{
	const char *text = look_up(trips, COUNT_OF(trips), kind);

	return text ? text : kind;
}

const char *operation_text(const char *operation)
{
	const char *text = look_up(operations, COUNT_OF(operations), operation);

	return text ? text : operation;
}
