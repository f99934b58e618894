/* SPDX-License-Identifier: BSD-2-Clause */
/* The last steps to C in 32-bit mode: entry.S comes here, still at its physical address, with EBP = start info. */
#include "vectors.h"

	.section .text.start, "ax"
	.code32
	.globl start_mode
start_mode:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	mov	$boot_stack_end, %esp
	lgdt	gdt_pointer
	mov	%ebp, %eax /* the first argument: the start info's physical address */
	mov	$guest_start, %ecx
	call	*%ecx
	ud2

	.section .rodata
	.balign 4
gdt_pointer:
	.word GDT_BYTES - 1
	.long gdt

	.section .note.GNU-stack, "", @progbits
