/* SPDX-License-Identifier: BSD-2-Clause */
/* What the parts of the recipe hybrid have of each other: paging_hybrid.c switches, hybrid_decide.c says when. */
#ifndef SHADOW_HYBRID_H
#define SHADOW_HYBRID_H

#include "plat.h"
#include "vcpu.h"

/* What hybrid_decide.c knows of a domain of one vCPU. */
struct hybrid {
	struct plat_pmu last; /* the reading at the last look */
	u64 looked;           /* TSC then */
	u32 heard,
		left; /* page faults, loads of control registers and INVLPGs since; and how many more there may be before the next */
	u32 every;    /* under shadow paging: so many between two looks */
	u64 regret;    /* cycles that the other kind of paging would have saved, lately */
	u64 leave;     /* so much of it ends shadow paging */
	u64 back;      /* what the last return took; more, where asking whether to begin it was in vain since */
	u64 walk_cost; /* of a walk in nested tables, sixteenths of a cycle */
	bool begun;    /* something has been decided */
	bool fresh;    /* shadows were begun since the last look */
	/* The mode's own, which are asked once a call has been heard. */
	enum verdict (*take_fault)(struct vcpu *v, gva_t va, u32 pfec);
	void (*load_root)(struct vcpu *v);
};

/* A domain begins: false, out of memory; and ends. Without a counter, or with several vCPUs, nothing is ever decided for it. */
bool hybrid_init(struct domain *d);
void hybrid_destroy(struct domain *d);
/* The vCPU's functions for faults and roots are paging's own, of another kind or mode than before: calls of them are to be heard from now on. */
void hybrid_listen(struct vcpu *v);
/* The guest's INVLPG exited, or its load of a control register. */
void hybrid_hears(struct vcpu *v);

#endif
