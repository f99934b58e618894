/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode_trip() of mode.h from 32-bit paging. While paging is off the code runs at its physical address, which both modes
 * map; nothing is on the stack's side of memory then, so all that is needed is in registers.
 */
#include "geometry.h"

#define CR0_PG 0x80000000

	.text
	.balign 256 /* within one page */
	.globl mode_code, mode_trip
mode_code:
mode_trip: /* EAX: struct mode_trip */
	push	%ebx
	push	%esi
	push	%edi
	push	%ebp
	mov	0(%eax), %ebx /* there: CR3, CR4 */
	mov	4(%eax), %ecx
	mov	8(%eax), %edx /* what is read there */
	mov	12(%eax), %esi /* back here: CR3, CR4 */
	mov	16(%eax), %edi
	mov	$(physical - DIRECT_BASE), %ebp
	jmp	*%ebp
physical:
	mov	%cr0, %eax
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	mov	%ecx, %cr4
	mov	%ebx, %cr3
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	mov	(%edx), %edx
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	mov	%edi, %cr4
	mov	%esi, %cr3
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	mov	$back, %ebp
	jmp	*%ebp
back:
	mov	%edx, %eax
	pop	%ebp
	pop	%edi
	pop	%esi
	pop	%ebx
	ret

	.globl mode_toggle
mode_toggle:
	push	%ebp
	mov	%cr0, %eax
	mov	$(toggle_physical - DIRECT_BASE), %ebp
	jmp	*%ebp
toggle_physical:
	and	$~CR0_PG, %eax
	mov	%eax, %cr0
	or	$CR0_PG, %eax
	mov	%eax, %cr0
	mov	$toggle_back, %ebp
	jmp	*%ebp
toggle_back:
	pop	%ebp
	ret

	.section .note.GNU-stack, "", @progbits
