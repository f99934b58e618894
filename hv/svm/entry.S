/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The world switch. Static partitioning keeps it lean: the hypervisor uses
 * neither FS, GS, TR, LDTR nor the system-call MSRs, so the guest's stay in the
 * CPU (svm_run loads them once by VMLOAD), and VMRUN itself switches the rest.
 *
 * C preserves RBX, RBP and R12 to R15, so a quick handler (quick.h) runs with the
 * guest's still in them. Only what wants all registers, or may not come back, has
 * those six saved as well.
 *
 * RAX, RSP and RIP are the VMCB's: VMRUN takes its address in RAX, and #VMEXIT gives it back there (APM volume 2, section 15.5.1),
 * so that the guest's other registers can be stored before any of ours is free.
 *
 * void svm_run_loop(struct svm_vcpu *s): GIF is clear; gpr[] follows the VMCB page. s stays at (%rsp).
 */
#include "entry.h"
#define GPR(n) ENTRY_GPRS + 8 * (n)(%rax)
#define GPR_OF_RDI(n) ENTRY_GPRS + 8 * (n)(%rdi)

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
	push %rdi
all:	mov (%rsp), %rdi
	mov GPR_OF_RDI(3), %rbx
	mov GPR_OF_RDI(5), %rbp
	mov GPR_OF_RDI(12), %r12
	mov GPR_OF_RDI(13), %r13
	mov GPR_OF_RDI(14), %r14
	mov GPR_OF_RDI(15), %r15
most:	mov (%rsp), %rax
	mov GPR(1), %rcx
	mov GPR(2), %rdx
	mov GPR(6), %rsi
	mov GPR(7), %rdi
	mov GPR(8), %r8
	mov GPR(9), %r9
	mov GPR(10), %r10
	mov GPR(11), %r11
	vmrun %rax
	mov %rcx, GPR(1)
	mov %rdx, GPR(2)
	mov %rsi, GPR(6)
	mov %rdi, GPR(7)
	mov %r8, GPR(8)
	mov %r9, GPR(9)
	mov %r10, GPR(10)
	mov %r11, GPR(11)
	mov %rax, %rdi
	rdtsc
	mov %eax, ENTRY_BEGIN(%rdi)
	movzbl ENTRY_EXITCODE(%rdi), %eax
	mov ENTRY_QUICK(%rdi), %rdx
	call *(%rdx, %rax, 8)
	test %eax, %eax
	jz most
	mov %eax, %esi
	mov (%rsp), %rdi
	mov %rbx, GPR_OF_RDI(3)
	mov %rbp, GPR_OF_RDI(5)
	mov %r12, GPR_OF_RDI(12)
	mov %r13, GPR_OF_RDI(13)
	mov %r14, GPR_OF_RDI(14)
	mov %r15, GPR_OF_RDI(15)
	call *ENTRY_EXIT(%rdi)
	test %al, %al
	jnz all
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.section .note.GNU-stack, "", @progbits
