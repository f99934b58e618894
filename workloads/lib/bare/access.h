/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's accesses to memory and its few instructions, for guest.h: here on the CPU that it runs on. */
#ifndef GUEST_ACCESS_H
#define GUEST_ACCESS_H

#define WORD_BYTES sizeof(ulong) /* of what poke() stores */

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
static inline ulong read_cr4(void)
{
	ulong v;

	__asm__ volatile("mov %%cr4, %0" : "=r"(v));
	return v;
}
/* CR3 loaded from the register of that name, and read back into it; `wrong` gets the bits that differ. Both others are variables in memory. */
#define CR3_BY(reg, loaded, wrong)                                                                                               \
	__asm__ volatile("mov %1, %%" reg "\n\t"                                                                                 \
			 "mov %%" reg ", %%cr3\n\t"                                                                              \
			 "xor %%" reg ", %%" reg "\n\t"                                                                          \
			 "mov %%cr3, %%" reg "\n\t"                                                                              \
			 "sub %1, %%" reg "\n\t"                                                                                 \
			 "or %%" reg ", %0"                                                                                      \
			 : "+m"(wrong)                                                                                           \
			 : "m"(loaded)                                                                                           \
			 : reg, "memory")
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
/* What such an access reads and writes, and a page's worth of them. */
typedef ulong word_t;
#define PAGE_WORDS (PAGE_SIZE / WORD_BYTES)

/* A page of the kernel's own, beside its variables: name() is an array of `type`. */
#define KERNEL_PAGE(type, name)                                                                                                  \
	static type name##_page[PAGE_SIZE / sizeof(type)] __attribute__((aligned(PAGE_SIZE)));                                   \
	static inline type *name(void)                                                                                           \
	{                                                                                                                        \
		return name##_page;                                                                                              \
	}
/* 64 bits there, in as many stores as the CPU needs. */
static inline void store64(u64 *p, u64 value)
{
	*p = value;
}

/* The same of 32 bits, as devices' registers have them. */
static inline u32 peek32(ulong va)
{
	return *(volatile u32 *)va;
}
static inline void poke32(ulong va, u32 value)
{
	*(volatile u32 *)va = value;
}
/* Flags of an entry cleared by one locked instruction on its low word, as kernels do it: the CPU may be setting bits in the same entry. */
static inline void pte_age(pte_t *slot, u32 flags)
{
	__asm__ volatile("lock; andl %1, %0" : "+m"(*(volatile u32 *)slot) : "ir"(~flags) : "memory");
}

/* A read whose result stays what `before` was if a handler skips it. Fixed registers: its length is WORD_READ_BYTES. */
static inline ulong peek_or_skip(ulong va, ulong before)
{
	__asm__ volatile("mov (%1), %0" : "+a"(before) : "c"(va) : "memory");
	return before;
}

/* A write that a handler may skip. Fixed registers: its length is WORD_WRITE_BYTES. */
static inline void poke_or_skip(ulong va, ulong value)
{
	__asm__ volatile("mov %0, (%1)" : : "a"(value), "c"(va) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (u64)high << 32 | low;
}

#endif
