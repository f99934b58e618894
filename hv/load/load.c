/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loader's main line: find out the kind, plan, place, and only then write.
 *
 * What must always hold: the order of writing. Boot information goes first, for
 * it avoids every source; then the kernel, which avoids image and initrd; then
 * the initrd, which may take the image's place.
 */
#include "load_plan.h"

#include "lib.h"

#define MIB         BIT(20)
#define LOW_RAM_END 0x9fc00ull /* where a PC's firmware keeps its data from */
#define INFO_END    0x90000ull /* leaves what is above to Linux' 32-bit trampoline */
#define BOOT_CS     0x10
#define BOOT_DS     0x18

enum load_status load_refuse(struct load_plan *p, enum load_status status, const char *format, ...)
{
	const size_t room = sizeof(p->res->why);
	size_t n;
	va_list args;

	n = (size_t)snprintf(p->res->why, room, "%s: ", p->kind);
	va_start(args, format);
	vsnprintf(p->res->why + n, room - n, format, args);
	va_end(args);
	return status;
}

bool load_read(const struct load_plan *p, u64 offset, void *to, u64 n)
{
	if (offset > p->rq->image_bytes || n > p->rq->image_bytes - offset)
		return false;
	memcpy(to, p->rq->image + offset, n);
	return true;
}

bool load_overlap(struct span a, u64 base, u64 bytes)
{
	return a.bytes && bytes && a.base < base + bytes && base < a.base + a.bytes;
}

/* The usable part of a memory map's entry; 0 bytes: none. */
static struct span usable(const struct load_plan *p, const struct e820_entry *e)
{
	u64 max = p->rq->mem_bytes;

	if (e->type != MAP_RAM || e->base >= max)
		return (struct span){ 0, 0 };
	return (struct span){ e->base, e->bytes < max - e->base ? e->bytes : max - e->base };
}

bool load_is_ram(const struct load_plan *p, u64 base, u64 bytes)
{
	for (unsigned i = 0; i < p->nr_e820; i++) {
		struct span s = usable(p, &p->e820[i]);

		if (base >= s.base && base - s.base <= s.bytes && bytes <= s.bytes - (base - s.base))
			return true;
	}
	return false;
}

u32 load_ram_from(const struct load_plan *p, u64 base)
{
	u64 kib;

	for (unsigned i = 0; i < p->nr_e820; i++) {
		const struct e820_entry *e = &p->e820[i];

		if (e->type != MAP_RAM || base < e->base || base - e->base >= e->bytes)
			continue;
		kib = (e->bytes - (base - e->base)) >> 10;
		return kib < 0xffffffff ? (u32)kib : 0xffffffff;
	}
	return 0;
}

static const struct span *first_conflict(const struct load_hunt *h, u64 base)
{
	for (unsigned i = 0; i < h->nr_taken; i++)
		if (load_overlap(h->taken[i], base, h->bytes))
			return &h->taken[i];
	return NULL;
}

/* One range cut to the hunt's bounds; false: nothing is left. */
static bool bounds(const struct load_plan *p, const struct load_hunt *h, unsigned i, u64 *low, u64 *high)
{
	struct span s = usable(p, &p->e820[i]);

	*low = s.base > h->min ? s.base : h->min;
	*high = s.base + s.bytes < h->max ? s.base + s.bytes : h->max;
	return s.bytes && *low < *high && h->bytes <= *high - *low;
}

u64 load_find_low(const struct load_plan *p, const struct load_hunt *h)
{
	u64 best = LOAD_NOWHERE, low, high;

	for (unsigned i = 0; i < p->nr_e820; i++) {
		if (!bounds(p, h, i, &low, &high))
			continue;
		for (u64 at = ALIGN_UP(low, h->align); at >= low && at <= high && h->bytes <= high - at;) {
			const struct span *s = first_conflict(h, at);

			if (!s) {
				best = at < best ? at : best;
				break;
			}
			at = ALIGN_UP(s->base + s->bytes, h->align);
		}
	}
	return best;
}

u64 load_find_high(const struct load_plan *p, const struct load_hunt *h)
{
	u64 best = LOAD_NOWHERE, low, high;

	for (unsigned i = 0; i < p->nr_e820; i++) {
		if (!bounds(p, h, i, &low, &high))
			continue;
		for (u64 at = (high - h->bytes) & ~(h->align - 1); at >= low;) {
			const struct span *s = first_conflict(h, at);

			if (!s) {
				best = best == LOAD_NOWHERE || at > best ? at : best;
				break;
			}
			if (s->base < h->bytes)
				break;
			at = (s->base - h->bytes) & ~(h->align - 1);
		}
	}
	return best;
}

/* The part of a source that lies in the domain's memory. */
static struct span source(const struct load_request *rq, const void *from, u64 bytes)
{
	uintptr_t mem = (uintptr_t)rq->mem, start = (uintptr_t)from, end = start + bytes;

	if (!bytes || end <= mem || start >= mem + rq->mem_bytes)
		return (struct span){ 0, 0 };
	if (start < mem)
		start = mem;
	if (end > mem + rq->mem_bytes)
		end = mem + rq->mem_bytes;
	return (struct span){ start - mem, end - start };
}

/* The last one ends where the initrd does. */
static bool modules_fit(const struct load_request *rq)
{
	const struct pn_modules *m = &rq->modules;
	u64 end = 0;

	if (m->nr > PN_MAX_MODULES)
		return false;
	for (u64 i = 0; i < m->nr; i++) {
		end = ALIGN_UP(end, PAGE_SIZE);
		if (m->bytes[i] > LOAD_MAX_IMAGE)
			return false;
		end += m->bytes[i];
	}
	return !m->nr || end == rq->initrd_bytes;
}

static enum load_status begin(struct load_plan *p)
{
	const struct load_request *rq = p->rq;
	const char *cmdline = rq->cmdline ? rq->cmdline : "";

	p->kind = "request";
	if (rq->mem_bytes < 2 * MIB || rq->mem_bytes > LOAD_MAX_IMAGE)
		return load_refuse(p, LOAD_INVALID, "0x%lx bytes of memory are no domain", rq->mem_bytes);
	if (rq->nr_e820 > LOAD_MAX_E820)
		return load_refuse(p, LOAD_INVALID, "a memory map of %u entries is too long", rq->nr_e820);
	if (rq->image_bytes > LOAD_MAX_IMAGE || rq->initrd_bytes > LOAD_MAX_IMAGE)
		return load_refuse(p, LOAD_INVALID, "no image or initrd is that long");
	if (!modules_fit(rq))
		return load_refuse(p, LOAD_INVALID, "its %lu modules do not make the 0x%lx bytes of the initrd", rq->modules.nr,
				   rq->initrd_bytes);
	p->cmdline_bytes = strnlen(cmdline, LOAD_MAX_CMDLINE) + 1;
	p->pc_map[0] = (struct e820_entry){ 0, LOW_RAM_END, MAP_RAM };
	p->pc_map[1] = (struct e820_entry){ LOW_RAM_END, MIB - LOW_RAM_END, 2 };
	p->pc_map[2] = (struct e820_entry){ MIB, rq->mem_bytes - MIB, MAP_RAM };
	p->e820 = rq->e820 ? rq->e820 : p->pc_map;
	p->nr_e820 = rq->e820 ? rq->nr_e820 : ARRAY_SIZE(p->pc_map);
	p->image = source(rq, rq->image, rq->image_bytes);
	p->initrd = source(rq, rq->initrd, rq->initrd ? rq->initrd_bytes : 0);
	p->cmdline = source(rq, cmdline, p->cmdline_bytes);
	p->max_cmdline = LOAD_MAX_CMDLINE;
	p->max_initrd = BELOW_4G;
	return LOAD_OK;
}

static enum load_status plan(struct load_plan *p)
{
	static enum load_status (*const kinds[])(struct load_plan *) = {
		load_plan_linux,
		load_plan_pvh,
		load_plan_multiboot,
	};

	for (unsigned i = 0; i < ARRAY_SIZE(kinds); i++) {
		enum load_status st = kinds[i](p);

		if (st != LOAD_UNKNOWN)
			return st;
	}
	p->kind = "image";
	return load_refuse(p, LOAD_UNKNOWN, "it is neither a bzImage, nor an ELF file with a PVH entry, nor Multiboot");
}

static enum load_status check_segment(struct load_plan *p, unsigned i)
{
	const struct load_segment *s = &p->segment[i];
	u64 bytes = s->bytes, dest = s->dest;

	if (s->offset > p->rq->image_bytes || s->file_bytes > p->rq->image_bytes - s->offset)
		return load_refuse(p, LOAD_DAMAGED, "segment %u (0x%lx bytes at offset 0x%lx) lies outside the file", i,
				   s->file_bytes, s->offset);
	if (s->file_bytes > s->bytes)
		return load_refuse(p, LOAD_DAMAGED, "segment %u has more bytes in the file than in memory", i);
	if (dest > p->rq->mem_bytes || bytes > p->rq->mem_bytes - dest)
		return load_refuse(p, LOAD_NO_ROOM, "segment %u (0x%lx bytes at 0x%lx) lies outside the domain's memory", i,
				   bytes, dest);
	if (!load_is_ram(p, dest, bytes))
		return load_refuse(p, LOAD_NO_ROOM, "segment %u (0x%lx bytes at 0x%lx) does not lie in RAM", i, bytes, dest);
	if (load_overlap(p->image, dest, bytes) || load_overlap(p->initrd, dest, bytes))
		return load_refuse(p, LOAD_NO_ROOM,
				   "memory does not suffice: segment %u (0x%lx bytes at 0x%lx) would overwrite the %s", i, bytes,
				   dest, load_overlap(p->image, dest, bytes) ? "staged image" : "staged initrd");
	return LOAD_OK;
}

/* Every segment is where it may be, and the entry is in one. */
static enum load_status check_segments(struct load_plan *p)
{
	u64 low = LOAD_NOWHERE, high = 0;
	bool entry = false;

	for (unsigned i = 0; i < p->nr_segments; i++) {
		const struct load_segment *s = &p->segment[i];
		enum load_status st = check_segment(p, i);

		if (st != LOAD_OK)
			return st;
		entry |= p->res->eip >= s->dest && p->res->eip - s->dest < s->bytes;
		low = s->dest < low ? s->dest : low;
		high = s->dest + s->bytes > high ? s->dest + s->bytes : high;
	}
	if (!entry)
		return load_refuse(p, LOAD_DAMAGED, "the entry point 0x%x lies in no segment", p->res->eip);
	if (p->work.bytes && p->work.base + p->work.bytes > high)
		high = p->work.base + p->work.bytes;
	p->res->kernel_base = low;
	p->res->kernel_bytes = high - low;
	return LOAD_OK;
}

static unsigned kernel_spans(const struct load_plan *p, struct span *to)
{
	for (unsigned i = 0; i < p->nr_segments; i++)
		to[i] = (struct span){ p->segment[i].dest, p->segment[i].bytes };
	to[p->nr_segments] = p->work;
	return p->nr_segments + 1;
}

static enum load_status place_info(struct load_plan *p)
{
	struct span taken[LOAD_MAX_SEGMENTS + 4];
	struct load_hunt h = { INFO_BYTES, PAGE_SIZE, PAGE_SIZE, INFO_END, taken, 0 };

	if (p->cmdline_bytes > p->max_cmdline)
		return load_refuse(p, LOAD_INVALID, "the command line has more than the %lu bytes that the kernel takes",
				   p->max_cmdline - 1);
	h.nr_taken = kernel_spans(p, taken);
	taken[h.nr_taken++] = p->image;
	taken[h.nr_taken++] = p->initrd;
	taken[h.nr_taken++] = p->cmdline;
	p->info = load_find_high(p, &h);
	if (p->info == LOAD_NOWHERE)
		return load_refuse(p, LOAD_NO_ROOM, "no room for the boot information below 0x%llx", INFO_END);
	p->res->info_base = p->info;
	p->res->info_bytes = INFO_BYTES;
	return LOAD_OK;
}

static enum load_status place_initrd(struct load_plan *p)
{
	const struct load_request *rq = p->rq;
	struct span taken[LOAD_MAX_SEGMENTS + 2];
	u64 max = rq->initrd_max && rq->initrd_max < p->max_initrd ? rq->initrd_max : p->max_initrd;
	u64 min = rq->initrd_min > MIB ? rq->initrd_min : MIB;
	struct load_hunt h = { rq->initrd_bytes, PAGE_SIZE, min, max, taken, 0 };
	struct load_hunt here = h;

	if (!rq->initrd || !rq->initrd_bytes)
		return LOAD_OK;
	h.nr_taken = kernel_spans(p, taken);
	taken[h.nr_taken++] = (struct span){ p->info, INFO_BYTES };
	if (p->initrd.bytes == rq->initrd_bytes) { /* may it stay where it was staged? */
		here = h;
		here.min = min > p->initrd.base ? min : p->initrd.base;
		here.max = p->initrd.base + rq->initrd_bytes;
		here.max = max < here.max ? max : here.max;
		p->res->initrd_base = load_find_low(p, &here);
		if (p->res->initrd_base != LOAD_NOWHERE)
			return LOAD_OK;
	}
	p->res->initrd_base = load_find_high(p, &h);
	if (p->res->initrd_base == LOAD_NOWHERE)
		return load_refuse(p, LOAD_NO_ROOM, "memory does not suffice for the initrd of 0x%lx bytes below 0x%lx",
				   rq->initrd_bytes, max);
	return LOAD_OK;
}

static void write_info(struct load_plan *p)
{
	static const u64 gdt[] = { 0, 0, 0x00cf9b000000ffff, 0x00cf93000000ffff };

	memset(load_info(p, 0), 0, INFO_BYTES);
	memcpy(load_info(p, INFO_GDT), gdt, sizeof(gdt));
	if (p->rq->cmdline) /* all but its NUL, which stands there already, whatever dom0 does to the source */
		memcpy(load_info(p, INFO_CMDLINE), p->rq->cmdline, p->cmdline_bytes - 1);
	p->res->cs = BOOT_CS;
	p->res->ds = BOOT_DS;
	p->res->gdt_base = p->info + INFO_GDT;
	p->res->gdt_limit = sizeof(gdt) - 1;
	p->write_info(p);
}

static void write_all(struct load_plan *p)
{
	u8 *mem = p->rq->mem;

	write_info(p);
	for (unsigned i = 0; i < p->nr_segments; i++) {
		const struct load_segment *s = &p->segment[i];

		memcpy(mem + s->dest, p->rq->image + s->offset, s->file_bytes);
		memset(mem + s->dest + s->file_bytes, 0, s->bytes - s->file_bytes);
	}
	if (p->res->initrd_base && mem + p->res->initrd_base != p->rq->initrd)
		memmove(mem + p->res->initrd_base, p->rq->initrd, p->rq->initrd_bytes);
}

enum load_status load_image(const struct load_request *rq, struct load_result *res)
{
	struct load_plan p = { .rq = rq, .res = res };
	enum load_status st;

	memset(res, 0, sizeof(*res));
	st = begin(&p);
	if (st == LOAD_OK)
		st = plan(&p);
	if (st == LOAD_OK)
		st = check_segments(&p);
	if (st == LOAD_OK)
		st = place_info(&p);
	if (st == LOAD_OK)
		st = place_initrd(&p);
	if (st == LOAD_OK)
		write_all(&p);
	return st;
}
