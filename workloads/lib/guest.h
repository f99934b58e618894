/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a bare-metal workload can use. A workload is one C file with
 * workload_main(); the library has already turned paging on, mapped all
 * memory at DIRECT_BASE and printed nothing.
 *
 * A workload warms up, measures between region_begin() and region_end(), then
 * proves with need() that what it did had the effect that it should have had:
 * figures of a run that did not do its work are worthless. Interrupts stay off.
 */
#ifndef GUEST_H
#define GUEST_H

#include "types.h"

/* A natural word: addresses and counts are this wide, page-table entries and the TSC need not be. */
typedef unsigned long ulong;

#include "arch.h"
#include "geometry.h"
#include "lib.h"

/* All is in one image: no access needs to go through a table of addresses. */
#pragma GCC visibility push(hidden)

/* ---- console and end ---- */

/* Formats as snprintf of lib.h, at most 200 bytes a call. COM1; a port write a byte: say little, never inside a region. */
void print(const char *format, ...) __attribute__((format(printf, 1, 2)));
void console_put(char c);
/* Ends the machine: 0 is success. */
void guest_exit(unsigned code) __attribute__((noreturn));
/* Prints and ends with failure. */
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* Goes on only if the condition holds. */
#define need(cond, ...)                                                                                                          \
	do {                                                                                                                     \
		if (!(cond))                                                                                                     \
			fail(__VA_ARGS__);                                                                                       \
	} while (0)

/*
 * The value of "name=N" on the command line, decimal, or `standard` without it.
 * Outside least..most the guest fails; so does a workload that returns with a
 * word on its command line which it never asked for.
 */
ulong param(const char *name, ulong standard, ulong least, ulong most);

/* Returning is success. */
void workload_main(void);

/* ---- memory and page tables ---- */

/*
 * What touches memory as a kernel does, and its few instructions besides: pte_get(), pte_age(), phys_to_virt(), virt_to_phys(), read_cr3(),
 * write_cr3(), CR3_BY(), read_cr4(), invlpg(), peek(), poke(), store64(), peek32(), poke32(), peek_or_skip(), poke_or_skip(), rdtsc(); and KERNEL_PAGE(). Instructions here;
 * where a workload is compiled to be explained, calls into a simulated machine (explain/guest/access.h).
 */
#include "access.h"

/* Bytes of memory from 0. */
extern ulong memory_bytes;
/* n contiguous zeroed pages' physical address; fails the guest when memory is out. Never freed. */
ulong pages_alloc(ulong n);

/*
 * How kernels write entries: pte_set() makes a not-present one any other, pte_clear() takes one away, pte_remove() clears
 * flags below bit 32 of a present one. Each is exactly one store, never merged or left out; two where an
 * entry is wider than a word (PAE), in the order that never leaves a present entry half written.
 */
#include "pte_store.h"

static inline unsigned pt_index(ulong va, unsigned level)
{
	return va >> (PAGE_SHIFT + (level - 1) * PT_INDEX_BITS) & (PT_ENTRIES - 1);
}

/* A new root that shares the kernel half; its user half is empty. */
ulong pt_new_root(void);
/*
 * Makes the tables down to L1 that n pages from va need, all entries of the L1s
 * not present. Returns va's L1 slot; the other pages' slots follow it without a gap, so that a handler
 * finds them by an index. Fails the guest where other tables are in the way of that.
 */
pte_t *pt_populate(ulong root, ulong va, ulong n);
/* The one entry of a table that maps nothing yet, at the end of the kernel half (window.h). */
pte_t *window_prepare(void);
/* Fills n slots with contiguous frames from pa. */
void pt_map(pte_t *slot, ulong pa, ulong n, pte_t flags);

/* ---- faults ---- */

/*
 * Called for every page fault, with the caller-saved registers saved: va is
 * CR2. Returning retries the access; a handler may change frame->ip.
 */
typedef void fault_handler(ulong va, struct fault_frame *frame);
void fault_handler_set(fault_handler *handler);
/* For handlers: this fault should not have come. */
void fault_unexpected(ulong va, struct fault_frame *frame) __attribute__((noreturn));

/* One read; true if it faulted. Uses a handler of its own meanwhile. */
bool read_faults(ulong va);

/* ---- the hypervisor ---- */

/* Is it ours? Natively there is none. */
extern bool hypervisor;
/* A call of hypercall_abi.h, with what EBX, ECX, EDX and ESI are to hold; only if `hypervisor`. */
u32 hypercall(u32 nr, u32 b, u32 c, u32 d, u32 s);

/* ---- measuring ---- */

/* See region.c. */
void region_open(const char *phase);
void region_close(ulong ops, u64 ticks);

extern u64 region_start; /* TSC, taken after everything that opening does */

/*
 * Bracket what is measured: the TSC is read last thing at the beginning and
 * first thing at the end. `phase`: at most PN_PHASE_NAME - 1 bytes, letters,
 * digits and '-'. The end prints "@region <phase> <ops> <instructions>".
 */
static inline void region_begin(const char *phase)
{
	region_open(phase);
	region_start = rdtsc();
}

static inline void region_end(ulong ops)
{
	u64 end = rdtsc();

	region_close(ops, end - region_start);
}

#pragma GCC visibility pop

#endif
