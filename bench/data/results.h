/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run's results while they come in. The JSON tree is the one copy; every
 * file of the run's directory is written from it, whole, now and then; the journal (journal.h) is told at once
 * what has ended, so that whatever stops the run loses nothing finished.
 *
 *   root = { format, run, started, ended, complete, interrupted, options, machine,
 *            recipes, workloads, trips, counters, items[], traces[], boots[] }
 *   item = { recipe, workload, repetition, traced, state, code, reason, ticks, ..., stat, regions[] }
 *
 * An item's state is "running" until it ends: "finished", "failed", "crashed",
 * "timed-out", "interrupted", "not-run". Only finished ones have results.
 */
#ifndef BENCH_RESULTS_H
#define BENCH_RESULTS_H

#include <jansson.h>

#include "item.h"
#include "journal.h"

#define RESULTS_LISTS 3

struct results {
	char *dir;
	json_t *root;
	json_t *items, *traces, *boots; /* borrowed from root */
	struct journal journal;         /* holding it, nobody else writes to the directory */
	size_t nr_told[RESULTS_LISTS];  /* entries of items, traces, boots that the journal has; told[list][entry] */
	bool *told[RESULTS_LISTS];
	char *error;       /* the first write that failed, in words; NULL: none did */
	double save_again; /* now_seconds() from which results_save_lately() writes */
};

/*
 * A new run: its directory is made, locked, and says what is to be measured. Takes the options over. EXIT_OK, or after a message
 * EXIT_BUSY or EXIT_FAILED.
 */
int results_begin(struct results *r, const char *dir, const char *run, json_t *options);
/* What it is measured on and with (taken over); the run has begun then, and every file is there. 0, or -1 (r->error says why). */
int results_machine(struct results *r, json_t *machine);
/* A run goes on: all of the tree into the journal, and its files anew. */
int results_again(struct results *r);
void results_free(struct results *r);

/* The item of that key, made if it is not there. Borrowed. */
json_t *results_item(struct results *r, const char *recipe, const char *workload, unsigned repetition, bool traced);
/* Whether that guest run is there and finished. */
bool results_finished(const struct results *r, const char *recipe, const char *workload, unsigned repetition, bool traced);

/* The first failed write is kept in r->error, with what was being written; later calls change nothing. */
void results_write_failed(struct results *r, const char *path, int err);
/* Write results.json and results.csv. 0, or -1 (r->error says why). */
int results_save(struct results *r);
/* results_save(), unless it was called lately: a big run's files take long to write, and no more than a tenth of the time is to go there. */
int results_save_lately(struct results *r);
/* Stamp the end and save. */
int results_finish(struct results *r, bool complete, bool interrupted);

/* results.csv's text from a results tree; the caller frees it. */
char *results_csv(const json_t *root);
/*
 * A run's tree from its directory, sound by the schema: from results.json, with what the journal has besides; from the journal if
 * results.json is missing or damaged, with a message. `ours`: we hold the lock; otherwise a run may be going on meanwhile.
 * *made_again (may be NULL): results.json is not what it should be. A new reference, or NULL after a message.
 */
json_t *results_load(const char *dir, bool ours, bool *made_again);
/* Write results.json and results.csv of a tree so made again, unless somebody is at work there. */
void results_restore(const char *dir, json_t *root);
/* Whether the run got as far as its first QEMU. */
bool results_begun(const json_t *root);

/* ISO 8601 with the zone, now. */
const char *time_stamp(char out[40]);

#endif
