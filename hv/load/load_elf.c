/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ELF files, 32 and 64 bits, and the PVH way to start one.
 *
 * What must always hold: every header is read by load_read(), once, into a
 * form that is the same for both widths.
 */
#include "load_plan.h"

#include "lib.h"

enum { EI_CLASS = 4, EI_DATA = 5, CLASS_32 = 1, CLASS_64 = 2, LITTLE_ENDIAN_DATA = 1 };
enum { ET_EXEC = 2, EM_386 = 3, EM_X86_64 = 62, PT_LOAD = 1, PT_NOTE = 4 };
enum { MAX_PROGRAM_HEADERS = 64, MAX_NOTES = 256 };
enum { XEN_ELFNOTE_PHYS32_ENTRY = 18 };

struct elf32_header {
	u8 ident[16];
	u16 type, machine;
	u32 version, entry, phoff, shoff, flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf64_header {
	u8 ident[16];
	u16 type, machine;
	u32 version;
	u64 entry, phoff, shoff;
	u32 flags;
	u16 ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

struct elf32_segment {
	u32 type, offset, vaddr, paddr, filesz, memsz, flags, align;
};

struct elf64_segment {
	u32 type, flags;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

struct elf_note {
	u32 namesz, descsz, type;
};

/* What matters of a file's header and of a program header, whatever the width. */
struct elf {
	bool wide;
	u16 type, machine, phentsize, phnum;
	u64 entry, phoff;
};

struct program_header {
	u32 type;
	u64 offset, vaddr, paddr, filesz, memsz, align;
};

static bool read_header(const struct load_plan *p, struct elf *e)
{
	union {
		u8 ident[16];
		struct elf32_header narrow;
		struct elf64_header wide;
	} h;

	if (!load_read(p, 0, h.ident, sizeof(h.ident)) || memcmp(h.ident, "\177ELF", 4) || h.ident[EI_DATA] != LITTLE_ENDIAN_DATA)
		return false;
	e->wide = h.ident[EI_CLASS] == CLASS_64;
	if (!e->wide && h.ident[EI_CLASS] != CLASS_32)
		return false;
	if (!load_read(p, 0, &h, e->wide ? sizeof(h.wide) : sizeof(h.narrow)))
		return false;
	if (e->wide)
		*e =
			(struct elf){ true,         h.wide.type,  h.wide.machine, h.wide.phentsize,
				      h.wide.phnum, h.wide.entry, h.wide.phoff };
	else
		*e = (struct elf){ false,          h.narrow.type,  h.narrow.machine, h.narrow.phentsize,
				   h.narrow.phnum, h.narrow.entry, h.narrow.phoff };
	return true;
}

bool load_is_elf(const struct load_plan *p)
{
	struct elf e;

	return read_header(p, &e);
}

static bool read_program_header(const struct load_plan *p, const struct elf *e, unsigned i, struct program_header *ph)
{
	struct elf32_segment narrow;
	struct elf64_segment wide;
	u64 at = e->phoff + (u64)i * e->phentsize;

	if (at < e->phoff)
		return false;
	if (e->wide) {
		if (!load_read(p, at, &wide, sizeof(wide)))
			return false;
		*ph =
			(struct program_header){ wide.type,   wide.offset, wide.vaddr, wide.paddr,
						 wide.filesz, wide.memsz,  wide.align };
	} else {
		if (!load_read(p, at, &narrow, sizeof(narrow)))
			return false;
		*ph = (struct program_header){ narrow.type,   narrow.offset, narrow.vaddr, narrow.paddr,
					       narrow.filesz, narrow.memsz,  narrow.align };
	}
	return true;
}

static enum load_status check_header(struct load_plan *p, const struct elf *e)
{
	u16 expected = e->wide ? sizeof(struct elf64_segment) : sizeof(struct elf32_segment);

	if (e->machine != EM_386 && e->machine != EM_X86_64)
		return load_refuse(p, LOAD_UNSUPPORTED, "the file is for another processor (machine %u)", e->machine);
	if (e->type != ET_EXEC)
		return load_refuse(p, LOAD_UNSUPPORTED, "the file is no executable (type %u)", e->type);
	if (e->phentsize != expected || !e->phnum || e->phnum > MAX_PROGRAM_HEADERS)
		return load_refuse(p, LOAD_DAMAGED, "%u program headers of %u bytes are not believable", e->phnum, e->phentsize);
	return LOAD_OK;
}

/*
 * The segments, and the entry point as a physical address: that of the segment
 * whose virtual addresses hold it, for kernels are linked to run elsewhere.
 */
static enum load_status plan_segments(struct load_plan *p, const struct elf *e, u64 *entry_to)
{
	struct program_header ph;
	u64 entry = e->entry;

	for (unsigned i = 0; i < e->phnum; i++) {
		if (!read_program_header(p, e, i, &ph))
			return load_refuse(p, LOAD_DAMAGED, "program header %u lies outside the file", i);
		if (ph.type != PT_LOAD || !ph.memsz)
			continue;
		if (p->nr_segments == LOAD_MAX_SEGMENTS)
			return load_refuse(p, LOAD_UNSUPPORTED, "it has more than %u segments", LOAD_MAX_SEGMENTS);
		p->segment[p->nr_segments++] = (struct load_segment){ ph.paddr, ph.memsz, ph.offset, ph.filesz };
		if (e->entry >= ph.vaddr && e->entry - ph.vaddr < ph.memsz)
			entry = ph.paddr + (e->entry - ph.vaddr);
	}
	if (!p->nr_segments)
		return load_refuse(p, LOAD_DAMAGED, "it has no segment to load");
	*entry_to = entry;
	return LOAD_OK;
}

/* Takes the entry point that the kind of image names. */
static enum load_status take_entry(struct load_plan *p, u64 entry)
{
	if (entry >= BELOW_4G)
		return load_refuse(p, LOAD_DAMAGED, "the entry point 0x%lx lies above 4 GiB", entry);
	p->res->eip = (u32)entry;
	return LOAD_OK;
}

enum load_status load_plan_elf(struct load_plan *p)
{
	enum load_status st;
	struct elf e;
	u64 entry;

	if (!read_header(p, &e))
		return load_refuse(p, LOAD_DAMAGED, "the ELF header is no header");
	st = check_header(p, &e);
	if (st == LOAD_OK)
		st = plan_segments(p, &e, &entry);
	return st == LOAD_OK ? take_entry(p, entry) : st;
}

/* Steps through the notes of one segment; false: none of them is it. */
static bool find_note(const struct load_plan *p, const struct program_header *ph, u32 type, u64 *value)
{
	u64 align = ph->align == 8 ? 8 : 4, at = 0;
	struct elf_note n;
	char name[4];

	if (ph->offset > p->rq->image_bytes || ph->filesz > p->rq->image_bytes - ph->offset)
		return false;
	for (unsigned i = 0; i < MAX_NOTES && ph->filesz - at >= sizeof(n); i++) {
		u64 name_at = at + sizeof(n), value_at;

		if (!load_read(p, ph->offset + at, &n, sizeof(n)))
			return false;
		value_at = ALIGN_UP(name_at + n.namesz, align);
		if (value_at > ph->filesz || n.descsz > ph->filesz - value_at)
			return false;
		*value = 0;
		if (n.type == type && n.namesz == sizeof(name) && (n.descsz == 4 || n.descsz == 8) &&
		    load_read(p, ph->offset + name_at, name, sizeof(name)) && !memcmp(name, "Xen", sizeof(name)))
			return load_read(p, ph->offset + value_at, value, n.descsz);
		at = ALIGN_UP(value_at + n.descsz, align);
		if (at > ph->filesz)
			return false;
	}
	return false;
}

/* Looks into every note segment for Xen's note of this type. */
static bool xen_note(const struct load_plan *p, const struct elf *e, u32 type, u64 *value)
{
	struct program_header ph;

	if (e->phnum > MAX_PROGRAM_HEADERS)
		return false;
	for (unsigned i = 0; i < e->phnum && read_program_header(p, e, i, &ph); i++)
		if (ph.type == PT_NOTE && find_note(p, &ph, type, value))
			return true;
	return false;
}

/* ---- PVH ---- */

enum { PVH_MAGIC = 0x336ec578, PVH_VERSION = 1 };

struct pvh_start_info {
	u32 magic, version, flags, nr_modules;
	u64 modules, cmdline, rsdp, map;
	u32 nr_map, reserved;
};

struct pvh_module {
	u64 base, bytes, cmdline, reserved;
};

struct pvh_map_entry {
	u64 base, bytes;
	u32 type, reserved;
};

static void write_pvh_info(struct load_plan *p)
{
	struct pvh_start_info *info = load_info(p, 0);
	struct pvh_map_entry *map = load_info(p, INFO_MAP);

	*info = (struct pvh_start_info){
		.magic = PVH_MAGIC,
		.version = PVH_VERSION,
		.nr_modules = p->res->initrd_base ? 1 : 0,
		.modules = p->res->initrd_base ? p->info + INFO_MODULES : 0,
		.cmdline = p->info + INFO_CMDLINE,
		.rsdp = p->rq->rsdp,
		.map = p->info + INFO_MAP,
		.nr_map = p->nr_e820,
	};
	if (p->res->initrd_base)
		*(struct pvh_module *)load_info(p, INFO_MODULES) =
			(struct pvh_module){ .base = p->res->initrd_base, .bytes = p->rq->initrd_bytes };
	for (unsigned i = 0; i < p->nr_e820; i++)
		map[i] = (struct pvh_map_entry){ p->e820[i].base, p->e820[i].bytes, p->e820[i].type, 0 };
	p->res->ebx = (u32)p->info;
}

enum load_status load_plan_pvh(struct load_plan *p)
{
	enum load_status st;
	struct elf e;
	u64 entry, own_entry; /* the file's own is for other ways to start it */

	if (!read_header(p, &e) || !xen_note(p, &e, XEN_ELFNOTE_PHYS32_ENTRY, &entry))
		return LOAD_UNKNOWN;
	p->kind = "PVH ELF";
	st = check_header(p, &e);
	if (st == LOAD_OK)
		st = plan_segments(p, &e, &own_entry);
	if (st == LOAD_OK)
		st = take_entry(p, entry);
	p->res->kind = LOAD_PVH;
	p->write_info = write_pvh_info;
	return st;
}
