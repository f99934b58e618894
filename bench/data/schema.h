/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What JSON from outside must look like: results.json, the journal's lines, dom0's events. One table says it for all of them
 * (schema.c), one checker reads it; later code asks no value again for its type or range.
 *
 * Keys that no table names are let be: a newer program may have written them.
 */
#ifndef BENCH_SCHEMA_H
#define BENCH_SCHEMA_H

#include <jansson.h>

#include "util.h"

#define RESULTS_FORMAT 1 /* of results.json */

enum rule_kind {
	RULE_TEXT,   /* within `words`, if there are some */
	RULE_KNOWN,  /* text, or null: it could not be found out */
	RULE_NAME,   /* text of letters, digits and -+._, at least one: it goes into tables and files as it is */
	RULE_WHOLE,  /* a whole number from `least` to `most` */
	RULE_NUMBER, /* any number that is not negative */
	RULE_TRUTH,  /* true or false */
	RULE_OBJECT, /* as `inside` says */
	RULE_EACH,   /* an object with any keys: each value is one as the rule inside[0] says */
	RULE_LIST,   /* each element likewise */
};

struct rule {
	const char *key; /* NULL ends a table */
	enum rule_kind kind;
	bool must; /* be there */
	json_int_t least, most;
	const char *words; /* "one|another" */
	const struct rule *inside;
};

/* results.json; one element of its items, traces and boots; and the tree's members one by one, as the journal sets them. */
extern const struct rule schema_results[], schema_item[], schema_trace[], schema_boot[];
/* What an event may say of a guest run's region, of its end, of its trace: what goes into the tree from it. */
extern const struct rule schema_region[], schema_end[], schema_trace_end[];
/* All that an event of that kind has; NULL: there is no such kind. */
const struct rule *schema_event(const char *kind);

/*
 * NULL: `object` is as its rules have it. Else what is wrong, and where, in one sentence: `items[3] (shadow2, compute): "phase" is
 * missing`. The caller frees it. schema_part: the same, but anything may be missing.
 */
char *schema_wrong(const json_t *object, const struct rule *rules);
char *schema_part_wrong(const json_t *object, const struct rule *rules);
/* Whether this cannot be a region's "cycles", by machine. */
bool schema_cycles_wrong(const json_t *cycles);

#endif
