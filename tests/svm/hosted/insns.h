/* SPDX-License-Identifier: BSD-2-Clause */
/* Stands for hv/base/insns.h where hv/svm is compiled into a program: the CPU of tests/svm/machine.c. */
#ifndef X86_INSNS_H
#define X86_INSNS_H

#include "types.h"

extern u64 machine_tsc;

struct cpuid cpuid(u32 leaf, u32 subleaf);
u64 rdmsr(u32 msr);
void wrmsr(u32 msr, u64 val);
static inline u64 rdtsc(void)
{
	return machine_tsc++;
}
static inline u64 rdtsc_low(void)
{
	return (u32)machine_tsc++;
}

u64 read_cr0(void);
u64 read_cr2(void);
u64 read_cr3(void);
u64 read_cr4(void);
void write_cr0(u64 v);
void write_cr3(u64 v);
void write_cr4(u64 v);

void outb(u16 port, u8 v);
void outw(u16 port, u16 v);
void outl(u16 port, u32 v);
u8 inb(u16 port);
u16 inw(u16 port);
u32 inl(u16 port);

void cpu_relax(void);
void stgi(void);
void clgi(void);
void sti(void);
void cli(void);
void take_interrupts(void);
void wait_for_interrupt(void);

void clear_dr0_3(void);
void fninit(void);
void fxrstor(const void *image);
void xsetbv0(u64 v);
void xrstor(const void *area, u64 components);
void vmload(const void *block);
void vmsave(void *block);
void invlpga(u64 va, u32 asid);
u64 stack_pointer(void);
void xmm_get(unsigned index, u8 value[16]);
void xmm_set(unsigned index, const u8 value[16]);

#endif
