/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What hypervisor and machine model (bench/model) tell each other, by a page of the hypervisor's. No instruction is executed for it but the
 * offer.
 *  - The hypervisor says where its books of trips are. The model sees each store, and so a trip's kind.
 *  - Performance counters, where QEMU's emulated CPU has none, if the hypervisor asks for them: the model writes them at each #VMEXIT of the vCPU
 *    whose region it models, by what the run's first machine would count.
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
	uint64_t taken;        /* 1: the model keeps the counters */
	uint64_t region;       /* the number of the region that is modelled, which the sums below begin with at 0; 0: none is */
	uint64_t cycles;       /* all of them */
	uint64_t away;         /* of these: outside of the guest, world switches included */
	uint64_t walks;        /* page walks in the guest */
	uint64_t nested;       /* cycles of these in the nested dimension */
	uint64_t world_switch; /* cycles of one */
	/* Said with the offer. */
	uint64_t counted;  /* 1: the counters are asked for */
	uint64_t trips_at; /* bytes from any domU's VMCB to its vCPU's struct pn_trip_stat[TRIP_MAX] (control_abi.h), in physical memory */
};

#endif
