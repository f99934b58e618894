/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Performance counters that the machine model (bench/model) keeps, where QEMU's emulated CPU has none: a page of the hypervisor's, which
 * the model writes to at each #VMEXIT of the vCPU whose region it models, by what the run's first machine would count. No instruction is
 * executed for it but the offer.
 *
 * The offer: OUT of AL to PN_REGION_PORT outside of a guest, RAX being the page's physical address, RBX PN_PMU_MAGIC; the page begins with
 * that number and its own address. The first one is taken. Nobody listens there otherwise.
 */
#ifndef PN_PMU_ABI_H
#define PN_PMU_ABI_H

#include <stdint.h>

#define PN_PMU_MAGIC 0x554d506172626d75ull

struct pn_pmu {
	uint64_t magic, self;
	uint64_t taken;        /* 1: the model has taken the offer */
	uint64_t region;       /* the number of the region that is modelled, which the sums below begin with at 0; 0: none is */
	uint64_t cycles;       /* all of them */
	uint64_t away;         /* of these: outside of the guest, world switches included */
	uint64_t walks;        /* page walks in the guest */
	uint64_t nested;       /* cycles of these in the nested dimension */
	uint64_t world_switch; /* cycles of one */
};

#endif
