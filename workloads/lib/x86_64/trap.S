/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions into C. The page fault's way is as short as a kernel's: the nine
 * registers that C may change, the address, one indirect call. Every other
 * exception is the end of the guest.
 *
 * Each stub of trap_stubs is 16 bytes: trap.c computes their addresses.
 */
#include "vectors.h"

	.text
	.globl trap_page_fault
trap_page_fault:
	push	%rax
	push	%rcx
	push	%rdx
	push	%rsi
	push	%rdi
	push	%r8
	push	%r9
	push	%r10
	push	%r11
	mov	%cr2, %rdi
	lea	72(%rsp), %rsi
	call	*fault_handler_now(%rip)
	pop	%r11
	pop	%r10
	pop	%r9
	pop	%r8
	pop	%rdi
	pop	%rsi
	pop	%rdx
	pop	%rcx
	pop	%rax
	add	$8, %rsp
	iretq

	.balign 16
	.globl trap_stubs
trap_stubs:
	vector = 0
	.rept VECTORS
	.balign 16
	.if !((HAS_ERROR >> vector) & 1)
	push	$0
	.endif
	mov	$vector, %edi
	mov	%rsp, %rsi
	jmp	trap_fatal
	vector = vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
