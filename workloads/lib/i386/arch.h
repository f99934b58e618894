/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between 32-bit and 64-bit guests, for guest.h: here 32-bit. */
#ifndef GUEST_ARCH_H
#define GUEST_ARCH_H

#include "types.h"

/* What an exception pushes without a change of privilege, its error code first. */
struct fault_frame {
	unsigned long error, ip, cs, flags;
};

struct gate {
	u16 offset_low, selector;
	u8 ist, type;
	u16 offset_mid;
};

static inline void gate_set(struct gate *g, unsigned long target, u16 selector, u8 type)
{
	*g = (struct gate){ .offset_low = (u16)target, .selector = selector, .type = type, .offset_mid = (u16)(target >> 16) };
}

/* DO(name) of each general register but the stack pointer. */
#define EACH_GPR(DO) DO("eax") DO("ecx") DO("edx") DO("ebx") DO("ebp") DO("esi") DO("edi")

/* Bytes of "mov (c), a", a word's read through register c into register a: 8b 01. */
#define WORD_READ_BYTES 2
/* And of "mov a, (c)", its write. */
#define WORD_WRITE_BYTES 2

/* Reads a word at va; *resume, before that, is the address of the instruction behind the read. */
static inline void probe_read(unsigned long va, volatile unsigned long *resume)
{
	unsigned long value;

	__asm__ volatile("movl $1f, %1\n\t"
			 "mov (%2), %0\n"
			 "1:"
			 : "=&r"(value), "=m"(*resume)
			 : "r"(va)
			 : "memory");
}

#endif
