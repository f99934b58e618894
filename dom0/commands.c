/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl's commands on single domains. Each returns an exit code and has said what went wrong. */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "events.h"
#include "names.h"
#include "show.h"

bool ctl_domain(struct ctl *c, uint32_t *id)
{
	uint64_t n;

	if (!ctl_number(c->arg[0], &n) || n > UINT32_MAX) {
		fprintf(c->err, "penumbra-ctl: \"%s\" is no domain number\n", c->arg[0]);
		return false;
	}
	*id = (uint32_t)n;
	return true;
}

static int simple(struct ctl *c, enum pn_command command, const char *what)
{
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = dom_simple(c->dev, command, id);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, what, e);
}

int cmd_start(struct ctl *c)
{
	return simple(c, PN_CMD_start, "start");
}

int cmd_pause(struct ctl *c)
{
	return simple(c, PN_CMD_pause, "pause");
}

int cmd_unpause(struct ctl *c)
{
	return simple(c, PN_CMD_unpause, "unpause");
}

int cmd_destroy(struct ctl *c)
{
	return simple(c, PN_CMD_destroy, "destroy");
}

/* abi/limits.def */
static const struct limit {
	const char *name, *unit, *text;
	long long value; /* 0: memory bounds it */
} limits[] = {
#define LIMIT(id, value, unit, text) { #id, unit, text, value },
#define LIMIT_MEMORY(id, text)       { #id, "", text, 0 },
#include "limits.def"
};
#define NR_LIMITS (sizeof(limits) / sizeof(limits[0]))

static void print_info(struct ctl *c, const struct dom_host *h)
{
	const struct pn_dev *d = c->dev;

	fprintf(c->out, "recipe %s, %u pCPUs, TSC %u kHz, trace rings of %u KiB\n", d->recipe, d->nr_pcpus, d->tsc_khz,
		d->ring_bytes >> 10);
	fprintf(c->out,
		"%" PRIu64 " MiB are not dom0's; free: %" PRIu64 " MiB, %" PRIu64 " of them in one piece, %" PRIu64
		" below 4 GiB\n",
		h->bytes >> 20, h->free >> 20, h->largest >> 20, h->free_low >> 20);
	for (size_t i = 0; i < NR_LIMITS; i++)
		if (limits[i].value)
			fprintf(c->out, "limit %-12s %7lld %-5s  %s\n", limits[i].name, limits[i].value, limits[i].unit,
				limits[i].text);
		else
			fprintf(c->out, "limit %-12s %13s  %s\n", limits[i].name, "memory's", limits[i].text);
}

static json_t *info_json(const struct pn_dev *d, const struct dom_host *h)
{
	json_t *all = json_object();

	for (size_t i = 0; i < NR_LIMITS; i++)
		if (limits[i].value)
			json_object_set_new(all, limits[i].name, json_integer(limits[i].value));
	return json_pack("{s:s,s:i,s:I,s:I,s:I,s:I,s:i,s:i,s:o}", "recipe", d->recipe, "pcpus", (int)d->nr_pcpus, "memory_bytes",
			 (json_int_t)h->bytes, "free_bytes", (json_int_t)h->free, "largest_bytes", (json_int_t)h->largest,
			 "free_low_bytes", (json_int_t)h->free_low, "tsc_khz", (int)d->tsc_khz, "ring_bytes", (int)d->ring_bytes,
			 "limits", all);
}

int cmd_info(struct ctl *c)
{
	struct dom_host h;
	enum pn_error e = dom_host(c->dev, &h);

	if (e != PN_ERR_ok)
		return ctl_fail(c, "info", e);
	if (c->json)
		ctl_print_json(c, info_json(c->dev, &h));
	else
		print_info(c, &h);
	return 0;
}

int cmd_create(struct ctl *c)
{
	struct dom_memory mem;
	enum pn_error e;

	if (c->memory_mib == 0 || c->memory_mib > 1 << 20) {
		fprintf(c->err, "penumbra-ctl: %llu MiB of memory?\n", (unsigned long long)c->memory_mib);
		return CTL_USAGE;
	}
	e = dom_create(c->dev, c->arg[0], c->memory_mib << 20, c->pool_pages, c->vcpus, c->shadow_levels, c->regions, 0, &mem);
	if (e != PN_ERR_ok)
		return ctl_fail(c, "create", e);
	if (c->json)
		ctl_print_json(c, json_pack("{s:i,s:I,s:I}", "id", (int)mem.id, "memory_offset", (json_int_t)mem.offset,
					    "memory_bytes", (json_int_t)mem.bytes));
	else
		fprintf(c->out, "%u\n", mem.id);
	return 0;
}

int cmd_load(struct ctl *c)
{
	struct pn_domain_info info;
	struct dom_memory mem;
	char why[DOM_WHY];
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = dom_info(c->dev, id, &info);
	if (e != PN_ERR_ok)
		return ctl_fail(c, "load", e);
	mem = (struct dom_memory){ .id = id, .offset = info.memory_offset, .bytes = info.memory_bytes };
	e = dom_load(c->dev, &mem, &(struct dom_kernel){ .image = c->arg[1], .initrd = c->initrd, .cmdline = c->cmdline }, why);
	if (e != PN_ERR_ok && why[0]) {
		fprintf(c->err, "penumbra-ctl: load: %s\n", why);
		return CTL_FAILED;
	}
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "load", e);
}

static void list_line(struct ctl *c, const struct pn_domain_info *i)
{
	fprintf(c->out, "%6u  %-20s %-8s %6llu MiB %14llu ticks %10llu trips", i->id, i->name, pn_state_name(i->state),
		(unsigned long long)(i->memory_bytes >> 20), (unsigned long long)i->run_ticks, (unsigned long long)i->trips);
	if (i->state == PN_EXITED)
		fprintf(c->out, "  code %u", i->exit_code);
	if (i->reason[0])
		fprintf(c->out, "  %s", i->reason);
	fputc('\n', c->out);
}

int cmd_list(struct ctl *c)
{
	struct pn_domain_info info[PN_MAX_DOMAINS];
	json_t *all = json_array();
	unsigned n;
	enum pn_error e = dom_list(c->dev, info, &n);

	for (unsigned i = 0; i < n; i++) {
		json_array_append_new(all, show_info(&info[i]));
		if (!c->json)
			list_line(c, &info[i]);
	}
	if (c->json && e == PN_ERR_ok)
		ctl_print_json(c, all);
	else
		json_decref(all);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "list", e);
}

static void longest_line(struct ctl *c, const struct pn_stat *s)
{
	unsigned trip;
	uint64_t most = show_longest(s, &trip);

	if (most)
		fprintf(c->out, "longest exit: less than %llu ticks (%s)\n", (unsigned long long)most, pn_trip_name(trip));
}

/* The columns of `perf kvm stat`, as far as the counters know them. */
static void stat_table(struct ctl *c, const struct pn_stat *s)
{
	uint64_t ticks = 0;

	for (unsigned i = 0; i < TRIP_MAX; i++)
		ticks += s->trip[i].ticks;
	fprintf(c->out, "%-14s %12s %9s %9s %12s %14s %12s\n", "trip", "samples", "samples%", "time%", "ticks each", "bytes",
		"longest <");
	for (unsigned i = 0; i < TRIP_MAX; i++) {
		const struct pn_trip_stat *t = &s->trip[i];

		if (t->count)
			fprintf(c->out, "%-14s %12llu %8.2f%% %8.2f%% %12.1f %14llu %12llu\n", pn_trip_name(i),
				(unsigned long long)t->count, s->trips ? 100.0 * t->count / s->trips : 0,
				ticks ? 100.0 * t->ticks / ticks : 0, (double)t->ticks / t->count, (unsigned long long)t->bytes,
				(unsigned long long)show_longest_of(t));
	}
	longest_line(c, s);
	for (unsigned i = 0; i < PN_CNT_MAX; i++)
		if (s->counter[i])
			fprintf(c->out, "%-20s %12llu\n", pn_counter_name(i), (unsigned long long)s->counter[i]);
	fprintf(c->out, "trace: %llu records, %llu lost\n", (unsigned long long)s->trace_written,
		(unsigned long long)s->trace_lost);
}

int cmd_stat(struct ctl *c)
{
	static struct pn_stat stat;
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = dom_stat(c->dev, id, &stat);
	if (e != PN_ERR_ok)
		return ctl_fail(c, "stat", e);
	if (c->json)
		ctl_print_json(c, show_stat(&stat));
	else
		stat_table(c, &stat);
	return 0;
}

static void region_line(struct ctl *c, const struct pn_region *r)
{
	double ops = r->ops ? (double)r->ops : 1;

	fprintf(c->out, "%-16.16s %8llu ops %14.2f ticks/op %9.3f trips/op %10.1f bytes/op  %u-on-%u%s%s\n", r->phase,
		(unsigned long long)r->ops, r->instructions / ops, r->trips / ops, r->bytes_touched / ops, r->guest_levels,
		r->shadow_levels, r->disturbed ? "  disturbed: " : "", show_disturbed(r->disturbed));
}

int cmd_regions(struct ctl *c)
{
	static struct pn_region region[PN_MAX_REGIONS];
	json_t *all = json_array(), *o;
	uint64_t began;
	enum pn_error e;
	unsigned n = 0;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = dom_regions(c->dev, id, region, &n, &began, NULL);
	for (unsigned i = 0; i < n; i++) {
		show_region(o = json_object(), &region[i]);
		json_array_append_new(all, o);
		if (!c->json)
			region_line(c, &region[i]);
	}
	if (e == PN_ERR_ok && began > n)
		fprintf(c->err, "penumbra-ctl: %llu more regions were measured but not kept\n", (unsigned long long)(began - n));
	if (c->json && e == PN_ERR_ok)
		ctl_print_json(c, json_incref(all));
	json_decref(all);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "regions", e);
}

int cmd_life(struct ctl *c)
{
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = dom_life(c->dev, id, c->from, c->to);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "life", e);
}

static bool still_alive(struct ctl *c, uint32_t id)
{
	struct pn_domain_info info;

	return dom_info(c->dev, id, &info) == PN_ERR_ok && info.state != PN_EXITED && info.state != PN_CRASHED;
}

/* Follow: until the domain has ended and nothing is left. */
static int console(struct ctl *c, uint32_t id, char *buf)
{
	const struct timespec nap = { 0, 20000000 };
	uint64_t lost = 0;
	enum pn_error e;
	bool alive;
	size_t n;

	do {
		alive = c->follow && still_alive(c, id);
		e = dom_console(c->dev, id, buf, &n, &lost);
		if (e != PN_ERR_ok)
			return ctl_fail(c, "console", e);
		if (n)
			fwrite(buf, 1, n, c->out);
		else if (alive)
			nanosleep(&nap, NULL);
		fflush(c->out);
	} while (n || alive);
	if (lost)
		fprintf(c->err, "penumbra-ctl: %llu bytes were lost\n", (unsigned long long)lost);
	return 0;
}

int cmd_console(struct ctl *c)
{
	char *buf;
	uint32_t id;
	int ret;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	buf = malloc(c->dev->exchange_bytes);
	ret = buf ? console(c, id, buf) : ctl_fail(c, "console", PN_ERR_nomem);
	free(buf);
	return ret;
}

int cmd_input(struct ctl *c)
{
	uint64_t args[PN_NR_ARGS] = { strlen(c->arg[1]) + 1 }, rets[PN_NR_RETS];
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id) || args[0] > c->dev->exchange_bytes)
		return CTL_USAGE;
	PN_LOCKED(c->dev);
	memcpy(pn_exchange(c->dev), c->arg[1], args[0] - 1);
	pn_exchange(c->dev)[args[0] - 1] = '\n';
	e = pn_command(c->dev, PN_CMD_console_write, id, args, rets);
	if (e == PN_ERR_ok && rets[0] != args[0])
		fprintf(c->err, "penumbra-ctl: it took %llu of %llu bytes\n", (unsigned long long)rets[0],
			(unsigned long long)args[0]);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "input", e);
}

int cmd_log(struct ctl *c)
{
	uint64_t rets[PN_NR_RETS];
	enum pn_error e;

	PN_LOCKED(c->dev);
	do {
		e = pn_command(c->dev, PN_CMD_log, 0, NULL, rets);
		if (e == PN_ERR_ok && rets[0] <= c->dev->exchange_bytes)
			fwrite(pn_exchange(c->dev), 1, rets[0], c->out);
	} while (e == PN_ERR_ok && rets[0]);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "log", e);
}

static bool event_mask(struct ctl *c, const char *list, uint64_t *mask)
{
	char *copy = strdup(list), *save = NULL;
	bool ok = copy != NULL;

	*mask = 0;
	for (char *name = ok ? strtok_r(copy, ",", &save) : NULL; name && ok; name = strtok_r(NULL, ",", &save)) {
		int ev = pn_event_number(name);

		if (strcmp(name, "all") == 0)
			*mask = ~0ull;
		else if (ev >= 0)
			*mask |= 1ull << ev;
		else if (strcmp(name, "none"))
			ok = false;
		if (!ok)
			fprintf(c->err, "penumbra-ctl: no event \"%s\"\n", name);
	}
	free(copy);
	return ok;
}

static bool trace_mode(struct ctl *c, uint64_t *mode)
{
	static const char *const names[] = {
		[PN_TRACE_DROP] = "drop", [PN_TRACE_OVERWRITE] = "overwrite", [PN_TRACE_LOSSLESS] = "lossless"
	};

	for (*mode = 0; *mode < sizeof(names) / sizeof(names[0]); ++*mode)
		if (!strcmp(c->mode ? c->mode : names[0], names[*mode]))
			return true;
	fprintf(c->err, "penumbra-ctl: no mode \"%s\"\n", c->mode);
	return false;
}

int cmd_trace(struct ctl *c)
{
	uint64_t args[PN_NR_ARGS] = { 0, PN_TRACE_DROP };
	enum pn_error e;

	if (!event_mask(c, c->arg[0], &args[0]))
		return CTL_USAGE;
	if (!trace_mode(c, &args[1]))
		return CTL_USAGE;
	e = pn_command(c->dev, PN_CMD_trace, 0, args, NULL);
	return e == PN_ERR_ok ? 0 : ctl_fail(c, "trace", e);
}

static volatile sig_atomic_t interrupted;

static void on_interrupt(int sig)
{
	interrupted = 1;
}

/* Ctrl-C ends it between two pieces. */
static enum pn_error audit_until_interrupt(struct ctl *c, uint32_t id, struct dom_audit *a)
{
	struct sigaction now = { .sa_handler = on_interrupt }, before;
	enum pn_error e;

	interrupted = 0;
	sigaction(SIGINT, &now, &before);
	e = dom_audit(c->dev, id, &interrupted, a);
	sigaction(SIGINT, &before, NULL);
	return e;
}

static void show_audit(struct ctl *c, const struct dom_audit *a)
{
	if (c->json)
		ctl_print_json(c, json_pack("{s:I,s:o,s:I,s:b}", "faults", (json_int_t)a->faults, "text",
					    show_text(a->text, strlen(a->text)), "looked", (json_int_t)a->looked, "stopped",
					    a->stopped));
	else if (a->stopped)
		fprintf(c->out, "%sstopped after %llu entries, %llu faults so far\n", a->text, (unsigned long long)a->looked,
			(unsigned long long)a->faults);
	else
		fprintf(c->out, "%s%llu faults\n", a->text, (unsigned long long)a->faults);
}

int cmd_audit(struct ctl *c)
{
	struct dom_audit a;
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	e = audit_until_interrupt(c, id, &a);
	if (e == PN_ERR_ok)
		show_audit(c, &a);
	free(a.text);
	if (e != PN_ERR_ok)
		return ctl_fail(c, "audit", e);
	return a.faults || a.stopped ? CTL_FAILED : 0;
}
