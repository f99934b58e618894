/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control device's registers and commands. Every number comes from dom0
 * and is checked here; what is in the exchange buffer is copied before it is
 * looked at, because dom0 can change it at any time.
 */
#include "control.h"

#include "control_abi.h"
#include "cpu.h"
#include "disks.h"
#include "domu.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

static struct {
	u32 command, domain, status;
	u64 arg[PN_NR_ARGS], ret[PN_NR_RETS];
} box;

static u8 *exchange(void)
{
	return control_memory.base;
}

/* A NUL-terminated copy of at most `room` - 1 bytes of the exchange buffer. */
static void copy_string(char *dst, size_t room)
{
	memcpy(dst, exchange(), room - 1);
	dst[room - 1] = 0;
}

/* The answer has its reason in the exchange buffer. */
static enum pn_error because(enum pn_error e, const char *why)
{
	box.ret[3] = strnlen(why, PN_REASON - 1);
	memcpy(exchange(), why, box.ret[3]);
	return e;
}

static enum pn_error cmd_ping(struct domu *u)
{
	box.ret[0] = box.arg[0] + 1;
	return PN_ERR_ok;
}

static enum pn_error cmd_create(struct domu *u)
{
	char name[PN_NAME], why[PN_REASON];
	struct domu_request rq = { .name = name,
				   .memory_bytes = box.arg[0],
				   .pool_pages = box.arg[1],
				   .nr_vcpus = box.arg[2] ? box.arg[2] : 1,
				   .shadow_levels = (u32)box.arg[3],
				   .regions = (enum pn_regions)box.arg[4],
				   .region_most = box.arg[5] };
	enum pn_error e;
	u32 id = 0;

	if (box.arg[3] > PN_MAX_LEVELS || box.arg[4] > PN_REGIONS_ALL)
		return PN_ERR_inval;
	copy_string(name, sizeof(name));
	e = domu_create(&rq, &id, why);
	if (e != PN_ERR_ok)
		return because(e, why);
	u = domu_by_id(id);
	if (!control_show(u->memory, u->memory_bytes)) {
		(void)domu_destroy(u); /* it has not run */
		return because(PN_ERR_nomem, "no table is left for dom0 to see its memory by");
	}
	box.ret[0] = id;
	box.ret[1] = u->memory - host_memory.window_base;
	box.ret[2] = u->memory_bytes;
	return PN_ERR_ok;
}

static enum pn_error cmd_destroy(struct domu *u)
{
	const hpa_t memory = u->memory;
	const enum pn_error e = domu_destroy(u);

	if (e == PN_ERR_ok)
		control_hide(memory);
	return e;
}

static enum pn_error cmd_load(struct domu *u)
{
	static char cmdline[PN_CMDLINE];
	struct domu_images at = { box.arg[0], box.arg[1], box.arg[2], box.arg[3], { box.arg[4], { 0 } } };
	char why[PN_REASON] = "";

	copy_string(cmdline, sizeof(cmdline));
	memcpy(at.modules.bytes, exchange() + PN_CMDLINE, sizeof(at.modules.bytes));
	enum pn_error e = domu_load(u, &at, cmdline, why, sizeof(why));
	if (e == PN_ERR_image)
		memcpy(exchange(), why, sizeof(why));
	return e;
}

/* What a domain does by itself. */
#define cmd_start   domu_start
#define cmd_pause   domu_pause
#define cmd_unpause domu_unpause

static enum pn_error cmd_list(struct domu *unused)
{
	struct pn_domain_info info;

	for (u32 id = 0; id < PN_MAX_DOMAINS; id++) {
		const struct domu *u = domu_by_id(id);
		if (!u)
			continue;
		domu_info(u, &info);
		memcpy(exchange() + box.ret[0]++ * sizeof(info), &info, sizeof(info));
	}
	return PN_ERR_ok;
}
_Static_assert(PN_MAX_DOMAINS * sizeof(struct pn_domain_info) <= PN_EXCHANGE_BYTES, "a list fits the exchange buffer");

static enum pn_error cmd_stat(struct domu *u)
{
	domu_stat(u, &u->stat_buffer);
	memcpy(exchange(), &u->stat_buffer, sizeof(u->stat_buffer));
	return PN_ERR_ok;
}
_Static_assert(sizeof(struct pn_stat) <= PN_EXCHANGE_BYTES, "statistics fit the exchange buffer");

static enum pn_error cmd_regions(struct domu *u)
{
	u64 kept = u->nr_regions < PN_MAX_REGIONS ? u->nr_regions : PN_MAX_REGIONS;
	u64 n = PN_EXCHANGE_BYTES / sizeof(struct pn_region);

	if (box.arg[0] > kept)
		return PN_ERR_inval;
	if (n > kept - box.arg[0])
		n = kept - box.arg[0];
	memcpy(exchange(), &u->region[box.arg[0]], n * sizeof(struct pn_region));
	box.ret[0] = n;
	box.ret[1] = u->nr_regions;
	box.ret[2] = u->life.state;
	return PN_ERR_ok;
}

static enum pn_error cmd_console_read(struct domu *u)
{
	box.ret[0] = vdev_console_read(&u->vdev, exchange(), PN_EXCHANGE_BYTES);
	box.ret[1] = u->vdev.out_lost;
	return PN_ERR_ok;
}

static enum pn_error cmd_console_write(struct domu *u)
{
	if (box.arg[0] > PN_EXCHANGE_BYTES)
		return PN_ERR_inval;
	box.ret[0] = vdev_console_write(&u->vdev, exchange(), box.arg[0]);
	domu_wake(u);
	return PN_ERR_ok;
}

static enum pn_error cmd_log(struct domu *u)
{
	box.ret[0] = log_read((char *)exchange(), PN_EXCHANGE_BYTES);
	return PN_ERR_ok;
}

static enum pn_error cmd_memory(struct domu *u)
{
	struct memory_state m;

	memory_state(&m);
	box.ret[0] = host_memory.own_bytes;
	box.ret[1] = m.free;
	box.ret[2] = m.largest;
	box.ret[3] = m.free_low;
	return PN_ERR_ok;
}

static enum pn_error cmd_trace(struct domu *u)
{
	if (box.arg[1] > PN_TRACE_LOSSLESS)
		return PN_ERR_inval;
	trace_set(box.arg[0], (enum pn_trace_mode)box.arg[1]);
	for (u32 id = 0; trace_lossless && id < PN_MAX_DOMAINS; id++)
		if (domu_by_id(id))
			domu_look_at_rings(domu_by_id(id));
	return PN_ERR_ok;
}

/* Whose audit is under way, and has more to do. Any other command for the domain ends it. */
static const struct domu *audited;
/* What one piece looks at: some 50 million instructions, for which dom0 stands. */
#define AUDIT_ENTRIES (1u << 20)

static bool audit_piece(struct domu *u, bool begin)
{
	struct paging_audited sum;
	bool over;

	if (begin)
		paging_audit_begin(&u->d);
	over = paging_audit_some(&u->d, AUDIT_ENTRIES, (char *)exchange(), PN_EXCHANGE_BYTES, &sum);
	box.ret[0] = sum.faults;
	box.ret[1] = strnlen((const char *)exchange(), PN_EXCHANGE_BYTES);
	box.ret[2] = !over;
	box.ret[3] = sum.looked;
	return over;
}

static enum pn_error cmd_audit(struct domu *u)
{
	const bool begin = !box.arg[0];
	enum pn_error e;

	if (box.arg[0] > 1)
		return PN_ERR_inval;
	e = domu_await_end(u);
	if (e != PN_ERR_ok)
		return e;
	if (!begin && audited != u)
		return PN_ERR_state;
	audited = u->d.state == PN_CREATED || audit_piece(u, begin) ? NULL : u;
	return PN_ERR_ok;
}

static enum pn_error cmd_quiet(struct domu *u)
{
	if (box.arg[0] > PN_REGIONS_ALL)
		return PN_ERR_inval;
	if (READ_ONCE(u->running))
		return PN_ERR_state;
	u->regions = (enum pn_regions)box.arg[0];
	return PN_ERR_ok;
}

static enum pn_error cmd_pool(struct domu *u)
{
	static const enum pn_error answer[] = { [POOL_OK] = PN_ERR_ok,
						[POOL_TOO_SMALL] = PN_ERR_small,
						[POOL_NO_MEMORY] = PN_ERR_nomem,
						[POOL_NONE] = PN_ERR_unsupp };
	enum pn_error e = PN_ERR_ok;
	char why[PN_REASON];

	if (paging_is_nested)
		return PN_ERR_unsupp;
	if (box.arg[0] > u->d.nr_pages)
		return because(domu_pool_too_large(box.arg[0], u->d.nr_pages, why), why);
	if (box.arg[0]) {
		bool ran;
		e = domu_hold(u, &ran);
		if (e != PN_ERR_ok)
			return e;
		e = answer[paging_pool_resize(&u->d, box.arg[0])];
		if (e == PN_ERR_nomem)
			because(domu_no_pool(&u->d, box.arg[0], why), why);
		domu_go_on(u, ran);
	}
	box.ret[0] = u->d.counter[PN_CNT_pool_pages];
	box.ret[1] = paging_pool_minimum(&u->d);
	box.ret[2] = u->d.counter[PN_CNT_shadow_used];
	return e;
}

static enum pn_error log_dirty_bits(struct domain *d, bool clean)
{
	u64 first = box.arg[1], n = PN_EXCHANGE_BYTES * 8;

	if (!d->log_dirty)
		return PN_ERR_state;
	if (first % 64 || first >= d->nr_pages)
		return PN_ERR_inval;
	if (n > d->nr_pages - first)
		n = d->nr_pages - first;
	box.ret[0] = n;
	box.ret[1] = clean ? paging_log_dirty_clean(d, first, n, exchange()) : paging_log_dirty_peek(d, first, n, exchange());
	return PN_ERR_ok;
}

static enum pn_error log_dirty(struct domain *d)
{
	char why[PN_REASON];

	switch (box.arg[0]) {
	case PN_LOGDIRTY_OFF:
	case PN_LOGDIRTY_ON:
		return paging_log_dirty(d, box.arg[0] == PN_LOGDIRTY_ON) ? PN_ERR_ok : because(domu_no_books(why), why);
	case PN_LOGDIRTY_PEEK:
	case PN_LOGDIRTY_CLEAN: return log_dirty_bits(d, box.arg[0] == PN_LOGDIRTY_CLEAN);
	}
	return PN_ERR_inval;
}

/* Loading an image is not logged, so it comes first. */
static enum pn_error cmd_logdirty(struct domu *u)
{
	u64 entries = u->d.counter[PN_CNT_log_protect], begin;
	enum pn_error e;
	bool ran;

	if (u->d.state == PN_CREATED)
		return PN_ERR_state;
	e = domu_hold(u, &ran);
	if (e != PN_ERR_ok)
		return e;
	begin = rdtsc();
	e = log_dirty(&u->d);
	if (e == PN_ERR_ok) {
		box.ret[2] = rdtsc() - begin;
		box.ret[3] = u->d.counter[PN_CNT_log_protect] - entries;
	}
	domu_go_on(u, ran);
	return e;
}

static enum pn_error cmd_image(struct domu *u)
{
	char why[PN_REASON] = "";
	hpa_t base;
	enum pn_error e = disks_make(box.arg[0], &box.ret[0], &base, why);

	if (e != PN_ERR_ok)
		return because(e, why);
	if (!control_show(base, ALIGN_UP(box.arg[0], PAGE_SIZE))) {
		(void)disks_free(box.ret[0], &base); /* nobody has it yet */
		return because(PN_ERR_nomem, "no table is left for dom0 to see the image by");
	}
	box.ret[1] = base - host_memory.window_base;
	return PN_ERR_ok;
}

static enum pn_error cmd_image_free(struct domu *u)
{
	hpa_t base;
	enum pn_error e = disks_free(box.arg[0], &base);

	if (e == PN_ERR_ok)
		control_hide(base);
	return e;
}

static enum pn_error cmd_disk(struct domu *u)
{
	char why[PN_REASON] = "";
	const enum pn_error e = disks_attach(u, box.arg[0], box.arg[1], box.arg[2], box.arg[3], box.arg[4], why);

	return e == PN_ERR_ok ? e : because(e, why);
}

static enum pn_error cmd_disk_read(struct domu *u)
{
	const enum pn_error e = domu_await_end(u);

	if (e != PN_ERR_ok)
		return e;
	return disks_read(u, box.arg[0], exchange(), PN_EXCHANGE_BYTES, box.ret);
}

static enum pn_error cmd_life(struct domu *u)
{
	u8 texts[2 * PN_LIFE_TEXT];

	memcpy(texts, exchange(), sizeof(texts));
	return life_watch(u, texts, box.arg[0], box.arg[1], box.arg[2]);
}

static const struct {
	u32 nr;
	enum pn_error (*run)(struct domu *u);
} commands[] = {
#define X(id, nr, text) { nr, cmd_##id },
	PN_COMMANDS(X)
#undef X
};

static bool without_domain(u32 nr)
{
	return nr == PN_CMD_ping || nr == PN_CMD_create || nr == PN_CMD_list || nr == PN_CMD_log || nr == PN_CMD_trace ||
	       nr == PN_CMD_image || nr == PN_CMD_image_free || nr == PN_CMD_memory;
}

static enum pn_error run_command(void)
{
	memset(box.ret, 0, sizeof(box.ret));
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		if (commands[i].nr != box.command)
			continue;
		struct domu *u = domu_by_id(box.domain);
		if (!u && !without_domain(box.command))
			return PN_ERR_nodom;
		if (u == audited && box.command != PN_CMD_audit)
			audited = NULL;
		return commands[i].run(u);
	}
	return PN_ERR_nosys;
}

static u32 half(u64 val, u32 reg)
{
	return reg & 4 ? (u32)(val >> 32) : (u32)val;
}

static u32 recipe_word(u32 offset)
{
	char name[32] = "";
	u32 word;

	str_copy(name, sizeof(name), paging_recipe_name);
	memcpy(&word, name + offset, 4);
	return word;
}

u32 control_reg_read(u32 reg)
{
	if (reg >= PN_REG_RECIPE && reg < PN_REG_RECIPE + 32)
		return recipe_word(reg - PN_REG_RECIPE);
	if (reg >= PN_REG_ARG(0) && reg < PN_REG_ARG(PN_NR_ARGS))
		return half(box.arg[(reg - PN_REG_ARG(0)) / 8], reg - PN_REG_ARG(0));
	if (reg >= PN_REG_RET(0) && reg < PN_REG_RET(PN_NR_RETS))
		return half(box.ret[(reg - PN_REG_RET(0)) / 8], reg - PN_REG_RET(0));
	switch (reg) {
	case PN_REG_MAGIC: return PN_MAGIC;
	case PN_REG_VERSION: return PN_ABI_VERSION;
	case PN_REG_NR_PCPUS:
	case PN_REG_NR_RINGS: return nr_pcpus;
	case PN_REG_RING_OFFSET: return (u32)control_memory.ring_offset;
	case PN_REG_RING_BYTES: return (u32)control_memory.ring_bytes;
	case PN_REG_POOL_BYTES:
	case PN_REG_POOL_BYTES + 4: return half(host_memory.window_bytes, reg);
	case PN_REG_TSC_KHZ: return (u32)tsc_khz;
	case PN_REG_MAX_DOMAINS: return PN_MAX_DOMAINS;
	case PN_REG_EXCHANGE_BYTES: return PN_EXCHANGE_BYTES;
	case PN_REG_COMMAND: return box.command;
	case PN_REG_DOMAIN: return box.domain;
	case PN_REG_STATUS: return box.status;
	}
	return 0;
}

void control_reg_write(u32 reg, u32 val)
{
	if (reg >= PN_REG_ARG(0) && reg < PN_REG_ARG(PN_NR_ARGS)) {
		u64 *a = &box.arg[(reg - PN_REG_ARG(0)) / 8];
		*a = reg & 4 ? (u64)val << 32 | (u32)*a : (*a & ~0xffffffffull) | val;
		return;
	}
	switch (reg) {
	case PN_REG_COMMAND: box.command = val; break;
	case PN_REG_DOMAIN: box.domain = val; break;
	case PN_REG_DOORBELL:
		if (val == 1)
			box.status = run_command();
		break;
	}
}
