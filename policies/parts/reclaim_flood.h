/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * reclaim: flood. A table above level 1 that is written FLOOD_WRITES times with no fault between is taken
 * for one that is being torn down or made anew, and loses its shadows (KVM's detection of write
 * flooding; level-1 tables go out of sync there instead).
 *
 * Must hold: it is a guess that costs refills when it is wrong, never an answer. It frees no page of
 * which the whereabouts would have to be searched for, and no loaded root. clock comes after it.
 */
#ifndef PART_RECLAIM_FLOOD_H
#define PART_RECLAIM_FLOOD_H

#include "policy.h"

enum { RECLAIM_FLOOD_FREES_PINNED = 0, FLOOD_WRITES = 3 };

struct flood_domain {
	const struct frame_info *table; /* above level 1, written with no fault since; NULL: none */
	u32 writes;                     /* so many of them in a row */
};
SH_KEEPS_DOMAIN(flood)

SH_PART void flood_over(struct domain *d)
{
	flood_domain(d)->table = NULL;
}

SH_PART void flood_written(struct vcpu *v, struct frame_info *f, const void *p, u32 bytes)
{
	struct flood_domain *last = flood_domain(v->domain);

	if (!f->shadows || ROLE_LEVEL(f->shadows->role) == 1)
		return;
	last->writes = last->table == f ? last->writes + 1 : 1;
	last->table = f;
	if (last->writes < FLOOD_WRITES || !sh_unshadow_fast(v->domain, f, UNSHADOW_BATCH))
		return;
	COUNT(v->domain, batch_unshadow);
	flood_over(v->domain);
}

static const struct sh_reclaim reclaim_flood = {
	.keeps_domain = &flood_keeps_domain,
	.written = flood_written,
	.faulted = flood_over,
};

#endif
