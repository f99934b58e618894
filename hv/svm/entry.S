/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch. Static partitioning keeps it lean: the hypervisor uses
 * neither FS, GS, TR, LDTR nor the system-call MSRs, so the guest's stay in the
 * CPU (svm_run loads them once by VMLOAD), and VMRUN itself switches the rest.
 *
 * void svm_run_loop(struct svm_vcpu *s): GIF is clear; gpr[] follows the VMCB page.
 */
#define GPR(n) 4096 + 8 * (n)(%rax)

	.text
	.code64
	.balign 64
	.globl svm_run_loop
svm_run_loop:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	mov %rdi, %rax
1:	mov GPR(1), %rcx
	mov GPR(2), %rdx
	mov GPR(3), %rbx
	mov GPR(5), %rbp
	mov GPR(6), %rsi
	mov GPR(7), %rdi
	mov GPR(8), %r8
	mov GPR(9), %r9
	mov GPR(10), %r10
	mov GPR(11), %r11
	mov GPR(12), %r12
	mov GPR(13), %r13
	mov GPR(14), %r14
	mov GPR(15), %r15
	vmrun %rax
	mov %rcx, GPR(1)
	mov %rdx, GPR(2)
	mov %rbx, GPR(3)
	mov %rbp, GPR(5)
	mov %rsi, GPR(6)
	mov %rdi, GPR(7)
	mov %r8, GPR(8)
	mov %r9, GPR(9)
	mov %r10, GPR(10)
	mov %r11, GPR(11)
	mov %r12, GPR(12)
	mov %r13, GPR(13)
	mov %r14, GPR(14)
	mov %r15, GPR(15)
	mov %rax, %rdi
	mov %rax, %rbx
	call svm_exit
	test %al, %al
	mov %rbx, %rax
	jnz 1b
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.section .note.GNU-stack, "", @progbits
