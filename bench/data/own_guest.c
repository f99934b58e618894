/* SPDX-License-Identifier: BSD-2-Clause */
/* See own_guest.h. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "own_guest.h"

#define NAME_MOST 24 /* a domain's name has 31 bytes */

static const char *main_file(const struct own_guest *g)
{
	return g->script ? g->script : g->image;
}

static bool is_taken(const struct own_guest *guests, unsigned n, const char *name)
{
	for (unsigned i = 0; i < n; i++)
		if (guests[i].name && !strcmp(guests[i].name, name))
			return true;
	return workload_find(name) != NULL;
}

static char *plain_name(const char *file)
{
	const char *slash = strrchr(file, '/'), *base = slash ? slash + 1 : file;
	size_t n = strcspn(base, ".");
	char *name = xcalloc(NAME_MOST + 1, 1);

	for (size_t i = 0; i < n && i < NAME_MOST; i++)
		name[i] = isalnum((unsigned char)base[i]) ? base[i] : '-';
	if (!isalnum((unsigned char)*name)) {
		free(name);
		return xstrdup("guest");
	}
	return name;
}

char *own_guest_name(const struct own_guest *guests, unsigned n, const struct own_guest *g)
{
	char *plain = plain_name(main_file(g)), *name = xstrdup(plain);

	for (unsigned nth = 2; is_taken(guests, n, name); nth++) {
		free(name);
		name = xfmt("%s-%u", plain, nth);
	}
	free(plain);
	return name;
}

static bool there(const char *option, const char *path)
{
	if (!path)
		return true;
	if (access(path, R_OK))
		say("--%s %s: %s", option, path, strerror(errno));
	else if (!file_is_plain(path))
		say("--%s %s: this is no plain file", option, path);
	else if (file_bytes(path) <= 0)
		say("--%s %s: this is empty", option, path);
	else
		return true;
	return false;
}

bool own_guest_there(const struct own_guest *g)
{
	bool ok = there("guest", g->image) & there("script", g->script) & there("disk", g->disk);

	for (unsigned i = 0; own_guest_initrd(g, i); i++)
		ok &= there("initrd", own_guest_initrd(g, i));
	return ok;
}

const char *own_guest_initrd(const struct own_guest *g, unsigned i)
{
	return !i ? g->initrd : i <= g->nr_more ? g->more[i - 1] : NULL;
}

/* As in hv/load/load_multiboot.c: within so many bytes, at a multiple of 4. */
bool own_guest_is_multiboot(const struct own_guest *g)
{
	enum { SEARCH_WORDS = 8192 / 4, HEADER_MAGIC = 0x1badb002 };
	FILE *f = g->image ? fopen(g->image, "r") : NULL;
	uint32_t word[SEARCH_WORDS];
	size_t n = f ? fread(word, sizeof(*word), SEARCH_WORDS, f) : 0;
	bool found = false;

	for (size_t i = 0; i + 2 < n && !found; i++)
		found = word[i] == HEADER_MAGIC && word[i] + word[i + 1] + word[i + 2] == 0;
	if (f)
		fclose(f);
	return found;
}

/* Kept as long as the catalogue. */
static char *script_cmdline(const struct own_guest *g)
{
	static const char no_pci[] = " pci=off";
	const char *usual = workload_find("linux-process")->cmdline, *at = g->disk ? strstr(usual, no_pci) : NULL;
	const char *more = g->cmdline ? g->cmdline : "";

	if (at)
		return xfmt("%.*s%s no5lvl %s", (int)(at - usual), usual, at + strlen(no_pci), more);
	return xfmt("%s no5lvl %s", usual, more);
}

void own_guests_enter(const struct own_guest *guests, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		const struct own_guest *g = &guests[i];

		catalog_enter(&(struct workload){ .file = main_file(g),
						  .name = g->name,
						  .base = g->name,
						  .kind = "own",
						  .levels = 4,
						  .cmdline = g->script  ? script_cmdline(g) :
							     g->cmdline ? g->cmdline :
									  "",
						  .memory_mib = g->memory_mib,
						  .timeout_s = g->timeout_s,
						  .suite = "own",
						  .text = main_file(g),
						  .own = g });
	}
}

/* The same file when the run is resumed from elsewhere. */
static json_t *path_json(const char *path)
{
	char *full = path ? realpath(path, NULL) : NULL;
	json_t *j = full ? json_string(full) : path ? json_string(path) : json_null();

	free(full);
	return j;
}

/* NULL: it has one initrd, or none. */
static json_t *more_json(const struct own_guest *g)
{
	json_t *a = g->nr_more ? json_array() : NULL;

	for (unsigned i = 0; i < g->nr_more; i++)
		json_array_append_new(a, path_json(g->more[i]));
	return a;
}

json_t *own_guests_json(const struct own_guest *guests, unsigned n)
{
	json_t *a = json_array();

	for (unsigned i = 0; i < n; i++) {
		const struct own_guest *g = &guests[i];

		json_array_append_new(a, json_pack("{s:s, s:o, s:o, s:o, s:o*, s:o, s:s?, s:s?, s:s?, s:b, s:b, s:i, s:i, s:i}",
						   "name", g->name, "image", path_json(g->image), "script", path_json(g->script),
						   "initrd", path_json(g->initrd), "more_initrds", more_json(g), "disk",
						   path_json(g->disk), "cmdline", g->cmdline, "from", g->from, "to", g->to,
						   "keep_disk", (int)g->keep_disk, "traced", (int)g->traced, "memory_mib",
						   (int)g->memory_mib, "vcpus", (int)g->vcpus, "timeout_s", (int)g->timeout_s));
	}
	return a;
}

static const char *text_of(const json_t *j, const char *key)
{
	return json_string_value(json_object_get(j, key));
}

static unsigned number_of(const json_t *j, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(j, key));
}

static void read_more(const json_t *array, struct own_guest *g)
{
	json_t *path;
	size_t i;

	json_array_foreach((json_t *)array, i, path)
		if (json_is_string(path) && g->nr_more < OWN_INITRDS - 1)
			g->more[g->nr_more++] = json_string_value(path);
}

unsigned own_guests_read(const json_t *array, struct own_guest *g)
{
	unsigned n = 0;
	const json_t *j;
	size_t i;

	json_array_foreach(array, i, j) {
		if (n == OWN_GUESTS)
			break;
		g[n++] = (struct own_guest){ .name = text_of(j, "name"),
					     .image = text_of(j, "image"),
					     .script = text_of(j, "script"),
					     .initrd = text_of(j, "initrd"),
					     .disk = text_of(j, "disk"),
					     .cmdline = text_of(j, "cmdline"),
					     .from = text_of(j, "from"),
					     .to = text_of(j, "to"),
					     .keep_disk = json_is_true(json_object_get(j, "keep_disk")),
					     .traced = json_is_true(json_object_get(j, "traced")),
					     .memory_mib = number_of(j, "memory_mib"),
					     .vcpus = number_of(j, "vcpus"),
					     .timeout_s = number_of(j, "timeout_s") };
		read_more(json_object_get(j, "more_initrds"), &g[n - 1]);
	}
	return n;
}
