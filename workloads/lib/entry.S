/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the loader to paging: PVH entry (32-bit protected mode, paging off, EBX = start info), the
 * first page tables in the shape that geometry.h gives, then start_mode of the processor's mode.
 *
 * The image is linked at DIRECT_BASE + 1 MiB and loaded at 1 MiB. Until the
 * jump to C the direct mapping also stands in root entry 0, because the instruction
 * after the one that turns paging on is fetched at its physical address;
 * mem_init() takes that entry away.
 */
#include "geometry.h"
#include "vectors.h"

#define PHYS(symbol) (symbol - DIRECT_BASE)

#define CR4_START (CR4_MODE | 0x600) /* OSFXSR, OSXMMEXCPT */
#define EFER 0xc0000080
#define CR0_START 0x80010033 /* PG, WP, NE, ET, MP, PE */

	.section .note.pvh, "a", @note
	.balign 4
	.long 4, 8, 18 /* XEN_ELFNOTE_PHYS32_ENTRY */
	.asciz "Xen"
	.long PHYS(start32), 0

	.section .text.start, "ax"
	.code32
	.globl start32
start32:
	cld
	mov	%ebx, %ebp

	/* One table of each level above the superpages, each the next one's parent. */
	slot = PHYS(boot_root) + DIRECT_ROOT_INDEX * PTE_BYTES
	table = PHYS(boot_root)
	.rept PT_LEVELS - 2
	table = table + 4096
	movl	$(table + PTE_ROOT), slot
	slot = table
	.endr

	mov	$(PHYS(boot_root) + BOOT_DIRECT_OFFSET), %esi
	mov	$(PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PS | PTE_G), %eax
	mov	$(DIRECT_MAX / SUPERPAGE_BYTES), %ecx
1:	mov	%eax, (%esi)
	add	$SUPERPAGE_BYTES, %eax
	add	$PTE_BYTES, %esi
	dec	%ecx
	jnz	1b
	mov	PHYS(boot_root) + DIRECT_ROOT_INDEX * PTE_BYTES, %eax
	mov	%eax, PHYS(boot_root)

	mov	$CR4_START, %eax
	mov	%eax, %cr4
	mov	$PHYS(boot_root), %eax
	mov	%eax, %cr3
	mov	$EFER, %ecx
	mov	$EFER_MODE, %eax
	xor	%edx, %edx
	wrmsr
	mov	$CR0_START, %eax
	mov	%eax, %cr0
	lgdt	PHYS(boot_gdt_pointer)
	ljmp	$8, $PHYS(start_mode)

	.section .rodata
	.balign 8
	.globl gdt
gdt:
	.quad 0
	.quad GDT_CODE
	.quad 0x00cf93000000ffff /* data */
	.quad 0x00cf9b000000ffff /* GDT_CODE32_SELECTOR: 32-bit code in every form */
boot_gdt_pointer:
	.word GDT_BYTES - 1
	.long PHYS(gdt)

	.section .bss.tables, "aw", @nobits
	.balign 4096
	.globl boot_root, boot_direct, boot_stack_end
	.set boot_direct, boot_root + BOOT_DIRECT_OFFSET
boot_root:
	.skip 4096 * BOOT_TABLE_PAGES
	.skip 16384
boot_stack_end:

	.section .note.GNU-stack, "", @progbits
