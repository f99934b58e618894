/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The local APIC, as far as the hypervisor uses it: IPIs and a one-shot timer on
 * domU pCPUs. dom0 owns pCPU 0's: what is sent from there keeps its ICR's high half.
 */
#include "pcpu.h"

#include "cpu.h"
#include "log.h"
#include "plat.h"
#include "tsc.h"
#include "wait.h"

#define APIC_ID         0x20
#define APIC_EOI        0xb0
#define APIC_SVR        0xf0
#define APIC_ICR_LO     0x300
#define APIC_ICR_HI     0x310
#define APIC_LVT_TIMER  0x320
#define APIC_TIMER_INIT 0x380
#define APIC_TIMER_NOW  0x390
#define APIC_TIMER_DIV  0x3e0

#define ICR_NMI          0x400
#define ICR_INIT         0x4500
#define ICR_SIPI         0x4600
#define ICR_ALL_BUT_SELF 0xc0000
#define ICR_PENDING      BIT(12)
#define LVT_MASKED       BIT(16)
#define SVR_ENABLE       BIT(8)
#define APIC_BASE_X2     BIT(10)
#define DIV_BY_1         0xb

#define PIT_HZ         1193182
#define WINDOW_MS      10ull
#define PIT_WINDOW     ((u16)(PIT_HZ * WINDOW_MS / 1000))
#define PIT_MOST_LOOKS 10000000 /* a look takes a tenth of a microsecond at least */
#define CLOCK_LOOPS    1000     /* between two looks at a clock: far less than a thousandth of the window */
#define DELAY_LOOPS    20000    /* between two looks at the end of a delay, which may well take longer */
#define COUNTS_UNIT    (1ull << 20)

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

static bool icr_is_free(const void *unused)
{
	return !(apic_read(APIC_ICR_LO) & ICR_PENDING);
}

/* The last message is under way. One that is not taken is lost: who waits for its effect finds out. */
static void icr_wait(void)
{
	static bool told;

	if (icr_is_free(NULL) || wait_for(&(struct wait){ .is_over = icr_is_free }) || told)
		return;
	told = true;
	plat_log(LOG_ERROR, "a local APIC does not take messages to other CPUs");
}

static void icr(u32 dest, u32 low)
{
	if (x2apic()) {
		wrmsr(0x800 + (APIC_ICR_LO >> 4), (u64)dest << 32 | low);
		return;
	}
	u32 saved = apic_read(APIC_ICR_HI);
	icr_wait();
	apic_write(APIC_ICR_HI, dest << 24);
	apic_write(APIC_ICR_LO, low);
	icr_wait();
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
		cpu_relax_after(DELAY_LOOPS);
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

/* ---- how fast the clocks run ---- */

/* A window's ends, each between two readings of the TSC. */
struct ends {
	u64 from0, from1, to0, to1;
	u32 counts; /* of the APIC timer, from one end to the other */
};

static void pit_begin(void)
{
	outb(0x61, (inb(0x61) & ~2) | 1); /* gate on, speaker off */
	outb(0x43, 0xb0);                 /* channel 2, both bytes, mode 0 */
	outb(0x42, PIT_WINDOW & 0xff);
	outb(0x42, PIT_WINDOW >> 8);
}

/* The PIT's window ends between the last look but one and the last. */
static void pit_wait(struct ends *e)
{
	u64 before = e->from0, now = e->from1;

	for (unsigned looks = 0; !(inb(0x61) & 0x20); looks++) {
		if (looks > PIT_MOST_LOOKS)
			boot_refuse("the PIT, by which the TSC is measured, does not count.");
		before = now;
		cpu_relax_after(CLOCK_LOOPS);
		now = rdtsc();
	}
	e->to0 = before;
	e->to1 = rdtsc();
}

static struct tsc_window window(const struct ends *e)
{
	return (struct tsc_window){ e->to0 > e->from1 ? e->to0 - e->from1 : 0, e->to1 - e->from0 };
}

/* Ticks for COUNTS_UNIT counts of the APIC timer. */
static struct tsc_window scaled(const struct ends *e)
{
	struct tsc_window w = window(e);
	u64 counts = e->counts ? e->counts : 1;

	return (struct tsc_window){ w.least * COUNTS_UNIT / counts, w.most * COUNTS_UNIT / counts };
}

static struct tsc_window measure_tsc(void)
{
	struct ends e = { .from0 = rdtsc() };

	pit_begin();
	e.from1 = rdtsc();
	pit_wait(&e);
	return window(&e);
}

/* The APIC timer against the TSC, for as long as a window takes. */
static struct tsc_window measure_apic(u64 ticks)
{
	struct ends e = { .from0 = rdtsc() };

	apic_write(APIC_TIMER_INIT, 0xffffffff);
	e.from1 = rdtsc();
	while ((e.to0 = rdtsc()) - e.from1 < ticks)
		cpu_relax_after(CLOCK_LOOPS);
	e.counts = 0xffffffff - apic_read(APIC_TIMER_NOW);
	e.to1 = rdtsc();
	apic_write(APIC_TIMER_INIT, 0);
	return scaled(&e);
}

static u64 claimed_khz(void)
{
	struct tsc_leaves l = { 0 };
	u32 most = cpuid(0, 0).eax;

	if (cpuid(1, 0).ecx & BIT(31) && cpuid(0x40000000, 0).eax >= 0x40000010)
		l.hypervisor_khz = cpuid(0x40000010, 0).eax;
	if (most >= 0x15) {
		struct cpuid r = cpuid(0x15, 0);
		l.denominator = r.eax;
		l.numerator = r.ebx;
		l.crystal_hz = r.ecx;
	}
	if (most >= 0x16)
		l.base_mhz = cpuid(0x16, 0).eax & 0xffff;
	return tsc_claimed_khz(&l);
}

void apic_calibrate(void)
{
	struct tsc_window w[TSC_WINDOWS];
	unsigned n = 0;
	u64 ticks;

	while (n < TSC_WINDOWS && !tsc_enough(w, n))
		w[n++] = measure_tsc();
	ticks = tsc_choose(claimed_khz() * WINDOW_MS, w, n);
	tsc_khz = ticks / WINDOW_MS;
	apic_write(APIC_LVT_TIMER, LVT_MASKED | VECTOR_TIMER);
	for (n = 0; n < TSC_WINDOWS && !tsc_enough(w, n);)
		w[n++] = measure_apic(ticks);
	ticks = tsc_choose(0, w, n);
	apic_per_tsc_q32 = (COUNTS_UNIT << 32) / (ticks ? ticks : 1);
}
