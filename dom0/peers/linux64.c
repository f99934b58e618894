/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What must hold: all that is written lies below 128 KiB, where load_image() has put nothing: kernels begin at 1 MiB, and boot
 * information is placed as high as it goes below 576 KiB.
 */
#include "linux64.h"

#include <string.h>

/* Page tables that map the first 4 GiB to themselves, the bridge with its GDT, and boot_params. */
enum { TABLES = 0x10000, TABLE_PAGES = 6, BRIDGE = 0x16000, PARAMS = 0x17000, PARAMS_END = 0x18000 };
enum { BRIDGE_POINTER = 0x80, BRIDGE_GDT = 0x88 };
enum { PTE_PRESENT_WRITE = 3, PTE_HUGE = 0x80 };
enum { ELF_CLASS = 4, ELF_MACHINE = 18, ELF_ENTRY = 24, ELF_HEADER = 64, CLASS_64 = 2, EM_X86_64 = 62 };
/* Fields of boot_params. */
enum {
	E820_ENTRIES = 0x1e8,
	BOOT_FLAG = 0x1fe,
	MAGIC = 0x202,
	PROTOCOL = 0x206,
	TYPE_OF_LOADER = 0x210,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	E820_TABLE = 0x2d0
};
enum { LOW_RAM_END = 0x9fc00, MIB = 1 << 20, RAM = 1, RESERVED = 2 };

static void put(u8 *at, unsigned bytes, u64 value)
{
	memcpy(at, &value, bytes);
}

/* The entry point, a physical address within the kernel; 0: this is no such kernel. */
static u64 entry_of(const struct load_request *rq, const struct load_result *at)
{
	u16 machine;
	u64 entry;

	if (at->kind != LOAD_PVH || !rq->initrd || rq->image_bytes < ELF_HEADER || rq->image[ELF_CLASS] != CLASS_64)
		return 0;
	memcpy(&machine, rq->image + ELF_MACHINE, sizeof(machine));
	memcpy(&entry, rq->image + ELF_ENTRY, sizeof(entry));
	if (machine != EM_X86_64 || entry < at->kernel_base || entry - at->kernel_base >= at->kernel_bytes)
		return 0;
	return entry < BIT(32) ? entry : 0;
}

static void write_tables(u8 *mem)
{
	memset(mem + TABLES, 0, TABLE_PAGES * 4096);
	put(mem + TABLES, 8, (TABLES + 0x1000) | PTE_PRESENT_WRITE);
	for (unsigned i = 0; i < 4; i++) {
		put(mem + TABLES + 0x1000 + 8 * i, 8, (u64)(TABLES + 0x2000 + 0x1000 * i) | PTE_PRESENT_WRITE);
		for (u64 n = 0; n < 512; n++)
			put(mem + TABLES + 0x2000 + 0x1000 * i + 8 * n, 8, (i * 512 + n) << 21 | PTE_HUGE | PTE_PRESENT_WRITE);
	}
}

/* 32-bit code, begun as load.h says. First what firmware does: a peer's APIC is reset; then PAE, CR3, EFER.LME, paging, ESI, GDT, and a jump into its 64-bit segment. */
static void write_bridge(u8 *mem, u32 entry)
{
	static const u8 code[] = {
		0xc7, 0x05, 0xf0, 0,    0xe0, 0xfe, 0xff, 1,
		0,    0, /* movl $0x1ff, 0xfee000f0: the local APIC is on, */
		0xc7, 0x05, 0x50, 3,    0xe0, 0xfe, 0,    7,
		0,    0,                                  /* movl $0x700, 0xfee00350: and lets the PIC's interrupts through */
		0xb8, 0x20, 0,    0,    0,                /* mov $0x20, %eax */
		0x0f, 0x22, 0xe0,                         /* mov %eax, %cr4 */
		0xb8, 0,    0,    1,    0,                /* mov $TABLES, %eax */
		0x0f, 0x22, 0xd8,                         /* mov %eax, %cr3 */
		0xb9, 0x80, 0,    0,    0xc0, 0x31, 0xd2, /* mov $0xc0000080, %ecx; xor %edx, %edx */
		0xb8, 0,    1,    0,    0,    0x0f, 0x30, /* mov $0x100, %eax; wrmsr */
		0xb8, 1,    0,    0,    0x80, 0x0f, 0x22, 0xc0, /* mov $0x80000001, %eax; mov %eax, %cr0 */
		0xbe, 0,    0x70, 1,    0,                      /* mov $PARAMS, %esi */
		0x0f, 0x01, 0x15, 0x80, 0x60, 1,    0,          /* lgdt BRIDGE + BRIDGE_POINTER */
		0xea,                                           /* ljmp $0x10, $entry */
	};
	static const u64 gdt[] = { 0, 0, 0x00af9b000000ffff, 0x00cf93000000ffff };
	u8 *at = mem + BRIDGE;

	_Static_assert(sizeof(code) + 6 <= BRIDGE_POINTER, "the code ends before the GDT's pointer");
	memset(at, 0, 4096);
	memcpy(at, code, sizeof(code));
	put(at + sizeof(code), 4, entry);
	put(at + sizeof(code) + 4, 2, 0x10);
	put(at + BRIDGE_POINTER, 2, sizeof(gdt) - 1);
	put(at + BRIDGE_POINTER + 2, 4, BRIDGE + BRIDGE_GDT);
	memcpy(at + BRIDGE_GDT, gdt, sizeof(gdt));
}

static void put_range(u8 *params, u64 base, u64 end, u32 type)
{
	u8 *at = params + E820_TABLE + 20 * params[E820_ENTRIES]++;

	put(at, 8, base);
	put(at + 8, 8, end - base);
	put(at + 16, 4, type);
}

/* The command line lies where load_image() has put it for PVH. */
static void write_params(const struct load_request *rq, const struct load_result *at)
{
	u8 *params = rq->mem + PARAMS;
	u64 cmdline;

	memcpy(&cmdline, rq->mem + at->info_base + 24, sizeof(cmdline));
	memset(params, 0, PARAMS_END - PARAMS);
	put(params + BOOT_FLAG, 2, 0xaa55);
	put(params + MAGIC, 4, 0x53726448);
	put(params + PROTOCOL, 2, 0x20f);
	put(params + TYPE_OF_LOADER, 1, 0xff);
	put(params + RAMDISK_IMAGE, 4, at->initrd_base);
	put(params + RAMDISK_SIZE, 4, rq->initrd_bytes);
	put(params + CMD_LINE_PTR, 4, cmdline);
	put_range(params, 0, LOW_RAM_END, RAM);
	put_range(params, LOW_RAM_END, MIB, RESERVED);
	put_range(params, MIB, rq->mem_bytes, RAM);
}

void linux64_enter(const struct load_request *rq, struct load_result *at)
{
	u64 entry = entry_of(rq, at);

	if (!entry || at->kernel_base < MIB || at->info_base < PARAMS_END)
		return;
	write_tables(rq->mem);
	write_bridge(rq->mem, (u32)entry);
	write_params(rq, at);
	at->eip = BRIDGE;
}
