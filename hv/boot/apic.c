/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC, as far as the hypervisor uses it: IPIs and a one-shot timer on
 * domU pCPUs. dom0 owns pCPU 0's: what is sent from there keeps its ICR's high half.
 */
#include "pcpu.h"

#include "cpu.h"
#include "plat.h"

#define APIC_ID 0x20
#define APIC_EOI 0xb0
#define APIC_SVR 0xf0
#define APIC_ICR_LO 0x300
#define APIC_ICR_HI 0x310
#define APIC_LVT_TIMER 0x320
#define APIC_TIMER_INIT 0x380
#define APIC_TIMER_NOW 0x390
#define APIC_TIMER_DIV 0x3e0

#define ICR_NMI 0x400
#define ICR_INIT 0x4500
#define ICR_SIPI 0x4600
#define ICR_ALL_BUT_SELF 0xc0000
#define ICR_PENDING BIT(12)
#define LVT_MASKED BIT(16)
#define SVR_ENABLE BIT(8)
#define APIC_BASE_X2 BIT(10)
#define DIV_BY_1 0xb

#define PIT_HZ 1193182

u64 tsc_khz;
static u64 apic_per_tsc_q32; /* APIC timer counts per TSC tick, 32.32 fixed point */

static bool x2apic(void)
{
	return rdmsr(MSR_APIC_BASE) & APIC_BASE_X2;
}

static u32 apic_read(u32 reg)
{
	if (x2apic())
		return (u32)rdmsr(0x800 + (reg >> 4));
	return *(volatile u32 *)((rdmsr(MSR_APIC_BASE) & 0xffffff000ull) + reg);
}

static void apic_write(u32 reg, u32 val)
{
	if (x2apic())
		wrmsr(0x800 + (reg >> 4), val);
	else
		*(volatile u32 *)((rdmsr(MSR_APIC_BASE) & 0xffffff000ull) + reg) = val;
}

static void icr(u32 dest, u32 low)
{
	if (x2apic()) {
		wrmsr(0x800 + (APIC_ICR_LO >> 4), (u64)dest << 32 | low);
		return;
	}
	u32 saved = apic_read(APIC_ICR_HI);
	while (apic_read(APIC_ICR_LO) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR_HI, dest << 24);
	apic_write(APIC_ICR_LO, low);
	while (apic_read(APIC_ICR_LO) & ICR_PENDING)
		cpu_relax();
	apic_write(APIC_ICR_HI, saved);
}

u32 apic_this_id(void)
{
	return x2apic() ? apic_read(APIC_ID) : apic_read(APIC_ID) >> 24;
}

void apic_init(void)
{
	apic_write(APIC_SVR, SVR_ENABLE | VECTOR_SPURIOUS);
	apic_write(APIC_TIMER_DIV, DIV_BY_1);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_INIT, 0);
}

void apic_eoi(void)
{
	apic_write(APIC_EOI, 0);
}

void apic_send_kick(const struct pcpu *p)
{
	icr(p->apic_id, VECTOR_KICK);
}

void apic_send_nmi(const struct pcpu *p)
{
	icr(p->apic_id, ICR_NMI);
}

static void delay_us(u64 us)
{
	u64 end = rdtsc() + us * tsc_khz / 1000;

	while (rdtsc() < end)
		cpu_relax();
}

void apic_start_all(hpa_t trampoline)
{
	icr(0, ICR_ALL_BUT_SELF | ICR_INIT);
	delay_us(10000);
	icr(0, ICR_ALL_BUT_SELF | ICR_SIPI | (u32)(trampoline >> PAGE_SHIFT));
	delay_us(200);
	icr(0, ICR_ALL_BUT_SELF | ICR_SIPI | (u32)(trampoline >> PAGE_SHIFT));
	delay_us(20000);
}

void apic_timer_at(u64 tsc)
{
	if (tsc == ~0ull) {
		apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
		apic_write(APIC_TIMER_INIT, 0);
		return;
	}
	u64 now = rdtsc();
	u64 ticks = tsc > now ? tsc - now : 0;
	u64 counts = (u64)(((unsigned __int128)ticks * apic_per_tsc_q32) >> 32) + 1;
	apic_write(APIC_LVT_TIMER, VECTOR_TIMER);
	apic_write(APIC_TIMER_INIT, counts > 0xffffffff ? 0xffffffff : (u32)counts);
}

/* Time both the TSC and the APIC timer over 10 ms of PIT channel 2. */
void apic_calibrate(void)
{
	const u16 latch = PIT_HZ / 100;

	outb(0x61, (inb(0x61) & ~2) | 1); /* gate on, speaker off */
	outb(0x43, 0xb0);                 /* channel 2, both bytes, mode 0 */
	outb(0x42, latch & 0xff);
	outb(0x42, latch >> 8);
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	apic_write(APIC_TIMER_INIT, 0xffffffff);
	u64 t0 = rdtsc();
	while (!(inb(0x61) & 0x20))
		cpu_relax();
	u64 ticks = rdtsc() - t0;
	u32 counts = 0xffffffff - apic_read(APIC_TIMER_NOW);
	apic_write(APIC_TIMER_INIT, 0);
	tsc_khz = ticks / 10;
	apic_per_tsc_q32 = ((u64)counts << 32) / (ticks ? ticks : 1);
}
