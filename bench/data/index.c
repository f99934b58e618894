/* SPDX-License-Identifier: BSD-2-Clause */
/* The SQLite index. */
#include <stdlib.h>
#include <string.h>

#include "dataset.h"
#include "index_parts.h"
#include "item.h"

#define DAY 86400.0

/* PRAGMA user_version of a file of this form; earlier ones, which had no figures, are 0 and become one. */
#define INDEX_VERSION 1

static const char schema[] =
	"CREATE TABLE IF NOT EXISTS run (name TEXT PRIMARY KEY, directory TEXT, started TEXT, ended TEXT, complete INTEGER,"
	" interrupted INTEGER, guests INTEGER, finished INTEGER, commit_id TEXT, qemu TEXT, host_cpu TEXT, recipes TEXT);"
	"CREATE TABLE IF NOT EXISTS timing (recipe TEXT, workload TEXT, traced INTEGER, seconds REAL,"
	" PRIMARY KEY (recipe, workload, traced));"
	"CREATE TABLE IF NOT EXISTS figure (run TEXT, recipe TEXT, workload TEXT, phase TEXT, place INTEGER, instructions REAL,"
	" trips REAL, bytes_touched REAL, lowest REAL, highest REAL, repetitions INTEGER,"
	" PRIMARY KEY (run, recipe, workload, phase));"
	"PRAGMA user_version = 1;";

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

/* Where a phase stands among those of its workload; brackets' own cost stands last, so that it is nobody's main one. */
static int place_of(const struct dataset *d, const struct row *w)
{
	int place = 0;

	if (!strcmp(w->phase, PHASE_EMPTY))
		return (int)d->nr_phases;
	for (const struct phase *k = d->phase; strcmp(k->workload, w->workload) || strcmp(k->phase, w->phase); k++)
		place += !strcmp(k->workload, w->workload);
	return place;
}

static double per_operation(const struct row *w, uint64_t total)
{
	return (double)total / (double)w->ops;
}

/* Means over the repetitions, which stand in the order of their instructions. */
static void bind_means(sqlite3_stmt *s, const struct dataset *d, const struct repetitions *r)
{
	double instructions = 0, trips = 0, bytes = 0;
	unsigned n = r->end - r->first;

	for (unsigned i = r->first; i < r->end; i++) {
		const struct row *w = d->sorted[i];

		instructions += per_operation(w, w->instructions) / n;
		trips += per_operation(w, w->trips) / n;
		bytes += per_operation(w, w->bytes_touched) / n;
	}
	sqlite3_bind_double(s, 6, instructions);
	sqlite3_bind_double(s, 7, trips);
	sqlite3_bind_double(s, 8, bytes);
	sqlite3_bind_double(s, 9, per_operation(d->sorted[r->first], d->sorted[r->first]->instructions));
	sqlite3_bind_double(s, 10, per_operation(d->sorted[r->end - 1], d->sorted[r->end - 1]->instructions));
	sqlite3_bind_int(s, 11, (int)n);
}

static int add_figures(sqlite3 *db, const json_t *root)
{
	struct repetitions r = { 0 };
	struct dataset d;
	sqlite3_stmt *s;
	int ret = 0;

	if (sqlite3_prepare_v2(db, "INSERT OR REPLACE INTO figure VALUES (?,?,?,?,?,?,?,?,?,?,?)", -1, &s, NULL) != SQLITE_OK)
		return -1;
	dataset_load(&d, root);
	while (!ret && dataset_next(&d, &r)) {
		sqlite3_bind_text(s, 1, json_text(root, "run"), -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 2, r.row->recipe, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 3, r.row->workload, -1, SQLITE_STATIC);
		sqlite3_bind_text(s, 4, r.row->phase, -1, SQLITE_STATIC);
		sqlite3_bind_int(s, 5, place_of(&d, r.row));
		bind_means(s, &d, &r);
		ret = sqlite3_step(s) == SQLITE_DONE ? 0 : -1;
		sqlite3_reset(s);
	}
	sqlite3_finalize(s);
	dataset_free(&d);
	return ret;
}

/* PRAGMA user_version, or -1 if the file is no database. */
static int version_of(sqlite3 *db)
{
	sqlite3_stmt *s = NULL;
	int version = -1;

	if (sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
		version = sqlite3_column_int(s, 0);
	sqlite3_finalize(s);
	return version;
}

/* Why that file cannot be used, as a sentence's end; NULL: it can. The caller frees it. */
static char *index_wrong(sqlite3 *db)
{
	int version = db ? version_of(db) : -1;

	if (version > INDEX_VERSION)
		return xfmt("a newer penumbra has made it (form %d, this one knows %d): use that one, or another --results",
			    version, INDEX_VERSION);
	if (version < 0 || (version < INDEX_VERSION && sqlite3_exec(db, schema, NULL, NULL, NULL) != SQLITE_OK))
		return db && sqlite3_errcode(db) == SQLITE_BUSY ? xstrdup("another process is writing to it: try again") :
								  xfmt("%s. It holds nothing that the runs' own files do not: "
								       "remove it, and `penumbra history` makes it again",
								       db ? sqlite3_errmsg(db) : "it cannot be opened");
	return NULL;
}

sqlite3 *index_open(const char *results_dir)
{
	sqlite3 *db = open_index(results_dir, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);
	char *wrong = index_wrong(db);

	if (!wrong)
		return db;
	say("%s/index.sqlite cannot be used: %s", results_dir, wrong);
	free(wrong);
	sqlite3_close(db);
	return NULL;
}

int index_put(sqlite3 *db, const struct results *r)
{
	int ret;

	if (sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) != SQLITE_OK)
		return -1;
	ret = add_run(db, r) || add_timings(db, r) || add_figures(db, r->root) ? -1 : 0;
	if (sqlite3_exec(db, ret ? "ROLLBACK" : "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
		ret = -1;
	return ret;
}

int index_add(const char *results_dir, const struct results *r)
{
	sqlite3 *db = index_open(results_dir);
	int ret = db ? index_put(db, r) : -1;

	if (db && ret)
		say("%s/index.sqlite could not be written: %s (the run's own files are not affected)", results_dir,
		    sqlite3_errmsg(db));
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
