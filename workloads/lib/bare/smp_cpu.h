/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * For smp.h, on a PC. Each other CPU passes through real mode, protected mode and long mode at page AP_PAGE, which lies below 1 MiB; its root maps
 * that page at its own address.
 */
#ifndef GUEST_SMP_CPU_H
#define GUEST_SMP_CPU_H

#include "private.h"
#include "vectors.h"

#define EFER     0xc0000080
#define EFER_LMA 0x400

#define STRING_(x)      #x
#define STRING(x)       STRING_(x)
#define IN_PAGE(symbol) STRING(AP_PAGE) " + " #symbol " - ap_code"

/* clang-format off */
__asm__(".pushsection .rodata\n"
	".balign 8\n"
	"ap_code:\n"
	"	.code16\n"
	"	cli\n"
	"	mov	%cs, %ax\n"
	"	mov	%ax, %ds\n"
	"	lgdtl	ap_gdtr - ap_code\n"
	"	mov	%cr0, %eax\n"
	"	or	$1, %al\n"
	"	mov	%eax, %cr0\n"
	"	ljmpl	$24, $" IN_PAGE(ap_32) "\n"
	"	.code32\n"
	"ap_32:	mov	$16, %eax\n"
	"	mov	%eax, %ds\n"
	"	mov	%eax, %es\n"
	"	mov	%eax, %ss\n"
	"	mov	" IN_PAGE(ap_cr4) ", %eax\n"
	"	mov	%eax, %cr4\n"
	"	mov	" IN_PAGE(ap_cr3) ", %eax\n"
	"	mov	%eax, %cr3\n"
	"	mov	$" STRING(EFER) ", %ecx\n"
	"	mov	" IN_PAGE(ap_efer) ", %eax\n"
	"	xor	%edx, %edx\n"
	"	wrmsr\n"
	"	mov	" IN_PAGE(ap_cr0) ", %eax\n"
	"	mov	%eax, %cr0\n"
	"	ljmp	$8, $" IN_PAGE(ap_64) "\n"
	"	.code64\n"
	"ap_64:	mov	ap_stack(%rip), %rsp\n"
	"	jmp	*ap_entry(%rip)\n"
	"	.balign 8\n"
	"ap_gdt:	.quad 0, 0x00af9b000000ffff, 0x00cf93000000ffff, 0x00cf9b000000ffff\n"
	"ap_gdtr:	.word 31\n"
	"	.long " IN_PAGE(ap_gdt) "\n"
	"	.balign 8\n"
	"ap_cr0:	.long 0\n"
	"ap_cr3:	.long 0\n"
	"ap_cr4:	.long 0\n"
	"ap_efer:	.long 0\n"
	"ap_stack:	.quad 0\n"
	"ap_entry:	.quad 0\n"
	"ap_end:\n"
	".popsection\n"
	"ipi_entry:\n"
	"	push	%rax\n"
	"	push	%rcx\n"
	"	push	%rdx\n"
	"	push	%rsi\n"
	"	push	%rdi\n"
	"	push	%r8\n"
	"	push	%r9\n"
	"	push	%r10\n"
	"	push	%r11\n"
	"	call	ipi_came\n"
	"	pop	%r11\n"
	"	pop	%r10\n"
	"	pop	%r9\n"
	"	pop	%r8\n"
	"	pop	%rdi\n"
	"	pop	%rsi\n"
	"	pop	%rdx\n"
	"	pop	%rcx\n"
	"	pop	%rax\n"
	"	iretq\n");
/* clang-format on */

extern const char ap_code[], ap_end[], ap_cr0[], ap_cr3[], ap_cr4[], ap_efer[], ap_stack[], ap_entry[], ipi_entry[];

struct table_pointer {
	u16 limit;
	u64 base;
} __attribute__((packed));

static struct table_pointer smp_gdt, smp_idt;

static inline void pause(void)
{
	__asm__ volatile("pause" : : : "memory");
}
static inline void interrupts_on(void)
{
	__asm__ volatile("sti");
}
static inline void interrupts_off(void)
{
	__asm__ volatile("cli");
}
static inline __attribute__((noreturn)) void stop_for_ever(void)
{
	for (;;)
		__asm__ volatile("hlt");
}

static inline void smp_vector(unsigned vector)
{
	trap_set(vector, ipi_entry);
	__asm__ volatile("sgdt %0; sidt %1" : "=m"(smp_gdt), "=m"(smp_idt));
}

static inline u64 read_efer(void)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(EFER));
	return (u64)high << 32 | low;
}

static __attribute__((noreturn, used)) void smp_other(void)
{
	__asm__ volatile("lgdt %0; lidt %1" : : "m"(smp_gdt), "m"(smp_idt));
	smp_other_begins();
}

static void *in_ap_page(const char *symbol)
{
	return phys_to_virt(AP_PAGE + (ulong)(symbol - ap_code));
}

static void prepare_page(void)
{
	ulong cr0, cr4, stack = pages_alloc(1) + PAGE_SIZE - 8; /* as if it had been called */

	__asm__ volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
	memcpy(phys_to_virt(AP_PAGE), ap_code, (size_t)(ap_end - ap_code));
	*(u32 *)in_ap_page(ap_cr0) = (u32)cr0;
	*(u32 *)in_ap_page(ap_cr3) = (u32)first_root();
	*(u32 *)in_ap_page(ap_cr4) = (u32)cr4;
	*(u32 *)in_ap_page(ap_efer) = (u32)read_efer() & ~EFER_LMA;
	*(u64 *)in_ap_page(ap_stack) = (ulong)phys_to_virt(stack);
	*(u64 *)in_ap_page(ap_entry) = (ulong)smp_other;
}

static void start_cpu(ulong cpu)
{
	prepare_page();
	apic_send(cpu, ICR_INIT);
	for (unsigned i = 0; i < 1000; i++)
		pause();
	apic_send(cpu, ICR_SIPI | AP_PAGE >> PAGE_SHIFT);
	for (unsigned i = 0; i < 1000000 && smp_up < cpu; i++)
		pause();
	need(smp_up == cpu, "CPU %lu does not start", cpu);
}

#endif
