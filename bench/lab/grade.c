/* SPDX-License-Identifier: BSD-2-Clause */
/* Points for tasks; a class, one submission after the other: whatever one does, the others go on. */
#include "grade.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"

/* What a student's program prints need be no text; JSON has only text. */
static json_t *text(const char *said)
{
	json_t *s = json_string(said);

	return s ? s : json_string("(what it says is no text)");
}

static json_t *graded_task(const struct lab_task *t, const struct verdict *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "task", json_string(t->name));
	json_object_set_new(o, "points", json_integer(v->right ? t->points : 0));
	json_object_set_new(o, "of", json_integer(t->points));
	json_object_set_new(o, "said", text(v->said));
	if (!v->right)
		json_object_set_new(o, "hint", json_string(t->hint));
	return o;
}

static json_t *graded_all(struct work *w, unsigned *points)
{
	const struct lab *l = w->lab;
	json_t *tasks = json_array();

	for (unsigned i = 0; i < l->nr_tasks; i++) {
		struct verdict v = judge_task(w, &l->task[i]);

		json_array_append_new(tasks, graded_task(&l->task[i], &v));
		*points += v.right ? l->task[i].points : 0;
		free(v.said);
		if (v.broken || confine_interrupted()) {
			json_decref(tasks);
			return NULL;
		}
	}
	return tasks;
}

json_t *grade(const struct grading *g, const char *dir, const char *name)
{
	const struct lab *l = g->lab;
	unsigned points = 0;
	struct work w;
	json_t *tasks, *o;

	if (!work_begin(&w, g, dir))
		return NULL;
	tasks = graded_all(&w, &points);
	work_end(&w);
	if (!tasks)
		return NULL;
	o = json_object();
	json_object_set_new(o, "name", text(name));
	json_object_set_new(o, "points", json_integer(points));
	json_object_set_new(o, "of", json_integer(lab_points(l)));
	json_object_set_new(o, "passed", json_boolean(points >= l->pass));
	json_object_set_new(o, "tasks", tasks);
	return o;
}

/* A submission is a folder; it may hold the lab's folder by its usual name, with others beside it. */
static char *submission(const struct lab *l, const char *dir, const char *name)
{
	char *inner = xfmt("%s/%s/lab-%u", dir, name, l->number);

	if (file_exists(inner))
		return inner;
	free(inner);
	return xfmt("%s/%s", dir, name);
}

static int is_submission(const struct dirent *e)
{
	return e->d_name[0] != '.' && (e->d_type == DT_DIR || e->d_type == DT_LNK || e->d_type == DT_UNKNOWN);
}

json_t *grade_class(const struct grading *g, const char *dir)
{
	struct dirent **entry;
	int n = scandir(dir, &entry, is_submission, alphasort);
	json_t *all = json_array();
	bool ok = n > 0;

	if (n < 0)
		say("%s cannot be read: %s", dir, strerror(errno));
	else if (!n)
		say("%s holds no folder, and so no submission", dir);
	for (int i = 0; i < n; i++) {
		char *from = ok ? submission(g->lab, dir, entry[i]->d_name) : NULL;
		json_t *o = ok ? grade(g, from, entry[i]->d_name) : NULL;

		ok = ok && o;
		if (o)
			json_array_append_new(all, o);
		free(from);
		free(entry[i]);
	}
	if (n >= 0)
		free(entry);
	if (ok)
		return all;
	json_decref(all);
	return NULL;
}

/* ---- for people ---- */

static unsigned number_of(const json_t *o, const char *key)
{
	return (unsigned)json_integer_value(json_object_get(o, key));
}

static const char *text_in(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

void show_grade(FILE *f, const struct lab *l, const json_t *graded)
{
	const json_t *t;
	size_t i;

	json_array_foreach(json_object_get(graded, "tasks"), i, t) {
		fprintf(f, "%u/%u  %s: %s\n", number_of(t, "points"), number_of(t, "of"), text_in(t, "task"), text_in(t, "said"));
		if (*text_in(t, "hint"))
			fprintf(f, "     hint: %s\n", text_in(t, "hint"));
	}
	fprintf(f, "lab %u: %u of %u points, %u are needed: %s\n", l->number, number_of(graded, "points"),
		number_of(graded, "of"), l->pass, json_is_true(json_object_get(graded, "passed")) ? "passed" : "not yet");
}

void show_class(FILE *f, const struct lab *l, const json_t *all)
{
	const json_t *s, *t;
	size_t i, j;

	fprintf(f, "lab %u: %s\n", l->number, l->title);
	json_array_foreach(all, i, s) {
		fprintf(f, "%3u/%u  %s  %s", number_of(s, "points"), number_of(s, "of"),
			json_is_true(json_object_get(s, "passed")) ? "passed" : "not yet", text_in(s, "name"));
		json_array_foreach(json_object_get(s, "tasks"), j, t)
			if (number_of(t, "points") < number_of(t, "of"))
				fprintf(f, "; %s: %s", text_in(t, "task"), text_in(t, "said"));
		fputc('\n', f);
	}
}
