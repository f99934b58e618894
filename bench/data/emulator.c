/* SPDX-License-Identifier: BSD-2-Clause */
/* QEMU found, told apart, recorded. */
#include <stdlib.h>
#include <string.h>

#include "emulator.h"

const char *emulator_asked(const char *option)
{
	const char *env = getenv("PENUMBRA_QEMU");

	if (option)
		return option;
	return env && *env ? env : NULL;
}

char *path_qemu_next(const struct paths *p)
{
	return xfmt("%s/qemu-next/qemu-system-x86_64", p->build);
}

/* Absolute, by $PATH if it is a name only; NULL if there is no such program. */
static char *program_path(const char *word)
{
	const char *argv[] = { "sh", "-c", "command -v \"$0\"", word, NULL };
	char *found = strchr(word, '/') ? xstrdup(word) : command_line_output(argv);
	char *path = found ? realpath(found, NULL) : NULL;

	free(found);
	return path;
}

/* A QEMU that was unpacked, not installed, has its files beside the script that starts it. NULL: this is none. */
static char *beside(const char *program, const char *file)
{
	const char *slash = strrchr(program, '/');
	char *path = slash ? xfmt("%.*s/%s", (int)(slash - program), program, file) : NULL;

	if (path && !file_exists(path)) {
		free(path);
		path = NULL;
	}
	return path;
}

static char *first_line_of_file(const char *path)
{
	char *text = read_file(path, NULL);

	if (text)
		text[strcspn(text, "\n")] = 0;
	return text;
}

static char *installed_package(const char *binary)
{
	const char *argv[] = { "sh", "-c",
			       "p=$(dpkg-query -S \"$0\") && dpkg-query -W -f \"\\${Package} \\${Version}\\n\" \"${p%%:*}\"",
			       binary, NULL };

	return command_line_output(argv);
}

/* What "package" and QEMU itself are: beside the program, or by dpkg. */
static void look_behind(struct emulator *e)
{
	char *package;

	e->binary = beside(e->program, "root/usr/bin/qemu-system-x86_64");
	package = e->binary ? beside(e->program, "package") : NULL;
	if (!e->binary)
		e->binary = xstrdup(e->program);
	e->package = package ? first_line_of_file(package) : installed_package(e->binary);
	free(package);
}

void emulator_find(struct emulator *e, const struct paths *p, const char *word)
{
	const char *version[] = { NULL, "--version", NULL };
	char *next, *program;

	word = word ? word : QEMU_DEFAULT;
	next = strcmp(word, QEMU_NEXT) ? NULL : path_qemu_next(p);
	program = program_path(next ? next : word);
	*e = (struct emulator){ .program = program ? program : xstrdup(next ? next : word) };
	e->word = xstrdup(strchr(word, '/') ? e->program : word);
	version[0] = e->program;
	e->version = command_line_output(version);
	look_behind(e);
	free(next);
}

void emulator_free(struct emulator *e)
{
	free(e->word);
	free(e->program);
	free(e->binary);
	free(e->version);
	free(e->package);
	*e = (struct emulator){ 0 };
}

static char *checksum(const char *path)
{
	const char *argv[] = { "sha256sum", path, NULL };
	char *sum = command_line_output(argv);

	if (sum)
		sum[strcspn(sum, " ")] = 0;
	return sum;
}

static void set(json_t *o, const char *key, const char *value)
{
	json_t *text = value ? json_string(value) : NULL;

	/* What is no UTF-8 is not known. */
	json_object_set_new(o, key, text ? text : json_null());
}

void emulator_json(json_t *machine, const struct emulator *e)
{
	char *sum = checksum(e->binary);

	set(machine, "qemu", e->version);
	set(machine, "qemu_program", e->program);
	set(machine, "qemu_package", e->package);
	set(machine, "qemu_sha256", sum);
	free(sum);
}

static const char *text_of(const json_t *machine, const char *key)
{
	const char *s = json_string_value(json_object_get(machine, key));

	return s ? s : "?";
}

bool emulator_same(const json_t *was, const json_t *is)
{
	if (json_equal(json_object_get(was, "qemu"), json_object_get(is, "qemu")) &&
	    json_equal(json_object_get(was, "qemu_sha256"), json_object_get(is, "qemu_sha256")))
		return true;
	say("that run was begun with %s (%s), and this is %s (%s): one run, one QEMU. Choose it with --qemu, or start a new run",
	    text_of(was, "qemu"), text_of(was, "qemu_program"), text_of(is, "qemu"), text_of(is, "qemu_program"));
	return false;
}

char *emulator_release(const char *version)
{
	static const char words[] = "QEMU emulator version ";
	const char *at = version ? strstr(version, words) : NULL;

	if (!at)
		return xstrdup(version ? version : "?");
	at += strlen(words);
	return xfmt("%.*s", (int)strcspn(at, " \t\n("), at);
}
