/* SPDX-License-Identifier: BSD-2-Clause */
/* lab.def: a key and a text a line; "engine" and "task" begin an entry of their kind. A key again goes on with its text. */
#include <stdlib.h>
#include <string.h>

#include "lab.h"

/* What judges by the student's words: the others look at what was handed in. */
static const char *const asking[] = { "number", "word", "walk", "row", "choice", "traced" };

static void go_on(char **text, const char *more)
{
	char *longer = *text ? xfmt("%s %s", *text, more) : xstrdup(more);

	free(*text);
	*text = longer;
}

static struct lab_engine *new_engine(struct lab *l)
{
	l->engine = xrealloc(l->engine, (l->nr_engines + 1) * sizeof(*l->engine));
	l->engine[l->nr_engines] = (struct lab_engine){ .name = NULL };
	return &l->engine[l->nr_engines++];
}

static struct lab_task *new_task(struct lab *l)
{
	l->task = xrealloc(l->task, (l->nr_tasks + 1) * sizeof(*l->task));
	l->task[l->nr_tasks] = (struct lab_task){ .name = NULL };
	return &l->task[l->nr_tasks++];
}

static unsigned number_of(const char *text)
{
	return (unsigned)strtoul(text, NULL, 10);
}

static bool engine_key(struct lab_engine *e, const char *key, const char *text)
{
	char **to = !strcmp(key, "file")     ? &e->file :
		    !strcmp(key, "source")   ? &e->source :
		    !strcmp(key, "change")   ? &e->change :
		    !strcmp(key, "recipe")   ? &e->recipe :
		    !strcmp(key, "exchange") ? &e->exchange :
		    !strcmp(key, "compile")  ? &e->compile :
		    !strcmp(key, "forbid")   ? &e->forbid :
					       NULL;

	if (to)
		go_on(to, text);
	return to;
}

static bool task_key(struct lab_task *t, const char *key, const char *text)
{
	char **to = !strcmp(key, "check") ? &t->check : !strcmp(key, "ask") ? &t->ask : !strcmp(key, "hint") ? &t->hint : NULL;

	if (to)
		go_on(to, text);
	else if (!strcmp(key, "points"))
		t->points = number_of(text);
	else
		return false;
	return true;
}

static bool lab_key(struct lab *l, const char *key, const char *text)
{
	if (!strcmp(key, "title"))
		go_on(&l->title, text);
	else if (!strcmp(key, "minutes"))
		l->minutes = number_of(text);
	else if (!strcmp(key, "pass"))
		l->pass = number_of(text);
	else if (!strcmp(key, "seconds"))
		l->seconds = number_of(text);
	else
		return false;
	return true;
}

/* Of the entry that was begun last. */
static bool take(struct lab *l, const char *key, const char *text)
{
	struct lab_engine *engine;
	struct lab_task *task;

	if (!strcmp(key, "engine")) {
		new_engine(l)->name = xstrdup(text);
		return true;
	}
	if (!strcmp(key, "task")) {
		new_task(l)->name = xstrdup(text);
		return true;
	}
	task = l->nr_tasks ? &l->task[l->nr_tasks - 1] : NULL;
	engine = l->nr_engines ? &l->engine[l->nr_engines - 1] : NULL;
	if (task)
		return task_key(task, key, text);
	return engine ? engine_key(engine, key, text) : lab_key(l, key, text);
}

/* What is missing in it; NULL: nothing. */
static const char *lack(const struct lab *l)
{
	for (unsigned i = 0; i < l->nr_engines; i++)
		if (!l->engine[i].file || !l->engine[i].recipe || !l->engine[i].compile ||
		    !l->engine[i].source != !l->engine[i].change || !l->engine[i].source == !l->engine[i].exchange)
			return l->engine[i].name;
	for (unsigned i = 0; i < l->nr_tasks; i++)
		if (!l->task[i].points || !l->task[i].check || !l->task[i].ask || !l->task[i].hint)
			return l->task[i].name;
	return !l->title || !l->minutes || !l->pass || !l->seconds || !l->nr_tasks ? "the lab" : NULL;
}

static bool read_lines(struct lab *l, const char *path, char *text)
{
	unsigned nr = 0;
	char *line;

	while ((line = strsep(&text, "\n"))) {
		size_t key = strcspn(line, " \t");
		char *rest = line + key;

		nr++;
		rest += strspn(rest, " \t");
		if (!*line || *line == '#')
			continue;
		line[key] = 0;
		if (!*rest || !take(l, line, rest)) {
			say("%s:%u: \"%s\" is nothing that stands there", path, nr, line);
			return false;
		}
	}
	if (lack(l))
		say("%s: something is missing of %s", path, lack(l));
	return !lack(l);
}

bool lab_read(struct lab *l, const struct paths *p, unsigned number)
{
	char *path, *text;
	bool ok;

	*l = (struct lab){ .number = number };
	if (!p->root) {
		say("the labs need the source tree: run ./penumbra there");
		return false;
	}
	l->dir = xfmt("%s/labs/%02u", p->root, number);
	path = xfmt("%s/lab.def", l->dir);
	text = read_file(path, NULL);
	if (!text)
		say("%s cannot be read: the labs need the source tree", path);
	ok = text && read_lines(l, path, text);
	free(text);
	free(path);
	return ok;
}

void lab_free(struct lab *l)
{
	for (unsigned i = 0; i < l->nr_engines; i++) {
		free(l->engine[i].name);
		free(l->engine[i].file);
		free(l->engine[i].source);
		free(l->engine[i].change);
		free(l->engine[i].recipe);
		free(l->engine[i].exchange);
		free(l->engine[i].compile);
		free(l->engine[i].forbid);
	}
	for (unsigned i = 0; i < l->nr_tasks; i++) {
		free(l->task[i].name);
		free(l->task[i].check);
		free(l->task[i].ask);
		free(l->task[i].hint);
	}
	free(l->engine);
	free(l->task);
	free(l->title);
	free(l->dir);
}

unsigned lab_points(const struct lab *l)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < l->nr_tasks; i++)
		sum += l->task[i].points;
	return sum;
}

bool lab_task_is_asked(const struct lab_task *t)
{
	size_t len = strcspn(t->check, " ");

	for (unsigned i = 0; i < COUNT_OF(asking); i++)
		if (strlen(asking[i]) == len && !strncmp(t->check, asking[i], len))
			return true;
	return false;
}

const struct lab_engine *lab_engine(const struct lab *l, const char *name)
{
	for (unsigned i = 0; i < l->nr_engines; i++)
		if (!strcmp(l->engine[i].name, name))
			return &l->engine[i];
	return NULL;
}

/* All that a command prints; NULL: it failed. */
static char *output_of(const char *command)
{
	FILE *f = popen(command, "re"), *to;
	char *text = NULL, piece[4096];
	size_t n, len;

	if (!f)
		return NULL;
	to = open_memstream(&text, &len);
	while ((n = fread(piece, 1, sizeof(piece), f)) > 0)
		fwrite(piece, 1, n, to);
	fclose(to);
	if (!pclose(f))
		return text;
	free(text);
	return NULL;
}

/* The tree's file, changed by a sed script. NULL after a message: it cannot be read, or the script changes nothing. */
static char *changed(const struct lab_engine *e, const struct paths *p, const char *file, const char *script)
{
	char *path = xfmt("%s/%s", p->root, file), *command = xfmt("sed '%s' '%s'", script, path);
	char *before = read_file(path, NULL), *after = output_of(command);

	if (before && after && !strcmp(before, after)) {
		say("the change that makes engine %s no longer applies to %s", e->name, file);
		free(after);
		after = NULL;
	} else if (!after) {
		say("%s cannot be read", path);
	}
	free(before);
	free(command);
	free(path);
	return after;
}

char *lab_broken(const struct lab_engine *e, const struct paths *p)
{
	return changed(e, p, e->source, e->change);
}

char *lab_recipe(const struct lab_engine *e, const struct paths *p)
{
	char *file = xfmt("policies/%s.h", e->recipe), *text = changed(e, p, file, e->exchange);

	free(file);
	return text;
}
