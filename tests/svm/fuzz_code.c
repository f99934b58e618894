/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions for the fuzz target of hv/svm: what causes exits and what stores, and their neighbours. */
#include "tests/svm/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static u64 rng;

u64 fuzz_day(void)
{
	const char *given = getenv("SVM_FUZZ_SEED");

	return given ? strtoull(given, NULL, 0) : (u64)time(NULL) / 86400;
}

void fuzz_draw_from(u64 state)
{
	rng = state;
}

u64 fuzz_random(u64 below)
{
	u64 z = rng += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	z ^= z >> 31;
	return below ? z % below : z;
}

struct shape {
	u8 n, bytes[3];
	u8 modrm; /* 1: one follows; 2: one with a register operand; 3: one with a memory operand */
	u8 reg;   /* and its reg field; 0xff: any */
};

static const struct shape shapes[] = {
	{ 2, { 0x0f, 0x20 }, 2, 0xff },
	{ 2, { 0x0f, 0x20 }, 2, 3 },
	{ 2, { 0x0f, 0x20 }, 2, 0 },
	{ 2, { 0x0f, 0x20 }, 2, 4 },
	{ 2, { 0x0f, 0x22 }, 2, 0xff },
	{ 2, { 0x0f, 0x22 }, 2, 3 },
	{ 2, { 0x0f, 0x22 }, 2, 0 },
	{ 2, { 0x0f, 0x22 }, 2, 4 },
	{ 2, { 0x0f, 0x01 }, 1, 4 },
	{ 2, { 0x0f, 0x01 }, 1, 6 },
	{ 2, { 0x0f, 0x01 }, 3, 7 },
	{ 2, { 0x0f, 0x06 }, 0, 0 },
	{ 2, { 0x0f, 0xa2 }, 0, 0 },
	{ 2, { 0x0f, 0x30 }, 0, 0 },
	{ 2, { 0x0f, 0x32 }, 0, 0 },
	{ 3, { 0x0f, 0x01, 0xd9 }, 0, 0 },
	{ 3, { 0x0f, 0x01, 0xd1 }, 0, 0 },
	{ 1, { 0xf4 }, 0, 0 },
	{ 2, { 0x0f, 0x08 }, 0, 0 },
	{ 2, { 0x0f, 0x09 }, 0, 0 },
	{ 1, { 0x6c }, 0, 0 },
	{ 1, { 0x6d }, 0, 0 },
	{ 1, { 0x6e }, 0, 0 },
	{ 1, { 0x6f }, 0, 0 },
	{ 1, { 0xec }, 0, 0 },
	{ 1, { 0xef }, 0, 0 },
	{ 1, { 0x88 }, 1, 0xff },
	{ 1, { 0x89 }, 1, 0xff },
	{ 1, { 0x8b }, 1, 0xff },
	{ 1, { 0xc7 }, 1, 0 },
	{ 1, { 0xc6 }, 1, 0 },
	{ 1, { 0x01 }, 1, 0xff },
	{ 1, { 0x09 }, 1, 0xff },
	{ 1, { 0x21 }, 1, 0xff },
	{ 1, { 0x87 }, 1, 0xff },
	{ 2, { 0x0f, 0xb1 }, 1, 0xff },
	{ 2, { 0x0f, 0xc7 }, 3, 1 },
	{ 2, { 0x0f, 0xab }, 1, 0xff },
	{ 1, { 0xaa }, 0, 0 },
	{ 1, { 0xab }, 0, 0 },
	{ 1, { 0xa5 }, 0, 0 },
	{ 2, { 0x0f, 0x11 }, 1, 0xff },
	{ 2, { 0x0f, 0x10 }, 1, 0xff },
	{ 2, { 0x0f, 0x7f }, 1, 0xff },
	{ 2, { 0x0f, 0xe7 }, 3, 0xff },
	{ 1, { 0xff }, 1, 0xff },
	{ 1, { 0x50 }, 0, 0 },
	{ 1, { 0xf7 }, 1, 0xff },
	{ 1, { 0xd3 }, 1, 0xff },
	{ 2, { 0x0f, 0xae }, 3, 0xff },
	{ 1, { 0xd9 }, 3, 7 },
	{ 2, { 0x0f, 0xc1 }, 1, 0xff },
	{ 2, { 0x0f, 0x00 }, 1, 0xff },
	{ 1, { 0xa3 }, 0, 0 },
	{ 1, { 0x8f }, 1, 0 },
	{ 2, { 0x0f, 0xaf }, 1, 0xff },
	{ 2, { 0x0f, 0xbc }, 1, 0xff },
	{ 1, { 0x90 }, 0, 0 },
	{ 2, { 0xf3, 0x90 }, 0, 0 },
};

static unsigned prefixes(u8 *p)
{
	static const u8 legacy[] = { 0x66, 0x67, 0xf0, 0xf2, 0xf3, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65 };
	unsigned n = 0;

	while (n < 3 && fuzz_random(4) == 0)
		p[n++] = legacy[fuzz_random(sizeof(legacy))];
	if (fuzz_random(3) == 0)
		p[n++] = (u8)(0x40 | fuzz_random(16));
	return n;
}

static u8 modrm_for(const struct shape *shape)
{
	u8 m = (u8)fuzz_random(256);

	if (shape->reg != 0xff && fuzz_random(8))
		m = (u8)((m & 0xc7) | shape->reg << 3);
	if (shape->modrm == 2)
		m |= 0xc0;
	else if (shape->modrm == 3 || fuzz_random(2))
		m &= 0x3f; /* memory: plain, most often by a register that leads somewhere */
	return m;
}

void fuzz_instruction(u8 bytes[16])
{
	const struct shape *shape = &shapes[fuzz_random(ARRAY_SIZE(shapes))];
	unsigned n = prefixes(bytes);

	memcpy(bytes + n, shape->bytes, shape->n);
	n += shape->n;
	if (shape->modrm)
		bytes[n] = modrm_for(shape);
}
