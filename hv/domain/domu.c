/* SPDX-License-Identifier: BSD-2-Clause */
/* The life of a domU, from pCPU 0's side. */
#include "domu.h"

#include "cpu.h"
#include "disks.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "p2m.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"
#include "wait.h"

#define LAST_WORDS      4096 /* bytes of each domain's console that a panic saves */
#define LAST_WORDS_LINE 200
#define MIB             (1ul << 20)
#define REGION_LIMIT_MS 2000 /* of TSC time, unless dom0 says otherwise */

static struct domu *domus[PN_MAX_DOMAINS];

struct domu *domu_by_id(u32 id)
{
	return id < PN_MAX_DOMAINS ? domus[id] : NULL;
}

static u64 domu_pages(void)
{
	return ALIGN_UP(sizeof(struct domu), PAGE_SIZE) / PAGE_SIZE;
}

static void release(struct domu *u)
{
	struct domain *d = &u->d;

	disks_detach(u);
	if (d->vcpu[d->nr_vcpus - 1])
		paging_domain_destroy(d);
	p2m_destroy(d);
	if (u->memory)
		pool_free(u->memory, u->memory_bytes);
	for (u32 i = 0; i < d->nr_vcpus; i++)
		backend_vcpu_destroy(u->vcpu[i].v);
	plat_free_pages(u, domu_pages());
}

static bool pcpu_used(u32 pcpu)
{
	for (unsigned i = 0; i < PN_MAX_DOMAINS; i++)
		for (u32 k = 0; domus[i] && k < domus[i]->d.nr_vcpus; k++)
			if (domus[i]->vcpu[k].pcpu == pcpu)
				return true;
	return false;
}

/* The lowest pCPUs that nobody has. False: too few. */
static bool find_pcpus(u32 *pcpu, u64 n)
{
	for (u32 p = 1; p < nr_pcpus && n; p++)
		if (!pcpu_used(p)) {
			*pcpu++ = p;
			n--;
		}
	return !n;
}

static bool make_vcpu(struct domu *u, u32 id)
{
	struct domu_vcpu *c = &u->vcpu[id];

	c->u = u;
	c->timer = ~0ull;
	c->v = backend_vcpu_create(&u->d, id);
	if (!c->v)
		return false;
	c->v->pcpu = c->pcpu;
	c->v->owner = c;
	trace_ring_give(c->v);
	return true;
}

static enum pn_error __attribute__((format(printf, 3, 4))) refuse(enum pn_error e, char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PN_REASON, format, args);
	va_end(args);
	return e;
}

enum pn_error domu_no_books(char *why)
{
	struct memory_state m;

	memory_state(&m);
	return refuse(PN_ERR_nomem, why, "its books need more than the %lu MiB that are free (limit heap)", m.free / MIB);
}

enum pn_error domu_no_pool(const struct domain *d, u64 pages, char *why)
{
	const u64 need = paging_pool_bytes(d, pages);
	struct memory_state m;

	memory_state(&m);
	if (need > m.free_low && pages)
		return refuse(PN_ERR_nomem, why,
			      "a pool of %lu pages needs %lu MiB below 4 GiB; %lu MiB are free there (limit heap)", pages,
			      ALIGN_UP(need, MIB) / MIB, m.free_low / MIB);
	if (need > m.free_low)
		return refuse(PN_ERR_nomem, why, "its pool needs %lu MiB below 4 GiB; %lu MiB are free there (limit heap)",
			      ALIGN_UP(need, MIB) / MIB, m.free_low / MIB);
	return domu_no_books(why);
}

enum pn_error domu_pool_too_large(u64 pages, u64 of, char *why)
{
	return refuse(PN_ERR_inval, why, "a pool of %lu pages for %lu pages of memory: one for each at most (limit pool)", pages,
		      of);
}

enum pn_error domu_no_memory(u64 bytes, char *why)
{
	struct memory_state m;

	memory_state(&m);
	return refuse(PN_ERR_nomem, why, "%lu MiB of memory: %lu MiB are free, and %lu in one piece (limit domu_memory)",
		      bytes / MIB, m.free / MIB, m.largest / MIB);
}

/* The pool first: what cannot have one is not to be cleared before. */
static enum pn_error fill_domu(struct domu *u, u64 pool_pages, char *why)
{
	struct domain *d = &u->d;
	struct memory_state m;

	memory_state(&m);
	d->nr_pages = u->memory_bytes >> PAGE_SHIFT;
	if (paging_pool_bytes(d, pool_pages) > m.free_low)
		return domu_no_pool(d, pool_pages, why);
	u->memory = pool_alloc(u->memory_bytes);
	if (!u->memory)
		return domu_no_memory(u->memory_bytes, why);
	for (u32 i = 0; i < d->nr_vcpus; i++)
		if (!make_vcpu(u, i))
			return domu_no_pool(d, pool_pages, why);
	d->first_mfn = hpa_to_mfn(u->memory);
	if (!p2m_init(d, d->nr_pages) || !p2m_map(d, GFN(0), d->first_mfn, d->nr_pages) || !paging_domain_init(d, pool_pages))
		return domu_no_pool(d, pool_pages, why);
	for (u32 i = 0; i < d->nr_vcpus; i++)
		d->vcpu[i] = u->vcpu[i].v;
	d->acting = d->vcpu[0]; /* dom0 may ask for what flushes before any of them has begun */
	return PN_ERR_ok;
}

static int free_slot(void)
{
	for (int i = 0; i < PN_MAX_DOMAINS; i++)
		if (!domus[i])
			return i;
	return -1;
}

/* What no machine could give. */
static enum pn_error check_numbers(const struct domu_request *rq, char *why)
{
	const u64 bytes = rq->memory_bytes, pages = bytes >> PAGE_SHIFT;

	if (bytes < PN_LIMIT_least_memory * MIB)
		return refuse(PN_ERR_inval, why, "%lu KiB of memory: a domU has %u MiB at least (limit least_memory)",
			      bytes >> 10, PN_LIMIT_least_memory);
	if (bytes > PN_LIMIT_memory * MIB)
		return refuse(PN_ERR_inval, why, "%lu MiB of memory: a domU has %u at most (limit memory)", bytes / MIB,
			      PN_LIMIT_memory);
	if (rq->pool_pages > pages)
		return domu_pool_too_large(rq->pool_pages, pages, why);
	if (rq->nr_vcpus < 1 || rq->nr_vcpus > PN_LIMIT_vcpus)
		return refuse(PN_ERR_inval, why, "%lu vCPUs: a domU has %u at most (limit vcpus)", rq->nr_vcpus, PN_LIMIT_vcpus);
	if (rq->nr_vcpus > 1 && bytes > PN_LIMIT_smp_memory * MIB)
		return refuse(PN_ERR_inval, why, "%lu MiB of memory: a domU of several vCPUs has %u at most (limit smp_memory)",
			      bytes / MIB, PN_LIMIT_smp_memory);
	return PN_ERR_ok;
}

static u32 free_pcpus(void)
{
	u32 n = 0;

	for (u32 p = 1; p < nr_pcpus; p++)
		n += !pcpu_used(p);
	return n;
}

/* A place among the domains, and pCPUs. */
static enum pn_error find_place(const struct domu_request *rq, int *slot, u32 *pcpu, char *why)
{
	*slot = free_slot();
	if (*slot < 0)
		return refuse(PN_ERR_nospc, why, "there are %u domUs already (limit domains)", PN_LIMIT_domains);
	if (!find_pcpus(pcpu, rq->nr_vcpus))
		return refuse(PN_ERR_nospc, why, "%lu vCPUs: of this machine's %u pCPUs %u are free (limit pcpus)", rq->nr_vcpus,
			      nr_pcpus, free_pcpus());
	return PN_ERR_ok;
}

static enum pn_error make_domu(const struct domu_request *rq, struct domu *u, char *why)
{
	u64 least;

	u->memory_bytes = ALIGN_UP(rq->memory_bytes, POOL_UNIT);
	u->regions = rq->regions;
	u->region_most = rq->region_most ? rq->region_most : REGION_LIMIT_MS * tsc_khz;
	u->d.min_shadow_levels = rq->shadow_levels;
	u->d.nr_vcpus = (u32)rq->nr_vcpus;
	u->d.domu = u;
	str_copy(u->d.name, sizeof(u->d.name), rq->name);
	least = paging_pool_minimum(&u->d);
	if (rq->pool_pages && rq->pool_pages < least)
		return refuse(PN_ERR_small, why, "fewer shadow pages than the domain can run with: %lu are the least", least);
	return fill_domu(u, rq->pool_pages, why);
}

enum pn_error domu_create(const struct domu_request *rq, u32 *id, char *why)
{
	u32 pcpu[MAX_VCPUS];
	struct domu *u;
	enum pn_error e;
	int slot;

	why[0] = 0;
	e = check_numbers(rq, why);
	if (e == PN_ERR_ok)
		e = find_place(rq, &slot, pcpu, why);
	if (e != PN_ERR_ok)
		return e;
	u = plat_alloc_pages(domu_pages());
	if (!u)
		return refuse(PN_ERR_nomem, why, "a domU takes %lu KiB of books, which are not free (limit heap)",
			      domu_pages() * PAGE_SIZE >> 10);
	u->d.id = (u32)slot;
	for (u32 i = 0; i < rq->nr_vcpus; i++)
		u->vcpu[i].pcpu = pcpu[i];
	e = make_domu(rq, u, why);
	if (e != PN_ERR_ok) {
		release(u);
		return e;
	}
	vdev_init(&u->vdev, tsc_khz, domu_now(u));
	vdev_set_memory(&u->vdev, u->memory_bytes);
	domus[slot] = u;
	*id = (u32)slot;
	if (domu_is_smp(u))
		vcpus_init(u);
	domu_set_state(&u->vcpu[0], PN_CREATED);
	plat_log(LOG_DEBUG, "domain %u \"%s\" created: %lu MiB at %lx, %u vCPUs from pcpu%u on", u->d.id, u->d.name,
		 (u->memory_bytes >> 20), u->memory, u->d.nr_vcpus, pcpu[0]);
	return PN_ERR_ok;
}

static bool inside(u64 offset, u64 bytes, u64 all)
{
	return offset <= all && bytes <= all - offset;
}

enum pn_error domu_load(struct domu *u, const struct domu_images *at, const char *cmdline, char *why, size_t why_bytes)
{
	u8 *mem = (u8 *)u->memory;

	if (u->d.state != PN_CREATED)
		return PN_ERR_state;
	if (!inside(at->image, at->image_bytes, u->memory_bytes) || !inside(at->initrd, at->initrd_bytes, u->memory_bytes) ||
	    at->modules.nr > PN_MAX_MODULES)
		return PN_ERR_inval;
	struct load_request rq = { .mem = mem,
				   .mem_bytes = u->memory_bytes,
				   .image = mem + at->image,
				   .image_bytes = at->image_bytes,
				   .initrd = at->initrd_bytes ? mem + at->initrd : NULL,
				   .initrd_bytes = at->initrd_bytes,
				   .modules = at->modules,
				   .cmdline = cmdline };

	if (load_image(&rq, &u->entry) != LOAD_OK) {
		str_copy(why, why_bytes, u->entry.why);
		return PN_ERR_image;
	}
	mptable_write(u);
	backend_set_entry(u->vcpu[0].v, &u->entry);
	if (!paging_vcpu_init(u->vcpu[0].v))
		return PN_ERR_nomem;
	u->vcpu[0].begun = true;
	domu_set_state(&u->vcpu[0], PN_LOADED);
	return PN_ERR_ok;
}

static void go(struct domu *u)
{
	u->started = domu_now(u);
	WRITE_ONCE(u->stop_req, STOP_NOT);
	WRITE_ONCE(u->running, u->d.nr_vcpus);
	u->stopped = 0;
	domu_set_state(&u->vcpu[0], PN_RUNNING);
	for (u32 i = 0; i < u->d.nr_vcpus; i++) {
		struct pcpu *p = pcpus[u->vcpu[i].pcpu];

		__atomic_store_n(&p->next, u->vcpu[i].v, __ATOMIC_RELEASE);
		apic_send_kick(p);
	}
}

static void kick_all(const void *domain)
{
	const struct domu *u = domain;

	for (u32 i = 0; i < u->d.nr_vcpus; i++)
		apic_send_kick(pcpus[u->vcpu[i].pcpu]);
}

enum pn_error domu_start(struct domu *u)
{
	if (u->d.state != PN_LOADED)
		return PN_ERR_state;
	go(u);
	return PN_ERR_ok;
}

static bool stands(const void *domain)
{
	const struct domu *u = domain;

	return !READ_ONCE(u->running);
}

/* pCPUs that still run one of its vCPUs: those that are known to be lost, or that are from now on. */
static unsigned lost_pcpus(struct domu *u, bool now)
{
	unsigned lost = 0;

	for (u32 i = 0; i < u->d.nr_vcpus; i++) {
		struct pcpu *p = pcpus[u->vcpu[i].pcpu];

		if (READ_ONCE(p->current) != u->vcpu[i].v)
			continue;
		if (now)
			domu_pcpu_lost(p, "to stop its guest");
		lost += READ_ONCE(p->lost);
	}
	return lost;
}

/* Wait until its pCPUs have let go of it. They may at the same time wait for us to stand: wait_for does. */
static enum pn_error make_stand(struct domu *u, u32 when)
{
	WRITE_ONCE(u->stop_req, when);
	if (stands(u))
		return PN_ERR_ok;
	if (!lost_pcpus(u, false) && wait_for(&(struct wait){ stands, kick_all, u }))
		return PN_ERR_ok;
	lost_pcpus(u, true);
	return stands(u) ? PN_ERR_ok : PN_ERR_stuck;
}

enum pn_error domu_pause(struct domu *u)
{
	if (u->d.state != PN_RUNNING)
		return PN_ERR_state;
	enum pn_error e = make_stand(u, STOP_NOW);
	return e != PN_ERR_ok || u->d.state == PN_PAUSED ? e : PN_ERR_state;
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
	enum pn_error e = make_stand(u, STOP_NOW);

	if (e != PN_ERR_ok)
		return e;
	domus[u->d.id] = NULL;
	release(u);
	return PN_ERR_ok;
}

enum pn_error domu_await_end(struct domu *u)
{
	if (READ_ONCE(u->d.state) == PN_RUNNING)
		return PN_ERR_state;
	return stands(u) ? PN_ERR_ok : make_stand(u, STOP_NOW);
}

/* What is done to a domain while it stands is traced as well: is there no room for that? */
static bool rings_are_short(const struct domu *u)
{
	for (u32 i = 0; i < u->d.nr_vcpus; i++)
		if (trace_is_short(u->vcpu[i].v))
			return true;
	return false;
}

void domu_look_at_rings(struct domu *u)
{
	if (!READ_ONCE(u->running))
		return;
	for (u32 i = 0; i < u->d.nr_vcpus; i++)
		WRITE_ONCE(u->vcpu[i].v->request, 1);
	kick_all(u);
}

enum pn_error domu_hold(struct domu *u, bool *ran)
{
	enum pn_error e;

	*ran = READ_ONCE(u->d.state) == PN_RUNNING;
	if (*ran && READ_ONCE(u->d.stands_since) && READ_ONCE(u->holding))
		return PN_ERR_busy;
	e = make_stand(u, STOP_AFTER_REGION);
	*ran = *ran && u->d.state == PN_PAUSED;
	if (e != PN_ERR_ok || !rings_are_short(u))
		return e;
	domu_go_on(u, *ran);
	return PN_ERR_busy;
}

void domu_go_on(struct domu *u, bool ran)
{
	if (ran)
		go(u);
}

void domu_wake(struct domu *u)
{
	if (READ_ONCE(u->running))
		apic_send_kick(pcpus[u->vcpu[0].pcpu]);
}

/* In a panic: whatever of it is wrong by now, nothing here depends on more than the ring itself. */
static void last_words(const struct domu *u)
{
	static char text[LAST_WORDS + 1];
	char line[LAST_WORDS_LINE + 1];
	size_t n = vdev_console_tail(&u->vdev, text, LAST_WORDS), len = 0;

	text[n] = '\n';
	for (size_t i = 0; i <= n; i++) {
		if (text[i] >= ' ' && text[i] <= '~')
			line[len++] = text[i];
		if (len == LAST_WORDS_LINE || (text[i] == '\n' && len)) {
			line[len] = 0;
			log_console(u->d.name, line);
			len = 0;
		}
	}
}

void domu_last_words(void)
{
	for (unsigned i = 0; i < PN_MAX_DOMAINS; i++)
		if (domus[i])
			last_words(domus[i]);
}

static u64 trips(const struct domu *u)
{
	u64 sum = 0;

	for (u32 i = 0; i < u->d.nr_vcpus; i++)
		sum += vcpu_trips(u->vcpu[i].v);
	return sum;
}

void domu_info(const struct domu *u, struct pn_domain_info *info)
{
	memset(info, 0, sizeof(*info));
	info->id = u->d.id;
	info->state = READ_ONCE(u->d.state);
	info->exit_code = u->d.exit_code;
	info->nr_vcpus = u->d.nr_vcpus;
	info->memory_bytes = u->memory_bytes;
	info->run_ticks = u->ran + (READ_ONCE(u->running) ? domu_now(u) - u->started : 0);
	info->trips = trips(u);
	info->console_pending = vdev_console_pending(&u->vdev);
	str_copy(info->name, sizeof(info->name), u->d.name);
	str_copy(info->reason, sizeof(info->reason), u->d.reason);
	info->memory_offset = u->memory - host_memory.window_base;
}

static void add_trips(struct pn_trip_stat *sum, const struct pn_trip_stat *t)
{
	sum->count += t->count;
	sum->ticks += t->ticks;
	sum->bytes += t->bytes;
	for (unsigned i = 0; i < PN_HIST_BUCKETS; i++)
		sum->hist[i] += t->hist[i];
}

void domu_stat(const struct domu *u, struct pn_stat *st)
{
	memset(st, 0, sizeof(*st));
	st->trips = trips(u);
	memcpy(st->counter, u->d.counter, sizeof(st->counter));
	for (u32 i = 0; i < u->d.nr_vcpus; i++) {
		const struct vcpu *v = u->vcpu[i].v;

		for (unsigned kind = 0; kind < TRIP_MAX; kind++)
			add_trips(&st->trip[kind], &v->trip[kind]);
		st->trace_written += v->trace_written;
		st->trace_lost += v->trace_lost;
	}
}
