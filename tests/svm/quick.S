/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * u32 svm_quick(struct svm_vcpu *s, const void *handler): entry.S between VMRUN and what the quick handler says. Six
 * of the guest's registers are in the CPU while it runs, and in gpr[] before and after.
 */
#include "entry.h"
#define GPR(n) ENTRY_GPRS + 8 * (n)(%rdi)

	.text
	.globl svm_quick
svm_quick:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rdi
	mov GPR(3), %rbx
	mov GPR(5), %rbp
	mov GPR(12), %r12
	mov GPR(13), %r13
	mov GPR(14), %r14
	mov GPR(15), %r15
	mov $0x5a5a5a5a5a5a5a5a, %rax
	mov %rax, GPR(3)
	mov %rax, GPR(5)
	mov %rax, GPR(12)
	mov %rax, GPR(13)
	mov %rax, GPR(14)
	mov %rax, GPR(15)
	call *%rsi
	mov (%rsp), %rdi
	mov %rbx, GPR(3)
	mov %rbp, GPR(5)
	mov %r12, GPR(12)
	mov %r13, GPR(13)
	mov %r14, GPR(14)
	mov %r15, GPR(15)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.section .note.GNU-stack, "", @progbits
