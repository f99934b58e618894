/* SPDX-License-Identifier: BSD-2-Clause */
/* What the index knows of a workload over all runs; runs that it does not know are brought in first. */
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "index_parts.h"

/* Whether the index has figures of that run. */
static bool is_known(sqlite3 *db, const char *run)
{
	sqlite3_stmt *s = NULL;
	bool known = false;

	if (sqlite3_prepare_v2(db, "SELECT 1 FROM figure WHERE run = ? LIMIT 1", -1, &s, NULL) == SQLITE_OK) {
		sqlite3_bind_text(s, 1, run, -1, SQLITE_STATIC);
		known = sqlite3_step(s) == SQLITE_ROW;
	}
	sqlite3_finalize(s);
	return known;
}

/* One that cannot be read says so itself, and the others are read all the same. */
static int bring_in(sqlite3 *db, const char *dir)
{
	struct results r = { .root = results_load(dir, false, NULL) };
	int ret = 0;

	if (r.root && results_begun(r.root)) {
		r.dir = xstrdup(dir);
		r.items = json_object_get(r.root, "items");
		ret = index_put(db, &r);
		if (ret)
			say("%s cannot be put into the index: %s", dir, sqlite3_errmsg(db));
		free(r.dir);
	}
	json_decref(r.root);
	return ret;
}

int index_gather(const char *results_dir)
{
	sqlite3 *db = index_open(results_dir);
	DIR *dir = db ? opendir(results_dir) : NULL;
	const struct dirent *e;
	int ret = db ? 0 : -1;

	while (dir && (e = readdir(dir))) {
		char *run = xfmt("%s/%s", results_dir, e->d_name), *file = xfmt("%s/results.json", run);

		if (e->d_name[0] != '.' && file_exists(file) && !is_known(db, e->d_name))
			ret |= bring_in(db, run);
		free(file);
		free(run);
	}
	if (dir)
		closedir(dir);
	sqlite3_close(db);
	return ret;
}

char *index_phase(const char *results_dir, const char *workload)
{
	static const char query[] = "SELECT phase FROM figure JOIN run ON run.name = figure.run WHERE workload = ?"
				    " ORDER BY run.started DESC, place LIMIT 1";
	sqlite3 *db = index_open(results_dir);
	sqlite3_stmt *s = NULL;
	char *phase = NULL;

	if (db && sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK) {
		sqlite3_bind_text(s, 1, workload, -1, SQLITE_STATIC);
		if (sqlite3_step(s) == SQLITE_ROW)
			phase = xstrdup((const char *)sqlite3_column_text(s, 0));
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return phase;
}

static const char *text_at(sqlite3_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s, column);

	return text ? (const char *)text : "";
}

static struct index_row row_of(sqlite3_stmt *s)
{
	return (struct index_row){
		.run = text_at(s, 0),
		.started = text_at(s, 1),
		.commit = text_at(s, 2),
		.recipe = text_at(s, 3),
		.instructions = sqlite3_column_double(s, 4),
		.trips = sqlite3_column_double(s, 5),
		.bytes_touched = sqlite3_column_double(s, 6),
		.lowest = sqlite3_column_double(s, 7),
		.highest = sqlite3_column_double(s, 8),
		.repetitions = (unsigned)sqlite3_column_int(s, 9),
	};
}

int index_rows(const char *results_dir, const char *workload, const char *phase, const char *recipe,
	       void (*row)(void *context, const struct index_row *r), void *context)
{
	static const char query[] = "SELECT run.name, run.started, run.commit_id, recipe, instructions, trips, bytes_touched, "
				    "lowest, highest, repetitions"
				    " FROM figure JOIN run ON run.name = figure.run WHERE workload = ?1 AND phase = ?2 AND (?3 "
				    "IS NULL OR recipe = ?3)"
				    " ORDER BY run.started, run.name, recipe";
	sqlite3 *db = index_open(results_dir);
	sqlite3_stmt *s = NULL;
	int n = 0, step = SQLITE_ERROR;

	if (db && sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK) {
		sqlite3_bind_text(s, 1, workload, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, phase, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 3, recipe, -1, SQLITE_STATIC);
		for (; (step = sqlite3_step(s)) == SQLITE_ROW; n++) {
			struct index_row r = row_of(s);

			row(context, &r);
		}
	}
	if (db && step != SQLITE_DONE)
		say("%s/index.sqlite cannot be read: %s", results_dir, sqlite3_errmsg(db));
	sqlite3_finalize(s);
	sqlite3_close(db);
	return step == SQLITE_DONE ? n : -1;
}
