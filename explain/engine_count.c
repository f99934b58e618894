/* SPDX-License-Identifier: BSD-2-Clause */
/* Regions counted. */
#include "engine_count.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

struct engine_count engine_count;

static struct {
	json_t *all;
	const char *phase;
	u64 calls, engine_ticks, ticks, ns, switches; /* at its begin */
	unsigned nr, counted;
	int control, answers;
} region = { .counted = ~0u };

void engine_perf(unsigned which, int control, int answers)
{
	region.counted = which;
	region.control = control;
	region.answers = answers;
}

/* perf answers each command, and has done it by then. */
static void tell_perf(const char *command)
{
	char answer[16];
	const size_t n = strlen(command);

	if (region.nr != region.counted)
		return;
	if (write(region.control, command, n) == (ssize_t)n && read(region.answers, answer, sizeof(answer)) > 0)
		return;
	fprintf(stderr, "perf does not answer\n");
	exit(EXIT_FAILURE);
}

static u64 nanoseconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (u64)t.tv_sec * 1000000000 + (u64)t.tv_nsec;
}

/* How often the host took the CPU away: what somebody else did meanwhile is in the time. */
static u64 switches(void)
{
	struct rusage used;

	return getrusage(RUSAGE_SELF, &used) ? 0 : (u64)used.ru_nivcsw;
}

void engine_region_begin(const char *phase)
{
	region.phase = phase;
	region.calls = engine_count.calls;
	region.engine_ticks = engine_count.ticks;
	CALLGRIND_START_INSTRUMENTATION;
	CALLGRIND_ZERO_STATS;
	region.switches = switches();
	tell_perf("enable\n");
	region.ns = nanoseconds();
	region.ticks = engine_ticks();
}

void engine_region_end(u64 ops, u64 trips, u64 bytes, json_t *kinds)
{
	const u64 ticks = engine_ticks() - region.ticks, ns = nanoseconds() - region.ns, lost = switches() - region.switches;
	const u64 own = engine_count.ticks - region.engine_ticks;
	json_t *told;

	tell_perf("disable\n");
	CALLGRIND_DUMP_STATS_AT(region.phase);
	CALLGRIND_STOP_INSTRUMENTATION;
	told = json_pack("{s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "phase", region.phase, "ops", (json_int_t)ops, "trips",
			 (json_int_t)trips, "bytes", (json_int_t)bytes, "calls", (json_int_t)(engine_count.calls - region.calls),
			 "switches", (json_int_t)lost, "ns", (json_int_t)ns, "engine_ns",
			 (json_int_t)(ticks ? (double)ns * (double)own / (double)ticks : 0));
	if (kinds)
		json_object_set_new(told, "kinds", kinds);
	if (!region.all)
		region.all = json_array();
	json_array_append_new(region.all, told);
	region.nr++;
}

json_t *engine_regions(void)
{
	return region.all ? region.all : json_array();
}
