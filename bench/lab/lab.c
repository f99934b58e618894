/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra lab`: the list of labs, one lab's text and the files to begin with, or what a submission is worth. */
#include "lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "begin.h"
#include "grade.h"
#include "put_out.h"
#include "lab_command.h"

static int list_labs(const struct paths *p)
{
	for (unsigned n = 1; n <= LABS; n++) {
		struct lab l;
		bool ok = lab_read(&l, p, n);

		if (ok)
			printf("%u  %-55s %3u min, %2u points, %u to pass\n", n, l.title, l.minutes, lab_points(&l), l.pass);
		lab_free(&l);
		if (!ok)
			return EXIT_FAILED;
	}
	puts("\n`penumbra lab 1` begins the first; labs/README.md is what all have in common.");
	return EXIT_OK;
}

static char *as_text(const struct lab *l, const json_t *result, bool class, size_t *len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, len);

	if (class)
		show_class(f, l, result);
	else
		show_grade(f, l, result);
	fclose(f);
	return text;
}

static char *as_json(const struct lab *l, const json_t *result, bool class, size_t *len)
{
	json_t *all =
		json_pack("{s:i, s:i, s:s, s:i}", "format", 1, "lab", (int)l->number, "title", l->title, "pass", (int)l->pass);
	char *text, *whole;

	if (class)
		json_object_set(all, "submissions", (json_t *)(uintptr_t)result);
	else
		json_object_set_new(all, "submissions", json_pack("[O]", result));
	text = json_dumps(all, JSON_INDENT(1));
	whole = xfmt("%s\n", text);
	*len = strlen(whole);
	free(text);
	json_decref(all);
	return whole;
}

static bool all_passed(const json_t *result, bool class)
{
	const json_t *s;
	size_t i;

	if (!class)
		return json_is_true(json_object_get(result, "passed"));
	json_array_foreach(result, i, s)
		if (!json_is_true(json_object_get(s, "passed")))
			return false;
	return true;
}

/* What engines are compiled and linked with, made by the build directory's `make labs`. */
static bool can_build(const struct lab *l, const struct paths *p)
{
	char *config = xfmt("%s/labs.config", p->build);
	const bool can = !l->nr_engines || file_exists(config);

	if (!can)
		say("%s is not there: `make labs` in the build directory makes it, as `./penumbra lab` does", config);
	free(config);
	return can;
}

static bool is_folder(const char *dir)
{
	struct stat st;

	return !stat(dir, &st) && S_ISDIR(st.st_mode);
}

static int check(const struct lab *l, const struct options *o, const struct paths *p, const char *dir)
{
	const struct grading g = { l, p, json_object(), o->keep_built };
	json_t *result;
	char *text;
	size_t len;
	int ret;

	if (!o->class && !is_folder(dir))
		say("%s is no folder: `penumbra lab %u%s%s` makes it", dir, l->number, o->dir ? " " : "", o->dir ? o->dir : "");
	if ((!o->class && !is_folder(dir)) || !can_build(l, p)) {
		json_decref(g.told);
		return EXIT_FAILED;
	}
	confine_begin();
	if (confine_lack())
		say("%s", confine_lack());
	result = o->class ? grade_class(&g, o->class) : grade(&g, dir, dir);
	json_decref(g.told);
	if (!result)
		return confine_interrupted() ? EXIT_INTERRUPTED : EXIT_FAILED;
	text = o->json ? as_json(l, result, o->class, &len) : as_text(l, result, o->class, &len);
	ret = put_out(o->output, text, len);
	if (ret == EXIT_OK && !all_passed(result, o->class))
		ret = EXIT_FAILED;
	free(text);
	json_decref(result);
	return ret;
}

int cmd_lab(const struct options *o, const struct paths *p)
{
	struct lab l;
	char *dir;
	int ret = EXIT_FAILED;

	if (!o->nth)
		return list_labs(p);
	if (lab_read(&l, p, o->nth)) {
		dir = o->dir ? xstrdup(o->dir) : xfmt("lab-%u", o->nth);
		ret = o->check ? check(&l, o, p, dir) : lab_begin(&l, p, dir);
		free(dir);
	}
	lab_free(&l);
	return ret;
}
