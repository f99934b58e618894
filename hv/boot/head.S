/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The first instruction. A Multiboot 1 or 2 loader enters in 32-bit protected
 * mode with paging off; this identity-maps the first 4 GiB with 2 MiB pages,
 * enters long mode and calls hv_main(magic, info) on pCPU 0's stack.
 */
#include "segments.h"

#define MB1_MAGIC 0x1badb002
#define MB1_FLAGS 0x00000003 /* modules page-aligned, memory map wanted */
#define MB2_MAGIC 0xe85250d6

	.section .multiboot, "a"
	.align 8
mb2_header:
	.long MB2_MAGIC, 0, mb2_end - mb2_header
	.long -(MB2_MAGIC + 0 + (mb2_end - mb2_header))
	.short 6, 0 /* modules page-aligned */
	.long 8
	.short 0, 0
	.long 8
mb2_end:
	.align 4
	.long MB1_MAGIC, MB1_FLAGS, -(MB1_MAGIC + MB1_FLAGS)

	.section .text.head, "ax"
	.code32
	.globl _start
_start:
	cli
	cld
	mov %eax, %ebp
	mov %ebx, %esi
	lgdt gdt_desc32
	ljmp $SEL_CODE32, $1f
1:	mov $SEL_DATA, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	xor %ax, %ax
	mov %ax, %fs
	mov %ax, %gs
	mov $boot_stack_top, %esp

	/* Long mode first of all: the log's code needs it, so this one refusal is said here. */
	mov $0x80000000, %eax
	cpuid
	cmp $0x80000001, %eax
	jb no_long_mode
	mov $0x80000001, %eax
	cpuid
	test $(1 << 29), %edx
	jz no_long_mode

	/* Four page directories of 2 MiB identity entries. */
	mov $boot_pd, %edi
	mov $0x83, %eax /* present, writable, 2 MiB */
	mov $(4 * 512), %ecx
2:	mov %eax, (%edi)
	movl $0, 4(%edi)
	add $0x200000, %eax
	add $8, %edi
	loop 2b
	mov $boot_pdpt, %edi
	mov $(boot_pd + 3), %eax
	mov $4, %ecx
3:	mov %eax, (%edi)
	add $0x1000, %eax
	add $8, %edi
	loop 3b
	movl $(boot_pdpt + 3), boot_pml4

	call enter_long_mode
	.code64
	mov %ebp, %edi
	mov %esi, %esi
	xor %ebp, %ebp
	call hv_main
4:	cli
	hlt
	jmp 4b

	.code32
no_long_mode:
	mov $no_long_mode_text, %esi
	mov $0x3f8, %dx /* COM1, as the firmware left it */
5:	lodsb
	test %al, %al
	jz 6f
	out %al, %dx
	jmp 5b
6:	cli
	hlt
	jmp 6b

/* Called in 32-bit code with a flat stack; returns in 64-bit code. Clobbers EAX, ECX, EDX. Also the APs' way up. */
	.code32
	.globl enter_long_mode
enter_long_mode:
	mov %cr4, %eax
	or $0x660, %eax /* PAE; MCE: a machine check is no shutdown; OSFXSR and OSXMMEXCPT: emulation moves the guest's XMM registers */
	mov %eax, %cr4
	mov $boot_pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x900, %eax /* LME, NXE */
	wrmsr
	mov $0x80010033, %eax /* PG WP NE ET MP PE */
	mov %eax, %cr0
	lgdt gdt_desc32
	ljmp $SEL_CODE64, $1f
	.code64
1:	pop %rax /* two 32-bit words are there: the return address is the low one */
	sub $4, %rsp
	mov %eax, %eax
	jmp *%rax

	.section .rodata
no_long_mode_text:
	.asciz "\nPenumbra cannot run here: this CPU has no 64-bit mode. QEMU: use qemu-system-x86_64 -cpu EPYC,+svm,+npt.\n"
	.align 8
	.globl boot_gdt
boot_gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* SEL_CODE64 */
	.quad 0x00cf93000000ffff /* SEL_DATA */
	.quad 0x00cf9b000000ffff /* SEL_CODE32 */
boot_gdt_end:
	.globl gdt_desc32
gdt_desc32:
	.short boot_gdt_end - boot_gdt - 1
	.long boot_gdt
	.long 0

	.section .bss, "aw", @nobits
	.align 4096
	.globl boot_pml4
boot_pml4:
	.skip 4096
boot_pdpt:
	.skip 4096
boot_pd:
	.skip 4 * 4096
	.globl boot_stack
	.balign PCPU_STACK_BYTES
boot_stack:
	.skip PCPU_STACK_BYTES
	.globl boot_stack_top
boot_stack_top:
	.section .note.GNU-stack, "", @progbits
