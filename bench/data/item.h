/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest run as the results tree has it (results.h). It runs until it has an end; an end is never changed, because the journal and
 * whoever reads it have been told.
 */
#ifndef BENCH_ITEM_H
#define BENCH_ITEM_H

#include <jansson.h>
#include <stdbool.h>

/* End an item that got no end of its own: state and reason, unless it has ended already. */
void item_end(json_t *item, const char *state, const char *reason);
/* Why it did not finish: the reason, and the guest's own last words where there are some. The caller frees it. */
char *item_why(const json_t *item);
bool item_finished(const json_t *item);
bool item_runs(const json_t *item);

/* A text of an object, borrowed; "" if it has none. */
const char *json_text(const json_t *o, const char *key);
/* Text as JSON; bytes that are no UTF-8 become question marks. */
json_t *text_json(const char *s);

#endif
