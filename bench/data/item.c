/* SPDX-License-Identifier: BSD-2-Clause */
/* One guest run in the results tree: its state, and text from a guest as JSON. */
#include <stdlib.h>
#include <string.h>

#include "item.h"
#include "util.h"

json_t *text_json(const char *s)
{
	json_t *j = json_string(s);
	char *clean;

	if (j)
		return j;
	clean = xstrdup(s);
	for (char *p = clean; *p; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	j = json_string(clean);
	free(clean);
	return j;
}

const char *json_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

/* A guest run that has no state has not ended. */
static const char *item_state(const json_t *item)
{
	const char *s = json_string_value(json_object_get(item, "state"));

	return s ? s : "running";
}

bool item_runs(const json_t *item)
{
	return !strcmp(item_state(item), "running");
}

void item_end(json_t *item, const char *state, const char *reason)
{
	if (!item_runs(item))
		return;
	json_object_set_new(item, "state", json_string(state));
	json_object_set_new(item, "reason", text_json(reason ? reason : ""));
}

char *item_why(const json_t *item)
{
	const char *reason = json_string_value(json_object_get(item, "reason"));
	const char *words = json_string_value(json_object_get(item, "words"));
	bool both = reason && *reason && words && *words;

	if (item_finished(item) || !words || !*words)
		return xstrdup(reason ? reason : "");
	return xfmt("%s%sits last words: %s", both ? reason : "", both ? "; " : "", words);
}

bool item_finished(const json_t *item)
{
	return !strcmp(item_state(item), "finished");
}
