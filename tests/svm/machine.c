/* SPDX-License-Identifier: BSD-2-Clause */
/* Memory, pCPUs and the log of the machine on which hv/svm runs hosted. The CPU's instructions are in tests/svm/insns.c. */
#include "tests/svm/svm_host.h"

#include <sanitizer/asan_interface.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "domu.h"
#include "log.h"
#include "memory.h"

#define HEAP_PAGES ((MACHINE_POOL_BASE - MACHINE_HEAP_BASE) / PAGE_SIZE)
#define MOST_WAITS 20 /* in one exit: a guest's timer is never that long coming */
#define POOL_UNITS ((MACHINE_RAM_END - MACHINE_POOL_BASE) / POOL_UNIT)

struct host_memory host_memory;
struct pcpu *pcpus[MAX_PCPUS];
unsigned nr_pcpus;
u64 tsc_khz;
u32 machine_pcpu, machine_waits;
u64 machine_tsc, machine_pause, machine_timer[MACHINE_PCPUS];
u32 machine_kicks[MACHINE_PCPUS], machine_nmis[MACHINE_PCPUS];
bool machine_quiet;
void (*machine_stuck)(void), (*machine_halts)(void);
jmp_buf *host_panic;
char host_panic_text[256];
static u8 heap_used[HEAP_PAGES], pool_used[POOL_UNITS];
static u64 heap_touched, pool_touched; /* behind these no page was ever used: zero, as mmap() gave it */
static bool all_free;                  /* and all of it is poisoned */

/* Nothing here is got by malloc() that could leak; host_end() looks at the machine's own pages. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0:abort_on_error=1";
}

static void map_ram(void)
{
	void *want = (void *)MACHINE_RAM_BASE;

	if (mmap(want, MACHINE_RAM_END - MACHINE_RAM_BASE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) == want)
		return;
	perror("the machine's RAM has no place at its own addresses");
	exit(EXIT_FAILURE);
}

/* Only their lowest bytes are used of the stacks. */
static void make_pcpus(void)
{
	static u8 stacks[MACHINE_PCPUS + 1][PCPU_STACK_BYTES] __attribute__((aligned(PCPU_STACK_BYTES)));

	nr_pcpus = MACHINE_PCPUS;
	for (u32 i = 0; i < MACHINE_PCPUS; i++) {
		pcpus[i] = (struct pcpu *)stacks[i];
		memset(pcpus[i], 0, sizeof(*pcpus[i]));
		pcpus[i]->id = pcpus[i]->apic_id = i;
		machine_timer[i] = ~0ull;
	}
	memset(machine_kicks, 0, sizeof(machine_kicks));
	memset(machine_nmis, 0, sizeof(machine_nmis));
	machine_pcpu = 0;
}

void machine_init(void)
{
	static bool mapped;

	if (!mapped)
		map_ram();
	mapped = true;
	host_memory = (struct host_memory){ .own = { { MACHINE_HEAP_BASE, MACHINE_RAM_END } },
					    .nr_own = 1,
					    .dom0_low_end = MACHINE_HEAP_BASE,
					    .window_base = MACHINE_POOL_BASE,
					    .window_bytes = MACHINE_RAM_END - MACHINE_POOL_BASE,
					    .own_bytes = MACHINE_RAM_END - MACHINE_HEAP_BASE,
					    .ram_end = MACHINE_RAM_END };
	memset(heap_used, 0, sizeof(heap_used));
	memset(pool_used, 0, sizeof(pool_used));
	if (!all_free)
		ASAN_POISON_MEMORY_REGION((void *)MACHINE_HEAP_BASE, MACHINE_RAM_END - MACHINE_HEAP_BASE);
	all_free = true;
	tsc_khz = 1000000;
	machine_tsc = 1000000000;
	machine_pause = 16;
	machine_waits = 0;
	svm_quirks.loses_host_paging = true; /* and this machine does */
	make_pcpus();
	machine_cpu_reset();
}

/* ---- allocators, with one page at least between two ranges of the heap ---- */

static u64 find_run(const u8 *used, u64 nr, u64 want)
{
	u64 run = 0;

	for (u64 i = 0; i < nr; i++) {
		run = used[i] ? 0 : run + 1;
		if (run == want)
			return i + 1 - want;
	}
	return ~0ull;
}

/* As much of n units from `first` on as was used before; they are touched now. */
static u64 once_used(u64 *touched, u64 first, u64 n)
{
	u64 used = first >= *touched ? 0 : *touched - first < n ? *touched - first : n;

	if (first + n > *touched)
		*touched = first + n;
	return used;
}

const struct plat_pmu *host_pmu;

bool plat_pmu_is_there(void)
{
	return host_pmu;
}

bool plat_pmu_counts(const struct vcpu *v)
{
	return host_pmu && host_pmu->region;
}

void plat_pmu_read(const struct vcpu *v, struct plat_pmu *p)
{
	*p = *host_pmu;
}

void *plat_alloc_pages(u64 nr_pages)
{
	u64 first = nr_pages ? find_run(heap_used, HEAP_PAGES, nr_pages + 1) : ~0ull;
	u8 *p = (u8 *)(MACHINE_HEAP_BASE + first * PAGE_SIZE);

	if (first == ~0ull)
		return NULL;
	all_free = false;
	memset(heap_used + first, 1, nr_pages);
	ASAN_UNPOISON_MEMORY_REGION(p, nr_pages * PAGE_SIZE);
	return memset(p, 0, once_used(&heap_touched, first, nr_pages) * PAGE_SIZE);
}

void *plat_alloc_low_pages(u64 nr_pages)
{
	return plat_alloc_pages(nr_pages);
}

void plat_free_pages(void *p, u64 nr_pages)
{
	u64 first = ((u64)p - MACHINE_HEAP_BASE) / PAGE_SIZE;

	if (!p)
		return;
	for (u64 i = first; i < first + nr_pages; i++) {
		BUG_ON(i >= HEAP_PAGES || !heap_used[i]);
		heap_used[i] = 0;
	}
	ASAN_POISON_MEMORY_REGION(p, nr_pages * PAGE_SIZE);
}

u64 machine_free_pages(void)
{
	u64 n = 0;

	for (u64 i = 0; i < HEAP_PAGES; i++)
		n += !heap_used[i];
	return n;
}

hpa_t pool_alloc(u64 bytes)
{
	u64 units = ALIGN_UP(bytes, POOL_UNIT) / POOL_UNIT, first = find_run(pool_used, POOL_UNITS, units);
	u8 *p = (u8 *)(MACHINE_POOL_BASE + first * POOL_UNIT);

	if (first == ~0ull || !units)
		return 0;
	all_free = false;
	memset(pool_used + first, 1, units);
	ASAN_UNPOISON_MEMORY_REGION(p, units * POOL_UNIT);
	memset(p, 0, once_used(&pool_touched, first, units) * POOL_UNIT);
	return (hpa_t)p;
}

void pool_free(hpa_t base, u64 bytes)
{
	u64 units = ALIGN_UP(bytes, POOL_UNIT) / POOL_UNIT, first = (base - MACHINE_POOL_BASE) / POOL_UNIT;

	for (u64 i = first; i < first + units; i++) {
		BUG_ON(i >= POOL_UNITS || !pool_used[i]);
		pool_used[i] = 0;
	}
	ASAN_POISON_MEMORY_REGION((void *)base, units * POOL_UNIT);
}

static u64 count_free(const u8 *used, u64 nr, u64 bytes)
{
	u64 n = 0;

	for (u64 i = 0; i < nr; i++)
		n += !used[i];
	return n * bytes;
}

/* Books and domUs have places of their own here, so that the first can run out alone. */
void memory_state(struct memory_state *s)
{
	s->largest = count_free(pool_used, POOL_UNITS, POOL_UNIT);
	s->free_low = count_free(heap_used, HEAP_PAGES, PAGE_SIZE);
	s->free = s->free_low + s->largest;
}

void memory_free_modules(const struct boot_info *bi)
{
	(void)bi;
}

/* What plan_dom0_map makes of such a machine. */
u32 memory_dom0_map(const struct boot_info *bi, struct boot_range *map, u32 most)
{
	const struct memory_plan plan = { .dom0 = { { 0, MACHINE_HEAP_BASE }, { MACHINE_RAM_END, ~0ull } }, .nr_dom0 = 2 };

	return plan_dom0_map(bi, &plan, map, most);
}

/* ---- boot/: log, interrupts, the ends ---- */

void plat_log(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (machine_quiet || level > LOG_WARN)
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
}

/* host_panic_text says why. */
static void end(void)
{
	if (host_panic)
		longjmp(*host_panic, 1);
	if (host_failing)
		host_failing();
	fprintf(stderr, "the hypervisor panics: %s\n", host_panic_text);
	abort();
}

void plat_panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host_panic_text, sizeof(host_panic_text), fmt, args);
	va_end(args);
	end();
	abort();
}

void boot_refuse(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host_panic_text, sizeof(host_panic_text), fmt, args);
	va_end(args);
	end();
	abort();
}

void log_console(const char *name, const char *text) {}

size_t log_read(char *buf, size_t bytes)
{
	return 0;
}

void apic_send_kick(const struct pcpu *p)
{
	machine_kicks[p->id]++;
}

void apic_send_nmi(const struct pcpu *p)
{
	machine_nmis[p->id]++;
}

void apic_timer_at(u64 tsc)
{
	machine_timer[machine_pcpu] = tsc;
}

void pcpu_stand(struct pcpu *p)
{
	p->held = 1;
	p->hold = 0; /* whoever held it lets go at once */
	p->held = 0;
}

u64 stack_pointer(void)
{
	return (u64)pcpus[machine_pcpu] + 64;
}

/* ---- other pCPUs, which come to their turn where this one waits for them ---- */

static void others_stand(void)
{
	for (u32 i = 0; i < nr_pcpus; i++)
		if (i != machine_pcpu)
			pcpus[i]->held = pcpus[i]->hold;
}

/* Each vCPU of other pCPUs leaves the guest, and stops if it must. */
static void others_leave(void)
{
	for (u32 id = 0; id < PN_MAX_DOMAINS; id++) {
		struct domu *u = domu_by_id(id);

		for (u32 i = 0; u && i < u->d.nr_vcpus; i++) {
			if (u->vcpu[i].pcpu == machine_pcpu)
				continue;
			to_svm(u->vcpu[i].v)->in_guest = 0;
			if (u->running && u->stop_req && machine_pcpu == 0) {
				domu_stopped(&u->vcpu[i]);
				u->running--;
			}
		}
	}
}

/* What they do may wait in its turn, for a pCPU that stands. */
void cpu_relax(void)
{
	static bool leaving;

	machine_tsc += machine_pause;
	others_stand();
	if (leaving)
		return;
	leaving = true;
	others_leave();
	leaving = false;
}

void wait_for_interrupt(void)
{
	u64 timer = machine_timer[machine_pcpu];

	if (machine_halts) {
		machine_halts();
		return;
	}
	if (++machine_waits > MOST_WAITS && machine_stuck)
		machine_stuck();
	if (timer != ~0ull && timer - machine_tsc < 1ull << 62)
		machine_tsc = timer;
	else if (timer == ~0ull && machine_stuck)
		machine_stuck();
	else if (timer == ~0ull)
		plat_panic("a pCPU waits for an interrupt that nothing will send");
	machine_timer[machine_pcpu] = ~0ull;
}
