/* SPDX-License-Identifier: BSD-2-Clause */
/* See ram.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "ram.h"

#define FOUR_GIB  0x100000000ull
#define SPLIT_AT  0xb0000000ull /* with so much memory and more, */
#define LOW_SPLIT 0x80000000ull /* this much lies below 4 GiB */

struct ram ram_find(const char *maps)
{
	FILE *f = fopen(maps, "re");
	struct ram r = { 0 };
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		uint64_t from, to;

		if (!strstr(line, "memfd:memory-backend-memfd") || sscanf(line, "%" SCNx64 "-%" SCNx64, &from, &to) != 2)
			continue;
		if (to > from && to - from > r.bytes)
			r = (struct ram){ (uint8_t *)(uintptr_t)from, to - from };
	}
	if (f)
		fclose(f);
	return r;
}

static uint64_t low_bytes(const struct ram *r)
{
	return r->bytes >= SPLIT_AT ? LOW_SPLIT : r->bytes;
}

/* All ones: none. */
static uint64_t offset_of(const struct ram *r, uint64_t pa, unsigned bytes)
{
	uint64_t low = low_bytes(r);

	if (pa < low && bytes <= low - pa)
		return pa;
	if (pa < FOUR_GIB || pa - FOUR_GIB >= r->bytes - low || bytes > r->bytes - low - (pa - FOUR_GIB))
		return ~0ull;
	return pa - FOUR_GIB + low;
}

bool ram_read(const struct ram *r, uint64_t pa, void *to, unsigned bytes)
{
	uint64_t offset = offset_of(r, pa, bytes);

	if (offset == ~0ull)
		return false;
	memcpy(to, r->base + offset, bytes);
	return true;
}

bool ram_write(const struct ram *r, uint64_t pa, const void *from, unsigned bytes)
{
	uint64_t offset = offset_of(r, pa, bytes);

	if (offset == ~0ull)
		return false;
	memcpy(r->base + offset, from, bytes);
	return true;
}

bool ram_address(const struct ram *r, const void *at, uint64_t *pa)
{
	uint64_t offset = (uint64_t)((const uint8_t *)at - r->base), low = low_bytes(r);

	if (!r->base || (const uint8_t *)at < r->base || offset >= r->bytes)
		return false;
	*pa = offset < low ? offset : offset - low + FOUR_GIB;
	return true;
}
