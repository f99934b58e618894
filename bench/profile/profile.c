/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The command: this program's own `run`, of one recipe and one workload, with our plugin in QEMU, in a directory that goes afterwards; what the
 * plugin wrote is read, named, and shown. A region's name and operations are those that the run says.
 */
#include <errno.h>
#include <glob.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "emulator.h"
#include "item.h"
#include "profile_command.h"
#include "put_out.h"
#include "qemu.h"
#include "results.h"
#include "scratch_run.h"
#include "show_profile.h"

/* The hypervisor's functions between whose first instructions a region lies: its entry is on its way, its last exit is handled. */
#define BEGINS_AT "quiet_begun"
#define ENDS_AT   "quiet_end"

static const struct {
	const char *name;
	bool (*show)(FILE *f, const struct profile_view *v);
} formats[] = {
#define PROFILE_FORMAT(name) { #name, profile_show_##name },
#include "profile_formats.def"
#undef PROFILE_FORMAT
};
const char *const profile_formats[] = {
#define PROFILE_FORMAT(name) #name,
#include "profile_formats.def"
#undef PROFILE_FORMAT
	NULL
};

struct job {
	const struct options *o;
	const struct paths *paths;
	const struct recipe *recipe;
	const struct workload *workload;
	struct profile profile;
	char *elf;    /* the hypervisor's, with symbols and lines */
	char *plugin; /* what QEMU is told */
	struct scratch_run scratch;
	struct emulator qemu;
};

/* ---- what is profiled ---- */

static const struct recipe *find_recipe(const char *name)
{
	const struct recipe *r = recipe_find(name);

	if (!r)
		say("there is no recipe \"%s\": `penumbra list` shows all", name);
	else if (recipe_is_native(r) || recipe_is_peer(r))
		say("%s has no hypervisor of ours to be profiled", name);
	else
		return r;
	return NULL;
}

static const struct workload *find_workload(const char *name)
{
	const struct workload *w = workload_find(name);

	if (!w)
		say("there is no workload \"%s\": `penumbra list` shows all", name);
	else if (workload_is_bad(w))
		say("%s is refused before it runs: there is nothing to be profiled", name);
	else if (workload_vcpus(w) > 1)
		say("%s has %u CPUs: a profile is of one, because QEMU does not say which one executes what", name,
		    workload_vcpus(w));
	else
		return w;
	return NULL;
}

/* The image as it was linked, with lines; installed, the one that is booted has functions alone. */
static bool read_hypervisor(struct job *j)
{
	char *image = path_hypervisor(j->paths, j->recipe), *linked = xfmt("%s64", image), *why;

	j->elf = xstrdup(file_exists(linked) ? linked : image);
	free(linked);
	free(image);
	why = symbols_read(&j->profile.symbols[TALLY_HYPERVISOR], j->elf);
	if (why)
		say("%s %s", j->elf, why);
	j->profile.object[TALLY_HYPERVISOR] = xfmt("penumbra-%s", j->recipe->name);
	free(why);
	return !why;
}

/* The file that was named; else a bare-metal guest's own image. Others' code has no names. */
static bool read_guest(struct job *j)
{
	const bool bare = !workload_is_linux(j->workload) && !workload_is_own(j->workload);
	char *image = path_guest_image(j->paths, j->workload), *slash = strrchr(image, '/'), *why = NULL;
	const char *from = j->o->symbols ? j->o->symbols : bare ? image : NULL;

	if (from)
		why = symbols_read(&j->profile.symbols[TALLY_GUEST], from);
	if (why)
		say("%s %s", from, why);
	j->profile.object[TALLY_GUEST] = xstrdup(slash ? slash + 1 : image);
	free(image);
	free(why);
	return !why;
}

/* ---- QEMU ---- */

static const struct symbol *function_named(const struct symbols *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (!strcmp(s->symbol[i].name, name))
			return &s->symbol[i];
	return NULL;
}

/* Of both modes, in the order of their numbers. */
static bool write_functions(const struct job *j, const char *path)
{
	FILE *f = fopen(path, "we");

	for (unsigned m = 0; f && m < TALLY_MODES; m++)
		for (size_t i = 0; i < j->profile.symbols[m].n; i++)
			fprintf(f, "%c %" PRIx64 " %" PRIx64 "\n", m == TALLY_GUEST ? 'g' : 'h',
				j->profile.symbols[m].symbol[i].at, j->profile.symbols[m].symbol[i].end);
	if (f && !fclose(f))
		return true;
	say("%s cannot be written: %s", path, strerror(errno));
	return false;
}

/* QEMU 7.2 loads plugins of version 1 alone, later ones do not. */
static char *plugin_file(const struct job *j)
{
	char *release = emulator_release(j->qemu.version), *file;

	file = xfmt("%s/penumbra-profile-%d.so", j->paths->build, strtoul(release, NULL, 10) < 9 ? 1 : 4);
	free(release);
	return file;
}

static bool prepare(struct job *j)
{
	const struct symbols *hv = &j->profile.symbols[TALLY_HYPERVISOR];
	const struct symbol *begin = function_named(hv, BEGINS_AT), *end = function_named(hv, ENDS_AT);
	char *functions = xfmt("%s/functions", j->scratch.top), *file = plugin_file(j), *escaped = qemu_escape(file);
	bool good = begin && end && file_exists(file);

	if (!begin || !end)
		say("%s has no %s and %s, where regions begin and end", j->elf, BEGINS_AT, ENDS_AT);
	else if (!good)
		say("%s is not there: `make` in the build directory makes it", file);
	good = good && write_functions(j, functions);
	if (good)
		j->plugin = xfmt("file=%s,functions=%s,code=%" PRIx64 "-%" PRIx64 ",begin=%" PRIx64 ",end=%" PRIx64 ",period=%u",
				 escaped, functions, hv->symbol[0].at, hv->symbol[hv->n - 1].end, begin->at, end->at,
				 j->o->period ? j->o->period : PROFILE_PERIOD);
	free(escaped);
	free(file);
	free(functions);
	return good;
}

static int run(const struct job *j)
{
	const char *const words[] = { "--recipe",      j->recipe->name, "--workload", j->workload->name, "--no-trace", "--build",
				      j->paths->build, "--qemu",        j->qemu.word, "--plugin",        j->plugin,    NULL };

	return scratch_run(&j->scratch, words);
}

/* ---- what came out ---- */

static bool read_profile(struct job *j, const char *dir)
{
	char *pattern = xfmt("%s/cycles/*.json", dir), *why = NULL;
	glob_t found;
	bool good = !glob(pattern, 0, NULL, &found) && found.gl_pathc == 1;

	if (good)
		why = profile_read(&j->profile, found.gl_pathv[0]);
	if (!good || why)
		say("what the plugin wrote %s", why ? why : "is not there: did QEMU load it?");
	globfree(&found);
	free(pattern);
	good = good && !why;
	free(why);
	return good;
}

/* The run's regions are the plugin's, one after the other. */
static bool name_regions(struct job *j, const char *dir)
{
	json_t *root = results_load(dir, false, NULL), *item = json_array_get(json_object_get(root, "items"), 0),
	       *regions = json_object_get(item, "regions"), *region;
	const bool good = json_array_size(regions) == j->profile.nr_regions;
	size_t i;

	if (!good)
		say("the run has %zu regions, and the plugin saw %zu", json_array_size(regions), j->profile.nr_regions);
	json_array_foreach(regions, i, region) {
		if (!good)
			break;
		j->profile.region[i].phase = xstrdup(json_text(region, "phase"));
		j->profile.region[i].ops = (uint64_t)json_integer_value(json_object_get(region, "ops"));
	}
	json_decref(root);
	return good;
}

static int show(const struct job *j)
{
	const char *format = j->o->format ? j->o->format : formats[0].name;
	const struct profile_view v = { &j->profile,    j->recipe->name, j->workload->name, j->o->phase,
					j->o->function, j->elf,          j->paths->root };
	char *text = NULL;
	size_t len;
	FILE *f;
	bool good = false, any = false;
	int ret;

	for (size_t i = 0; i < j->profile.nr_regions; i++)
		any |= profile_wanted(&v, &j->profile.region[i]);
	if (!any) {
		say("%s has no phase \"%s\"", j->workload->name, j->o->phase);
		return EXIT_USAGE;
	}
	f = open_memstream(&text, &len);
	for (size_t i = 0; i < COUNT_OF(formats); i++)
		if (!strcmp(formats[i].name, format))
			good = formats[i].show(f, &v);
	fclose(f);
	ret = good ? put_out(j->o->output, text, len) : EXIT_FAILED;
	free(text);
	return ret;
}

static int profile_in(struct job *j)
{
	const char *dir = j->scratch.dir;
	int ret;

	if (!prepare(j))
		return EXIT_FAILED;
	ret = run(j);
	if (ret == EXIT_INTERRUPTED)
		return ret;
	if (!ret)
		return read_profile(j, dir) && name_regions(j, dir) ? show(j) : EXIT_FAILED;
	say("%s could not be run under %s: `penumbra run --recipe %s --workload %s` says more", j->workload->name,
	    j->recipe->name, j->recipe->name, j->workload->name);
	return ret;
}

static int profile(struct job *j)
{
	int ret = EXIT_FAILED;

	emulator_find(&j->qemu, j->paths, emulator_asked(j->o->qemu));
	if (!j->qemu.version)
		say("%s cannot be run: install qemu-system-x86 (./penumbra doctor tells what else is missing)", j->qemu.program);
	else if (!scratch_run_begin(&j->scratch, "profile"))
		ret = profile_in(j);
	scratch_run_end(&j->scratch);
	free(j->plugin);
	emulator_free(&j->qemu);
	return ret;
}

/* Known before anything is booted. */
static bool function_is_there(const struct job *j)
{
	if (!j->o->function || function_named(&j->profile.symbols[TALLY_HYPERVISOR], j->o->function))
		return true;
	say("%s has no function \"%s\"", j->elf, j->o->function);
	return false;
}

int cmd_profile(const struct options *o, const struct paths *p)
{
	struct job j = { .o = o, .paths = p };
	int ret = EXIT_FAILED;

	j.recipe = find_recipe(o->row[0]);
	j.workload = j.recipe ? find_workload(o->row[1]) : NULL;
	if (!j.workload)
		return EXIT_USAGE;
	if (read_hypervisor(&j) && read_guest(&j))
		ret = function_is_there(&j) ? profile(&j) : EXIT_USAGE;
	profile_free(&j.profile);
	free(j.elf);
	return ret;
}
