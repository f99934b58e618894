/* SPDX-License-Identifier: BSD-2-Clause */
/* What a page in a run's directory is written from, and its end. */
#ifndef BENCH_PAGE_H
#define BENCH_PAGE_H

#include <stdio.h>

#include "dataset.h"

/* d: the run. m: what has modelled cycles, where there are such: the run itself, or the one beside it (modelled.h); else d. */
typedef void page_fn(FILE *f, const struct dataset *d, const struct dataset *m);

/*
 * The page of a results tree, *len bytes; the caller frees it. `modelled`: the tree of the run with modelled cycles beside it, which is looked at if
 * the run itself has none; NULL: there is none.
 */
char *page_text(page_fn *write, const json_t *root, const json_t *modelled, size_t *len);
/* From behind the last section to the end. */
void page_end(FILE *f);

#endif
