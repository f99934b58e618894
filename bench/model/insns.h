/* SPDX-License-Identifier: BSD-2-Clause */
/* The few instructions that the model has to know of, found by their bytes. */
#ifndef BENCH_MODEL_INSNS_H
#define BENCH_MODEL_INSNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum insn {
	INSN_OTHER,
	INSN_VMRUN,
	INSN_VMMCALL,
	INSN_INVLPG,
	INSN_INVLPGA,
	INSN_CR3_WRITE,
	INSN_MODE_WRITE, /* CR0, CR4 */
	INSN_CR_READ,    /* any control register */
	INSN_IRET,
	INSN_OUT_DX,   /* AL to the port in DX */
	INSN_OUT_PORT, /* AL to the port that is its last byte */
	INSN_MAX
};

#define INSN_BYTES 15

/* What the instruction of so many bytes is. Fewer than it has, or none that there is: INSN_OTHER. */
enum insn insn_find(const uint8_t *byte, size_t len);

/* Which control register an INSN_CR_READ reads. */
unsigned insn_cr(const uint8_t *byte, size_t len);

/*
 * Where INVLPG's operand lies: base + index << scale + displacement, registers by their number. `known` is false where that is more than
 * this: relative to RIP, or an address of 16 bits. A segment's base is taken for 0.
 */
#define INSN_NO_REGISTER 16
struct insn_operand {
	bool known;
	uint8_t base, index, scale;
	int32_t displacement;
};
struct insn_operand insn_invlpg_operand(const uint8_t *byte, size_t len);

#endif
