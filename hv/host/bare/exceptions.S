/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The hypervisor's own interrupt entries. Exceptions are bugs: they dump and
 * stop. NMI only ends a HLT in stand_still: it may arrive between the test and
 * the HLT, so an NMI there moves RIP behind it. There is no TSS: everything
 * runs at CPL 0 on the interrupted stack.
 */
#include "segments.h"

	.text
	.code64
	.balign 16
	.globl exception_entries
exception_entries: /* 32 entries of 16 bytes; where the CPU pushes no error code, they push 0 */
	.set nr, 0
	.rept 32
	.balign 16
	.if !(nr == 8 || (nr >= 10 && nr <= 14) || nr == 17 || nr == 21 || nr == 29 || nr == 30)
	push $0
	.endif
	push $nr
	jmp exception_common
	.set nr, nr + 1
	.endr

exception_common:
	push %rax
	push %rcx
	push %rdx
	push %rbx
	push %rbp
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, %rdi
	and $-16, %rsp
	call exception_panic

	.balign 16
	.globl nmi_entry
nmi_entry:
	push %rax
	mov 8(%rsp), %rax /* interrupted RIP */
	cmp $stand_still_test, %rax
	jb 1f
	cmp $stand_still_out, %rax
	jae 1f
	movq $stand_still_out, 8(%rsp)
1:	pop %rax
	iretq

	.balign 16
	.globl irq_entry /* timer, kick: their arrival is the message */
irq_entry:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	call apic_eoi
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	iretq

	.balign 16
	.globl spurious_entry
spurious_entry:
	iretq

/*
 * void stand_still(volatile u32 *hold): HLT unless *hold is 0; returns after
 * any NMI, or when it was 0. Interrupts stay off: only NMI wakes it.
 */
	.globl stand_still
stand_still:
stand_still_test:
	cmpl $0, (%rdi)
	je stand_still_out
	hlt
stand_still_out:
	ret
	.section .note.GNU-stack, "", @progbits
