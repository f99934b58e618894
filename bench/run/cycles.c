/* SPDX-License-Identifier: BSD-2-Clause */
/* See cycles.h. */
#include <stdlib.h>
#include <string.h>

#include "cycles.h"
#include "machine_file.h"
#include "qemu.h"
#include "schema.h"

#define SLACK 256 /* instructions between a region's brackets and the reading of the TSC within them */
/* And this part of it: a guest that waits has time without instructions, and a process's brackets have a kernel around them. */
#define PART 128

/* ---- before a run ---- */

static char *joined(char *text, const char *path)
{
	char *escaped = qemu_escape(path), *longer = xfmt("%s,machine=%s", text, escaped);

	free(escaped);
	free(text);
	return longer;
}

/* Takes `text`. */
static char *longer(char *text, const char *more)
{
	char *all = xfmt("%s%s", text, more);

	free(text);
	return all;
}

/* Rows know a machine by its file's name. False after a message: another one has it already. */
static bool name_is_new(json_t *names, const char *path)
{
	const char *name = strrchr(path, '/') + 1;

	if (!json_object_get(names, name)) {
		json_object_set_new(names, name, json_true());
		return true;
	}
	say("--machine: two files are called %s, and nothing would tell their cycles apart", name);
	return false;
}

/* NULL after a message: one is no machine file, or is called as another one. */
static char *machines_text(char *text, const struct paths *p, const char *given)
{
	json_t *names = json_object();

	for (const char *at = given; text && *at; at += strcspn(at, ","), at += *at == ',') {
		char *word = xfmt("%.*s", (int)strcspn(at, ","), at), *path = machine_file(p, word);

		if (path && name_is_new(names, path))
			text = joined(text, path);
		else {
			free(text);
			text = NULL;
		}
		free(path);
		free(word);
	}
	json_decref(names);
	return text;
}

/* What QEMU says when it is to load the plugin and end; NULL: it did so. */
static char *refusal(const char *qemu, const char *plugin)
{
	/* Without single quotes: command_line_output() puts it between such. */
	static const char script[] =
		"words=$(echo quit | \"$0\" -accel tcg -machine none -nodefaults -display none -monitor stdio -plugin \"$1\" "
		"2>&1) || "
		"echo \"$words\" | grep -v -e \": warning:\" -e \" monitor - type \" | sed \"s/^(qemu) //\" | head -n 1";
	const char *argv[] = { "sh", "-c", script, qemu, plugin, NULL };
	char *words = command_line_output(argv);

	if (words && !*words) {
		free(words);
		return NULL;
	}
	return words;
}

static char *plugin_file(const struct paths *p)
{
	return xfmt("%s/penumbra-model.so", p->build);
}

/* NULL: it is there. */
static char *no_plugin(const struct paths *p)
{
	char *plugin = plugin_file(p),
	     *why = file_exists(plugin) ?
			    NULL :
			    xfmt("%s is not there; `make penumbra-model.so` in the build directory makes it", plugin);

	free(plugin);
	return why;
}

/* Of what is prepared already. */
static char *why_not(const struct paths *p, const char *qemu, const char *prepared)
{
	char *whole, *words, *why = no_plugin(p);

	if (why)
		return why;
	whole = cycles_argument(prepared, "/dev/null", false);
	words = refusal(qemu, whole);
	why = words ? xfmt("this QEMU does not load the model: %s (`--qemu next` may)", words) : NULL;
	free(words);
	free(whole);
	return why;
}

static char *prepared_with(const struct paths *p, const char *machines)
{
	char *plugin = plugin_file(p), *escaped = qemu_escape(plugin),
	     *text = machines_text(xfmt("file=%s", escaped), p, machines);

	free(escaped);
	free(plugin);
	return text;
}

char *cycles_prepare(const struct options *o, const struct paths *p, bool *bad)
{
	char *text = prepared_with(p, o->machines ? o->machines : MACHINES_USUAL), *why;

	if (text && o->sensitivity)
		text = longer(text, ",assumed=on");

	*bad = !text;
	why = text ? why_not(p, o->qemu, text) : NULL;
	if (!why)
		return text;
	say("without cycles: %s", why);
	free(why);
	free(text);
	return NULL;
}

char *cycles_why_not(const struct paths *p, const char *qemu)
{
	char *why = no_plugin(p), *text;

	if (why)
		return why;
	text = prepared_with(p, MACHINES_USUAL);
	why = text ? why_not(p, qemu, text) : xstrdup("its machines are not there");
	free(text);
	return why;
}

char *cycles_argument(const char *prepared, const char *out, bool native)
{
	char *escaped = qemu_escape(out), *text = xfmt("%s,out=%s%s", prepared, escaped, native ? ",native=on" : "");

	free(escaped);
	return text;
}

/* ---- after a region ---- */

void cycles_open(struct cycles_reader *r, char *path)
{
	*r = (struct cycles_reader){ .path = path };
}

void cycles_close(struct cycles_reader *r)
{
	free(r->path);
	*r = (struct cycles_reader){ .path = NULL };
}

static json_int_t count_of(const json_t *machine, const char *where, const char *what)
{
	return json_integer_value(json_object_get(json_object_get(json_object_get(machine, where), "count"), what));
}

static json_int_t counted(const json_t *machine, const char *what)
{
	return count_of(machine, "guest", what) + count_of(machine, "hypervisor", what);
}

static bool is_of(const json_t *line, const json_t *region)
{
	const char *phase = json_string_value(json_object_get(line, "phase"));
	const char *asked = json_string_value(json_object_get(region, "phase"));
	const json_t *first = json_array_get(json_object_get(line, "machines"), 0);
	json_int_t instructions = json_integer_value(json_object_get(region, "instructions"));
	json_int_t more = counted(first, "instructions") - instructions;
	json_int_t slack = SLACK + instructions / PART;
	/* An access that faults is an instruction tried: for the guest's own fault, for one that traps, or for both. */
	json_int_t tried = counted(first, "events") + counted(first, "world_switches");

	return phase && asked && (!*phase || !strcmp(phase, asked)) && more >= -slack && more <= slack + tried;
}

/* By machine. NULL: it is not as the model writes it. */
static json_t *by_machine(const json_t *line)
{
	json_t *all = json_object(), *m;
	size_t i;

	json_array_foreach(json_object_get(line, "machines"), i, m) {
		const char *name = json_string_value(json_object_get(m, "machine"));

		if (!name)
			continue;
		json_object_set(all, name, m);
		json_object_del(m, "machine");
	}
	if (schema_cycles_wrong(all) || !json_object_size(all)) {
		json_decref(all);
		return NULL;
	}
	return all;
}

void cycles_add(struct cycles_reader *r, json_t *region)
{
	FILE *f = r->path ? fopen(r->path, "re") : NULL;
	char *text = NULL;
	size_t room = 0;
	bool found = false;

	if (!f)
		return;
	fseek(f, r->at, SEEK_SET);
	while (!found && getline(&text, &room, f) > 0 && strchr(text, '\n')) {
		json_t *line = json_loads(text, 0, NULL), *cycles = line && is_of(line, region) ? by_machine(line) : NULL;

		json_decref(line);
		found = cycles;
		if (found) {
			json_object_set_new(region, "cycles", cycles);
			r->at = ftell(f);
		}
	}
	free(text);
	fclose(f);
}
