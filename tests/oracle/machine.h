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
#include "tests/oracle/memory.h"
#include "p2m.h"
#include "paging.h"
#include "pte.h"

/* As many vCPUs as a domain can have, within reason. */
#define DOMAIN_CPUS  ARRAY_SIZE(((struct domain *)0)->vcpu)
#define MACHINE_CPUS (DOMAIN_CPUS < 3 ? DOMAIN_CPUS : 3)

/* The most bytes that an instruction moves. */
#define MOST_BYTES 64

/* What an instruction does at its address; a read has no data. */
struct operand {
	const u8 *data;     /* to be stored */
	const u8 *expected; /* NULL, or: only if these stand there, atomically; what stands there is read in any case */
	u32 bytes;
};

enum access_end { ACCESS_DONE, ACCESS_FAULT, ACCESS_MMIO, ACCESS_CRASH, ACCESS_STUCK };

struct access {
	enum access_end end;
	u32 pfec;
	gva_t va;            /* FAULT: of the page that faulted */
	gpa_t gpa;           /* MMIO */
	bool placed;         /* DONE: at[] tells where; otherwise emulation did it out of sight */
	gpa_t at[2];         /* of the part in the first page, and in the second */
	u8 data[MOST_BYTES]; /* DONE, read */
	bool swapped;        /* DONE, with `expected`: was it stored? */
};

/* Where the guest reached memory that it has lost. */
#define NO_PLACE (~0ull)

struct machine {
	struct domain d;
	struct vcpu v[MACHINE_CPUS];
	struct host_cpu cpu[MACHINE_CPUS];
	u64 rng;
	u16 gfn_of[MEMORY_FRAMES]; /* of the pool's frames; NO_FRAME: the guest does not have it */
	u32 clumsy;                /* how often in 64 an emulated write meets an instruction that no emulation knows */
	struct lend lend[2];       /* for the access that is being made */
	u32 lends;
	u64 emulated, unshadowed, lent, faults;
};

/* pool_pages as for paging_domain_init; hardware: shadows have so many levels at least, where the guest's mode lets them. */
struct machine_size {
	u64 pool_pages;
	u32 cpus, hardware;
};

void machine_init(struct machine *m, struct machine_size size, u64 seed);
void machine_exit(struct machine *m);

/* A frame of the pool as it is, whoever has it. */
u8 *machine_frame(const struct machine *m, u32 frame);
/* Guest physical memory as the machine sees it; NULL: none there. The second brings it up to date first. */
u8 *machine_peek(const struct machine *m, gpa_t gpa);
u8 *machine_at(const struct machine *m, gpa_t gpa);
/* The other way round: p points to the domain's memory. */
gpa_t machine_place(const struct machine *m, const void *p);

/* An instruction's access, `access` as for host_access. What is stored conditionally is a write. */
struct access machine_access(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op);
/* The same by emulation alone, as for an instruction that touches a device besides: no fault comes first. */
struct access machine_emulated(struct machine *m, u32 cpu, gva_t va, u32 access, struct operand op);
/* A store of a vCPU that runs in the guest while another one's exit is handled: false if it faults, which must wait. */
bool machine_meanwhile(struct machine *m, u32 cpu, gva_t va, u32 access, gpa_t *gpa);

/* The p2m loses and gains a frame; as paging_remove_frame and paging_add_frame. */
bool machine_remove(struct machine *m, u64 gfn);
bool machine_add(struct machine *m, u64 gfn, u32 frame);

/* False: #GP, nothing is loaded. */
bool machine_load_cr3(struct machine *m, u32 cpu, u64 cr3);
void machine_invlpg(struct machine *m, u32 cpu, gva_t va);
bool machine_set_modes(struct machine *m, u32 cpu, u64 cr0, u64 cr4, u64 efer);

#endif
