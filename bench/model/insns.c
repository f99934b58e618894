/* SPDX-License-Identifier: BSD-2-Clause */
/* See insns.h. */
#include <string.h>

#include "insns.h"

/* An instruction's bytes behind its prefixes. */
struct bytes {
	const uint8_t *at;
	size_t left;
	uint8_t rex;
};

static bool is_prefix(uint8_t b)
{
	return b == 0x66 || b == 0x67 || b == 0xf0 || b == 0xf2 || b == 0xf3 || b == 0x26 || b == 0x2e || b == 0x36 ||
	       b == 0x3e || b == 0x64 || b == 0x65;
}

/*
 * In 64-bit code 0x40 to 0x4f is REX; in other code it is an instruction of one byte, and there is none behind it. So what stands
 * behind it tells.
 */
static struct bytes behind_prefixes(const uint8_t *byte, size_t len)
{
	struct bytes b = { byte, len < INSN_BYTES ? len : INSN_BYTES, 0 };

	while (b.left && is_prefix(*b.at)) {
		b.at++;
		b.left--;
	}
	if (b.left > 1 && (*b.at & 0xf0) == 0x40) {
		b.rex = *b.at++;
		b.left--;
	}
	return b;
}

static enum insn group_0f01(uint8_t modrm)
{
	switch (modrm) {
	case 0xd8: return INSN_VMRUN;
	case 0xd9: return INSN_VMMCALL;
	case 0xdf: return INSN_INVLPGA;
	}
	return modrm >> 6 != 3 && (modrm >> 3 & 7) == 7 ? INSN_INVLPG : INSN_OTHER;
}

static unsigned cr_of(const struct bytes *b)
{
	return (b->at[2] >> 3 & 7u) | (b->rex & 4 ? 8u : 0u);
}

static enum insn move_to_cr(const struct bytes *b)
{
	switch (cr_of(b)) {
	case 0:
	case 4: return INSN_MODE_WRITE;
	case 3: return INSN_CR3_WRITE;
	}
	return INSN_OTHER;
}

enum insn insn_find(const uint8_t *byte, size_t len)
{
	struct bytes b = behind_prefixes(byte, len);

	if (b.left && *b.at == 0xcf)
		return INSN_IRET;
	if (b.left && *b.at == 0xee)
		return INSN_OUT_DX;
	if (b.left > 1 && *b.at == 0xe6)
		return INSN_OUT_PORT;
	if (b.left < 3 || b.at[0] != 0x0f)
		return INSN_OTHER;
	if (b.at[1] == 0x01)
		return group_0f01(b.at[2]);
	if (b.at[1] == 0x20)
		return INSN_CR_READ;
	return b.at[1] == 0x22 ? move_to_cr(&b) : INSN_OTHER;
}

unsigned insn_cr(const uint8_t *byte, size_t len)
{
	struct bytes b = behind_prefixes(byte, len);

	return b.left < 3 ? 0 : cr_of(&b);
}

static int32_t displacement(const uint8_t *at, unsigned bytes)
{
	int32_t d = 0;

	if (bytes == 1)
		return (int8_t)*at;
	if (bytes == 4)
		memcpy(&d, at, sizeof(d));
	return d;
}

struct insn_operand insn_invlpg_operand(const uint8_t *byte, size_t len)
{
	const struct insn_operand unknown = { .known = false };
	struct insn_operand o = { true, INSN_NO_REGISTER, INSN_NO_REGISTER, 0, 0 };
	struct bytes b = behind_prefixes(byte, len);
	unsigned mod, rm, bytes, used = 3;

	if (insn_find(byte, len) != INSN_INVLPG)
		return unknown;
	mod = b.at[2] >> 6;
	rm = b.at[2] & 7;
	bytes = mod == 1 ? 1 : mod == 2 ? 4 : 0;
	if (mod == 0 && rm == 5)
		return unknown;
	o.base = (uint8_t)(rm | (b.rex & 1 ? 8 : 0));
	if (rm == 4) {
		if (b.left < 4)
			return unknown;
		used = 4;
		o.base = (uint8_t)((b.at[3] & 7) | (b.rex & 1 ? 8 : 0));
		o.index = (uint8_t)((b.at[3] >> 3 & 7) | (b.rex & 2 ? 8 : 0));
		o.scale = b.at[3] >> 6;
		if (o.index == 4)
			o.index = INSN_NO_REGISTER;
		if (mod == 0 && (b.at[3] & 7) == 5) {
			o.base = INSN_NO_REGISTER;
			bytes = 4;
		}
	}
	/* An address of 16 bits has another length than this one would have. */
	if (b.left != used + bytes)
		return unknown;
	o.displacement = displacement(b.at + used, bytes);
	return o;
}
