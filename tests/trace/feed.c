/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Feeds the collector: a hypervisor's ring writer with two pCPUs, whose rings are files.
 *
 *   trace_feed DIR NR_PCPUS
 *
 * Makes DIR/ring0.. with a backlog, says "ready", reads the collector's process id from stdin, then
 * writes trips with events inside them (whose records come before the trip's own), waiting for the
 * collector whenever a ring is three quarters full; then stops the collector for a while and
 * overruns every ring by a known number. Each event goes to DIR/expected as babeltrace2 must show
 * it: "TSC PCPU NAME FIRST-PAYLOAD", each loss as "PCPU lost NAME COUNT".
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "names.h"
#include "plat.h"
#include "trace.h"

#define RECORDS   1024
#define BYTES     (PAGE_SIZE + RECORDS * sizeof(struct pn_record))
#define MAX_PCPUS 2
#define TRIPS     5000

u8 *host_memory;
u64 host_ticks;

static struct pn_ring *rings[MAX_PCPUS];
static struct domain dom = { .id = 1 };
static struct vcpu vcpus[MAX_PCPUS];
static unsigned nr_pcpus;
static FILE *expected;
static u64 now = 1000000;

static _Noreturn void die(const char *what)
{
	perror(what);
	exit(1);
}

static void make_ring(const char *dir, u32 pcpu)
{
	char path[512];
	int fd;

	snprintf(path, sizeof(path), "%s/ring%u", dir, pcpu);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
	if (fd < 0 || ftruncate(fd, BYTES))
		die(path);
	rings[pcpu] = mmap(NULL, BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (rings[pcpu] == MAP_FAILED || !trace_ring_init(pcpu, rings[pcpu], BYTES))
		die(path);
	vcpus[pcpu] = (struct vcpu){ .domain = &dom, .pcpu = pcpu };
	trace_ring_give(&vcpus[pcpu]);
}

static u64 waiting(u32 pcpu)
{
	return rings[pcpu]->head - __atomic_load_n(&rings[pcpu]->tail, __ATOMIC_ACQUIRE);
}

static void wait_below(u32 pcpu, u64 records)
{
	const struct timespec nap = { 0, 1000000 };

	for (unsigned i = 0; waiting(pcpu) > records; i++) {
		if (i == 60000) {
			fputs("trace_feed: nobody drains the ring\n", stderr);
			exit(1);
		}
		nanosleep(&nap, NULL);
	}
}

static void put(u32 pcpu, enum pn_event ev, u64 tsc, u64 first, bool kept)
{
	struct trace_ring *r = vcpus[pcpu].ring;

	if (trace_has_room(r) || trace_make_room(&vcpus[pcpu], ev)) {
		struct pn_record *rec = trace_begin(r, ev);

		rec->tsc = tsc;
		rec->cost = rec->bytes = 0;
		memcpy(rec->payload, (const u64[PN_RECORD_PAYLOAD]){ first, tsc }, sizeof(rec->payload));
		trace_end(r, &vcpus[pcpu], ev);
	}
	if (!kept)
		return;
	fprintf(expected, "%llu %u %s ", (unsigned long long)tsc, pcpu, pn_event_name(ev));
	if (ev == PN_EV_trip)
		fprintf(expected, "\"%s\"\n", pn_trip_name(first));
	else
		fprintf(expected, "0x%llX\n", (unsigned long long)first);
}

/* A trip of 100 ticks with two events inside: its own record is written last and stamped first. */
static void trip(u32 pcpu, u64 i)
{
	u64 begin = now;

	now += 100;
	put(pcpu, PN_EV_promote, begin + 10, i, true);
	put(pcpu, PN_EV_fill, begin + 40, i << 12, true);
	put(pcpu, PN_EV_trip, begin, i % TRIP_MAX, true);
}

static void overrun(u32 pcpu, pid_t collector)
{
	unsigned lost = 37 + pcpu;

	wait_below(pcpu, 0);
	if (kill(collector, SIGSTOP))
		die("kill");
	while (waiting(pcpu) < RECORDS)
		put(pcpu, PN_EV_revoke, now++, pcpu, true);
	for (unsigned i = 0; i < lost; i++)
		put(pcpu, PN_EV_flush, now++, 0, false);
	for (unsigned i = 0; i < 5; i++)
		put(pcpu, PN_EV_trip, now++, 0, false);
	fprintf(expected, "%u lost \"trip\" 5\n%u lost \"flush\" %u\n", pcpu, pcpu, lost);
	kill(collector, SIGCONT);
	wait_below(pcpu, RECORDS / 2);
	put(pcpu, PN_EV_demote, now++, 99, true);
}

int main(int argc, char **argv)
{
	char path[512];
	int collector;

	nr_pcpus = argc == 3 ? (unsigned)atoi(argv[2]) : 0;
	if (nr_pcpus < 1 || nr_pcpus > MAX_PCPUS) {
		fputs("usage: trace_feed DIR NR_PCPUS\n", stderr);
		return 64;
	}
	snprintf(path, sizeof(path), "%s/expected", argv[1]);
	expected = fopen(path, "w");
	if (!expected)
		die(path);
	trace_set(~0ull, PN_TRACE_DROP);
	for (u32 p = 0; p < nr_pcpus; p++) {
		make_ring(argv[1], p);
		trip(p, 1);
	}
	puts("ready");
	fflush(stdout);
	if (scanf("%d", &collector) != 1)
		return 1;
	for (u64 i = 0; i < TRIPS; i++) {
		wait_below(i % nr_pcpus, RECORDS * 3 / 4);
		trip(i % nr_pcpus, i);
	}
	for (u32 p = 0; p < nr_pcpus; p++)
		overrun(p, collector);
	for (u32 p = 0; p < nr_pcpus; p++)
		wait_below(p, 0);
	return fclose(expected) ? 1 : 0;
}
