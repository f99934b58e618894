/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * journal.jsonl: what happened in a run, one JSON object a line, appended as it happens. What results.json lacks, because the run
 * was killed before it was written again or because the file was damaged, is here.
 *
 *   {"pid": n, "begin": tree}        begun or resumed; nothing before it counts
 *   {"set": {...}}                   members of the tree
 *   {"items": item}, {"traces": ...}, {"boots": ...}    one that has ended
 *
 * The file is the run's lock as well: who writes to a run's directory holds it, and the kernel lets go of it when that process
 * is gone, however it went. Readers need no lock.
 */
#ifndef BENCH_JOURNAL_H
#define BENCH_JOURNAL_H

#include <jansson.h>
#include <sys/types.h>

#include "util.h"

#define JOURNAL_NAME "journal.jsonl"

struct journal {
	char *path; /* NULL: not taken */
	int fd;
};

/* Lock the run's directory, which is there. EXIT_OK, or EXIT_BUSY (another process has it) or EXIT_FAILED after a message. */
int journal_take(struct journal *j, const char *dir);
/* Let go of it. A journal that nothing was written to is not left behind. */
void journal_leave(struct journal *j);
/* Whether a run has begun in that directory. */
bool journal_begun(const struct journal *j);

/* The tree as it is now, borrowed; a half line that a killed process left at the end goes. 0, or -1 with errno. */
int journal_begin(struct journal *j, json_t *tree);
/* One line {key: value}; both are borrowed. On disk only after journal_sync. 0, or -1 with errno: then nothing of the line is there. */
int journal_add(struct journal *j, const char *key, json_t *value);
int journal_sync(struct journal *j);

/* Who has that directory locked: its process, or -1 if that is not known; 0: nobody. */
pid_t journal_holder(const char *dir);
/* Whether there is a journal with something in it. */
bool journal_there(const char *dir);

/* The tree that the journal tells of, checked; what is damaged is left out with a message (`quiet`: without). A new reference; NULL: it tells of none. */
json_t *journal_tree(const char *dir, bool quiet);
/* "items[4] is items[1] again", the caller frees it; NULL: each guest run is in the tree once. */
char *journal_twice(const json_t *tree);
/* Add to `tree` what `newer` has and it has not, if both are of the same run. How many guest runs. */
unsigned journal_merge(json_t *tree, const json_t *newer);

#endif
