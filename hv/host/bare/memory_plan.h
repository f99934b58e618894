/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Whose which RAM is, worked out from the loader's memory map and dom0_mem=. Numbers only, so that a test can be any machine.
 *
 * dom0 has the lowest RAM up to the hypervisor's image, which firmware, DMA of old devices and kernels want, and then the highest.
 * All else that the hypervisor reaches is its own: the image, its books and shadow tables, the domUs' memory.
 *
 * Must hold of a plan: no byte is dom0's and the hypervisor's; each is RAM by the map, and no entry of another type has it;
 * borders between the two are PLAN_UNIT aligned, so that dom0's nested page table has large entries there.
 */
#ifndef MEMORY_PLAN_H
#define MEMORY_PLAN_H

#include "boot.h"

#define PLAN_UNIT   (4ull << 20)
#define PLAN_RANGES (2 * BOOT_MAX_E820)

struct memory_range {
	u64 base, end; /* bytes, page aligned; never empty */
};

struct memory_plan {
	struct memory_range dom0[PLAN_RANGES], own[PLAN_RANGES]; /* in rising order */
	u32 nr_dom0, nr_own;
	u64 all_bytes, dom0_bytes; /* RAM below PN_LIMIT_reach; dom0's share of it */
};

/* A number of bytes: digits, and K, M or G if any, in either case; the end of `text` or a space follows. False: it is none, or beyond 64 bits. */
bool plan_size(const char *text, u64 *bytes);
/* What the command line has behind the word NAME=, `name` being "NAME=". NULL: the word is not there. */
const char *boot_option(const char *cmdline, const char *name);

/*
 * image: the hypervisor's own, which lies in RAM. False: the machine cannot be shared out so; why: one sentence, without its full stop, what
 * to do about it included.
 */
bool memory_plan(const struct boot_info *bi, struct memory_range image, struct memory_plan *p, char *why, size_t size);

/*
 * The loader's map as dom0 may have it: what is RAM and not dom0's is reserved, other entries stay as they are. Up to `most` entries;
 * returns how many.
 */
u32 plan_dom0_map(const struct boot_info *bi, const struct memory_plan *p, struct boot_range *map, u32 most);

#endif
