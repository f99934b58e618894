/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the CPU holds when a guest begins is what a reset leaves: nothing of the guest that had it before. Afterwards this one leaves
 * something of its own in all of it, so that the same guest, run again, finds out.
 */
#include "../lib/guest.h"
#include "../lib/mode.h"

#define FS_BASE        0xc0000100
#define KERNEL_GS_BASE 0xc0000102
#define TSC_AUX        0xc0000103
#define PAT            0x277
#define PAT_RESET      0x0007040600070406
#define MXCSR_RESET    0x1f80
#define CR4_OSXSAVE    0x40000ul
#define XCR0_AVX       7u /* with what it needs */
#define JUNK           0x5a5a3c3ca5a5c3c3

/* clang-format off */
#define EACH_REG(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15)
/* clang-format on */

struct fxsave {
	u16 fcw, fsw, tags, opcode;
	u64 ip, dp;
	u32 mxcsr, mxcsr_mask;
	u64 st[8][2], xmm[16][2], rest[12];
} __attribute__((aligned(16)));

/* Those that the guest may keep in the CPU; all are zero after a reset. */
static const u32 own_msrs[] = { FS_BASE,    0xc0000101, KERNEL_GS_BASE, 0xc0000081, 0xc0000082, 0xc0000083,
				0xc0000084, 0x174,      0x175,          0x176,      TSC_AUX };

static u64 rdmsr(u32 msr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
	return (u64)high << 32 | low;
}

static void wrmsr(u32 msr, u64 v)
{
	__asm__ volatile("wrmsr" : : "c"(msr), "a"((u32)v), "d"((u32)(v >> 32)));
}

static u32 cpuid_ecx(u32 leaf)
{
	u32 a = leaf, b, c = 0, d;

	__asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
	return c;
}

static u32 tsc_aux(void)
{
	u32 aux;

	__asm__ volatile("rdtscp" : "=c"(aux) : : "rax", "rdx");
	return aux;
}

static u64 xgetbv(void)
{
	u32 low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (u64)high << 32 | low;
}

static void xsetbv(u64 v)
{
	__asm__ volatile("xsetbv" : : "c"(0), "a"((u32)v), "d"((u32)(v >> 32)));
}

static void find_fxsave(void)
{
	struct fxsave f;

	__asm__ volatile("fxsave64 %0" : "=m"(f));
	need(f.fcw == 0x37f && !f.fsw && !f.tags, "x87 control %x, status %x, tags %x", f.fcw, f.fsw, f.tags);
	need(!f.opcode && !f.ip && !f.dp, "x87 pointers %x, %lx, %lx", f.opcode, f.ip, f.dp);
	need(f.mxcsr == MXCSR_RESET, "MXCSR is %x", f.mxcsr);
	for (unsigned i = 0; i < 8; i++)
		need(!f.st[i][0] && !f.st[i][1], "st%u holds %lx", i, f.st[i][0]);
	for (unsigned i = 0; i < 16; i++)
		need(!f.xmm[i][0] && !f.xmm[i][1], "xmm%u holds %lx", i, f.xmm[i][0]);
}

/* The upper halves, which FXSAVE does not show. */
static void find_ymm(void)
{
	static u64 ymm[16][4];

	need(xgetbv() == 1, "XCR0 is %lx", xgetbv());
	xsetbv(XCR0_AVX);
#define SHOW(n) __asm__ volatile("vmovdqu %%ymm" #n ", %0" : "=m"(ymm[n]));
	EACH_REG(SHOW)
	for (unsigned i = 0; i < 16; i++)
		need(!ymm[i][2] && !ymm[i][3], "ymm%u holds %lx", i, ymm[i][2]);
}

static void find_others(void)
{
	ulong dr[6];

	__asm__ volatile("mov %%dr0, %0; mov %%dr1, %1; mov %%dr2, %2; mov %%dr3, %3; mov %%dr6, %4; mov %%dr7, %5"
			 : "=r"(dr[0]), "=r"(dr[1]), "=r"(dr[2]), "=r"(dr[3]), "=r"(dr[4]), "=r"(dr[5]));
	need(!dr[0] && !dr[1] && !dr[2] && !dr[3], "breakpoints at %lx, %lx, %lx, %lx", dr[0], dr[1], dr[2], dr[3]);
	need(dr[4] == 0xffff0ff0 && dr[5] == 0x400, "DR6 is %lx, DR7 %lx", dr[4], dr[5]);
	for (size_t i = 0; i < ARRAY_SIZE(own_msrs); i++)
		need(!rdmsr(own_msrs[i]), "MSR %x holds %lx", own_msrs[i], rdmsr(own_msrs[i]));
	need(!tsc_aux(), "RDTSCP gives %x", tsc_aux());
	need(rdmsr(PAT) == PAT_RESET, "PAT is %lx", rdmsr(PAT));
}

static void leave_vectors(bool avx)
{
	static const u64 junk[4] = { JUNK, JUNK, JUNK, JUNK };
	static const u32 mxcsr = 0x1fa0;
	static const u16 fcw = 0x27f;

#define FILL(n)     __asm__ volatile("movups %0, %%xmm" #n : : "m"(junk));
#define FILL_ALL(n) __asm__ volatile("vmovdqu %0, %%ymm" #n : : "m"(junk));
	if (avx) {
		EACH_REG(FILL_ALL)
	} else {
		EACH_REG(FILL)
	}
	__asm__ volatile("fldpi; fldl2e; fldl %0; fld1; fldlg2; fldcw %1; ldmxcsr %2" : : "m"(junk), "m"(fcw), "m"(mxcsr));
}

static void leave_others(void)
{
	__asm__ volatile("mov %0, %%dr0; mov %0, %%dr1; mov %0, %%dr2; mov %0, %%dr3" : : "r"(0x123456ul));
	for (size_t i = 0; i < ARRAY_SIZE(own_msrs); i++)
		wrmsr(own_msrs[i], own_msrs[i] == TSC_AUX ? (u32)JUNK : JUNK & 0x7fffffff);
	wrmsr(PAT, 0x0606060606060606);
	need(tsc_aux() == (u32)JUNK, "TSC_AUX does not stay");
}

void workload_main(void)
{
	bool xsave = cpuid_ecx(1) >> 26 & 1, avx = xsave && cpuid_ecx(1) >> 28 & 1;

	find_fxsave();
	find_others();
	if (xsave)
		__asm__ volatile("mov %0, %%cr4" : : "r"(read_cr4() | CR4_OSXSAVE));
	if (avx)
		find_ymm();
	leave_vectors(avx);
	leave_others();
	print("nothing was left over%s\n", avx ? ", YMM and all" : "");
}
