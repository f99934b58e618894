/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-collectd: drains every trace ring and re-emits the records through
 * LTTng-UST. It says {"ready":true} when it reads, drains to the end on SIGTERM or
 * SIGINT, and ends with one JSON line of totals per event, which must agree with
 * the hypervisor's own counts.
 *
 * What must always hold: a record is emitted exactly once, or counted as unknown, or comes when the trace has its bytes already and is
 * counted as cut;
 * LTTng itself never drops one (its channel is created with an infinite blocking
 * timeout, and LTTng-UST sees LTTNG_UST_ALLOW_BLOCKING from the start).
 */
#include <argp.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "dom0/device.h"
#include "emit.h"
#include "names.h"
#include "order.h"
#include "reader.h"

#define MAX_RINGS    PN_LIMIT_pcpus
#define WINDOW_LEAST 1024

struct collector {
	const char *device;
	const char *ring_files[MAX_RINGS];
	unsigned nr_files;
	bool prepare_only;
	unsigned poll_ms;
	size_t window; /* records that may overtake one; 0: window_of() */
	uint64_t hz;
	uint64_t limit; /* bytes of trace; 0: none */

	struct pn_dev *dev;
	uint64_t bytes;              /* of what was emitted */
	uint64_t cut[PN_MAX_EVENTS]; /* records that came after that, per event */
	struct reader readers[MAX_RINGS];
	unsigned nr_readers;
	struct order order;
	struct emitter emitter;
};

static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	stop = 1;
}

static bool at_limit(const struct collector *c)
{
	return c->limit && c->bytes >= c->limit;
}

/* The trace has all that it is to have: nothing more is traced, and what is on its way is counted. */
static void end_tracing(struct collector *c)
{
	const uint64_t nothing[PN_NR_ARGS] = { 0, PN_TRACE_DROP };

	if (c->dev)
		pn_command(c->dev, PN_CMD_trace, 0, nothing, NULL);
}

/* Losses are told to the end: they are few. */
static void emit_item(struct collector *c, const struct order_item *item)
{
	if (item->lost) {
		emit_lost(&c->emitter, &item->rec, item->pcpu);
	} else if (at_limit(c)) {
		c->cut[item->rec.event % PN_MAX_EVENTS]++;
	} else {
		emit_record(&c->emitter, &item->rec, item->pcpu);
		c->bytes += emit_bytes(&item->rec);
		if (at_limit(c))
			end_tracing(c);
	}
}

static void queue(struct collector *c, const struct pn_record *rec, uint32_t pcpu, bool lost)
{
	struct order_item item;

	if (order_full(&c->order) && order_pop(&c->order, &item))
		emit_item(c, &item);
	order_push(&c->order, rec, pcpu, lost);
}

static void sink_record(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	queue(ctx, rec, pcpu, false);
}

static void sink_lost(void *ctx, const struct pn_record *rec, uint32_t pcpu)
{
	queue(ctx, rec, pcpu, true);
}

static size_t drain_all(struct collector *c, const struct reader_sink *sink)
{
	size_t n = 0;

	for (unsigned i = 0; i < c->nr_readers; i++)
		n += reader_drain(&c->readers[i], sink);
	return n;
}

static void collect(struct collector *c)
{
	const struct reader_sink sink = { sink_record, sink_lost, c };
	const struct timespec nap = { c->poll_ms / 1000, c->poll_ms % 1000 * 1000000l };
	struct order_item item;

	while (!stop)
		if (drain_all(c, &sink) == 0)
			nanosleep(&nap, NULL);
	while (drain_all(c, &sink) != 0)
		;
	for (unsigned i = 0; i < c->nr_readers; i++)
		reader_finish(&c->readers[i], &sink);
	while (order_pop(&c->order, &item))
		emit_item(c, &item);
}

/* LTTng indexes its streams by CPU number: every pCPU must be a possible CPU of this kernel. */
static int check_pcpu(const struct reader *r)
{
	static int possible;
	char text[64] = "";
	FILE *f;

	if (!possible && (f = fopen("/sys/devices/system/cpu/possible", "r"))) {
		if (fgets(text, sizeof(text), f)) {
			char *last = strrchr(text, '-');

			possible = atoi(last ? last + 1 : text) + 1;
		}
		fclose(f);
	}
	if ((int)r->pcpu < possible)
		return 0;
	fprintf(stderr,
		"penumbra-collectd: the ring is pCPU %u's, this kernel knows of %d CPUs: boot dom0 with maxcpus=1, not "
		"nr_cpus=1\n",
		r->pcpu, possible);
	return -1;
}

static int add_ring(struct collector *c, void *mem, size_t bytes, const char *what)
{
	struct reader *r = &c->readers[c->nr_readers];

	if (c->nr_readers == MAX_RINGS || !reader_open(r, mem, bytes)) {
		fprintf(stderr, "penumbra-collectd: %s holds no trace ring of ABI version %d\n", what, PN_ABI_VERSION);
		return -1;
	}
	if (check_pcpu(r))
		return -1;
	c->nr_readers++;
	return 0;
}

static int add_file(struct collector *c, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);
	void *mem = MAP_FAILED;
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0)
		mem = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (mem == MAP_FAILED)
		fprintf(stderr, "penumbra-collectd: %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return mem == MAP_FAILED ? -1 : add_ring(c, mem, st.st_size, path);
}

static int open_rings(struct collector *c)
{
	struct pn_dev *dev;
	char why[256];

	if (c->prepare_only && c->hz)
		return 0;
	for (unsigned i = 0; i < c->nr_files; i++)
		if (add_file(c, c->ring_files[i]))
			return -1;
	if (c->nr_files)
		return 0;
	c->dev = dev = pn_dev_open(c->device, why, sizeof(why));
	if (!dev) {
		fprintf(stderr, "penumbra-collectd: %s\n", why);
		return -1;
	}
	if (!c->hz)
		c->hz = dev->tsc_khz * 1000ull;
	for (uint32_t i = 0; i < dev->nr_rings && !c->prepare_only; i++)
		if (add_ring(c, pn_ring_memory(dev, i), dev->ring_bytes, "the device"))
			return -1;
	return 0;
}

static void add_count(json_t *object, unsigned ev, uint64_t n)
{
	if (n)
		json_object_set_new(object, pn_event_name(ev), json_integer(n));
}

/* One line: what the hypervisor counted, what came out here, and whether the two agree. */
static bool print_totals(const struct collector *c)
{
	json_t *written = json_object(), *lost = json_object(), *emitted = json_object(), *line;
	uint64_t cut = 0;
	bool agree = c->emitter.unknown == 0;

	for (unsigned ev = 0; ev < PN_MAX_EVENTS; ev++) {
		uint64_t w = 0, l = 0;

		for (unsigned i = 0; i < c->nr_readers; i++) {
			const struct reader *r = &c->readers[i];

			w += r->ring->written[ev] - r->written0[ev] + r->backlog[ev];
			l += r->ring->lost[ev] - r->lost0[ev];
		}
		agree = agree && w == c->emitter.emitted[ev] + c->cut[ev] && l == c->emitter.lost[ev];
		cut += c->cut[ev];
		add_count(written, ev, w);
		add_count(lost, ev, l);
		add_count(emitted, ev, c->emitter.emitted[ev]);
	}
	line = json_pack("{s:o,s:o,s:o,s:I,s:I,s:I,s:b}", "written", written, "lost", lost, "emitted", emitted, "cut",
			 (json_int_t)cut, "late", (json_int_t)c->emitter.late, "unknown", (json_int_t)c->emitter.unknown, "agree",
			 agree);
	json_dumpf(line, stdout, JSON_COMPACT | JSON_PRESERVE_ORDER);
	putchar('\n');
	fflush(stdout);
	json_decref(line);
	return agree;
}

enum { OPT_WINDOW = 256, OPT_POLL, OPT_PREPARE, OPT_HZ, OPT_LIMIT };

static const struct argp_option options[] = {
	{ "device", 'd', "DIR", 0, "directory of the control device (default: found in sysfs)", 0 },
	{ "ring", 'r', "FILE", 0, "read this file as a ring instead of the device's; may be repeated", 0 },
	{ "window", OPT_WINDOW, "N", 0, "records held back to put stamps in order (default: as many as all rings have)", 0 },
	{ "poll", OPT_POLL, "MS", 0, "milliseconds between looks at an empty ring (default 5)", 0 },
	{ "limit", OPT_LIMIT, "BYTES", 0, "end tracing when the trace is so large (default: never)", 0 },
	{ "hz", OPT_HZ, "N", 0, "ticks a second (default: what the device says, else 1 GHz)", 0 },
	{ "prepare", OPT_PREPARE, NULL, 0, "make the time page, which LTTng's session daemon must find when it starts, then exit",
	  0 },
	{ 0 }
};

static error_t parse(int key, char *arg, struct argp_state *state)
{
	struct collector *c = state->input;

	switch (key) {
	case 'd': c->device = arg; return 0;
	case 'r':
		if (c->nr_files == MAX_RINGS)
			argp_error(state, "more than %d rings", MAX_RINGS);
		c->ring_files[c->nr_files++] = arg;
		return 0;
	case OPT_WINDOW:
		c->window = strtoull(arg, NULL, 0);
		if (c->window == 0)
			argp_error(state, "a window of at least one record");
		return 0;
	case OPT_POLL: c->poll_ms = strtoul(arg, NULL, 0); return 0;
	case OPT_LIMIT: c->limit = strtoull(arg, NULL, 0); return 0;
	case OPT_HZ: c->hz = strtoull(arg, NULL, 0); return 0;
	case OPT_PREPARE: c->prepare_only = true; return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static int prepare(struct collector *c)
{
	c->emitter.page = timepage_map();
	if (!c->emitter.page) {
		perror("penumbra-collectd: time page");
		return -1;
	}
	if (c->hz)
		__atomic_store_n(&c->emitter.page->hz, c->hz, __ATOMIC_RELEASE);
	return 0;
}

/* Rings are read one after the other: all that the others held may overtake a record. */
static size_t window_of(const struct collector *c)
{
	size_t all = WINDOW_LEAST;

	for (unsigned i = 0; i < c->nr_readers; i++)
		all += c->readers[i].nr_records;
	return c->window ? c->window : all;
}

/* LTTng-UST reads its environment before main(): start over with what it must find there. */
static void restart_blocking(char **argv)
{
	if (getenv("LTTNG_UST_ALLOW_BLOCKING"))
		return;
	setenv("LTTNG_UST_ALLOW_BLOCKING", "1", 1);
	execv("/proc/self/exe", argv);
	perror("penumbra-collectd: /proc/self/exe");
	exit(1);
}

int main(int argc, char **argv)
{
	static struct collector c = { .poll_ms = 5 };
	static const struct argp argp = { options, parse, NULL, "Re-emit Penumbra's trace through LTTng-UST.", NULL, NULL, NULL };
	struct sigaction action = { .sa_handler = on_signal };
	bool agree;

	restart_blocking(argv);
	argp_parse(&argp, argc, argv, 0, NULL, &c);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGINT, &action, NULL);
	if (open_rings(&c) || prepare(&c))
		return 1;
	if (c.prepare_only)
		return 0;
	if (!order_init(&c.order, window_of(&c))) {
		fputs("penumbra-collectd: out of memory for the window\n", stderr);
		return 1;
	}
	puts("{\"ready\":true}");
	fflush(stdout);
	collect(&c);
	agree = print_totals(&c);
	order_free(&c.order);
	pn_dev_close(c.dev);
	return agree ? 0 : 2;
}
