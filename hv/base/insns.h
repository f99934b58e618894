/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Instructions that C has no words for, and that a program may not execute. Included by cpu.h alone, through the include
 * path: where hv/svm is compiled hosted, another insns.h comes first, whose CPU is simulated.
 */
#ifndef X86_INSNS_H
#define X86_INSNS_H

#include "types.h"

static inline struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	struct cpuid r;
	asm volatile("cpuid" : "=a"(r.eax), "=b"(r.ebx), "=c"(r.ecx), "=d"(r.edx) : "a"(leaf), "c"(subleaf));
	return r;
}

static inline u64 rdmsr(u32 msr)
{
	u32 lo, hi;
	asm volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (u64)hi << 32 | lo;
}

static inline void wrmsr(u32 msr, u64 val)
{
	asm volatile("wrmsr" : : "c"(msr), "a"((u32)val), "d"((u32)(val >> 32)) : "memory");
}

static inline u64 rdtsc(void)
{
	u64 lo, hi; /* it clears the upper halves (APM volume 3, RDTSC) */
	asm volatile("rdtsc" : "=a"(lo), "=d"(hi) : : "memory");
	return hi << 32 | lo;
}

/* The low half, which clears the rest of RAX. */
static inline u64 rdtsc_low(void)
{
	u64 lo;
	asm volatile("rdtsc" : "=a"(lo) : : "rdx", "memory");
	return lo;
}

#define CR_ACCESSORS(n)                                                                                                          \
	static inline u64 read_cr##n(void)                                                                                       \
	{                                                                                                                        \
		u64 v;                                                                                                           \
		asm volatile("mov %%cr" #n ", %0" : "=r"(v) : : "memory");                                                       \
		return v;                                                                                                        \
	}                                                                                                                        \
	static inline void write_cr##n(u64 v)                                                                                    \
	{                                                                                                                        \
		asm volatile("mov %0, %%cr" #n : : "r"(v) : "memory");                                                           \
	}
CR_ACCESSORS(0)
CR_ACCESSORS(2)
CR_ACCESSORS(3)
CR_ACCESSORS(4)

static inline void outb(u16 port, u8 v)
{
	asm volatile("outb %0, %1" : : "a"(v), "Nd"(port));
}
/* The same of RAX's lowest byte, for who looks at what RAX and RBX hold. */
static inline void outb_with(u16 port, u64 rax, u64 rbx)
{
	asm volatile("outb %%al, %%dx" : : "a"(rax), "b"(rbx), "d"(port) : "memory");
}
static inline void outw(u16 port, u16 v)
{
	asm volatile("outw %0, %1" : : "a"(v), "Nd"(port));
}
static inline void outl(u16 port, u32 v)
{
	asm volatile("outl %0, %1" : : "a"(v), "Nd"(port));
}
static inline u8 inb(u16 port)
{
	u8 v;
	asm volatile("inb %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u16 inw(u16 port)
{
	u16 v;
	asm volatile("inw %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}
static inline u32 inl(u16 port)
{
	u32 v;
	asm volatile("inl %1, %0" : "=a"(v) : "Nd"(port));
	return v;
}

static inline void cpu_relax(void)
{
	asm volatile("pause" : : : "memory");
}
/*
 * Time that passes with nothing to do and nobody to wait for. `iterations` of it, a few cycles each, go by before the PAUSE, which under
 * QEMU's -icount gives away a whole round of turns: 7.5 s of a boot went there.
 */
static inline void cpu_relax_after(u32 iterations)
{
	while (iterations--)
		asm volatile("");
	cpu_relax();
}
static inline void stgi(void)
{
	asm volatile("stgi" : : : "memory");
}
static inline void clgi(void)
{
	asm volatile("clgi" : : : "memory");
}
static inline void invlpg(u64 va)
{
	asm volatile("invlpg (%0)" : : "r"(va) : "memory");
}

/* Debug registers 0 to 3. */
static inline void clear_dr0_3(void)
{
	asm volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" : : "r"(0ull));
}

static inline void fninit(void)
{
	asm volatile("fninit");
}
/* `image`: 512 bytes, aligned to 16. */
static inline void fxrstor(const void *image)
{
	asm volatile("fxrstor64 (%0)" : : "r"(image) : "memory");
}
/* XSETBV and XRSTOR need CR4.OSXSAVE. `area`: 576 bytes at least, aligned to 64. */
static inline void xsetbv0(u64 v)
{
	asm volatile("xsetbv" : : "c"(0), "a"((u32)v), "d"((u32)(v >> 32)) : "memory");
}
static inline void xrstor(const void *area, u64 components)
{
	asm volatile("xrstor64 (%0)" : : "r"(area), "a"((u32)components), "d"((u32)(components >> 32)) : "memory");
}

/* What VMRUN leaves alone, from and to a guest's block: FS, GS, TR, LDTR and the system-call MSRs. */
static inline void vmload(const void *block)
{
	asm volatile("vmload %0" : : "a"(block) : "memory");
}
static inline void vmsave(void *block)
{
	asm volatile("vmsave %0" : : "a"(block) : "memory");
}
static inline void invlpga(u64 va, u32 asid)
{
	asm volatile("invlpga" : : "a"(va), "c"(asid) : "memory");
}

static inline void sti(void)
{
	asm volatile("sti");
}
static inline void cli(void)
{
	asm volatile("cli");
}
/* With GIF clear: let pending interrupts be taken; and wait for one, which ends it at once if it is pending. */
static inline void take_interrupts(void)
{
	asm volatile("stgi; nop; nop; clgi" : : : "memory");
}
static inline void wait_for_interrupt(void)
{
	asm volatile("cli; stgi; sti; hlt; clgi" : : : "memory");
}

static inline u64 stack_pointer(void)
{
	u64 sp;
	asm("mov %%rsp, %0" : "=r"(sp));
	return sp;
}

/*
 * Zero `n` pages, past the caches: whole domains' memory comes through here. 16 bytes a store, so that a MiB takes 0.08 million
 * instructions where memset takes 0.18; XMM0 is whoever's it was.
 */
static inline void zero_pages(void *pages, u64 n)
{
	u8 xmm0[16];
	const u8 *end = (const u8 *)pages + n * PAGE_SIZE;

	if (!n)
		return;
	asm volatile("movups %%xmm0, %1\n\t"
		     "xorps %%xmm0, %%xmm0\n"
		     "1:\n\t"
		     ".set i, 0\n\t"
		     ".rept 16\n\t"
		     "movntps %%xmm0, i(%0)\n\t"
		     ".set i, i + 16\n\t"
		     ".endr\n\t"
		     "add $256, %0\n\t"
		     "cmp %2, %0\n\t"
		     "jb 1b\n\t"
		     "sfence\n\t"
		     "movups %1, %%xmm0"
		     : "+&r"(pages), "=&m"(xmm0)
		     : "r"(end)
		     : "memory", "cc");
}

/* XMM register `index`, 0 to 15; another number: nothing happens. */
static inline void xmm_get(unsigned index, u8 value[16])
{
	switch (index) {
#define X(n)                                                                                                                     \
	case n: asm volatile("movups %%xmm" #n ", %0" : "=m"(*(u8(*)[16])value)); break;
		X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#undef X
	}
}
static inline void xmm_set(unsigned index, const u8 value[16])
{
	switch (index) {
#define X(n)                                                                                                                     \
	case n: asm volatile("movups %0, %%xmm" #n : : "m"(*(const u8(*)[16])value)); break;
		X(0) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14) X(15)
#undef X
	}
}

#endif
