/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode_trip() of mode.h from 64-bit mode: through compatibility mode, which alone may turn paging off. There and
 * while paging is off the code runs at its physical address, which both modes map. The upper halves of
 * registers do not survive 32-bit code, hence the stack pointer is kept in memory.
 */
#include "geometry.h"
#include "vectors.h"

#define CR0_PG 0x80000000
#define EFER 0xc0000080

/* What C wants kept, kept where code without upper halves cannot harm it. */
	.macro	leave_c
	push	%rbx
	push	%rbp
	push	%r12
	push	%r13
	push	%r14
	push	%r15
	mov	%rsp, mode_stack(%rip)
	.endm
	.macro	return_to_c
	mov	mode_stack(%rip), %rsp
	pop	%r15
	pop	%r14
	pop	%r13
	pop	%r12
	pop	%rbp
	pop	%rbx
	ret
	.endm

/* What follows runs in compatibility mode, at the physical address. */
	.macro	to_compatibility physical
	movabs	$(\physical - DIRECT_BASE), %rax
	jmp	*%rax
\physical:
	lea	1f(%rip), %rax
	push	$GDT_CODE32_SELECTOR
	push	%rax
	lretq
	.code32
1:
	.endm
/* And back, at the address that C knows. */
	.macro	to_64bit back
	ljmp	$8, $(1f - DIRECT_BASE)
	.code64
1:	movabs	$\back, %rax
	jmp	*%rax
\back:
	.endm

	.text
	.balign 256 /* within one page */
	.globl mode_code, mode_trip
mode_code:
mode_trip: /* RDI: struct mode_trip */
	leave_c
	mov	0(%rdi), %rbx /* there: CR3, CR4 */
	mov	16(%rdi), %rbp /* what is read there */
	mov	24(%rdi), %rsi /* back here: CR3, CR4 */
	mov	32(%rdi), %rax
	mov	%eax, here_cr4(%rip) /* beside the code: 32-bit code has no register left */
	mov	8(%rdi), %rdi
	to_compatibility physical
	mov	%cr0, %eax
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	mov	%edi, %cr4
	mov	%ebx, %cr3
	mov	$EFER, %ecx
	rdmsr
	and	$~0x100, %eax /* LME */
	wrmsr
	mov	%cr0, %eax
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	mov	(%ebp), %ebp
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	mov	(here_cr4 - DIRECT_BASE), %eax
	mov	%eax, %cr4
	mov	%esi, %cr3
	rdmsr
	or	$0x100, %eax
	wrmsr
	mov	%cr0, %eax
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	to_64bit back
	mov	%ebp, %eax
	return_to_c
here_cr4:
	.long	0

	.globl mode_toggle
mode_toggle:
	leave_c
	to_compatibility toggle_physical
	mov	%cr0, %eax
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	to_64bit toggle_back
	return_to_c

	.section .bss
	.balign 8
mode_stack:
	.skip 8

	.section .note.GNU-stack, "", @progbits
