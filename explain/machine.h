/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The machine on which a guest is explained: vCPUs on simulated CPUs, whose TLB keeps what it has until it is flushed, under the
 * recipe that this program is compiled with. For guests (explain/guest/): everything that they do to memory, and their few
 * instructions. Each call is one instruction: its code is fetched, its access made, as often as the hypervisor makes the guest
 * try again; a fault of the guest's own goes through stack and IDT to its handler, and then the instruction is tried again.
 */
#ifndef EXPLAIN_MACHINE_H
#define EXPLAIN_MACHINE_H

#include "types.h"

extern u8 *machine_memory; /* the guest's, from guest-physical 0 */
extern u64 machine_bytes;

/* What the machine has to know of the guest's kernel. */
struct machine_kernel {
	u64 cr3, cr4, efer;
	gva_t code, data, stack; /* a page of each: what instructions, handlers and exceptions touch besides */
	gva_t user_end;          /* addresses below are the program's, others the kernel's own */
	u64 skip;                /* bytes of the instruction that a handler may skip */
	void (*deliver)(u64 va, u64 error, u64 *ip);
};

/* A guest with so many MiB, CPUs, and, if not 0, shadow levels at least and pages of the pool. Traced: so is every event. */
void machine_start(unsigned memory_mib, unsigned shadow_levels, unsigned pool, unsigned nr, bool traced);
void machine_paging_on(const struct machine_kernel *k);
/* The audit's faults; its text goes to the standard error output. */
unsigned machine_audit(void);

u64 machine_read(gva_t va, unsigned bytes);
/* The same, or `before` if the guest's handler goes on behind the instruction. */
u64 machine_read_or_skip(gva_t va, unsigned bytes, u64 before);
/* If the guest's handler goes on behind it, nothing is written. */
void machine_write(gva_t va, u64 value, unsigned bytes);
/* A locked AND. */
void machine_and(gva_t va, u64 mask, unsigned bytes);
/* One access to each page of [va, va + bytes), so that the caller may move the data. */
void machine_touch(gva_t va, u64 bytes, bool write);
u64 machine_cr3(void);
void machine_load_cr3(u64 cr3);
void machine_set_cr4(u64 cr4);
void machine_invlpg(gva_t va);
/* What the guest believes of its registers: known to its own code, so that nothing is executed for it; */
u64 machine_cr0(void);
u64 machine_cr4(void);
/* or by an instruction. */
u64 machine_read_cr0(void);
u64 machine_read_efer(void);
void machine_set_cr0(u64 cr0);
void machine_write_efer(u64 efer);
/* Code goes on at that address; until it is told otherwise, what C does between instructions, to stack and variables, is done or not. */
void machine_code_at(gva_t code, bool c);
/* A hypercall of hypercall_abi.h that is paging's: its number, its wide argument, its length. */
u32 machine_hypercall(u32 nr, gpa_t gpa, u32 length);

/*
 * Of several CPUs (explain/cpus.h). The one that pauses passes its turn, and takes what has interrupted it when it has it again; one that stops never has it.
 * Another CPU starts in long mode, with that root and stack, at `entry`, when its turn comes.
 */
void machine_pause(void);
void machine_stop(void) __attribute__((noreturn));
void machine_interrupts(bool on);
void machine_on_interrupt(void (*handler)(void));
void machine_start_cpu(u32 number, u64 cr3, gva_t stack, void (*entry)(void));

/* For what records. */
struct vcpu *machine_vcpu(void);

void machine_region_begin(const char *phase);
void machine_region_end(u64 ops);

#endif
