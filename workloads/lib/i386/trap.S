/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exceptions into C, 32-bit: the three registers that C may change, the address, one
 * indirect call. Every other exception is the end of the guest.
 *
 * Each stub of trap_stubs is 16 bytes: trap.c computes their addresses.
 */
#include "vectors.h"

	.text
	.globl trap_page_fault
trap_page_fault:
	push	%eax
	push	%ecx
	push	%edx
	mov	%cr2, %eax
	lea	12(%esp), %edx
	call	*fault_handler_now
	pop	%edx
	pop	%ecx
	pop	%eax
	add	$4, %esp
	iret

	.balign 16
	.globl trap_stubs
trap_stubs:
	vector = 0
	.rept VECTORS
	.balign 16
	.if !((HAS_ERROR >> vector) & 1)
	push	$0
	.endif
	mov	$vector, %eax
	mov	%esp, %edx
	jmp	trap_fatal
	vector = vector + 1
	.endr

	.section .note.GNU-stack, "", @progbits
