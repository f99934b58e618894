/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated machine's memory, and the ends that a crash or a panic comes to. */
#include "host.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "trace.h"

u8 *host_memory;
u64 host_ticks;
u32 host_countdown;
void (*host_moment)(void);
bool plat_cr3_unseen;
jmp_buf *host_panic;
char host_panic_text[256];
u64 trace_mask;
u64 host_traced[PN_EV_MAX];

static u8 *used;
static u64 nr_frames;

/* A machine of the same size is given again: with all freed, its memory is as it was at first. */
void host_init(u64 frames)
{
	if (frames == nr_frames && host_free_frames() == frames - 1)
		return;
	free(host_memory);
	free(used);
	host_memory = aligned_alloc(PAGE_SIZE, frames * PAGE_SIZE);
	used = calloc(frames, 1);
	if (!host_memory || !used) {
		perror("host_init");
		exit(EXIT_FAILURE);
	}
	/* Never zero by luck: what is not cleared shows. */
	memset(host_memory, 0xa5, frames * PAGE_SIZE);
	nr_frames = frames;
	used[0] = 1;
}

void host_exit(void)
{
	if (nr_frames && host_free_frames() == nr_frames - 1)
		return;
	free(host_memory);
	free(used);
	host_memory = NULL;
	used = NULL;
	nr_frames = 0;
}

u64 host_free_frames(void)
{
	u64 n = 0;

	for (u64 i = 0; i < nr_frames; i++)
		n += !used[i];
	return n;
}

void host_moment_has_come(void)
{
	host_moment();
}

void *plat_alloc_pages(u64 nr_pages)
{
	u64 run = 0;

	for (u64 i = 0; nr_pages && i < nr_frames; i++) {
		run = used[i] ? 0 : run + 1;
		if (run < nr_pages)
			continue;
		void *p = plat_map(MFN(i + 1 - nr_pages));
		memset(used + i + 1 - nr_pages, 1, nr_pages);
		return memset(p, 0, nr_pages * PAGE_SIZE);
	}
	return NULL;
}

void plat_free_pages(void *p, u64 nr_pages)
{
	u64 first = plat_virt_to_mfn(p).n;

	for (u64 i = first; i < first + nr_pages; i++) {
		BUG_ON(i >= nr_frames || !used[i]);
		used[i] = 0;
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

void trace_now(struct vcpu *v, enum pn_event ev, u64 p0, u64 p1, u64 p2, u64 p3)
{
	(void)v;
	(void)p0, (void)p1, (void)p2, (void)p3;
	host_traced[ev]++;
}
