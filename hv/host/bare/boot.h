/* SPDX-License-Identifier: BSD-2-Clause */
/* What the boot loader left us, in one form whichever protocol it spoke. */
#ifndef BOOT_H
#define BOOT_H

#include "types.h"

#define BOOT_MAX_E820    64
#define BOOT_MAX_MODULES 4
#define BOOT_TEXT        (16 * 1024) /* bytes; what is beyond is cut */
#define BOOT_RSDP_BYTES  36

enum { E820_RAM = 1, E820_RESERVED = 2, E820_ACPI = 3, E820_NVS = 4 };

struct boot_range {
	u64 base, bytes;
	u32 type; /* E820_* */
};

struct boot_module {
	u64 base, bytes;
	const char *args; /* its command line without the first word (the file's name) */
};

struct boot_info {
	struct boot_range e820[BOOT_MAX_E820]; /* sorted by base, as the loader gave it */
	unsigned nr_e820;
	struct boot_module module[BOOT_MAX_MODULES];
	unsigned nr_modules;
	u64 rsdp; /* physical address of the ACPI root pointer; 0: where BIOS puts it */
	const char *cmdline;
	/* Copies of all that is told in words, because the loader's memory is somebody's from memory_init on. */
	char text[BOOT_TEXT];
	unsigned text_bytes;
	u8 rsdp_copy[BOOT_RSDP_BYTES];
};

/* magic and info: EAX and EBX at entry. False: no loader that we know. */
bool boot_parse(struct boot_info *bi, u32 magic, u64 info);

extern char image_start[], image_end[];

#endif
