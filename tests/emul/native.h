/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Running one instruction on the real CPU, in 64-, 32- and 16-bit mode, from registers
 * and memory that the test chooses.
 */
#ifndef TESTS_EMUL_NATIVE_H
#define TESTS_EMUL_NATIVE_H

#include "hv/base/types.h"

#define CODE         0x10000000ul /* one page, executable: the instruction's address */
#define SCRATCH      0x10010000ul
#define SCRATCH_SIZE 16384ul
#define GS_BASE      0x3000ul /* in 64-bit mode */

/* Segments: flat in 64- and 32-bit mode; in the others DS starts at SCRATCH, ES a little below, SS is flat. */
enum native_kind { NATIVE_64, NATIVE_32, NATIVE_32_BASES, NATIVE_16, NR_NATIVE };
#define ES_BASE (SCRATCH - 0x800)

struct machine {
	u64 gpr[16], rflags;
	u8 xmm[16][16];
};

/* In and out. */
extern struct machine native_regs;
/* The vector of the exception behind the last signal. */
extern volatile int native_trap;

/* Once a process; false if the kernel offers no LDT or no 32-bit code, so that only NATIVE_64 can run. Aborts on any other trouble. */
bool native_init(void);

/* Run bytes[0..len). Returns the signal that it raised, or 0. After a signal native_regs mean nothing. */
int native_execute(enum native_kind kind, const u8 *bytes, unsigned len);

#endif
