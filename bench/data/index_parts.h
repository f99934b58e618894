/* SPDX-License-Identifier: BSD-2-Clause */
/* Between the files of the index. */
#ifndef BENCH_INDEX_PARTS_H
#define BENCH_INDEX_PARTS_H

#include <sqlite3.h>

#include "index.h"

/* For reading and writing, with its tables; made if it is not there. NULL after a message. The caller closes it. */
sqlite3 *index_open(const char *results_dir);
/* A run with its figures and timings, all or nothing; what was there of it is replaced. 0, or -1: sqlite3_errmsg() says why. */
int index_put(sqlite3 *db, const struct results *r);

#endif
