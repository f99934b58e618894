/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A workload's accesses and instructions where it is explained: calls into the simulated machine, which takes them one by one, lets the engine
 * answer what stops them, and writes down what happened (explain/machine.h).
 *
 * Pointers that phys_to_virt() gives are the host's, into the guest's memory: what a workload reads through them to prove its work
 * is no step of the guest's. Everything that a hypervisor could see goes through a function here. An address of the guest's own,
 * as of a window, is a pointer, too: address_of() tells them apart.
 */
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

#include "machine.h"
#include "places.h"

static inline void *phys_to_virt(ulong pa)
{
	return machine_memory + pa;
}
static inline ulong virt_to_phys(const void *p)
{
	return (ulong)((const u8 *)p - machine_memory);
}
/* The guest's address of what it calls p. */
static inline ulong address_of(const void *p)
{
	return virt_to_phys(p) < machine_bytes ? DIRECT_BASE + virt_to_phys(p) : (ulong)p;
}

static inline pte_t pte_get(const pte_t *slot)
{
	return (pte_t)machine_read(address_of(slot), sizeof(pte_t));
}
static inline ulong read_cr3(void)
{
	return machine_cr3();
}
static inline void write_cr3(ulong v)
{
	machine_load_cr3(v);
}
#define CR3_BY(reg, loaded, wrong) (write_cr3(loaded), (wrong) |= read_cr3() ^ (loaded))
static inline ulong read_cr4(void)
{
	return machine_cr4();
}
static inline void invlpg(ulong va)
{
	machine_invlpg(va);
}
static inline ulong peek(ulong va)
{
	return machine_read(address_of((const void *)va), WORD_BYTES);
}
static inline void poke(ulong va, ulong value)
{
	machine_write(address_of((const void *)va), value, WORD_BYTES);
}
#if WORD_BYTES == 4
typedef u32 word_t;
#else
typedef u64 word_t;
#endif
#define PAGE_WORDS (PAGE_SIZE / WORD_BYTES)
#define KERNEL_PAGE(type, name)                                                                                                  \
	static inline type *name(void)                                                                                           \
	{                                                                                                                        \
		return phys_to_virt(PLACE_PAGE);                                                                                 \
	}
static inline void store64(u64 *p, u64 value)
{
	machine_write(address_of(p), WORD_BYTES == 4 ? (u32)value : value, WORD_BYTES);
	if (WORD_BYTES == 4)
		machine_write(address_of((u8 *)p + 4), value >> 32, 4);
}
static inline u32 peek32(ulong va)
{
	return (u32)machine_read(va, sizeof(u32));
}
static inline void poke32(ulong va, u32 value)
{
	machine_write(va, value, sizeof(u32));
}
static inline void pte_age(pte_t *slot, u32 flags)
{
	machine_and(address_of(slot), ~flags, sizeof(u32));
}
static inline ulong peek_or_skip(ulong va, ulong before)
{
	return machine_read_or_skip(va, WORD_BYTES, before);
}
static inline void poke_or_skip(ulong va, ulong value)
{
	machine_write(address_of((const void *)va), value, WORD_BYTES);
}
/* Nobody measures time here. */
static inline u64 rdtsc(void)
{
	return 0;
}

/* Fresh pages are cleared and roots copied as a kernel does it: page by page, by addresses of its own. */
static inline void *access_set(void *p, int byte, size_t n)
{
	if (virt_to_phys(p) < machine_bytes)
		machine_touch(address_of(p), n, true);
	return memset(p, byte, n);
}
static inline void *access_copy(void *to, const void *from, size_t n)
{
	if (virt_to_phys(to) < machine_bytes)
		machine_touch(address_of(to), n, true);
	return memcpy(to, from, n);
}
#define memset access_set
#define memcpy access_copy

#endif
