/* SPDX-License-Identifier: BSD-2-Clause */
/* See tests/dom0/sim.h. Memory of domain n begins at n * SIM_MEMORY in the pool. */
#include "tests/dom0/sim.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SIM_MEMORY  (1u << 20)
#define SIM_DOMAINS 4
#define SIM_VCPUS   2

struct sim sim;

static struct sim_domain {
	struct pn_domain_info info;
	unsigned looks, console;
	uint64_t pool, logs;
	bool disk;
} domains[SIM_DOMAINS];

static _Alignas(4096) char bar2[PN_EXCHANGE_BYTES + 2 * SIM_RING_BYTES];
static _Alignas(4096) char bar4[(SIM_DOMAINS + 1) * SIM_MEMORY]; /* the one disk image there can be is last */
static uint64_t image_bytes;
static uint32_t regs[1024];
static unsigned looks_at_stat;

static uint64_t *reg64(unsigned offset)
{
	return (uint64_t *)&regs[offset / 4];
}

void sim_reset(void)
{
	memset(domains, 0, sizeof(domains));
	memset(regs, 0, sizeof(regs));
	memset(bar2, 0, sizeof(bar2));
	memset(bar4, 0, sizeof(bar4));
	image_bytes = looks_at_stat = 0;
	sim = (struct sim){ .magic = PN_MAGIC, .version = PN_ABI_VERSION, .ring_offset = PN_EXCHANGE_BYTES };
}

char *sim_pool(size_t *bytes)
{
	*bytes = sizeof(bar4);
	return bar4;
}

static uint32_t sim_create(const uint64_t *arg, uint64_t *ret)
{
	unsigned i = 0;

	while (i < SIM_DOMAINS && domains[i].info.state != PN_FREE)
		i++;
	if (i == SIM_DOMAINS || arg[2] > SIM_VCPUS)
		return PN_ERR_nospc;
	if (arg[0] > SIM_MEMORY) {
		ret[3] = sim.lie_why ? sim.lie_why : (uint64_t)sprintf(bar2, "that is more than 1 MiB (limit domu_memory)");
		return PN_ERR_nomem;
	}
	if (arg[3] > PN_MAX_LEVELS)
		return PN_ERR_inval;
	sim.shadow_levels = arg[3];
	domains[i] = (struct sim_domain){ .info = { .id = i + 1,
						    .state = PN_CREATED,
						    .nr_vcpus = (uint32_t)arg[2],
						    .memory_bytes = arg[0],
						    .memory_offset = (uint64_t)i * SIM_MEMORY } };
	snprintf(domains[i].info.name, PN_NAME, "%.31s", bar2);
	sim.live++;
	ret[0] = i + 1;
	ret[1] = domains[i].info.memory_offset;
	ret[2] = arg[0];
	return PN_ERR_ok;
}

static uint32_t sim_load(struct sim_domain *d, const uint64_t *arg)
{
	if (arg[0] > d->info.memory_bytes || d->info.memory_bytes - arg[0] < 4)
		return PN_ERR_inval;
	memcpy(sim.load_args, arg, sizeof(sim.load_args));
	memcpy(sim.modules, bar2 + PN_CMDLINE, sizeof(sim.modules));
	snprintf(sim.cmdline, sizeof(sim.cmdline), "%.63s", bar2);
	if (memcmp(bar4 + d->info.memory_offset + arg[0], "\177ELF", 4)) {
		strcpy(bar2, "no known magic");
		return PN_ERR_image;
	}
	d->info.state = PN_LOADED;
	return PN_ERR_ok;
}

/* A look at the list lets time pass. */
static void pass_time(struct sim_domain *d)
{
	unsigned code;

	if (d->info.state != PN_RUNNING || ++d->looks < 3)
		return;
	if (sscanf(d->info.name, "exit%u", &code) == 1) {
		d->info.state = PN_EXITED;
		d->info.exit_code = code;
	} else if (strncmp(d->info.name, "crash", 5) == 0) {
		d->info.state = PN_CRASHED;
		strcpy(d->info.reason, "triple fault");
	}
	d->info.run_ticks += 1000;
}

static void sim_list(uint64_t *ret)
{
	for (unsigned i = 0; i < SIM_DOMAINS; i++) {
		pass_time(&domains[i]);
		if (domains[i].info.state != PN_FREE)
			memcpy(bar2 + ret[0]++ * sizeof(domains[i].info), &domains[i].info, sizeof(domains[i].info));
	}
}

static void sim_stat(void)
{
	struct pn_stat *st = (struct pn_stat *)bar2;

	looks_at_stat = sim.grows ? looks_at_stat + 1 : 1;
	memset(st, 0, sizeof(*st));
	st->trips = 5 * looks_at_stat;
	st->counter[PN_CNT_fill] = 7;
	st->trip[TRIP_cpuid] = (struct pn_trip_stat){
		.count = 5 * looks_at_stat, .ticks = 500 * looks_at_stat, .bytes = 0, .hist = { [6] = 5 }
	};
	if (sim.grows)
		st->trip[TRIP_cr3] = (struct pn_trip_stat){ .count = 15 * looks_at_stat, .ticks = 4500 * looks_at_stat };
}

static void sim_regions(const uint64_t *arg, uint64_t *ret)
{
	struct pn_region *r = (struct pn_region *)bar2;

	ret[1] = 2;
	for (; ret[0] < 1 && arg[0] + ret[0] < 2; ret[0]++) { /* one a call: the reader must ask again */
		r[ret[0]] = (struct pn_region){ .ops = 10,
						.instructions = 1234,
						.trips = 20,
						.bytes_touched = 320,
						.guest_levels = 4,
						.shadow_levels = 4,
						.trip_count[TRIP_pf_fixed] = 20,
						.trip_ticks[TRIP_pf_fixed] = 900,
						.trip_bytes[TRIP_pf_fixed] = 320,
						.counter[PN_CNT_fill] = 20 };
		memcpy(r[ret[0]].phase, arg[0] ? "second\0\0\0\0\0\0\0\0\0" : "sixteen-bytes-lo", 16);
	}
}

static uint32_t sim_set_pool(struct sim_domain *d, uint64_t pages, uint64_t *ret)
{
	ret[1] = 12;
	if (pages && pages < ret[1])
		return PN_ERR_small;
	if (pages)
		d->pool = pages;
	ret[0] = d->pool;
	return PN_ERR_ok;
}

/* 128 pages a call, the first, third and last of them written. */
/* In two pieces, the second of which finds what there is. */
static uint32_t sim_audit(const struct sim_domain *d, uint64_t go_on, uint64_t *ret)
{
	const bool first = !go_on;

	if (go_on > 1 || (go_on && !sim.auditing))
		return go_on > 1 ? PN_ERR_inval : PN_ERR_state;
	sim.auditing = first;
	if (first && sim.interrupted)
		raise(SIGINT);
	ret[0] = strncmp(d->info.name, "crash", 5) == 0 ? 2 - first : 0;
	ret[1] = ret[0] ? (uint64_t)sprintf(bar2, "fault %d\n", 2 - first) : 0;
	ret[2] = first;
	ret[3] = first ? 1000 : 1500;
	return PN_ERR_ok;
}

static uint32_t sim_logdirty(struct sim_domain *d, const uint64_t *arg, uint64_t *ret)
{
	uint64_t left = d->info.memory_bytes / 4096 - arg[1];

	if (arg[0] >= PN_LOGDIRTY_PEEK && !d->logs)
		return PN_ERR_state;
	ret[2] = 1234;
	ret[3] = 5;
	if (arg[0] < PN_LOGDIRTY_PEEK) {
		d->logs = arg[0];
		return PN_ERR_ok;
	}
	ret[0] = left < 128 ? left : 128;
	memset(bar2, 0, 16);
	bar2[0] = 5;
	bar2[(ret[0] - 1) / 8] |= (char)0x80;
	ret[1] = 3;
	return PN_ERR_ok;
}

static uint32_t sim_image(uint64_t bytes, uint64_t *ret)
{
	if (image_bytes || bytes > SIM_MEMORY)
		return image_bytes ? PN_ERR_nospc : PN_ERR_nomem;
	image_bytes = bytes;
	ret[0] = 3;
	ret[1] = (uint64_t)SIM_DOMAINS * SIM_MEMORY;
	return bytes ? PN_ERR_ok : PN_ERR_inval;
}

static uint32_t sim_image_free(uint64_t nr)
{
	if (nr != 3 || !image_bytes)
		return PN_ERR_noimage;
	image_bytes = 0;
	return PN_ERR_ok;
}

static uint32_t sim_disk(struct sim_domain *d, const uint64_t *arg)
{
	if (arg[0] != 3 || !image_bytes)
		return PN_ERR_noimage;
	memcpy(sim.disk_args, arg, sizeof(sim.disk_args));
	d->disk = true;
	return PN_ERR_ok;
}

/* The guest has asked nine times, in vain once. */
static uint32_t sim_disk_read(const struct sim_domain *d, uint64_t at, uint64_t *ret)
{
	const uint64_t left = image_bytes - at;

	if (!d->disk || at > image_bytes)
		return d->disk ? PN_ERR_inval : PN_ERR_noimage;
	ret[0] = left < PN_EXCHANGE_BYTES ? left : PN_EXCHANGE_BYTES;
	ret[1] = image_bytes;
	ret[2] = 9;
	ret[3] = 1;
	memcpy(bar2, bar4 + (size_t)SIM_DOMAINS * SIM_MEMORY + at, ret[0]);
	return PN_ERR_ok;
}

static uint32_t on_domain(struct sim_domain *d, uint32_t command, const uint64_t *arg, uint64_t *ret)
{
	switch (command) {
	case PN_CMD_load: return sim_load(d, arg);
	case PN_CMD_start:
	case PN_CMD_unpause:
		if (d->info.state != (command == PN_CMD_start ? PN_LOADED : PN_PAUSED))
			return PN_ERR_state;
		d->info.state = PN_RUNNING;
		return PN_ERR_ok;
	case PN_CMD_pause:
		if (d->info.state != PN_RUNNING)
			return PN_ERR_state;
		d->info.state = PN_PAUSED;
		return PN_ERR_ok;
	case PN_CMD_destroy:
		d->info.state = PN_FREE;
		sim.live--;
		return PN_ERR_ok;
	case PN_CMD_stat: sim_stat(); return PN_ERR_ok;
	case PN_CMD_regions: sim_regions(arg, ret); return PN_ERR_ok;
	case PN_CMD_console_read:
		ret[0] = d->console++ ? 0 : (uint64_t)sprintf(bar2, "hello from %s\n", d->info.name);
		ret[1] = 3;
		return PN_ERR_ok;
	case PN_CMD_console_write:
		if (arg[0] > sizeof(sim.typed))
			return PN_ERR_inval;
		ret[0] = arg[0];
		snprintf(sim.typed, sizeof(sim.typed), "%.*s", (int)arg[0], bar2);
		return PN_ERR_ok;
	case PN_CMD_pool: return sim_set_pool(d, arg[0], ret);
	case PN_CMD_life:
		if (d->info.state != PN_CREATED)
			return PN_ERR_state;
		snprintf(sim.life, sizeof(sim.life), "%llu %.*s%s", (unsigned long long)arg[0], (int)(arg[0] + arg[1]), bar2,
			 arg[2] ? "alone" : "");
		return PN_ERR_ok;
	case PN_CMD_disk: return sim_disk(d, arg);
	case PN_CMD_disk_read: return sim_disk_read(d, arg[0], ret);
	case PN_CMD_logdirty: return sim_logdirty(d, arg, ret);
	case PN_CMD_audit:
		if (d->info.state == PN_RUNNING)
			return PN_ERR_state;
		return sim_audit(d, arg[0], ret);
	}
	return PN_ERR_nosys;
}

static uint32_t run(uint32_t command, uint32_t domain, const uint64_t *arg, uint64_t *ret)
{
	switch (command) {
	case PN_CMD_ping: ret[0] = arg[0] + 1; return PN_ERR_ok;
	case PN_CMD_create: return sim_create(arg, ret);
	case PN_CMD_list: sim_list(ret); return PN_ERR_ok;
	case PN_CMD_memory:
		ret[0] = 6ull << 30;
		ret[1] = 5ull << 30;
		ret[2] = 3ull << 30;
		ret[3] = 1ull << 30;
		return PN_ERR_ok;
	case PN_CMD_image: return sim_image(arg[0], ret);
	case PN_CMD_image_free: return sim_image_free(arg[0]);
	case PN_CMD_log: ret[0] = sim.commands < 3 ? (uint64_t)sprintf(bar2, "[0.000] a log line\n") : 0; return PN_ERR_ok;
	case PN_CMD_trace:
		if (arg[1] > PN_TRACE_LOSSLESS)
			return PN_ERR_unsupp;
		sim.trace_mask = arg[0];
		sim.trace_mode = arg[1];
		return PN_ERR_ok;
	}
	if (domain == 0 || domain > SIM_DOMAINS || domains[domain - 1].info.state == PN_FREE)
		return PN_ERR_nodom;
	return on_domain(&domains[domain - 1], command, arg, ret);
}

static uint32_t sim_read32(struct pn_dev *dev, unsigned offset)
{
	static const char recipe[32] = "simulated";
	uint32_t word = 0;

	if (offset >= PN_REG_RECIPE && offset <= PN_REG_RECIPE + 28)
		memcpy(&word, &recipe[offset - PN_REG_RECIPE], 4);
	else if (offset < sizeof(regs))
		word = regs[offset / 4];
	return word;
}

static void sim_write32(struct pn_dev *dev, unsigned offset, uint32_t value)
{
	uint64_t ret[PN_NR_RETS] = { 0 }, arg[PN_NR_ARGS];

	if (offset >= PN_REG_ARG(0) && offset < PN_REG_ARG(PN_NR_ARGS))
		regs[offset / 4] = value;
	else if (offset == PN_REG_COMMAND || offset == PN_REG_DOMAIN)
		regs[offset / 4] = value;
	if (offset != PN_REG_DOORBELL || value != 1)
		return;
	for (unsigned i = 0; i < PN_NR_ARGS; i++)
		arg[i] = *reg64(PN_REG_ARG(i));
	sim.commands++;
	regs[PN_REG_STATUS / 4] = run(regs[PN_REG_COMMAND / 4], regs[PN_REG_DOMAIN / 4], arg, ret);
	if (sim.lie_status)
		regs[PN_REG_STATUS / 4] = sim.lie_status;
	for (unsigned i = 0; i < PN_NR_RETS; i++)
		*reg64(PN_REG_RET(i)) = ret[i];
}

static void sim_close(struct pn_dev *dev)
{
	free(dev);
}

static void fill_registers(void)
{
	regs[PN_REG_MAGIC / 4] = sim.magic;
	regs[PN_REG_VERSION / 4] = sim.version;
	regs[PN_REG_NR_PCPUS / 4] = regs[PN_REG_NR_RINGS / 4] = 2;
	regs[PN_REG_RING_OFFSET / 4] = sim.ring_offset;
	regs[PN_REG_RING_BYTES / 4] = SIM_RING_BYTES;
	*reg64(PN_REG_POOL_BYTES) = sizeof(bar4);
	regs[PN_REG_TSC_KHZ / 4] = 1000000;
	regs[PN_REG_MAX_DOMAINS / 4] = PN_MAX_DOMAINS;
	regs[PN_REG_EXCHANGE_BYTES / 4] = PN_EXCHANGE_BYTES;
}

struct pn_dev *sim_open(const char *dir, char *why, size_t size)
{
	struct pn_dev *dev = calloc(1, sizeof(*dev));

	*dev = (struct pn_dev){ .read32 = sim_read32,
				.write32 = sim_write32,
				.close = sim_close,
				.bar2 = bar2,
				.window = bar4,
				.window_bytes = sizeof(bar4),
				.bar4_fd = -1,
				.lock_fd = -1,
				.bar2_bytes = sizeof(bar2),
				.bar4_bytes = sizeof(bar4) };
	fill_registers();
	if (pn_dev_probe(dev, why, size) == 0)
		return dev;
	sim_close(dev);
	return NULL;
}
