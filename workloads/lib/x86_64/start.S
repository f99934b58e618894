/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader to C: PVH entry (32-bit protected mode, paging off, EBX = start info),
 * the first page tables, long mode.
 *
 * The image is linked at DIRECT_BASE + 1 MiB and loaded at 1 MiB. Until the
 * jump to C the same L3 also stands in root entry 0, because the instruction
 * after the one that turns paging on is fetched at its physical address;
 * mem_init() takes that entry away.
 */
#include "geometry.h"

#define PHYS(symbol) (symbol - DIRECT_BASE)

#define CR4_START 0x620 /* PAE, OSFXSR, OSXMMEXCPT; PGE comes when the low mapping has gone */
#define EFER 0xc0000080
#define EFER_START 0x900 /* LME, NXE */
#define CR0_START 0x80010033 /* PG, WP, NE, ET, MP, PE */

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.quad PHYS(start32)

	.section .text.start, "ax"
	.code32
	.globl start32
start32:
	cld
	mov	%ebx, %ebp
	mov	$PHYS(boot_root), %edi
	mov	$(PHYS(boot_l3) + PTE_TABLE), %eax
	mov	%eax, (%edi)
	mov	%eax, DIRECT_ROOT_INDEX * PTE_BYTES(%edi)
	mov	$PHYS(boot_l3), %esi
	movl	$(PHYS(boot_l2) + PTE_TABLE), (%esi)

	mov	$PHYS(boot_l2), %esi
	mov	$(PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PS | PTE_G), %eax
	mov	$PT_ENTRIES, %ecx
1:	mov	%eax, (%esi)
	add	$SUPERPAGE_BYTES, %eax
	add	$PTE_BYTES, %esi
	dec	%ecx
	jnz	1b

	mov	$CR4_START, %eax
	mov	%eax, %cr4
	mov	%edi, %cr3
	mov	$EFER, %ecx
	mov	$EFER_START, %eax
	xor	%edx, %edx
	wrmsr
	mov	$CR0_START, %eax
	mov	%eax, %cr0
	lgdt	PHYS(boot_gdt_pointer)
	ljmp	$8, $PHYS(start64)

	.code64
start64:
	mov	$16, %eax
	mov	%eax, %ds
	mov	%eax, %es
	mov	%eax, %ss
	xor	%eax, %eax
	mov	%eax, %fs
	mov	%eax, %gs
	movabs	$boot_stack_end, %rsp
	lgdt	gdt_pointer(%rip)
	mov	%ebp, %edi /* zero-extends: the start info's physical address */
	movabs	$guest_start, %rax
	call	*%rax
	ud2

	.section .rodata
	.balign 8
gdt:
	.quad 0
	.quad 0x00af9b000000ffff /* 64-bit code */
	.quad 0x00cf93000000ffff /* data */
gdt_end:
boot_gdt_pointer:
	.word gdt_end - gdt - 1
	.long PHYS(gdt)
	.balign 8
gdt_pointer:
	.word gdt_end - gdt - 1
	.quad gdt

	.section .bss.tables, "aw", @nobits
	.balign 4096
	.globl boot_root, boot_l2
boot_root:
	.skip 4096
boot_l3:
	.skip 4096
boot_l2:
	.skip 4096
	.skip 16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
