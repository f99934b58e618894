/* SPDX-License-Identifier: BSD-2-Clause */
/* What the library's files know of each other, and workloads need not. */
#ifndef GUEST_PRIVATE_H
#define GUEST_PRIVATE_H

#include "guest.h"

/* The loader's memory map, entry by entry; type 1 is memory. */
struct memmap_entry {
	u64 address, bytes;
	u32 type, reserved;
};

/* Physical; pages from here to memory_bytes are free and untouched. */
extern ulong next_free __attribute__((visibility("hidden")));
/* The first root, of which all others have the kernel half. */
extern pte_t boot_root[PT_ROOT_ENTRIES] __attribute__((visibility("hidden")));

void console_init(void);
void trap_init(void);
/* Every later exception of that number goes to target. */
void trap_set(unsigned vector, const char *target);
void mem_init(const struct memmap_entry *map, unsigned entries);
void params_init(const char *command_line);
void params_check(void);
void region_init(void);

static inline void outb(u16 port, u8 value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline u8 inb(u16 port)
{
	u8 value;

	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

#endif
