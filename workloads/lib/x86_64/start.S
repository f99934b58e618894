/* SPDX-License-Identifier: BSD-2-Clause */
/* The last steps to C in 64-bit mode: entry.S comes here, still at its physical address, with EBP = start info. */
#include "vectors.h"

	.section .text.start, "ax"
	.code64
	.globl start_mode
start_mode:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	movabs	$boot_stack_end, %rsp
	lgdt	gdt_pointer(%rip)
	mov	%ebp, %edi /* zero-extends: the start info's physical address */
	movabs	$guest_start, %rax
	call	*%rax
	ud2

	.section .rodata
	.balign 8
gdt_pointer:
	.word GDT_BYTES - 1
	.quad gdt

	.section .note.GNU-stack, "", @progbits
