/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Between the loaders of the three kinds: the plan that each makes of an image,
 * and what they share. For hv/domain/load*.c alone.
 *
 * Addresses are the domain's physical ones, sizes bytes, throughout.
 */
#ifndef HV_LOAD_PLAN_H
#define HV_LOAD_PLAN_H

#include "load.h"

#define LOAD_MAX_SEGMENTS 32
#define LOAD_NOWHERE      (~0ull)
#define BELOW_4G          BIT(32)
#define MAP_RAM           1

struct span {
	u64 base, bytes;
};

/* `file_bytes` at `offset` of the image go to `dest`, zeros follow up to `bytes`. */
struct load_segment {
	u64 dest, bytes, offset, file_bytes;
};

struct load_plan {
	const struct load_request *rq;
	struct load_result *res;
	const struct e820_entry *e820;
	unsigned nr_e820;
	struct e820_entry pc_map[3];
	const char *kind; /* for messages */
	/* The parts of the domain's memory where the sources lie; 0 bytes: elsewhere. */
	struct span image, initrd, cmdline;
	u64 cmdline_bytes; /* NUL included */

	struct load_segment segment[LOAD_MAX_SEGMENTS];
	unsigned nr_segments;
	struct span work; /* what the kernel takes beside its segments before it reads the memory map */
	u64 max_cmdline;  /* bytes, NUL included */
	u64 max_initrd;   /* its end may not lie above */
	u64 header;       /* offset of the kind's own header in the image */
	void (*write_info)(struct load_plan *p);
	u64 info; /* of the boot information */
};

/* The boot information: the kind's own structure first, then what it points to. */
enum {
	INFO_GDT = 0x1000,
	INFO_MODULES = 0x1040,
	INFO_MAP = 0x1100,
	INFO_CMDLINE = 0x2000,
	INFO_BYTES = INFO_CMDLINE + LOAD_MAX_CMDLINE,
};

enum load_status load_refuse(struct load_plan *p, enum load_status status, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Copies [offset, offset + n) of the image, or gives false when it does not hold that. */
bool load_read(const struct load_plan *p, u64 offset, void *to, u64 n);

/*
 * The lowest or highest place of `bytes` in RAM within [min, max), aligned to a
 * power of two, that touches none of `taken`; LOAD_NOWHERE if there is none.
 */
struct load_hunt {
	u64 bytes, align, min, max;
	const struct span *taken;
	unsigned nr_taken;
};
u64 load_find_low(const struct load_plan *p, const struct load_hunt *h);
u64 load_find_high(const struct load_plan *p, const struct load_hunt *h);

/* Is [base, base + bytes) RAM of the memory map, and within the memory at hand? */
bool load_is_ram(const struct load_plan *p, u64 base, u64 bytes);
bool load_overlap(struct span a, u64 base, u64 bytes);
/* KiB of RAM from `base` on without a hole, at most 32 bits of them: what kernels go by that do not read the map. */
u32 load_ram_from(const struct load_plan *p, u64 base);

/* Where the boot information is mapped. */
static inline void *load_info(const struct load_plan *p, u64 offset)
{
	return p->rq->mem + p->info + offset;
}

/* Each makes a plan; LOAD_UNKNOWN without a reason: not of this kind. */
enum load_status load_plan_linux(struct load_plan *p);
enum load_status load_plan_pvh(struct load_plan *p);
enum load_status load_plan_multiboot(struct load_plan *p);

/* The segments of an ELF image and its own entry point, as Multiboot starts it. */
enum load_status load_plan_elf(struct load_plan *p);
bool load_is_elf(const struct load_plan *p);

#endif
