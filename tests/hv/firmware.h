/* SPDX-License-Identifier: BSD-2-Clause */
/* Machines for tests of the hypervisor's memory: what firmware says of their RAM. */
#ifndef TESTS_HV_FIRMWARE_H
#define TESTS_HV_FIRMWARE_H

#include "lib.h"
#include "memory_plan.h"

#define MIB (1ull << 20)
#define GIB (1ull << 30)

static u64 rng;

static inline u64 pick(u64 below)
{
	rng = rng * 6364136223846793005ull + 1442695040888963407ull;
	return (rng >> 33) % below;
}

static inline void add(struct boot_info *bi, u64 base, u64 bytes, u32 type)
{
	bi->e820[bi->nr_e820++] = (struct boot_range){ base, bytes, type };
}

/* A PC with so much RAM below 4 GiB and above, as firmware tells of it; the image is at 1 GiB, two modules of 12 MiB behind it. */
static const struct memory_range image = { GIB, GIB + MIB };

static inline struct boot_info pc(u64 low, u64 high, const char *cmdline)
{
	struct boot_info bi = { .cmdline = cmdline,
				.nr_modules = 2,
				.module = { { GIB + 2 * MIB, 12 * MIB, "" }, { GIB + 14 * MIB, 12 * MIB - 5, "" } } };

	add(&bi, 0, 0x9fc00, E820_RAM);
	add(&bi, 0x9fc00, 0x400, E820_RESERVED);
	add(&bi, 0xf0000, 0x10000, E820_RESERVED);
	add(&bi, MIB, low - MIB - 0x21000, E820_RAM);
	add(&bi, low - 0x21000, 0x21000, E820_RESERVED);
	add(&bi, 0xfeffc000, 0x4000, E820_RESERVED);
	if (high)
		add(&bi, 4 * GIB, high, E820_RAM);
	return bi;
}

static inline u64 bytes_of(const struct memory_range *r, u32 nr)
{
	u64 sum = 0;

	for (u32 i = 0; i < nr; i++)
		sum += r[i].end - r[i].base;
	return sum;
}

static inline bool has(const struct memory_range *r, u32 nr, u64 at)
{
	for (u32 i = 0; i < nr; i++)
		if (r[i].base <= at && at < r[i].end)
			return true;
	return false;
}

static inline void sort(struct boot_info *bi)
{
	for (u32 i = 1; i < bi->nr_e820; i++)
		for (u32 k = i; k && bi->e820[k - 1].base > bi->e820[k].base; k--) {
			struct boot_range r = bi->e820[k];

			bi->e820[k] = bi->e820[k - 1];
			bi->e820[k - 1] = r;
		}
}

#endif
