/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQLite index. */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "index.h"
#include "item.h"

#define DAY 86400.0

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, directory TEXT, started TEXT, ended TEXT, complete INTEGER,"
	" interrupted INTEGER, guests INTEGER, finished INTEGER, commit_id TEXT, qemu TEXT, host_cpu TEXT, recipes TEXT);"
	"CREATE TABLE IF NOT EXISTS timing (recipe TEXT, workload TEXT, traced INTEGER, seconds REAL,"
	" PRIMARY KEY (recipe, workload, traced));";

/* The index of that results directory, or NULL. Another run may be writing to it: SQLite waits up to 5 s for it. */
static sqlite3 *open_index(const char *results_dir, int flags)
{
	char *path = xfmt("%s/index.sqlite", results_dir);
	sqlite3 *db = NULL;

	if (sqlite3_open_v2(path, &db, flags, NULL) != SQLITE_OK) {
		sqlite3_close(db);
		db = NULL;
	}
	if (db)
		sqlite3_busy_timeout(db, 5000);
	free(path);
	return db;
}

static unsigned count_finished(const json_t *items)
{
	const json_t *it;
	unsigned n = 0;
	size_t i;

	json_array_foreach(items, i, it)
		n += item_finished(it);
	return n;
}

/* The run's row takes the place of an earlier one of that name: a run that is resumed is recorded again. 0, or -1. */
static int add_run(sqlite3 *db, const struct results *r)
{
	const json_t *m = json_object_get(r->root, "machine"), *o = json_object_get(r->root, "options");
	sqlite3_stmt *s;
	int ret;

	if (sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO run VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", -1, &s, NULL) != SQLITE_OK)
		return -1;
	sqlite3_bind_text(s, 1, json_text(r->root, "run"), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, r->dir, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 3, json_text(r->root, "started"), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 4, json_text(r->root, "ended"), -1, SQLITE_STATIC);
	sqlite3_bind_int(s, 5, json_is_true(json_object_get(r->root, "complete")));
	sqlite3_bind_int(s, 6, json_is_true(json_object_get(r->root, "interrupted")));
	sqlite3_bind_int(s, 7, (int)json_array_size(r->items));
	sqlite3_bind_int(s, 8, (int)count_finished(r->items));
	sqlite3_bind_text(s, 9, json_text(m, "commit"), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 10, json_text(m, "qemu"), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 11, json_text(m, "host_cpu"), -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 12, json_text(o, "recipes"), -1, SQLITE_STATIC);
	ret = sqlite3_step(s) == SQLITE_DONE ? 0 : -1;
	sqlite3_finalize(s);
	return ret;
}

/* Wall seconds of each guest that finished, by recipe, workload and pass: the last one counts. 0, or -1. */
static int add_timings(sqlite3 *db, const struct results *r)
{
	sqlite3_stmt *s;
	const json_t *it;
	int ret = 0;
	size_t i;

	if (sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO timing VALUES (?,?,?,?)", -1, &s, NULL) != SQLITE_OK)
		return -1;
	json_array_foreach(r->items, i, it) {
		double seconds = json_real_value(json_object_get(it, "wall_seconds"));

		if (!item_finished(it) || seconds <= 0)
			continue;
		sqlite3_bind_text(s, 1, json_text(it, "recipe"), -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, json_text(it, "workload"), -1, SQLITE_STATIC);
		sqlite3_bind_int(s, 3, json_is_true(json_object_get(it, "traced")));
		sqlite3_bind_double(s, 4, seconds);
		if (sqlite3_step(s) != SQLITE_DONE)
			ret = -1;
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	return ret;
}

int index_add(const char *results_dir, const struct results *r)
{
	sqlite3 *db = open_index(results_dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	int ret = -1;

	if (db && sqlite3_exec(db, schema, NULL, NULL, NULL) == SQLITE_OK &&
	    sqlite3_exec(db, "BEGIN", NULL, NULL, NULL) == SQLITE_OK) {
		ret = add_run(db, r) || add_timings(db, r) ? -1 : 0;
		if (sqlite3_exec(db, ret ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
			ret = -1;
	}
	if (ret)
		say("%s/index.sqlite could not be written: %s (the run's own files are not affected)", results_dir,
		    db ? sqlite3_errmsg(db) : "it cannot be opened");
	sqlite3_close(db);
	return ret;
}

double index_seconds(const char *results_dir, const char *recipe, const char *workload, bool traced)
{
	static const char query[] =
		"SELECT coalesce((SELECT seconds FROM timing WHERE recipe = ?1 AND workload = ?2 AND traced = ?3),"
		" (SELECT avg(seconds) FROM timing WHERE workload = ?2 AND traced = ?3 AND recipe <> 'native' AND ?1 <> "
		"'native'), -1)";
	sqlite3 *db = open_index(results_dir, SQLITE_OPEN_READONLY);
	sqlite3_stmt *s = NULL;
	double seconds = -1;

	if (db && sqlite3_prepare_v2(db, query, -1, &s, NULL) == SQLITE_OK) {
		sqlite3_bind_text(s, 1, recipe, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, workload, -1, SQLITE_STATIC);
		sqlite3_bind_int(s, 3, traced);
		if (sqlite3_step(s) == SQLITE_ROW)
			seconds = sqlite3_column_double(s, 0);
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	/* It is only for an estimate, and the file may be anything's: what no guest takes is not known. */
	return seconds > 0 && seconds < DAY ? seconds : -1;
}
