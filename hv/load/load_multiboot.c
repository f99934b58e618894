/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Multiboot 1 images: ELF files, or anything with the header's address fields.
 *
 * What must always hold: a header's address fields say where the file goes, not
 * where in the file we read: that follows from the header's own place in it.
 */
#include "load_plan.h"

#include "lib.h"

enum { SEARCH_BYTES = 8192, HEADER_MAGIC = 0x1badb002, BOOT_MAGIC = 0x2badb002 };
enum { WANT_PAGE_ALIGN = 1, WANT_MEMORY = 2, WANT_VIDEO = 4, HAVE_ADDRESSES = 0x10000, MUST_KNOW = 0xffff };
enum { HAS_MEMORY = 1, HAS_CMDLINE = 4, HAS_MODULES = 8, HAS_MAP = 0x40, HAS_LOADER = 0x200 };

struct multiboot_header {
	u32 magic, flags, checksum;
	u32 header_addr, load_addr, load_end_addr, bss_end_addr, entry_addr; /* with HAVE_ADDRESSES */
};

struct multiboot_info {
	u32 flags, mem_lower, mem_upper, boot_device, cmdline;
	u32 nr_modules, modules, syms[4];
	u32 map_bytes, map, drives_bytes, drives, config, loader_name, apm;
};

struct multiboot_module {
	u32 start, end, cmdline, reserved;
};

struct multiboot_map_entry {
	u32 size; /* of what follows */
	u64 base, bytes;
	u32 type;
} __attribute__((packed));

#define LOADER_NAME_OFFSET 0x100 /* within the boot information, behind struct multiboot_info */
#define MAP_ROOM           (INFO_CMDLINE - INFO_MAP)
_Static_assert(PN_MAX_MODULES * sizeof(struct multiboot_module) <= INFO_MAP - INFO_MODULES, "the modules have their room");
_Static_assert(LOAD_MAX_E820 * sizeof(struct multiboot_map_entry) <= MAP_ROOM, "the memory map has its room");

/* Finds the header; only its first three fields need be in the file. */
static bool find_header(struct load_plan *p, struct multiboot_header *h)
{
	for (u64 at = 0; at <= SEARCH_BYTES - 12; at += 4) {
		if (!load_read(p, at, h, 12))
			return false;
		if (h->magic == HEADER_MAGIC && h->magic + h->flags + h->checksum == 0) {
			p->header = at;
			return true;
		}
	}
	return false;
}

static enum load_status plan_addresses(struct load_plan *p, const struct multiboot_header *h)
{
	u64 before = (u64)h->header_addr - h->load_addr, offset = p->header - before, bytes;

	if (h->header_addr < h->load_addr || before > p->header)
		return load_refuse(p, LOAD_DAMAGED, "its load address 0x%x does not fit the header at 0x%x", h->load_addr,
				   h->header_addr);
	bytes = h->load_end_addr ? (u64)h->load_end_addr - h->load_addr : p->rq->image_bytes - offset;
	if (h->load_end_addr && h->load_end_addr <= h->load_addr)
		return load_refuse(p, LOAD_DAMAGED, "it ends at 0x%x before it begins at 0x%x", h->load_end_addr, h->load_addr);
	p->segment[0] = (struct load_segment){ h->load_addr, bytes, offset, bytes };
	if (h->bss_end_addr > h->load_addr + bytes)
		p->segment[0].bytes = (u64)h->bss_end_addr - h->load_addr;
	p->nr_segments = 1;
	p->res->eip = h->entry_addr;
	return LOAD_OK;
}

static unsigned nr_modules(const struct load_plan *p)
{
	return !p->res->initrd_base ? 0 : p->rq->modules.nr ? (unsigned)p->rq->modules.nr : 1;
}

static void write_modules(struct load_plan *p)
{
	struct multiboot_module *m = load_info(p, INFO_MODULES);
	u64 at = p->res->initrd_base;

	for (unsigned i = 0; i < nr_modules(p); i++) {
		u64 bytes = p->rq->modules.nr ? p->rq->modules.bytes[i] : p->rq->initrd_bytes;

		m[i] = (struct multiboot_module){
			.start = (u32)at,
			.end = (u32)(at + bytes),
			.cmdline = (u32)p->info + INFO_CMDLINE + (u32)p->cmdline_bytes - 1, /* an empty string */
		};
		at = ALIGN_UP(at + bytes, PAGE_SIZE);
	}
}

static void write_multiboot_info(struct load_plan *p)
{
	struct multiboot_info *info = load_info(p, 0);
	struct multiboot_map_entry *map = load_info(p, INFO_MAP);
	u32 lower = load_ram_from(p, 0);

	*info = (struct multiboot_info){
		.flags = HAS_MEMORY | HAS_CMDLINE | HAS_MODULES | HAS_MAP | HAS_LOADER,
		.mem_lower = lower < 640 ? lower : 640,
		.mem_upper = load_ram_from(p, BIT(20)),
		.cmdline = (u32)p->info + INFO_CMDLINE,
		.nr_modules = nr_modules(p),
		.modules = (u32)p->info + INFO_MODULES,
		.map_bytes = p->nr_e820 * sizeof(*map),
		.map = (u32)p->info + INFO_MAP,
		.loader_name = (u32)p->info + LOADER_NAME_OFFSET,
	};
	memcpy(load_info(p, LOADER_NAME_OFFSET), "Penumbra", sizeof("Penumbra"));
	write_modules(p);
	for (unsigned i = 0; i < p->nr_e820; i++)
		map[i] = (struct multiboot_map_entry){ sizeof(*map) - sizeof(map->size), p->e820[i].base, p->e820[i].bytes,
						       p->e820[i].type };
	p->res->eax = BOOT_MAGIC;
	p->res->ebx = (u32)p->info;
}

enum load_status load_plan_multiboot(struct load_plan *p)
{
	struct multiboot_header h;

	if (!find_header(p, &h))
		return LOAD_UNKNOWN;
	p->kind = "Multiboot";
	p->res->kind = LOAD_MULTIBOOT;
	p->write_info = write_multiboot_info;
	if (h.flags & MUST_KNOW & ~(WANT_PAGE_ALIGN | WANT_MEMORY))
		return load_refuse(p, LOAD_UNSUPPORTED, "it wants what is not there (flags 0x%x)%s", h.flags,
				   h.flags & WANT_VIDEO ? ", a video mode among it" : "");
	if (!(h.flags & HAVE_ADDRESSES)) {
		if (load_is_elf(p))
			return load_plan_elf(p);
		return load_refuse(p, LOAD_DAMAGED, "it is no ELF file, and its header has no addresses");
	}
	if (!load_read(p, p->header, &h, sizeof(h)))
		return load_refuse(p, LOAD_DAMAGED, "the file ends within its header");
	return plan_addresses(p, &h);
}
