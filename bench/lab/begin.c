/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The student's folder: what the lab's own folder skeleton/ has; the sources of the tree that are to be mended, broken; and, where words
 * are asked for, the file "answers" with the questions. Nothing is ever written into a folder that is there already.
 */
#include "begin.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static bool put(const char *dir, const char *name, const char *text)
{
	char *path = xfmt("%s/%s", dir, name), *parent = xstrdup(path);
	bool ok;

	*strrchr(parent, '/') = 0;
	ok = !make_dirs(parent) && !write_file(path, text, strlen(text));
	if (!ok)
		say("%s could not be written: %s", path, strerror(errno));
	free(parent);
	free(path);
	return ok;
}

static bool put_skeleton(const struct lab *l, const char *dir)
{
	char *from = xfmt("%s/skeleton", l->dir);
	DIR *d = opendir(from);
	const struct dirent *e;
	bool ok = true;

	while (ok && d && (e = readdir(d))) {
		char *path = xfmt("%s/%s", from, e->d_name), *text = e->d_name[0] == '.' ? NULL : read_file(path, NULL);

		if (text)
			ok = put(dir, e->d_name, text);
		free(text);
		free(path);
	}
	if (d)
		closedir(d);
	free(from);
	return ok;
}

static bool put_broken(const struct lab *l, const struct paths *p, const char *dir)
{
	bool ok = true;

	for (unsigned i = 0; ok && i < l->nr_engines; i++) {
		const struct lab_engine *e = &l->engine[i];
		char *text = e->source ? lab_broken(e, p) :
					 lab_recipe(e, p); /* a recipe is for the check: here, that it can be made */

		ok = text && (!e->source || put(dir, e->file, text));
		free(text);
	}
	return ok;
}

static bool put_questions(const struct lab *l, const char *dir)
{
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	bool any = false, ok;

	fprintf(f, "# Lab %u: %s. A line each: the name, =, your answer.\n", l->number, l->title);
	for (unsigned i = 0; i < l->nr_tasks; i++) {
		if (!lab_task_is_asked(&l->task[i]))
			continue;
		fprintf(f, "\n# %s\n%s = ?\n", l->task[i].ask, l->task[i].name);
		any = true;
	}
	fclose(f);
	ok = !any || put(dir, "answers", text);
	free(text);
	return ok;
}

static bool make_folder(const struct lab *l, const struct paths *p, const char *dir)
{
	if (mkdir(dir, 0777)) {
		say("%s could not be made: %s", dir, strerror(errno));
		return false;
	}
	if (put_skeleton(l, dir) && put_broken(l, p, dir) && put_questions(l, dir))
		return true;
	remove_tree(dir); /* a part of it would be taken for the student's */
	return false;
}

int lab_begin(const struct lab *l, const struct paths *p, const char *dir)
{
	struct stat st;
	const bool there = !stat(dir, &st);
	char *path, *text;

	if (there && !S_ISDIR(st.st_mode)) {
		say("%s is no folder", dir);
		return EXIT_FAILED;
	}
	path = xfmt("%s/README.md", l->dir);
	text = read_file(path, NULL);
	if (!text)
		say("%s cannot be read: %s", path, strerror(errno));
	free(path);
	if (!text || (!there && !make_folder(l, p, dir))) {
		free(text);
		return EXIT_FAILED;
	}
	printf("%s\nTasks, %u points, %u to pass:\n", text, lab_points(l), l->pass);
	for (unsigned i = 0; i < l->nr_tasks; i++)
		printf("  %2u  %s: %s\n", l->task[i].points, l->task[i].name, l->task[i].ask);
	printf("\nYour files are in %s%s. To check them: ./penumbra lab %u --check%s%s\n", dir, there ? ", as they were" : "",
	       l->number, strncmp(dir, "lab-", 4) ? " " : "", strncmp(dir, "lab-", 4) ? dir : "");
	free(text);
	return EXIT_OK;
}
