/* SPDX-License-Identifier: BSD-2-Clause */
/* Which sentences a step and a trip have, and in which order. */
#include "say.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "changes.h"
#include "template.h"

#define ENTRY_P  1u
#define ENTRY_RW 2u
#define PFEC_P   1u
#define PFEC_W   2u
#define PFEC_I   16u

/* Takes the sentence; NULL: none. */
static void add(json_t *to, char *sentence)
{
	if (sentence)
		json_array_append_new(to, json_string(sentence));
	free(sentence);
}

static bool equal_at(const json_t *says, size_t i, const char *sentence)
{
	return !strcmp(json_string_value(json_array_get(says, i)), sentence);
}

/* What is said several times is said where it comes first, with how often. Takes the array. */
static json_t *once_each(json_t *says)
{
	json_t *out = json_array(), *sentence;
	size_t i;

	json_array_foreach(says, i, sentence) {
		const char *text = json_string_value(sentence);
		unsigned times = 0;
		bool said = false;

		for (size_t k = 0; k < json_array_size(says); k++) {
			times += equal_at(says, k, text);
			said |= k < i && equal_at(says, k, text);
		}
		if (!said)
			add(out, times > 1 ? xfmt("%s (%u times.)", text, times) : xstrdup(text));
	}
	json_decref(says);
	return out;
}

static void set(json_t *o, const char *key, char *text)
{
	json_object_set_new(o, key, json_string(text));
	free(text);
}

static const json_t *last_row(const json_t *walk)
{
	return json_array_get(walk, json_array_size(walk) - 1);
}

/* The first row that does not let it be written; NULL: all do. */
static const json_t *read_only_row(const json_t *walk, bool top_has_rights)
{
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)walk, i, row) {
		if ((i || top_has_rights) && !(number_of(row, "entry") & ENTRY_RW))
			return row;
	}
	return NULL;
}

/* ---- trips ---- */

static void say_hardware(json_t *says, const json_t *look, uint64_t pfec)
{
	const json_t *walk = json_object_get(look, "shadow"), *end = last_row(walk);
	const uint64_t e = number_of(end, "entry");

	if (!end)
		return;
	if (!e)
		add(says, say_state(STATE_shadow_empty, end));
	else if (!(e & ENTRY_P))
		add(says, say_state(STATE_shadow_absent, end));
	else if (pfec & PFEC_W && read_only_row(walk, json_array_size(walk) != 3))
		add(says, say_state(STATE_shadow_read_only, read_only_row(walk, json_array_size(walk) != 3)));
	else
		add(says, say_state(STATE_shadow_refuses, end));
}

static void say_guest(json_t *says, const json_t *look, uint64_t pfec)
{
	const json_t *walk = json_object_get(look, "guest"), *end = last_row(walk), *page = json_object_get(look, "page");
	const bool rights = json_array_size(walk) != 3 || !json_object_get(json_array_get(walk, 2), "leaf");
	const uint64_t e = number_of(end, "entry");

	if (!end)
		return;
	if (!e)
		add(says, say_state(STATE_guest_empty, end));
	else if (!(e & ENTRY_P))
		add(says, say_state(STATE_guest_absent, end));
	else if (pfec & PFEC_W && read_only_row(walk, rights))
		add(says, say_state(STATE_guest_read_only, read_only_row(walk, rights)));
	else
		add(says, say_state(STATE_guest_allows, end));
	if (pfec & PFEC_W && json_integer_value(json_object_get(page, "shadows")))
		add(says,
		    say_state(json_is_true(json_object_get(page, "unsync")) ? STATE_page_unsync : STATE_page_in_sync, page));
}

static const struct {
	const char *why, *text;
} reasons[] = { { "fetch", "the fetch of its next instruction, at" },
		{ "stack", "a use of the kernel's stack, at" },
		{ "variables", "a use of the kernel's variables, at" } };

static char *say_stop(const json_t *trip)
{
	const uint64_t pfec = number_of(trip, "pfec");
	const char *why = text_of(trip, "why"), *access = pfec & PFEC_W ? "a write to" :
							  pfec & PFEC_I ? "a fetch from" :
									  "a read of";

	if (!strcmp(why, "instruction"))
		return xstrdup("The instruction is one that the hypervisor intercepts.");
	if (!strcmp(why, "nested"))
		return xfmt("Nested page fault at guest-physical %s: error code %#" PRIx64 ".", text_of(trip, "va"), pfec);
	for (unsigned i = 0; i < COUNT_OF(reasons); i++)
		if (!strcmp(reasons[i].why, why))
			access = reasons[i].text;
	return xfmt("Page fault, by %s %s: error code %#" PRIx64 ", %s.", access, text_of(trip, "va"), pfec,
		    pfec & PFEC_P ? "an entry is there and forbids it" : "no entry is there");
}

static void say_trip(json_t *trip)
{
	const uint64_t pfec = number_of(trip, "pfec");
	const bool fault = strcmp(text_of(trip, "why"), "instruction");
	const char *answer = trip_text(text_of(trip, "kind")), *counter;
	json_t *says = json_array(), *event, *n;
	size_t i;

	set(trip, "stop", say_stop(trip));
	if (fault) {
		say_hardware(says, json_object_get(trip, "look"), pfec);
		say_guest(says, json_object_get(trip, "look"), pfec);
	}
	json_array_foreach(json_object_get(trip, "events"), i, event) {
		add(says, say_event(event));
	}
	json_object_foreach(json_object_get(trip, "counters"), counter, n) {
		add(says, say_counter(counter, json_integer_value(n), json_object_get(trip, "events")));
	}
	json_object_set_new(trip, "says", once_each(says));
	set(trip, "answer", xfmt("%c%s.", toupper((unsigned char)*answer), answer + 1));
}

/* ---- steps ---- */

static const char *actor(const char *by)
{
	return !strcmp(by, "handler") ? "The guest's fault handler" :
	       !strcmp(by, "guest")   ? "The guest" :
	       !strcmp(by, "program") ? "The program" :
					"The guest's kernel";
}

static char *step_text(json_t *step)
{
	const json_t *entry = json_object_get(step, "entry");
	json_t *o = json_deep_copy(step);
	char *kind = xfmt("%s%s", text_of(step, "do"), entry ? "_entry" : ""), *s, *longer;
	const json_int_t count = json_integer_value(json_object_get(step, "count"));

	if (entry)
		json_object_update(o, (json_t *)(uintptr_t)entry);
	json_object_set_new(o, "by", json_string(actor(text_of(step, "by"))));
	json_object_set_new(o, "exit", json_string(trip_text(text_of(step, "kind"))));
	s = say_step(kind, o);
	if (json_object_get(step, "again")) {
		longer = xfmt("The same once more, now that the handler has returned. %s", s);
		free(s);
		s = longer;
	}
	if (json_object_get(step, "cpu")) {
		longer = xfmt("CPU %" PRIu64 ". %s", number_of(step, "cpu"), s);
		free(s);
		s = longer;
	}
	if (count > 1) {
		longer = xfmt("%s The same %" JSON_INTEGER_FORMAT " times more, up to %s.", s, count - 1, text_of(step, "last"));
		free(s);
		s = longer;
	}
	free(kind);
	json_decref(o);
	return s;
}

void say_phase(json_t *phase)
{
	json_t *step, *trip;
	const json_t *before = NULL;
	size_t i, k;

	if (*text_of(phase, "what"))
		set(phase, "about", xfmt("The guest %s.", operation_text(text_of(phase, "what"))));
	json_array_foreach(json_object_get(phase, "steps"), i, step) {
		const json_t *after = json_object_get(step, "after");

		if (json_object_get(step, "before"))
			before = json_object_get(step, "before");
		set(step, "says", step_text(step));
		json_array_foreach(json_object_get(step, "trips"), k, trip) {
			say_trip(trip);
		}
		json_object_set_new(step, "changes", changes_between(before, after));
		if (after)
			before = after;
	}
}
