/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the other pCPUs wake up: real mode, in a page below 1 MiB to which
 * smp.c copies this. Position-independent until it jumps into the image.
 */
#include "segments.h"

	.section .rodata
	.globl trampoline_start, trampoline_end, trampoline_gdt, trampoline_far
	.code16
	.balign 16
trampoline_start:
	cli
	cld
	mov %cs, %ax
	mov %ax, %ds
	lgdtl trampoline_gdt - trampoline_start
	mov $1, %eax
	mov %eax, %cr0
	ljmpl $SEL_CODE32, $ap_start32
	.balign 8
trampoline_gdt:
	.short 4 * 8 - 1
	.long boot_gdt
trampoline_end:

	.section .text
	.code32
ap_start32:
	mov $SEL_DATA, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	xor %ax, %ax
	mov %ax, %fs
	mov %ax, %gs
	/* Take the next stack: APs come up at once. */
1:	mov $1, %eax
	lock xadd %eax, ap_next
	cmp ap_limit, %eax
	jae 3f
	mov ap_stack_top(, %eax, 4), %esp
	call enter_long_mode
	.code64
	call ap_main
	.code32
3:	cli
	hlt
	jmp 3b
	.section .note.GNU-stack, "", @progbits
