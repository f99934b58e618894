/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Linux bzImages, by the 32-bit boot protocol, version 2.06 or later
 * (Documentation/arch/x86/boot.rst in the kernel's source).
 *
 * What must always hold: from where the kernel is loaded on it may use
 * init_size bytes before it looks at the memory map, so that much RAM is found
 * for it. A relocatable kernel goes to its preferred address if that is free,
 * else to the lowest free place above: below it would only move itself there.
 */
#include "load_plan.h"

#include "lib.h"

/* Offsets of the setup header's fields, the same in the file and in boot_params. */
enum {
	SETUP_SECTS = 0x1f1,
	SYSSIZE = 0x1f4,
	VID_MODE = 0x1fa,
	BOOT_FLAG = 0x1fe,
	HEADER_LENGTH = 0x201,
	MAGIC = 0x202,
	PROTOCOL = 0x206,
	TYPE_OF_LOADER = 0x210,
	LOADFLAGS = 0x211,
	CODE32_START = 0x214,
	RAMDISK_IMAGE = 0x218,
	RAMDISK_SIZE = 0x21c,
	CMD_LINE_PTR = 0x228,
	INITRD_ADDR_MAX = 0x22c,
	KERNEL_ALIGNMENT = 0x230,
	RELOCATABLE_KERNEL = 0x234,
	CMDLINE_SIZE = 0x238,
	SETUP_DATA = 0x250,
	PREF_ADDRESS = 0x258,
	INIT_SIZE = 0x260,
	HEADER_END = 0x264,
	HEADER_MOST = 0x290,
};
/* Other fields of boot_params. */
enum { EXT_MEM_K = 0x002, ACPI_RSDP_ADDR = 0x070, ALT_MEM_K = 0x1e0, E820_ENTRIES = 0x1e8, E820_TABLE = 0x2d0 };

enum { LOADED_HIGH = 1, CAN_USE_HEAP = 0x80, LOADER_UNDEFINED = 0xff, VID_NORMAL = 0xffff, DEFAULT_SETUP_SECTS = 4 };
enum { SECTOR = 512, PARAGRAPH = 16, LOWEST_LOAD_ADDRESS = 0x100000 };

struct linux_e820 {
	u64 base, bytes;
	u32 type;
} __attribute__((packed));

/* The setup header, read once; indexed by the offsets above. */
struct setup {
	u8 byte[HEADER_END];
};

/* A field of so many bytes. */
static u64 get(const struct setup *s, unsigned at, unsigned bytes)
{
	u64 val = 0;

	memcpy(&val, s->byte + at, bytes);
	return val;
}

static void put(u8 *params, unsigned at, unsigned bytes, u64 val)
{
	memcpy(params + at, &val, bytes);
}

static void write_boot_params(struct load_plan *p)
{
	u8 *params = load_info(p, 0);
	struct linux_e820 *map = (void *)(params + E820_TABLE);
	u32 extended = load_ram_from(p, BIT(20));
	u64 end;

	/* The header as the file has it, so far as it says that it reaches. */
	end = MAGIC + p->rq->image[HEADER_LENGTH];
	if (end > HEADER_MOST)
		end = HEADER_MOST;
	load_read(p, SETUP_SECTS, params + SETUP_SECTS, end - SETUP_SECTS);
	put(params, VID_MODE, 2, VID_NORMAL);
	params[TYPE_OF_LOADER] = LOADER_UNDEFINED;
	params[LOADFLAGS] &= ~CAN_USE_HEAP;
	put(params, CODE32_START, 4, p->res->eip);
	put(params, RAMDISK_IMAGE, 4, p->res->initrd_base);
	put(params, RAMDISK_SIZE, 4, p->res->initrd_base ? p->rq->initrd_bytes : 0);
	put(params, CMD_LINE_PTR, 4, p->info + INFO_CMDLINE);
	put(params, SETUP_DATA, 8, 0);
	put(params, ACPI_RSDP_ADDR, 8, p->rq->rsdp);
	put(params, EXT_MEM_K, 2, extended < 0xffff ? extended : 0xffff);
	put(params, ALT_MEM_K, 4, extended);
	params[E820_ENTRIES] = p->nr_e820;
	for (unsigned i = 0; i < p->nr_e820; i++)
		map[i] = (struct linux_e820){ p->e820[i].base, p->e820[i].bytes, p->e820[i].type };
	p->res->esi = (u32)p->info;
}

static enum load_status check_version(struct load_plan *p, const struct setup *s)
{
	unsigned version = (unsigned)get(s, PROTOCOL, 2);

	if (version < 0x206)
		return load_refuse(p, LOAD_UNSUPPORTED, "its boot protocol %u.%02u is older than 2.06", version >> 8,
				   version & 0xff);
	if (!(s->byte[LOADFLAGS] & LOADED_HIGH))
		return load_refuse(p, LOAD_UNSUPPORTED, "it is a zImage, which is loaded below 1 MiB");
	return LOAD_OK;
}

/* Where the protected-mode kernel lies in the file. */
static enum load_status plan_file(struct load_plan *p, const struct setup *s, struct load_segment *seg)
{
	unsigned sectors = s->byte[SETUP_SECTS] ? s->byte[SETUP_SECTS] : DEFAULT_SETUP_SECTS;
	u64 offset = (sectors + 1) * SECTOR, said = get(s, SYSSIZE, 4) * PARAGRAPH, there;

	there = p->rq->image_bytes > offset ? p->rq->image_bytes - offset : 0;
	if (!there || said >= there + PARAGRAPH)
		return load_refuse(p, LOAD_DAMAGED, "it is cut short: 0x%lx bytes of kernel, and the header says 0x%lx", there,
				   said);
	*seg = (struct load_segment){ .offset = offset, .file_bytes = there, .bytes = there };
	return LOAD_OK;
}

/* How much RAM it takes from its load address on. */
static u64 work_bytes(const struct setup *s, u64 load, u64 file_bytes)
{
	bool modern = get(s, PROTOCOL, 2) >= 0x20a;
	/* Before 2.10 a kernel did not say; it inflates to less than four times its size. */
	u64 bytes = modern ? get(s, INIT_SIZE, 4) : file_bytes * 4;

	/* One that cannot run where it was loaded counts from where it moves itself. */
	if (modern && !s->byte[RELOCATABLE_KERNEL] && get(s, PREF_ADDRESS, 8) > load && get(s, PREF_ADDRESS, 8) < BELOW_4G)
		bytes += get(s, PREF_ADDRESS, 8) - load;
	return bytes > file_bytes ? bytes : file_bytes;
}

/* Finds its place. */
static enum load_status plan_place(struct load_plan *p, const struct setup *s, u64 file_bytes)
{
	bool moves = s->byte[RELOCATABLE_KERNEL];
	u64 load = moves && get(s, PROTOCOL, 2) >= 0x20a ? get(s, PREF_ADDRESS, 8) : get(s, CODE32_START, 4);
	struct span taken[] = { p->image, p->initrd };
	struct load_hunt h = { work_bytes(s, load, file_bytes), 1, load, BELOW_4G, taken, ARRAY_SIZE(taken) };

	if (load < LOWEST_LOAD_ADDRESS || load >= BELOW_4G)
		return load_refuse(p, LOAD_DAMAGED, "its load address 0x%lx is not between 1 MiB and 4 GiB", load);
	if (moves)
		h.align = get(s, KERNEL_ALIGNMENT, 4);
	else if (h.bytes < h.max - h.min)
		h.max = h.min + h.bytes;
	if (!h.align || (h.align & (h.align - 1)))
		return load_refuse(p, LOAD_DAMAGED, "its alignment 0x%lx is no power of two", h.align);
	p->work = (struct span){ load_find_low(p, &h), h.bytes };
	if (p->work.base == LOAD_NOWHERE)
		return load_refuse(p, LOAD_NO_ROOM, "memory does not suffice: no 0x%lx bytes are free at %s0x%lx", h.bytes,
				   moves ? "or above " : "", load);
	return LOAD_OK;
}

enum load_status load_plan_linux(struct load_plan *p)
{
	enum load_status st;
	struct setup s;
	u64 limit;

	if (!load_read(p, 0, &s, sizeof(s)) || get(&s, MAGIC, 4) != 0x53726448 /* "HdrS" */ || get(&s, BOOT_FLAG, 2) != 0xaa55)
		return LOAD_UNKNOWN;
	p->kind = "bzImage";
	p->res->kind = LOAD_LINUX;
	p->write_info = write_boot_params;
	st = check_version(p, &s);
	if (st == LOAD_OK)
		st = plan_file(p, &s, &p->segment[0]);
	if (st == LOAD_OK)
		st = plan_place(p, &s, p->segment[0].file_bytes);
	if (st != LOAD_OK)
		return st;
	p->segment[0].dest = p->work.base;
	p->nr_segments = 1;
	p->res->eip = (u32)p->work.base;
	limit = get(&s, CMDLINE_SIZE, 4) + 1;
	if (get(&s, CMDLINE_SIZE, 4) && limit < p->max_cmdline)
		p->max_cmdline = limit;
	limit = get(&s, INITRD_ADDR_MAX, 4) + 1;
	if (limit < p->max_initrd)
		p->max_initrd = limit;
	return LOAD_OK;
}
