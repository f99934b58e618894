/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a domU, from pCPU 0's side and from its own pCPU's. */
#include "domu.h"

#include "attend.h"
#include "cpu.h"
#include "lib.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define MIN_MEMORY (4ull << 20)
#define MAX_MEMORY (64ull << 30)
#define TURN_MS 10     /* of TSC time between two turns that a busy guest gives */
#define TURN_PAUSES 16
#define CONSOLE_PORT 0x3f8
#define CONSOLE_US_PER_BYTE 16
#define CONSOLE_BURST 32768ull /* bytes */

enum { STOP_NOT, STOP_NOW, STOP_AFTER_REGION }; /* stop_req */

static struct domu *domus[PN_MAX_DOMAINS];

struct domu *domu_by_id(u32 id)
{
	return id < PN_MAX_DOMAINS ? domus[id] : NULL;
}

static u64 domu_pages(void)
{
	return ALIGN_UP(sizeof(struct domu), PAGE_SIZE) / PAGE_SIZE;
}

static void set_state(struct domu *u, enum pn_state state)
{
	WRITE_ONCE(u->d.state, state);
	TRACE(&u->s->v, domain_state, state, u->d.exit_code);
}

static bool make_p2m(struct domu *u)
{
	struct domain *d = &u->d;
	u64 bytes = ALIGN_UP(d->nr_pages * sizeof(u32), PAGE_SIZE);

	d->p2m = plat_alloc_pages(bytes / PAGE_SIZE);
	if (!d->p2m)
		return false;
	d->p2m_frames = d->nr_pages;
	for (u64 i = 0; i < d->nr_pages; i++)
		d->p2m[i] = (u32)(d->first_mfn.n + i);
	return true;
}

static void release(struct domu *u)
{
	struct domain *d = &u->d;

	if (d->vcpu[0])
		paging_domain_destroy(d);
	if (d->p2m)
		plat_free_pages(d->p2m, ALIGN_UP(d->nr_pages * sizeof(u32), PAGE_SIZE) / PAGE_SIZE);
	if (u->memory)
		pool_free(u->memory, u->memory_bytes);
	svm_vcpu_destroy(u->s);
	plat_free_pages(u, domu_pages());
}

static int free_pcpu(void)
{
	for (unsigned p = 1; p < nr_pcpus; p++) {
		bool used = false;
		for (unsigned i = 0; i < PN_MAX_DOMAINS; i++)
			used |= domus[i] && domus[i]->pcpu == p;
		if (!used)
			return (int)p;
	}
	return -1;
}

static bool fill_domu(struct domu *u, u64 pool_pages)
{
	struct domain *d = &u->d;

	u->memory = pool_alloc(u->memory_bytes);
	u->s = svm_vcpu_create(d, 0);
	if (!u->memory || !u->s)
		return false;
	d->first_mfn = hpa_to_mfn(u->memory);
	d->nr_pages = u->memory_bytes >> PAGE_SHIFT;
	if (!make_p2m(u) || !paging_domain_init(d, pool_pages))
		return false;
	d->vcpu[0] = &u->s->v;
	u->s->v.pcpu = u->pcpu;
	u->s->v.backend = u->s;
	svm_setup_domu(u->s);
	return true;
}

enum pn_error domu_create(const char *name, u64 memory_bytes, u64 pool_pages, u32 *id)
{
	int slot = -1, pcpu = free_pcpu();

	if (memory_bytes < MIN_MEMORY || memory_bytes > MAX_MEMORY || pool_pages > memory_bytes >> PAGE_SHIFT)
		return PN_ERR_inval;
	for (int i = PN_MAX_DOMAINS - 1; i >= 0; i--)
		if (!domus[i])
			slot = i;
	if (slot < 0 || pcpu < 0)
		return PN_ERR_nospc;
	struct domu *u = plat_alloc_pages(domu_pages());
	if (!u)
		return PN_ERR_nomem;
	u->memory_bytes = ALIGN_UP(memory_bytes, POOL_UNIT);
	u->pcpu = (u32)pcpu;
	u->holds = true;
	u->timer = ~0ull;
	u->d.id = (u32)slot;
	u->d.nr_vcpus = 1;
	u->d.backend = u;
	str_copy(u->d.name, sizeof(u->d.name), name);
	if (pool_pages && pool_pages < paging_pool_minimum(&u->d)) {
		release(u);
		return PN_ERR_small;
	}
	if (!fill_domu(u, pool_pages)) {
		release(u);
		return PN_ERR_nomem;
	}
	vdev_init(&u->vdev, tsc_khz, rdtsc());
	vdev_set_memory(&u->vdev, u->memory_bytes);
	domus[slot] = u;
	*id = (u32)slot;
	set_state(u, PN_CREATED);
	plat_log(LOG_DEBUG, "domain %u \"%s\" created: %llu MiB on pcpu%u", u->d.id, u->d.name,
		 (unsigned long long)(u->memory_bytes >> 20), u->pcpu);
	return PN_ERR_ok;
}

static bool inside(u64 offset, u64 bytes, u64 all)
{
	return offset <= all && bytes <= all - offset;
}

enum pn_error domu_load(struct domu *u, u64 image, u64 image_bytes, u64 initrd, u64 initrd_bytes, const char *cmdline,
			char *why, size_t why_bytes)
{
	u8 *mem = (u8 *)u->memory;

	if (u->d.state != PN_CREATED)
		return PN_ERR_state;
	if (!inside(image, image_bytes, u->memory_bytes) || !inside(initrd, initrd_bytes, u->memory_bytes))
		return PN_ERR_inval;
	struct load_request rq = { .mem = mem,
				   .mem_bytes = u->memory_bytes,
				   .image = mem + image,
				   .image_bytes = image_bytes,
				   .initrd = initrd_bytes ? mem + initrd : NULL,
				   .initrd_bytes = initrd_bytes,
				   .cmdline = cmdline };
	if (load_image(&rq, &u->entry) != LOAD_OK) {
		str_copy(why, why_bytes, u->entry.why);
		return PN_ERR_image;
	}
	svm_set_entry(u->s, &u->entry);
	if (!paging_vcpu_init(&u->s->v))
		return PN_ERR_nomem;
	set_state(u, PN_LOADED);
	return PN_ERR_ok;
}

static void go(struct domu *u)
{
	struct pcpu *p = pcpus[u->pcpu];

	u->started = rdtsc();
	WRITE_ONCE(u->stop_req, STOP_NOT);
	WRITE_ONCE(u->running, 1);
	set_state(u, PN_RUNNING);
	__atomic_store_n(&p->next, u->s, __ATOMIC_RELEASE);
	apic_send_kick(p);
}

enum pn_error domu_start(struct domu *u)
{
	if (u->d.state != PN_LOADED)
		return PN_ERR_state;
	go(u);
	return PN_ERR_ok;
}

/* Wait until its pCPU has let go of it. That pCPU may at the same time wait for us to stand: do. */
static void make_stand(struct domu *u, u32 when)
{
	WRITE_ONCE(u->stop_req, when);
	while (READ_ONCE(u->running)) {
		apic_send_kick(pcpus[u->pcpu]);
		for (int i = 0; i < 1000 && READ_ONCE(u->running); i++) {
			quiet_stand_if_asked();
			cpu_relax();
		}
	}
}

enum pn_error domu_pause(struct domu *u)
{
	if (u->d.state != PN_RUNNING)
		return PN_ERR_state;
	make_stand(u, STOP_NOW);
	return u->d.state == PN_PAUSED ? PN_ERR_ok : PN_ERR_state;
}

enum pn_error domu_unpause(struct domu *u)
{
	if (u->d.state != PN_PAUSED)
		return PN_ERR_state;
	go(u);
	return PN_ERR_ok;
}

enum pn_error domu_destroy(struct domu *u)
{
	make_stand(u, STOP_NOW);
	domus[u->d.id] = NULL;
	release(u);
	return PN_ERR_ok;
}

bool domu_hold(struct domu *u)
{
	bool ran = READ_ONCE(u->d.state) == PN_RUNNING;

	make_stand(u, STOP_AFTER_REGION);
	return ran && u->d.state == PN_PAUSED;
}

void domu_go_on(struct domu *u, bool ran)
{
	if (ran)
		go(u);
}

void domu_wake(struct domu *u)
{
	if (READ_ONCE(u->running))
		apic_send_kick(pcpus[u->pcpu]);
}

void domu_info(const struct domu *u, struct pn_domain_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = u->d.id;
	info->state = READ_ONCE(u->d.state);
	info->exit_code = u->d.exit_code;
	info->nr_vcpus = u->d.nr_vcpus;
	info->memory_bytes = u->memory_bytes;
	info->run_ticks = u->ran + (READ_ONCE(u->running) ? rdtsc() - u->started : 0);
	info->trips = vcpu_trips(&u->s->v);
	info->console_pending = vdev_console_pending(&u->vdev);
	str_copy(info->name, sizeof(info->name), u->d.name);
	str_copy(info->reason, sizeof(info->reason), u->d.reason);
	info->memory_offset = u->memory - host_memory.pool_base;
}

void domu_stat(const struct domu *u, struct pn_stat *st)
{
	memset(st, 0, sizeof(*st));
	st->trips = vcpu_trips(&u->s->v);
	memcpy(st->counter, u->d.counter, sizeof(st->counter));
	memcpy(st->trip, u->s->v.trip, sizeof(st->trip));
	st->trace_written = u->s->v.trace_written;
	st->trace_lost = u->s->v.trace_lost;
}

/* ---- on its own pCPU ---- */

static void stopped(struct domu *u)
{
	quiet_abort(u);
	apic_timer_at(~0ull);
	u->timer = ~0ull;
	u->ran += rdtsc() - u->started;
	if (u->d.state == PN_RUNNING)
		set_state(u, PN_PAUSED);
	__atomic_store_n(&u->running, 0, __ATOMIC_RELEASE);
}

void pcpu_idle(void)
{
	struct pcpu *p = this_pcpu();

	clgi();
	for (;;) {
		struct svm_vcpu *s = __atomic_exchange_n(&p->next, NULL, __ATOMIC_ACQUIRE);
		if (!s) {
			pcpu_wait();
			continue;
		}
		struct domu *u = s->v.domain->backend;
		p->current = s;
		s->v.attention = 1;
		if (svm_attend(s))
			svm_run(s);
		p->current = NULL;
		stopped(u);
	}
}

u32 domu_in(struct domu *u, u16 port, unsigned bytes)
{
	return vdev_in(&u->vdev, port, bytes, rdtsc());
}

/*
 * A guest that prints for ever gets no faster than a line of CONSOLE_US_PER_BYTE once
 * its burst is used up: its pCPU halts a while, as a guest on a real line would wait. Not in regions.
 */
static void pace_console(struct domu *u)
{
	u64 now = rdtsc(), tick = CONSOLE_US_PER_BYTE * tsc_khz / 1000;

	if (u->line_free < now)
		u->line_free = now;
	u->line_free += tick;
	if (likely(u->in_region || u->line_free - now < CONSOLE_BURST * tick))
		return;
	apic_timer_at(now + tsc_khz);
	u->timer = ~0ull;
	pcpu_wait();
}

void domu_out(struct domu *u, u16 port, unsigned bytes, u32 val)
{
	if (port == CONSOLE_PORT)
		pace_console(u);
	vdev_out(&u->vdev, port, bytes, val, rdtsc());
	if (unlikely(u->vdev.exit_requested)) {
		u->d.exit_code = u->vdev.exit_code;
		set_state(u, PN_EXITED);
	} else if (unlikely(u->vdev.reset_requested)) {
		plat_domain_crash(&u->d, "the guest asked for a reset");
	}
}

static void arm_timer(struct domu *u)
{
	u64 deadline = vdev_deadline(&u->vdev), other = u->in_region ? u->region_limit : u->turn;

	if (other < deadline)
		deadline = other;
	if (deadline == u->timer)
		return;
	u->timer = deadline;
	apic_timer_at(deadline);
}

/*
 * Under QEMU's -icount a pCPU that never halts leaves the others next to nothing, so
 * that dom0 could not even time the domain out. A PAUSE hands the turn over; on
 * hardware it costs nothing. Measured regions are left alone.
 */
static void take_turns(struct domu *u, u64 now)
{
	if (u->in_region || now < u->turn)
		return;
	for (int i = 0; u->turn && i < TURN_PAUSES; i++)
		cpu_relax();
	u->turn = now + TURN_MS * tsc_khz;
}

void domu_poll(struct domu *u)
{
	u64 now = rdtsc();

	take_turns(u, now);
	vdev_advance(&u->vdev, now);
	if (unlikely(u->in_region && now >= u->region_limit)) {
		plat_log(LOG_WARN, "domain %u: a measured region went over its limit; the other pCPUs are let go",
			 u->d.id);
		quiet_abort(u);
	}
	arm_timer(u);
	if (u->region_begins)
		quiet_begun(u);
}

bool domu_must_stop(struct domu *u)
{
	u32 req = READ_ONCE(u->stop_req);

	return (req && !(req == STOP_AFTER_REGION && u->in_region)) || u->d.state != PN_RUNNING;
}

void domu_halt(struct domu *u)
{
	for (;;) {
		domu_poll(u);
		if (vdev_irq_pending(&u->vdev) || domu_must_stop(u))
			return;
		pcpu_wait();
		domu_interrupted(u);
	}
}
