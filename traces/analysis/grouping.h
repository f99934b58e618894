/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which trips are one operation of the guest's (guest_ops.def).
 *
 * What must always hold, of each vCPU by itself:
 *  - A fault that is reflected opens an operation. All page-table virtualisation that follows is the guest's handling of it, until
 *    a page fault on the same page that is not reflected, which is the access again and belongs to it; another reflected fault,
 *    a CR3 load, or a region's end or beginning close it without.
 *  - A write to a page table that is in no such operation opens one; what follows belongs to it while it writes to the same page,
 *    and one INVLPG at the end does.
 *  - Any other trip is an operation by itself, and closes none if it is no page-table virtualisation.
 *  - An event belongs where its trip does.
 */
#ifndef TRACES_GROUPING_H
#define TRACES_GROUPING_H

#include "annotated.h"

struct ta_grouping;

/* NULL: no memory. */
struct ta_grouping *ta_grouping_new(void);
void ta_grouping_free(struct ta_grouping *g);
/* Fills in op and op_kind of a record that ta_pairing_pop() gave; in that order. */
void ta_grouping_note(struct ta_grouping *g, struct ta_record *r);

#endif
