/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Trips and what happened in them: gives every trip a number and a fate, and every event the trip that it happened in.
 *
 * What must always hold: records come and go in the order of their stamps, a trip's before those of what happened in it (its stamp
 * is when the guest left, and its end the stamp and its cost). A trip therefore waits until a stamp beyond its end is seen.
 */
#ifndef TRACES_PAIRING_H
#define TRACES_PAIRING_H

#include <stddef.h>

#include "annotated.h"

struct ta_pairing;

/* NULL: no memory. */
struct ta_pairing *ta_pairing_new(void);
void ta_pairing_free(struct ta_pairing *p);
/* Takes a record whose annotations are all 0. False: no memory. */
bool ta_pairing_push(struct ta_pairing *p, const struct ta_record *r);
/* The next whose annotations are known; with `ended`, since no more come, any. False: there is none. */
bool ta_pairing_pop(struct ta_pairing *p, struct ta_record *r, bool ended);

#endif
