/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading perf's and callgrind's files. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "counted.h"

const char *const host_names[HOST_FIGURES] = {
#define HOST(id, event, heading, text) #id,
#include "host.def"
#undef HOST
};
const char *const host_events[HOST_FIGURES] = {
#define HOST(id, event, heading, text) event,
#include "host.def"
#undef HOST
};
const char *const host_headings[HOST_FIGURES] = {
#define HOST(id, event, heading, text) heading,
#include "host.def"
#undef HOST
};

char *perf_stat_events(void)
{
	char *all = xstrdup("");

	for (unsigned i = 0; i < HOST_FIGURES; i++)
		if (host_events[i])
			list_add(&all, ",", "%s:u", host_events[i]);
	return all;
}

/* perf names an event with or without the modifier. */
static bool is_event(const char *name, const char *event)
{
	const size_t n = event ? strlen(event) : 0;

	return event && !strncmp(name, event, n) && (!name[n] || name[n] == ':');
}

/* "1234.000000"; "<not supported>" is none. */
static bool take_value(const char *text, uint64_t *out)
{
	char *end;
	const double v = strtod(text, &end);

	if (*text < '0' || *text > '9' || *end || !(v >= 1 && v < 1e18))
		return false;
	*out = (uint64_t)v;
	return true;
}

static unsigned take_line(const char *line, size_t len, uint64_t count[HOST_FIGURES])
{
	json_t *o = json_loadb(line, len, 0, NULL);
	const char *event = json_string_value(json_object_get(o, "event"));
	const char *value = json_string_value(json_object_get(o, "counter-value"));
	unsigned taken = 0;

	for (unsigned i = 0; event && value && i < HOST_FIGURES; i++)
		taken += is_event(event, host_events[i]) && take_value(value, &count[i]);
	json_decref(o);
	return taken;
}

unsigned perf_stat_read(const char *text, uint64_t count[HOST_FIGURES])
{
	unsigned taken = 0;

	while (*text) {
		const size_t n = strcspn(text, "\n");

		if (*text == '{')
			taken += take_line(text, n, count);
		text += n + (text[n] == '\n');
	}
	return taken;
}

/* Behind that word at the beginning of a line; NULL: there is no such line. */
static const char *line_of(const char *text, const char *word)
{
	while (text && strncmp(text, word, strlen(word))) {
		text = strchr(text, '\n');
		text += text ? 1 : 0;
	}
	return text ? text + strlen(word) : NULL;
}

bool callgrind_read(const char *text, char **region, uint64_t *instructions)
{
	static const char request[] = "desc: Trigger: Client Request: ";
	const char *events = line_of(text, "events: "), *total = line_of(text, "totals: "), *name = line_of(text, request);
	char *end;

	*region = NULL;
	if (!total || !events || strncmp(events, "Ir", 2) || *total < '0' || *total > '9')
		return false;
	*instructions = strtoull(total, &end, 10);
	if (*end != '\n' && *end != ' ' && *end)
		return false;
	if (name)
		*region = xfmt("%.*s", (int)strcspn(name, "\n"), name);
	return true;
}
