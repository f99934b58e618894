/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's IDT, and what its own exceptions mean: our bug. */
#include "pcpu.h"

#include "cpu.h"
#include "plat.h"

struct idt_gate {
	u16 offset_lo, selector;
	u8 ist, type;
	u16 offset_mid;
	u32 offset_hi, zero;
};

struct exception_frame {
	u64 r15, r14, r13, r12, r11, r10, r9, r8, rdi, rsi, rbp, rbx, rdx, rcx, rax;
	u64 vector, error, rip, cs, rflags, rsp, ss;
};

extern char exception_entries[], nmi_entry[], irq_entry[], spurious_entry[];
void stand_still(volatile u32 *hold);
_Noreturn void exception_panic(const struct exception_frame *f);

static struct idt_gate idt[256];

static void set_gate(unsigned vector, const char *entry)
{
	u64 a = (u64)entry;

	idt[vector] = (struct idt_gate){ .offset_lo = (u16)a,
					 .selector = SEL_CODE64,
					 .type = 0x8e,
					 .offset_mid = (u16)(a >> 16),
					 .offset_hi = (u32)(a >> 32) };
}

static void fill_idt(void)
{
	for (unsigned i = 0; i < 32; i++)
		set_gate(i, exception_entries + 16 * i);
	set_gate(2, nmi_entry);
	for (unsigned i = 32; i < 256; i++)
		set_gate(i, spurious_entry);
	set_gate(VECTOR_TIMER, irq_entry);
	set_gate(VECTOR_KICK, irq_entry);
}

void pcpu_init(void)
{
	struct {
		u16 limit;
		u64 base;
	} __attribute__((packed)) desc = { sizeof(idt) - 1, (u64)idt };

	if (!idt[0].type)
		fill_idt();
	asm volatile("lidt %0" : : "m"(desc));
	apic_init();
	this_pcpu()->apic_id = apic_this_id();
}

void exception_panic(const struct exception_frame *f)
{
	plat_log(LOG_ERROR, "rax %lx rbx %lx rcx %lx rdx %lx rsi %lx rdi %lx rbp %lx rsp %lx", f->rax, f->rbx, f->rcx, f->rdx,
		 f->rsi, f->rdi, f->rbp, f->rsp);
	plat_panic("exception %lu, error %lx, at %lx, cr2 %lx", f->vector, f->error, f->rip, read_cr2());
}

void pcpu_stand(struct pcpu *p)
{
	stgi();
	WRITE_ONCE(p->held, 1);
	while (READ_ONCE(p->hold))
		stand_still(&p->hold);
	WRITE_ONCE(p->held, 0);
	clgi();
}
