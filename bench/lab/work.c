/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What is handed in, built and run. Only the files that lab.def names are taken, each of them plain and small: what else lies in the
 * folder is not looked at.
 */
#include "work.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST_BYTES    (1 << 20)
#define LEAST_FREE    (64 << 20) /* bytes on the disk: sources, objects, programs, and what they print */
#define BUILD_SECONDS 60         /* of CPU time for each process of the compiler */
#define MOST_PROGRAM  16         /* arguments */
#define OWN_RECIPE    "lab"      /* that the student's part is put into */

/* ---- what was handed in ---- */

/* The file's text; NULL, and *why says so. */
static char *take_file(const char *dir, const char *name, char **why)
{
	char *path = xfmt("%s/%s", dir, name), *text = NULL;
	struct stat st;
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		*why = xfmt("%s is not there", name);
	else if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		*why = xfmt("%s is no plain file that can be read", name);
	else if (st.st_size > MOST_BYTES)
		*why = xfmt("%s has more than a megabyte", name);
	else
		text = read_file(path, NULL);
	if (fd >= 0)
		close(fd);
	if (!text && !*why)
		*why = xfmt("%s cannot be read", name);
	free(path);
	return text;
}

static char *trimmed(char *text)
{
	size_t len;

	text += strspn(text, " \t\r");
	len = strlen(text);
	while (len && strchr(" \t\r", text[len - 1]))
		text[--len] = 0;
	return text;
}

/* "name = answer", a line; what is behind # is the student's own. */
static void read_answers(struct work *w, char *text)
{
	char *line;

	while ((line = strsep(&text, "\n"))) {
		char *value;

		line[strcspn(line, "#")] = 0;
		value = strchr(line, '=');
		if (!value)
			continue;
		*value++ = 0;
		/* What is no text at all is no answer. */
		json_object_set_new(w->answers, trimmed(line), json_string(trimmed(value)));
	}
}

static bool wants_answers(const struct lab *l)
{
	for (unsigned i = 0; i < l->nr_tasks; i++)
		if (lab_task_is_asked(&l->task[i]))
			return true;
	return false;
}

/* A compiler for whose output there is no room says so of the student's file, which is not at fault. */
static bool lacks_room(const char *dir)
{
	const int64_t bytes = disk_free(dir);

	return bytes >= 0 && bytes < LEAST_FREE;
}

bool work_begin(struct work *w, const struct grading *g, const char *from)
{
	const struct lab *l = g->lab;
	char *pattern = xfmt("%s/lab-work", g->p->build);
	struct stat st;

	*w = (struct work){ .lab = l,
			    .p = g->p,
			    .from = from,
			    .built = json_object(),
			    .long_ones = json_object(),
			    .told = g->told,
			    .keep = g->keep };
	if (!make_dirs(pattern))
		w->scratch = xfmt("%s/%02u-XXXXXX", pattern, l->number);
	free(pattern);
	if (!w->scratch || !mkdtemp(w->scratch)) {
		say("no folder can be made below %s: %s", g->p->build, strerror(errno));
		free(w->scratch);
		w->scratch = NULL;
		return false;
	}
	if (l->nr_engines && lacks_room(w->scratch)) {
		say("%s has less than %d MiB free, which a check may need", g->p->build, LEAST_FREE >> 20);
		w->keep = false;
		work_end(w);
		return false;
	}
	if (stat(from, &st) || !S_ISDIR(st.st_mode)) {
		w->lack = xfmt("%s is no folder", from);
	} else if (wants_answers(l)) {
		char *text = take_file(from, "answers", &w->no_answers);

		w->answers = json_object();
		if (text)
			read_answers(w, text);
		free(text);
	}
	return true;
}

void work_end(struct work *w)
{
	if (w->scratch && w->keep)
		say("what was built of %s is in %s", w->from, w->scratch);
	else if (w->scratch)
		remove_tree(w->scratch);
	free(w->scratch);
	free(w->lack);
	free(w->no_answers);
	json_decref(w->answers);
	json_decref(w->built);
	json_decref(w->long_ones);
}

const char *work_answer(const struct work *w, const char *name)
{
	return json_string_value(json_object_get(w->answers, name));
}

/* ---- engines ---- */

static char *in_scratch(const struct work *w, const struct lab_engine *e, const char *name)
{
	return xfmt("%s/%s%s%s", w->scratch, e->name, *name ? "/" : "", name);
}

static bool put(const char *path, const char *text, char **why)
{
	if (write_file(path, text, strlen(text)))
		*why = xfmt("%s could not be written: %s", path, strerror(errno));
	return !*why;
}

/* The broken source with what the student changed, where that was handed in. */
static char *patched(struct work *w, const struct lab_engine *e, const char *change, char **why)
{
	char *broken = lab_broken(e, w->p), *dir = in_scratch(w, e, "parts"), *text = NULL;
	char *argv[] = { "/usr/bin/patch", "-u", "-s", "-o", "mended", "broken", "change", NULL };
	char *path[2] = { xfmt("%s/broken", dir), xfmt("%s/change", dir) };
	struct confined c;

	if (!broken)
		*why = xstrdup("the tree's source cannot be read");
	else if (put(path[0], broken, why) && put(path[1], change, why)) {
		confined_run(&c, argv, dir, CONFINE_BUILD, BUILD_SECONDS);
		if (c.end == CONFINED_EXIT && !c.code)
			text = take_file(dir, "mended", why);
		else
			*why = xfmt("the change does not apply: %.*s", (int)strcspn(c.out, "\n"), c.out);
		confined_free(&c);
	}
	free(path[0]);
	free(path[1]);
	free(dir);
	free(broken);
	return text;
}

/* The student's file; or the one that it would be, by a change to the broken source. */
static char *handed_in(struct work *w, const struct lab_engine *e, char **why)
{
	char *name = xfmt("%s.patch", e->file), *text = take_file(w->from, e->file, why), *none = NULL, *change;

	change = text || !e->source ? NULL : take_file(w->from, name, &none);
	if (change) {
		free(*why);
		*why = NULL;
		text = patched(w, e, change, why);
	}
	free(change);
	free(none);
	free(name);
	return text;
}

static void put_recipe(const struct work *w, const struct lab_engine *e, const char *parts, char **why)
{
	char *text = lab_recipe(e, w->p), *path = xfmt("%s/%s.h", parts, OWN_RECIPE);

	if (text && !*why)
		put(path, text, why);
	else if (!*why)
		*why = xstrdup("the tree's recipe cannot be read");
	free(path);
	free(text);
}

/* The student's file where the compiler finds it: beside the recipe, or in a copy of the tree's sources. */
static bool lay_out(struct work *w, const struct lab_engine *e, char **why)
{
	char *parts = in_scratch(w, e, "parts"), *text = NULL, *path;
	const char *name = strrchr(e->file, '/') ? strrchr(e->file, '/') + 1 : e->file;

	if (make_dirs(parts))
		*why = xfmt("%s cannot be made", parts);
	else
		text = handed_in(w, e, why);
	if (text && e->source) {
		char *tree = in_scratch(w, e, "tree");
		char *copy = xfmt("mkdir '%s' && cd '%s' && cp -r abi hv policies traces '%s' && chmod -R u+w '%s'", tree,
				  w->p->root, tree, tree);

		path = xfmt("%s/%s", tree, e->source);
		if (system(copy)) /* of our own paths */
			*why = xfmt("the tree's sources cannot be copied to %s", tree);
		else
			put(path, text, why);
		free(copy);
		free(tree);
		free(path);
	} else if (text) {
		path = xfmt("%s/%s", parts, name);
		put(path, text, why);
		free(path);
		put_recipe(w, e, parts, why);
	}
	free(parts);
	free(text);
	return !*why;
}

/* The first line that names an error, without where our folders are. */
static char *first_error(const struct work *w, const char *log)
{
	const char *at = strstr(log += strspn(log, "\n"), " error: ");
	const char *begin = at ? at : log, *dir;

	while (begin > log && begin[-1] != '\n')
		begin--;
	if (!at && (at = strstr(log, "undefined reference")))
		begin = at;
	dir = strncmp(begin, w->scratch, strlen(w->scratch)) ? begin : begin + strlen(w->scratch) + 1;
	return xfmt("%.*s", (int)strcspn(dir, "\n"), dir);
}

static char *why_not_built(const struct work *w, const struct confined *c)
{
	char *line, *why;

	if (c->end == CONFINED_LONG)
		return xfmt("it takes the compiler more than %u s", BUILD_SECONDS);
	line = first_error(w, c->err);
	why = xfmt("it does not compile: %s", *line ? line : "the compiler says nothing");
	free(line);
	return why;
}

static void compile(struct work *w, const struct lab_engine *e, char **why)
{
	char *tree = e->source ? in_scratch(w, e, "tree") : xstrdup(w->p->root), *out = in_scratch(w, e, "");
	char *argv[] = { xstrdup("/usr/bin/make"),
			 xstrdup("-s"),
			 xstrdup("-j2"),
			 xstrdup("-C"),
			 xstrdup(w->p->build),
			 xstrdup("-f"),
			 xfmt("%s/labs/engine.mk", w->p->root),
			 xfmt("TREE=%s", tree),
			 xfmt("OUT=%s", out),
			 xfmt("RECIPE=%s", e->source ? e->recipe : OWN_RECIPE),
			 xfmt("LIBRARY=%s", e->recipe),
			 xfmt("COMPILE=%s", e->compile),
			 xfmt("FORBID=%s", e->forbid ? e->forbid : ""),
			 NULL };
	struct confined c;

	confined_run(&c, argv, w->scratch, CONFINE_BUILD, BUILD_SECONDS);
	if (c.end == CONFINED_UNSTARTED)
		*why = xfmt("make could not be started: %s", c.err);
	else if (c.end != CONFINED_EXIT || c.code)
		*why = why_not_built(w, &c);
	confined_free(&c);
	for (unsigned i = 0; argv[i]; i++)
		free(argv[i]);
	free(out);
	free(tree);
}

const char *work_build(struct work *w, const struct lab_engine *e)
{
	const char *known = json_string_value(json_object_get(w->built, e->name));
	char *why = NULL;

	if (!known) {
		if (lay_out(w, e, &why))
			compile(w, e, &why);
		json_object_set_new(w->built, e->name, json_string(why ? why : ""));
		if (!json_object_get(w->built, e->name)) /* the compiler's words are no text */
			json_object_set_new(w->built, e->name, json_string("it does not compile"));
		free(why);
		known = json_string_value(json_object_get(w->built, e->name));
	}
	return *known ? known : NULL;
}

/* Was there one of its programs that came to no end? */
static bool was_long(const struct work *w, const struct lab_engine *e)
{
	return json_is_true(json_object_get(w->long_ones, e->name));
}

/* NULL: it ended by itself. */
static char *sentence(const struct confined *c, unsigned seconds)
{
	switch (c->end) {
	case CONFINED_LONG:
		return c->code == SIGALRM ? xstrdup("a guest did not come to its end") :
					    xfmt("it did not come to an end within %u s of CPU time", seconds);
	case CONFINED_BREACH:
		return xstrdup(
			"it was stopped: it tried to write outside its folder, to start a program or to reach another process");
	case CONFINED_SIGNAL:
		if (c->code == SIGXFSZ)
			return xstrdup("it was stopped: it printed without an end");
		return xfmt("it crashed the engine: signal %d, %s", c->code, strsignal(c->code));
	case CONFINED_UNSTARTED: return xfmt("it could not be started: %s", c->err);
	default: return NULL;
	}
}

bool work_run(struct work *w, const struct lab_engine *e, const char *program, char *const argv[], struct confined *c, char **why)
{
	char *whole[MOST_PROGRAM] = { in_scratch(w, e, program) }, *dir = in_scratch(w, e, "");

	for (unsigned i = 0; argv[i] && i + 2 < MOST_PROGRAM; i++)
		whole[i + 1] = argv[i];
	if (was_long(w, e)) { /* a class should not wait for it again and again */
		*c = (struct confined){ CONFINED_LONG, 0, xstrdup(""), xstrdup("") };
		*why = xstrdup("not tried, since the engine came to no end before");
	} else {
		confined_run(c, whole, dir, CONFINE_JUDGED, w->lab->seconds);
		*why = sentence(c, w->lab->seconds);
		if (c->end == CONFINED_LONG)
			json_object_set_new(w->long_ones, e->name, json_true());
	}
	free(whole[0]);
	free(dir);
	return c->end == CONFINED_EXIT && !c->code;
}
