/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's accesses to memory and its few instructions, for guest.h: here on the CPU that it runs on. */
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

static inline void *phys_to_virt(ulong pa)
{
	return (void *)(DIRECT_BASE + pa);
}
static inline ulong virt_to_phys(const void *va)
{
	return (ulong)va - DIRECT_BASE;
}

static inline pte_t pte_get(const pte_t *slot)
{
	return *(const volatile pte_t *)slot;
}

static inline ulong read_cr3(void)
{
	ulong v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v));
	return v;
}

static inline void write_cr3(ulong v)
{
	__asm__ volatile("mov %0, %%cr3" : : "r"(v) : "memory");
}
static inline void invlpg(ulong va)
{
	__asm__ volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* One access, of the kind that a workload wants to count. */
static inline ulong peek(ulong va)
{
	return *(volatile ulong *)va;
}
static inline void poke(ulong va, ulong value)
{
	*(volatile ulong *)va = value;
}

/* A read whose result stays what `before` was if a handler skips it. Fixed registers: its length is WORD_READ_BYTES. */
static inline ulong peek_or_skip(ulong va, ulong before)
{
	__asm__ volatile("mov (%1), %0" : "+a"(before) : "c"(va) : "memory");
	return before;
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

#endif
