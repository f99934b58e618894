/* SPDX-License-Identifier: BSD-2-Clause */
/* Sentences with fields in braces, filled from JSON. */
#ifndef BENCH_EXPLAIN_TEMPLATE_H
#define BENCH_EXPLAIN_TEMPLATE_H

#include "say.h"

enum state_id {
#define STATE_SAYS(id, text) STATE_##id,
#include "sentences.def"
};

/* All return a new string; the caller frees it. A field that `o` does not have stays in its braces. */
char *say_event(const json_t *event);
char *say_state(enum state_id id, const json_t *o);
/* `step`: a name of STEP_SAYS; by: who does it. */
char *say_step(const char *step, const json_t *o);
/* NULL: an event has told it. */
char *say_counter(const char *counter, json_int_t n, const json_t *events_of_trip);
/* What trips.def has for a kind of trip. */
const char *trip_text(const char *kind);
/* What guest_ops.def has for an operation. */
const char *operation_text(const char *operation);

#endif
