/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle's guest: a domain with several vCPUs on the simulated machine, and what
 * the backend does between a fault and the guest's next try. Accesses have any size and
 * alignment; hardware translates the first page before the second.
 */
#ifndef TESTS_ORACLE_MACHINE_H
#define TESTS_ORACLE_MACHINE_H

#include "cpu.h"
#include "host.h"
#include "p2m.h"
#include "paging.h"
#include "pte.h"

/* As many vCPUs as a domain can have, within reason. */
#define DOMAIN_CPUS  ARRAY_SIZE(((struct domain *)0)->vcpu)
#define MACHINE_CPUS (DOMAIN_CPUS < 3 ? DOMAIN_CPUS : 3)

enum access_end { ACCESS_DONE, ACCESS_FAULT, ACCESS_MMIO, ACCESS_CRASH, ACCESS_STUCK };

struct access {
	enum access_end end;
	u32 pfec;
	gva_t va;    /* FAULT: of the page that faulted */
	gpa_t gpa;   /* MMIO */
	bool placed; /* DONE: at[] tells where; otherwise emulation did it out of sight */
	gpa_t at[2]; /* of the part in the first page, and in the second */
	u8 data[16]; /* DONE, read */
};

struct machine {
	struct domain d;
	struct vcpu v[MACHINE_CPUS];
	struct host_cpu cpu[MACHINE_CPUS];
	u64 frames, rng;
	u32 clumsy; /* how often in 64 an emulated write meets an instruction that no emulation knows */
	struct lend lend[2]; /* for the access that is being made */
	u32 lends;
	u64 emulated, unshadowed, lent, faults;
};

/*
 * `frames` frames of memory from gfn 0, except `hole` from gfn hole_at on; pool_pages as for paging_domain_init;
 * hardware: shadows have so many levels at least, where the guest's mode lets them.
 */
struct machine_size {
	u64 frames, hole_at, hole, pool_pages;
	u32 cpus, hardware;
};

void machine_init(struct machine *m, struct machine_size size, u64 seed);
void machine_exit(struct machine *m);

/* Guest physical memory as the machine sees it; NULL: none there. */
u8 *machine_at(const struct machine *m, gpa_t gpa);
/* The other way round: p points to the domain's memory. */
gpa_t machine_place(const struct machine *m, const void *p);

/* An instruction's access; for a write `data` is stored. `access` as for host_access. */
struct access machine_access(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes);
/* The same by emulation alone, as for an instruction that touches a device besides: no fault comes first. */
struct access machine_emulated(struct machine *m, u32 cpu, gva_t va, u32 access, const u8 *data, u32 bytes);

/* False: #GP, nothing is loaded. */
bool machine_load_cr3(struct machine *m, u32 cpu, u64 cr3);
bool machine_set_modes(struct machine *m, u32 cpu, u64 cr0, u64 cr4, u64 efer);

#endif
