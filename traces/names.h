/* SPDX-License-Identifier: BSD-2-Clause */
/* Numbers of events.def, trips.def and the control ABI to their names. Never NULL. */
#ifndef TRACES_NAMES_H
#define TRACES_NAMES_H

#include <stdint.h>

const char *pn_event_name(uint64_t event);
const char *pn_trip_name(uint64_t trip);
const char *pn_counter_name(uint64_t counter);
const char *pn_state_name(uint64_t state);
const char *pn_error_text(uint64_t error);
/* -1: no such event. */
int pn_event_number(const char *name);

#endif
