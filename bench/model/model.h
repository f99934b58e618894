/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a run would take on some machines, from what one CPU does: its instructions, fetches, loads and stores, world switches and flushes.
 * Nothing here knows of QEMU: the plugin and the tests call the same functions. docs/model.md says what is modelled and what is not.
 *
 * Every machine sees the same events. Costs are whole hundredths of a cycle, so two runs with the same events have the same sums.
 */
#ifndef BENCH_MODEL_MODEL_H
#define BENCH_MODEL_MODEL_H

#include "machine.h"

/* The tables by which the CPU translates at this moment. */
struct model_space {
	uint8_t levels;        /* of the tables that CR3 names: 2, 3 (PAE), 4, 5; 0: paging is off */
	bool large;            /* of two levels: a large page may stand in the upper one (CR4.PSE) */
	uint64_t root;         /* of these: a guest-physical address under nested paging, else host-physical */
	uint8_t nested_levels; /* 0: no nested paging; 4, 5 */
	uint64_t nested_root;
};

/* What the model asks its user for. */
struct model_user {
	void *arg;
	/* Host-physical memory; false: there is none. */
	bool (*read)(void *arg, uint64_t pa, void *to, unsigned bytes);
	/* Asked once for an access that some machine has to walk for. */
	void (*space)(void *arg, struct model_space *s);
};

enum model_where { MODEL_GUEST, MODEL_HYPERVISOR, MODEL_WHERES };

enum model_cycles {
#define MODEL_CYCLES(id, text) MODEL_CYCLES_##id,
#define MODEL_COUNT(id, text)
#include "sums.def"
	MODEL_CYCLES_MAX
};
enum model_count {
#define MODEL_CYCLES(id, text)
#define MODEL_COUNT(id, text) MODEL_COUNT_##id,
#include "sums.def"
	MODEL_COUNT_MAX
};

struct model_sums {
	uint64_t cycles[MODEL_CYCLES_MAX]; /* hundredths */
	uint64_t count[MODEL_COUNT_MAX];
};

struct model;

/* The machines are copied. NULL: no memory. Begins cold, in MODEL_GUEST, with ASID 0. */
struct model *model_new(const struct machine *machines, unsigned n, const struct model_user *user);
void model_free(struct model *m);
/* Caches and TLBs are empty, the sums 0. */
void model_cold(struct model *m);
/* The sums alone are 0. */
void model_zero(struct model *m);

/* From here on the CPU is there, and its translations have that number. Nothing is charged. */
void model_enter(struct model *m, enum model_where where, uint16_t asid);
void model_instructions(struct model *m, unsigned n);
/* `bytes` from a virtual address, which are at `pa`, within one page: what lies beyond it is left out. */
void model_fetch(struct model *m, uint64_t va, uint64_t pa, unsigned bytes);
void model_data(struct model *m, uint64_t va, uint64_t pa, unsigned bytes, bool store);

/* Out of the guest and back, charged once. A machine without tags loses its translations. */
void model_world_switch(struct model *m);
void model_event(struct model *m);
/* Those of the present ASID go, but for global pages. */
void model_cr3_write(struct model *m);
/* The page of that ASID goes, global or not, and what walk caches have of the ASID: INVLPG and INVLPGA. */
void model_invlpg(struct model *m, uint16_t asid, uint64_t va);

/* By VMCB's TLB control, uncharged: part of a world switch. */
enum model_flush { MODEL_FLUSH_ALL, MODEL_FLUSH_ASID, MODEL_FLUSH_ASID_LOCAL /* but for global pages */ };
void model_flush(struct model *m, enum model_flush how, uint16_t asid);

unsigned model_machines(const struct model *m);
const struct machine *model_machine(const struct model *m, unsigned i);
/* What has been summed up since model_cold() or model_zero(), there. */
void model_sums(const struct model *m, unsigned i, enum model_where where, struct model_sums *sums);

#endif
