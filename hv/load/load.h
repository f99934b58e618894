/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Loading a kernel and its initrd into a domain's memory: PVH ELF, Multiboot 1
 * and Linux bzImage, found by their magic in the order bzImage, PVH, Multiboot.
 *
 * What must always hold:
 * - The image is hostile. Nothing outside it is read, nothing outside the
 *   domain's memory is written, whatever its headers say; headers are copied
 *   once and then checked, because dom0 can change the image meanwhile.
 * - Nothing is written before everything has found its place.
 *
 * How a loaded domain begins, whichever the kind (that is Linux' 32-bit boot
 * protocol, and both others are content with it):
 *   CR0      PE set, PG clear; CR4 and EFER 0; interrupts off (EFLAGS = 2)
 *   CS       selector `cs` (0x10), base 0, limit 4 GiB, 32-bit code, read/execute
 *   DS ES SS selector `ds` (0x18), base 0, limit 4 GiB, read/write; FS, GS the same
 *   GDTR     gdt_base, gdt_limit: the table is in the domain's memory and holds
 *            just these two; IDTR limit 0; no LDT; a busy 32-bit TSS may be in TR
 *   EIP EAX EBX ESI   as given here; EBP = EDI = ECX = EDX = 0
 *   ESP      undefined for all three kinds: 0
 */
#ifndef HV_LOAD_H
#define HV_LOAD_H

#include "control_abi.h"
#include "types.h"

#define LOAD_MAX_E820    128     /* entries of a memory map; Linux' boot_params hold so many */
#define LOAD_MAX_CMDLINE 4096    /* bytes, NUL included */
#define LOAD_MAX_IMAGE   BIT(40) /* bytes of an image or initrd */

enum load_status {
	LOAD_OK,
	LOAD_INVALID, /* the request makes no sense */
	LOAD_UNKNOWN, /* an image of no known kind */
	LOAD_DAMAGED, /* it contradicts itself, or is cut short */
	LOAD_UNSUPPORTED,
	LOAD_NO_ROOM, /* memory does not suffice */
};

enum load_kind { LOAD_NONE, LOAD_PVH, LOAD_MULTIBOOT, LOAD_LINUX };

struct e820_entry {
	u64 base, bytes;
	u32 type; /* as in ACPI: 1 RAM, 2 reserved, 3 ACPI tables, 4 NVS */
};

struct load_request {
	u8 *mem; /* where the domain's physical address 0 is mapped */
	u64 mem_bytes;
	/* What the domain is told; NULL: RAM with the PC's hole below 1 MiB. RAM beyond mem_bytes is told, not used. */
	const struct e820_entry *e820;
	unsigned nr_e820;
	/* Image and initrd may lie in the domain's memory: then the kernel must find room beside them. */
	const u8 *image;
	u64 image_bytes;
	const u8 *initrd; /* NULL: none */
	u64 initrd_bytes;
	struct pn_modules modules;  /* of the initrd: Multiboot's; to other kernels it is one */
	u64 initrd_min, initrd_max; /* bounds of where it may go, [min, max); max 0: the kernel's own */
	const char *cmdline;        /* NULL: empty */
	u64 rsdp;                   /* guest physical address of the ACPI root pointer; 0: none told */
};

struct load_result {
	enum load_kind kind;
	u32 eip, eax, ebx, esi;
	u16 cs, ds;
	u16 gdt_limit;
	u64 gdt_base;
	u64 kernel_base, kernel_bytes; /* guest physical, from the lowest byte that the kernel takes to the highest */
	u64 info_base, info_bytes;     /* boot information */
	u64 initrd_base;               /* where the initrd is in the end */
	char why[PN_REASON];           /* of a refusal: one sentence without its full stop */
};

/* Loads, or says why not. After a refusal the domain's memory is as it was. */
enum load_status load_image(const struct load_request *rq, struct load_result *res);

#endif
