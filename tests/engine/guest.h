/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest for tests of the engine: a domain with one vCPU, or two in turn, on the simulated
 * machine, and what a kernel would do by hand: build tables, touch memory.
 */
#ifndef TESTS_ENGINE_GUEST_H
#define TESTS_ENGINE_GUEST_H

#include "cpu.h"
#include "host.h"
#include "p2m.h"
#include "paging.h"
#include "pte.h"

#define ALL    (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define KERNEL (PTE_P | PTE_RW | PTE_A | PTE_D)

struct guest {
	struct domain d;
	struct vcpu v;
	struct host_cpu cpu;
	struct vcpu second;
	struct host_cpu second_cpu;
	struct vcpu *on; /* whose instructions these are */
	u64 frames, machine_frames;
	/* How often in 64 an emulated write meets an instruction that no emulation knows. */
	u32 clumsy;
	u64 rng;
	void (*before_data)(struct guest *g);   /* the access is decided, its data not yet moved */
	u32 faults, emulated, unshadowed, lent; /* since the guest was made */
	u32 tried;                              /* how often this access met it */
	u32 last_bytes;
};

enum outcome_kind { ACCESS_DONE, ACCESS_FAULT, ACCESS_MMIO, ACCESS_CRASH, ACCESS_STUCK };

struct outcome {
	enum outcome_kind kind;
	u32 pfec;
	gpa_t gpa; /* DONE: the byte that hardware or emulation reached; MMIO: the device's */
	u64 value; /* DONE, read: what was there */
};

/* Poisoning the machine's memory, which costs most of a test's time, for all that are forked afterwards. */
void guest_prepare(void);
/* `frames` frames of memory from gfn 0, except `hole` frames from gfn hole_at on. pool_pages as for paging_domain_init.
 */
void guest_init(struct guest *g, u64 frames, u64 hole_at, u64 hole, u64 pool_pages, u64 seed);
void guest_exit(struct guest *g);

/* From now on vCPU 0 or 1 acts. The second one is made, with paging off, when it acts first. */
void guest_switch(struct guest *g, u32 vcpu);

/* Guest physical memory, as the machine sees it; NULL: none there. */
void *guest_at(const struct guest *g, gpa_t gpa);
u64 *guest_table(const struct guest *g, u64 gfn);

/* Aligned, at most 8 bytes. `access` as for host_access; a write stores `value`. */
struct outcome guest_access(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes);

/* The same by emulation alone, as for an instruction that touches a device besides: no fault comes first. */
struct outcome guest_emulated(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes);

/* The same by an access of hardware's own to a page that is lent for it. */
struct outcome guest_lent(struct guest *g, gva_t va, u32 access, u64 value, u32 bytes);

/* Instructions of a kernel. */
/* By hardware alone, or by an exit. */
void guest_invlpg(struct vcpu *v, gva_t va);
/* False: #GP, and nothing has changed. */
bool guest_load_cr3(struct guest *g, u64 cr3);
bool guest_set_modes(struct guest *g, u64 cr0, u64 cr4, u64 efer);
/* Four-level paging with the root at gfn. */
void guest_long_mode(struct guest *g, u64 root_gfn, u64 efer_extra);

/* Ends the test with the audit's text if there are faults. */
void guest_audit(struct guest *g);

#endif
