/* SPDX-License-Identifier: BSD-2-Clause */
/* See machine_file.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine_file.h"

#define ENDING ".machine"

static int is_machine(const struct dirent *e)
{
	const char *end = strstr(e->d_name, ENDING);

	return end && end != e->d_name && !end[strlen(ENDING)];
}

static void say_unknown_machine(const struct paths *p, const char *word)
{
	char *dir = xfmt("%s/machines", p->build), *names = NULL;
	struct dirent **entry;
	int n = scandir(dir, &entry, is_machine, alphasort);

	for (int i = 0; i < n; i++) {
		list_add(&names, ", ", "%.*s", (int)(strlen(entry[i]->d_name) - strlen(ENDING)), entry[i]->d_name);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	say("--machine: there is no machine \"%s\": it is one of %s, or a file with \"/\" or \"" ENDING "\" in its name", word,
	    names ? names : "none here");
	free(names);
	free(dir);
}

char *machine_file(const struct paths *p, const char *word)
{
	bool is_path = strchr(word, '/') || strstr(word, ENDING);
	char *path = is_path ? xstrdup(word) : xfmt("%s/machines/%s" ENDING, p->build, word), *full;
	char why[MACHINE_WHY];
	struct machine m;

	if (!is_path && !file_exists(path)) {
		say_unknown_machine(p, word);
		free(path);
		return NULL;
	}
	if (!machine_read(&m, path, why)) {
		say("--machine %s", why);
		free(path);
		return NULL;
	}
	full = realpath(path, NULL);
	free(path);
	return full;
}

static json_t *machine_json(const struct machine *m)
{
	json_t *values = json_object(), *assumed = json_array();

	for (int k = 0; k < MACHINE_KEYS; k++) {
		json_object_set_new(values, machine_keys[k].name, json_integer(m->value[k]));
		if (m->assumed[k])
			json_array_append_new(assumed, json_string(machine_keys[k].name));
	}
	return json_pack("{s:s, s:o, s:o}", "title", m->title, "values", values, "assumed", assumed);
}

json_t *machines_json(const struct paths *p, const char *machines)
{
	json_t *all = json_object();
	char why[MACHINE_WHY];
	struct machine m;

	machines = machines ? machines : MACHINES_USUAL;
	for (const char *at = machines; *at; at += strcspn(at, ","), at += *at == ',') {
		char *word = xfmt("%.*s", (int)strcspn(at, ","), at), *path = machine_file(p, word);

		if (path && machine_read(&m, path, why))
			json_object_set_new(all, m.name, machine_json(&m));
		free(path);
		free(word);
	}
	return all;
}

static bool is_listed(const json_t *list, const char *text)
{
	const json_t *v;
	size_t i;

	json_array_foreach(list, i, v)
		if (json_is_string(v) && !strcmp(json_string_value(v), text))
			return true;
	return false;
}

bool machine_of_run(const json_t *machines, const char *name, struct machine *m)
{
	const json_t *of = json_object_get(machines, name), *values = json_object_get(of, "values");
	const char *title = json_string_value(json_object_get(of, "title"));

	memset(m, 0, sizeof(*m));
	snprintf(m->name, sizeof(m->name), "%s", name);
	snprintf(m->title, sizeof(m->title), "%s", title ? title : "");
	for (int k = 0; k < MACHINE_KEYS; k++) {
		const json_t *v = json_object_get(values, machine_keys[k].name);

		if (!json_is_integer(v) || json_integer_value(v) < machine_keys[k].least ||
		    json_integer_value(v) > machine_keys[k].most)
			return false;
		m->value[k] = (uint32_t)json_integer_value(v);
		m->assumed[k] = is_listed(json_object_get(of, "assumed"), machine_keys[k].name);
	}
	return true;
}
