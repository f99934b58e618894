/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From what was recorded to sentences. The recorder's JSON (docs/explain.md) gets, besides what it has:
 *   a step   "says", and "changes": what is otherwise in tables, TLB and books since the step before it
 *   a trip   "stop": why the guest stopped; "says": what was found and done, in order; "answer": what came of it
 * Each comes from sentences.def and the tables that it names; none from a workload.
 */
#ifndef BENCH_EXPLAIN_SAY_H
#define BENCH_EXPLAIN_SAY_H

#include <jansson.h>

#include "util.h"

/* `phase`: one of the recorder's. */
void say_phase(json_t *phase);

/* A page-table entry spelt out: "frame 0x3f6, P RW US A D NX". The caller frees it. */
char *entry_text(uint64_t entry);
/* A number of the JSON: "0x..." or an integer; 0 if it is neither. */
uint64_t number_of(const json_t *o, const char *key);
const char *text_of(const json_t *o, const char *key);

#endif
