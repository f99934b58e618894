/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The instructions of tests/svm/hosted/insns.h: a CPU that faults where a real one would, which is the end of the program.
 * CPUID is that of an EPYC in QEMU, with what hv/svm decides by.
 */
#include "tests/svm/machine.h"

#include <string.h>

#include "plat.h"

struct machine_cpu machine_cpu;
bool machine_is_tcg, machine_has_nrip, machine_has_la57, machine_cpuid_full;
u32 (*machine_port_in)(u16 port, unsigned bytes);
void (*machine_invlpga)(u64 va, u32 asid);

void machine_cpu_reset(void)
{
	memset(&machine_cpu, 0, sizeof(machine_cpu));
	machine_cpu.cr0 = svm_host_cr0 = HOST_CR0;
	machine_cpu.cr4 = CR4_PAE | CR4_OSFXSR | BIT(10);
	machine_cpu.efer = EFER_LME | EFER_LMA;
	for (unsigned i = 0; i < 16; i++)
		memset(machine_cpu.xmm[i], 0x10 + (int)i, 16);
}

/* ---- CPUID ---- */

struct leaf {
	u32 leaf, subleaf;
	struct cpuid r;
};

static const struct leaf leaves[] = {
	{ 0x00000000, 0, { 0xd, 0x68747541, 0x444d4163, 0x69746e65 } },
	{ 0x00000001, 0, { 0x00800f12, 0x00040800, 0xfffa3203, 0x178bfbff } },
	{ 0x00000006, 0, { 0x4, 0, 0, 0 } },
	{ 0x00000007, 0, { 0, 0x219c05a9, 0x0040059c, 0x84000010 } },
	{ 0x0000000d, 0, { 0x207, 0x340, 0xa88, 0 } },
	{ 0x0000000d, 1, { 0xf, 0x340, 0x1800, 0 } },
	{ 0x0000000d, 2, { 0x100, 0x240, 0, 0 } },
	{ 0x40000000, 0, { 0x40000001, 0x54474354, 0x43544743, 0x47435447 } },
	{ 0x80000000, 0, { 0x8000001f, 0x68747541, 0x444d4163, 0x69746e65 } },
	{ 0x80000001, 0, { 0x00800f12, 0x40000000, 0x35c233ff, 0x2fd3fbff } },
	{ 0x80000002, 0, { 0x20444d41, 0x43595045, 0x6f725020, 0x73736563 } },
	{ 0x80000007, 0, { 0, 0, 0, 0x6799 } },
	{ 0x80000008, 0, { 0x00003030, 0x111ef657, 0x4003, 0 } },
	{ 0x8000000a, 0, { 0x1, 64, 0, 0x00000041 } },
	{ 0x8000001e, 0, { 0x3, 0x101, 0, 0 } },
	{ 0x8000001f, 0, { 0x0100ffff, 0x16f, 0x1fd, 1 } },
};

static struct cpuid with_choices(u32 leaf, struct cpuid r)
{
	if (leaf == 7 && machine_has_la57)
		r.ecx |= BIT(16);
	if (leaf == 0x8000000a && machine_has_nrip)
		r.edx |= BIT(3);
	if (leaf == 0x40000000 && !machine_is_tcg)
		r = (struct cpuid){ 0, 0, 0, 0 };
	return r;
}

struct cpuid cpuid(u32 leaf, u32 subleaf)
{
	bool sub = leaf == 4 || leaf == 7 || leaf == 0xb || leaf == 0xd || leaf == 0x8000001d;

	if (machine_cpuid_full)
		return (struct cpuid){ ~0u, ~0u, ~0u, ~0u };
	for (size_t i = 0; i < ARRAY_SIZE(leaves); i++)
		if (leaves[i].leaf == leaf && leaves[i].subleaf == (sub ? subleaf : 0))
			return with_choices(leaf, leaves[i].r);
	return (struct cpuid){ 0, 0, 0, 0 };
}

/* ---- MSRs: one that is not here is #GP in the hypervisor ---- */

static u64 *msr(u32 number)
{
	switch (number) {
	case MSR_EFER: return &machine_cpu.efer;
	case MSR_VM_HSAVE_PA: return &machine_cpu.hsave;
	case MSR_TSC_AUX: return &machine_cpu.tsc_aux;
	case MSR_PAT: return &machine_cpu.pat;
	case MSR_MCG_CAP: return &machine_cpu.mcg_cap;
	case MSR_MCG_STATUS: return &machine_cpu.mcg_status;
	case MSR_MC_STATUS(0):
	case MSR_MC_STATUS(1): return &machine_cpu.mc_status[(number - MSR_MC_STATUS(0)) / 4];
	}
	return NULL;
}

u64 rdmsr(u32 number)
{
	if (number == MSR_VM_CR)
		return 0;
	if (number == MSR_TSC)
		return machine_tsc;
	if (!msr(number))
		plat_panic("#GP: RDMSR %x", number);
	return *msr(number);
}

void wrmsr(u32 number, u64 val)
{
	if (!msr(number))
		plat_panic("#GP: WRMSR %x", number);
	if (number == MSR_TSC_AUX && val >> 32)
		plat_panic("#GP: WRMSR %x of %llx", number, (unsigned long long)val);
	*msr(number) = val;
}

u64 read_cr0(void)
{
	return machine_cpu.cr0;
}
u64 read_cr2(void)
{
	return 0;
}
u64 read_cr3(void)
{
	return machine_cpu.cr3;
}
u64 read_cr4(void)
{
	return machine_cpu.cr4;
}
void write_cr0(u64 v)
{
	machine_cpu.cr0 = v;
}
void write_cr3(u64 v)
{
	machine_cpu.cr3 = v;
}
void write_cr4(u64 v)
{
	machine_cpu.cr4 = v;
}

/* ---- ports: dom0's, where nothing is plugged in ---- */

static u32 port_in(u16 port, unsigned bytes)
{
	return machine_port_in ? machine_port_in(port, bytes) : ~0u;
}

void outb(u16 port, u8 v) {}
void outw(u16 port, u16 v) {}
void outl(u16 port, u32 v) {}
u8 inb(u16 port)
{
	return (u8)port_in(port, 1);
}
u16 inw(u16 port)
{
	return (u16)port_in(port, 2);
}
u32 inl(u16 port)
{
	return port_in(port, 4);
}

/* ---- interrupts, debug registers, SVM ---- */

void stgi(void)
{
	machine_cpu.gif = true;
}
void clgi(void)
{
	machine_cpu.gif = false;
}
void sti(void)
{
	machine_cpu.interrupts = true;
}
void cli(void)
{
	machine_cpu.interrupts = false;
}
void take_interrupts(void) {}

void clear_dr0_3(void)
{
	memset(machine_cpu.dr, 0, sizeof(machine_cpu.dr));
}

void xsetbv0(u64 v)
{
	if (!(machine_cpu.cr4 & CR4_OSXSAVE) || !(v & 1))
		plat_panic("#UD or #GP: XSETBV of %llx", (unsigned long long)v);
	machine_cpu.xcr0 = v;
}

/* The data registers stay. */
void fninit(void)
{
	machine_cpu.fcw = 0x37f;
	machine_cpu.fsw = 0;
	machine_cpu.fip = 0;
}

/* As AMD's: the pointers stay where no exception is pending. */
void fxrstor(const void *image)
{
	struct machine_cpu *c = &machine_cpu;

	if (!(c->cr4 & CR4_OSFXSR) || (u64)image & 15)
		plat_panic("FXRSTOR leaves the XMM registers alone, or #GP");
	memcpy(&c->fcw, image, 2);
	memcpy(&c->fsw, (const u8 *)image + 2, 2);
	memcpy(&c->mxcsr, (const u8 *)image + 24, 4);
	memcpy(c->st, (const u8 *)image + 32, sizeof(c->st));
	memcpy(c->xmm, (const u8 *)image + 160, sizeof(c->xmm));
}

/* Of an area that has no component: all that are asked for are as after a reset, and MXCSR is the area's. */
void xrstor(const void *area, u64 components)
{
	struct machine_cpu *c = &machine_cpu;
	u64 has;

	memcpy(&has, (const u8 *)area + 512, 8);
	if (!(c->cr4 & CR4_OSXSAVE) || (u64)area & 63 || has)
		plat_panic("#UD or #GP: XRSTOR of components %llx", (unsigned long long)has);
	components &= c->xcr0;
	if (components & BIT(0))
		c->fcw = 0x37f, c->fsw = 0, memset(c->st, 0, sizeof(c->st));
	if (components & BIT(1))
		memset(c->xmm, 0, sizeof(c->xmm));
	if (components & BIT(2))
		memset(c->ymm_high, 0, sizeof(c->ymm_high));
	if (components & BIT(9))
		c->pkru = 0;
	if (components & 6)
		memcpy(&c->mxcsr, (const u8 *)area + 24, 4);
}

void vmload(const void *block)
{
	const struct vmcb *b = block;
	struct machine_cpu *c = &machine_cpu;

	c->fs = b->fs, c->gs = b->gs, c->tr = b->tr, c->ldtr = b->ldtr;
	c->star = b->star, c->lstar = b->lstar, c->cstar = b->cstar, c->sfmask = b->sfmask;
	c->kernel_gs_base = b->kernel_gs_base;
	c->sysenter_cs = b->sysenter_cs, c->sysenter_esp = b->sysenter_esp, c->sysenter_eip = b->sysenter_eip;
}

void vmsave(void *block)
{
	struct vmcb *b = block;
	const struct machine_cpu *c = &machine_cpu;

	b->fs = c->fs, b->gs = c->gs, b->tr = c->tr, b->ldtr = c->ldtr;
	b->star = c->star, b->lstar = c->lstar, b->cstar = c->cstar, b->sfmask = c->sfmask;
	b->kernel_gs_base = c->kernel_gs_base;
	b->sysenter_cs = c->sysenter_cs, b->sysenter_esp = c->sysenter_esp, b->sysenter_eip = c->sysenter_eip;
}

void invlpga(u64 va, u32 asid)
{
	if (machine_invlpga)
		machine_invlpga(va, asid);
}

static void need_sse(unsigned index)
{
	if (!(machine_cpu.cr4 & CR4_OSFXSR) || index > 15)
		plat_panic("#UD: MOVUPS of register %u", index);
}

void xmm_get(unsigned index, u8 value[16])
{
	need_sse(index);
	memcpy(value, machine_cpu.xmm[index], 16);
}

void xmm_set(unsigned index, const u8 value[16])
{
	need_sse(index);
	memcpy(machine_cpu.xmm[index], value, 16);
}
