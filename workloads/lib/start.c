/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first C: reads what the loader left (Xen's PVH start info), sets the
 * library up, runs the workload, ends the machine.
 */
#include "guest.h"
#include "private.h"

#define START_INFO_MAGIC 0x336ec578u

/* Xen's public/arch-x86/hvm/start_info.h, version 1. */
struct start_info {
	u32 magic, version, flags, nr_modules;
	u64 modules, command_line, rsdp;
	u64 memmap;
	u32 memmap_entries, reserved;
};

void guest_start(ulong start_info);

void guest_start(ulong start_info)
{
	const struct start_info *info = phys_to_virt(start_info);

	console_init();
	trap_init();
	need(info->magic == START_INFO_MAGIC, "no PVH start info at %#lx", start_info);
	need(info->version >= 1 && info->memmap_entries, "the loader gave no memory map");
	if (info->command_line)
		params_init(phys_to_virt(info->command_line));
	mem_init(phys_to_virt(info->memmap), info->memmap_entries);
	region_init();
	workload_main();
	params_check();
	guest_exit(0);
}
