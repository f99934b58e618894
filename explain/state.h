/* SPDX-License-Identifier: BSD-2-Clause */
/* What stands in guest tables, shadow tables, the TLB and the engine's books for one address, as JSON. Reads only. */
#ifndef EXPLAIN_STATE_H
#define EXPLAIN_STATE_H

#include <jansson.h>

#include "vcpu.h"

/* All of it; and only the two walks, and whether the address lies in a guest table. The caller owns it. */
json_t *state_of(const struct vcpu *v, gva_t va);
json_t *state_look(const struct vcpu *v, gva_t va);
/* The table of the loaded root that guest-physical gpa lies in; and the first address that the entry there translates. NULL: none. */
json_t *state_table_at(const struct vcpu *v, gpa_t gpa, gva_t user_end, gva_t *maps);
/* Guest-physical address of what the guest's tables give for va; false: nothing. */
bool state_translate(const struct vcpu *v, gva_t va, gpa_t *gpa);
/* Do the guest's tables map va for its kernel alone? */
bool state_is_kernels(const struct vcpu *v, gva_t va);
/* "0x..." */
json_t *state_hex(u64 n);

#endif
