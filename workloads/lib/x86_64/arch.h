/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between 32-bit and 64-bit guests, for guest.h: here 64-bit. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include "types.h"

/* What an exception pushes, its error code first. */
struct fault_frame {
	unsigned long error, ip, cs, flags, sp, ss;
};

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_high, reserved;
};

static inline void gate_set(struct gate *g, unsigned long target, u16 selector, u8 type)
{
	*g = (struct gate){ .offset_low = (u16)target,
			    .selector = selector,
			    .type = type,
			    .offset_mid = (u16)(target >> 16),
			    .offset_high = (u32)(target >> 32) };
}

/* DO(name) of each general register but the stack pointer. */
#define EACH_GPR(DO)                                                                                                             \
	DO("rax")                                                                                                                \
	DO("rcx")                                                                                                                \
	DO("rdx")                                                                                                                \
	DO("rbx") DO("rbp") DO("rsi") DO("rdi") DO("r8") DO("r9") DO("r10") DO("r11") DO("r12") DO("r13") DO("r14") DO("r15")

/* Bytes of "mov (c), a", a word's read through register c into register a: 48 8b 01. */
#define WORD_READ_BYTES 3
/* And of "mov a, (c)", its write. */
#define WORD_WRITE_BYTES 3

/* Reads a word at va; *resume, before that, is the address of the instruction behind the read. */
static inline void probe_read(unsigned long va, volatile unsigned long *resume)
{
	unsigned long value;

	__asm__ volatile("lea 1f(%%rip), %0\n\t"
			 "mov %0, %1\n\t"
			 "mov (%2), %0\n"
			 "1:"
			 : "=&r"(value), "=m"(*resume)
			 : "r"(va)
			 : "memory");
}

#endif
