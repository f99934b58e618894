/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated machine's memory, and the ends that a crash or a panic comes to. */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "trace.h"

u8 *host_memory;
u64 host_ticks;
u32 host_countdown;
void (*host_moment)(void);
bool plat_cr3_unseen;
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
jmp_buf *host_panic;
char host_panic_text[256];
u64 trace_mask;
u64 host_traced[PN_EV_MAX];
void (*host_trace)(struct vcpu *v, enum pn_event ev, const u64 payload[4]);

/* Two ranges: frames from 0 on, and from HOST_HIGH on. Addresses between them are reserved and never touched. */
static struct range {
	u64 first, frames;
	u8 *used;
} low, high = { .first = HOST_HIGH };
#define HUGE (2ul << 20)
static void *mapping; /* host_memory is its first multiple of HUGE */
static u64 mapped;    /* bytes there */

static bool all_is_free(void)
{
	return host_free_frames() + 1 == low.frames + high.frames;
}

static void discard(void)
{
	if (host_memory)
		munmap(mapping, mapped);
	free(low.used);
	free(high.used);
	host_memory = low.used = high.used = NULL;
	low.frames = high.frames = 0;
}

static bool begin_range(struct range *r, u64 frames)
{
	void *p = host_memory + r->first * PAGE_SIZE;

	r->frames = frames;
	r->used = calloc(frames + 1, 1);
	if (frames && mprotect(p, frames * PAGE_SIZE, PROT_READ | PROT_WRITE))
		return false;
	/* A process a test, and all of this touched in each: by small pages that takes longer than the tests. */
	(void)madvise(p, frames * PAGE_SIZE, MADV_HUGEPAGE);
	/* Never zero by luck: what is not cleared shows. */
	memset(p, 0xa5, frames * PAGE_SIZE);
	return r->used;
}

/* A machine of the same size is given again: with all freed, its memory is as it was at first. */
void host_init_high(u64 frames, u64 high_frames)
{
	if (frames == low.frames && high_frames == high.frames && all_is_free())
		return;
	discard();
	mapped = (high_frames ? HOST_HIGH + high_frames : frames) * PAGE_SIZE + HUGE;
	mapping = mmap(NULL, mapped, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	host_memory = (u8 *)ALIGN_UP((uintptr_t)mapping, HUGE);
	if (mapping == MAP_FAILED || !begin_range(&low, frames) || !begin_range(&high, high_frames)) {
		perror("host_init");
		exit(EXIT_FAILURE);
	}
	low.used[0] = 1;
}

void host_init(u64 frames)
{
	host_init_high(frames, 0);
}

void host_exit(void)
{
	if (low.frames && !all_is_free())
		discard();
}

static u64 count_free(const struct range *r)
{
	u64 n = 0;

	for (u64 i = 0; i < r->frames; i++)
		n += !r->used[i];
	return n;
}

u64 host_free_frames(void)
{
	return count_free(&low) + count_free(&high);
}

void host_moment_has_come(void)
{
	host_moment();
}

static void *take(struct range *r, u64 nr_pages)
{
	u64 run = 0;

	for (u64 i = 0; nr_pages && i < r->frames; i++) {
		run = r->used[i] ? 0 : run + 1;
		if (run < nr_pages)
			continue;
		void *p = plat_map(MFN(r->first + i + 1 - nr_pages));
		memset(r->used + i + 1 - nr_pages, 1, nr_pages);
		return memset(p, 0, nr_pages * PAGE_SIZE);
	}
	return NULL;
}

void *plat_alloc_pages(u64 nr_pages)
{
	void *p = take(&high, nr_pages);

	return p ? p : take(&low, nr_pages);
}

void *plat_alloc_low_pages(u64 nr_pages)
{
	return take(&low, nr_pages);
}

void plat_free_pages(void *p, u64 nr_pages)
{
	const u64 mfn = plat_virt_to_mfn(p).n;
	const struct range *r = mfn >= HOST_HIGH ? &high : &low;
	const u64 first = mfn - r->first;

	for (u64 i = first; i < first + nr_pages; i++) {
		BUG_ON(i >= r->frames || !r->used[i]);
		r->used[i] = 0;
	}
	memset(p, 0xa5, nr_pages * PAGE_SIZE);
}

void plat_domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list args;

	d->state = PN_CRASHED;
	va_start(args, fmt);
	vsnprintf(d->reason, sizeof(d->reason), fmt, args);
	va_end(args);
}

void plat_log(enum log_level level, const char *fmt, ...)
{
	va_list args;

	if (level > LOG_WARN)
		return;
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
}

void plat_panic(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(host_panic_text, sizeof(host_panic_text), fmt, args);
	va_end(args);
	if (host_panic)
		longjmp(*host_panic, 1);
	fprintf(stderr, "panic: %s\n", host_panic_text);
	abort();
}

void trace_now_four(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2, u64 p3)
{
	host_traced[ev]++;
	if (host_trace)
		host_trace(v, (enum pn_event)ev, (const u64[]){ p0, p1, p2, p3 });
}

void trace_now(struct vcpu *v, u64 ev, u64 p0, u64 p1, u64 p2)
{
	trace_now_four(v, ev, p0, p1, p2, 0);
}
