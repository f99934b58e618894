/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Several vCPUs at once: a thread each, on one domain of the simulated machine. All
 * touch the same pages and write to the same tables through the linear map, as the
 * kernels of an SMP machine do; who changes a translation has the others flush it
 * and waits for them.
 *
 * What must hold, however the threads meet:
 *  - after the last acknowledgement nobody reads or writes a frame by its old translation;
 *  - a frame that was written had its dirty bit set when its entry was taken away;
 *  - a table that became data translates nothing any more;
 *  - at the end the audit finds nothing.
 *
 * The first argument is how many operations a vCPU does, the second a seed.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/engine/tables.h"
#include "lock.h"

#define NV       3
#define POISON   0xdeadull
#define CANARY   480 /* a frame that only garbage in a former table leads to */
#define TABLE    21  /* the L1 table that becomes data and a table again */
#define EXTRA    (USER + (2ull << 20))
#define NR_EXTRA 8
#define ALARM_S  300

enum { SHOOT_NONE, SHOOT_PAGE, SHOOT_ALL };

struct cpu {
	struct vcpu *v;
	struct vcpu own;
	struct host_cpu cpu;
	pthread_t thread;
	u64 rng;
	u32 id;
	/* Who wants what flushed here: the asker writes, this one clears. */
	struct {
		u32 kind;
		gva_t va;
	} box[NV];
	u64 touched, faulted, emulated;
};

static struct cpu cpus[NV];
static u64 nr_ops = 20000;
static u32 running;

static void wrong(const struct cpu *c, const char *what, u64 a, u64 b)
{
	fprintf(stderr, "vCPU %u: %s (%#llx, %#llx)\n", c->id, what, (unsigned long long)a, (unsigned long long)b);
	abort();
}

static u64 pick(struct cpu *c, u64 below)
{
	return host_random(&c->rng) % below;
}

static u64 *word_of(u64 gfn)
{
	return guest_table(&g, gfn);
}

/* Now and then a thread loses its CPU where it matters, so that the others get far. */
static void dawdle(struct cpu *c)
{
	if (pick(c, 32) == 0)
		usleep(1);
}

static void dawdle_with_lock(struct domain *d)
{
	for (u32 i = 0; i < NV; i++)
		if (d->acting == cpus[i].v)
			dawdle(&cpus[i]);
}

/* ---- one instruction of a guest ---- */

enum kind { READ, WRITE, SWAP };

static u64 hardware(hpa_t hpa, enum kind kind, u64 value)
{
	u64 *p = (u64 *)((u8 *)plat_map(hpa_to_mfn(hpa)) + (hpa & ~PAGE_MASK));

	if (kind == READ)
		return __atomic_load_n(p, __ATOMIC_SEQ_CST);
	if (kind == WRITE) {
		__atomic_store_n(p, value, __ATOMIC_SEQ_CST);
		return 0;
	}
	return __atomic_exchange_n(p, value, __ATOMIC_SEQ_CST);
}

static void lock(struct cpu *c)
{
	if (!paging_lock(c->v))
		wrong(c, "the lock is broken", 0, 0);
}

/* With the lock held. False: once more. */
static bool emulate(struct cpu *c, gva_t va, enum kind kind, u64 *value)
{
	u64 old = 0;
	bool done = false;

	if (pick(c, 8) == 0 && gpa_to_gfn(c->v->fault.gpa).n != c->v->cr3 >> PAGE_SHIFT) {
		paging_unshadow(c->v, c->v->fault.gpa);
		return false;
	}
	c->emulated++;
	if (kind == WRITE)
		return paging_write(c->v, va, value, 8, 0) == SH_FIXED;
	while (!done)
		if (paging_cmpxchg(c->v, va, &old, value, 8, 0, &done) != SH_FIXED)
			return false;
	*value = old;
	return true;
}

/* False: the guest gets a page fault. */
static bool guest_does(struct cpu *c, gva_t va, u32 pfec, enum kind kind, u64 *value)
{
	for (;;) {
		enum verdict r;
		bool done;
		hpa_t hpa;
		u32 got;

		host_enter(c->v);
		done = host_access(c->v, va, pfec, &hpa, &got);
		if (done) {
			dawdle(c);
			*value = hardware(hpa, kind, *value);
		}
		host_leave(c->v);
		if (done)
			return true;
		lock(c);
		dawdle(c);
		r = paging_fault(c->v, va, got);
		if (r == SH_EMULATE)
			done = emulate(c, va, kind, value);
		paging_trip_over(c->v);
		paging_recheck(c->v, va);
		paging_unlock(c->v);
		if (r == SH_GUEST_FAULT || done)
			return done;
		if (r == SH_MMIO || r == SH_OOM || g.d.state == PN_CRASHED)
			wrong(c, "an access ended oddly", va, r);
	}
}

static void flush_page(struct cpu *c, gva_t va)
{
	bool done;

	host_enter(c->v);
	done = host_invlpg(c->v, va);
	host_leave(c->v);
	if (done)
		return;
	lock(c);
	paging_invlpg(c->v, va);
	paging_unlock(c->v);
}

static void load_root(struct cpu *c, u64 gfn)
{
	lock(c);
	c->v->cr3 = gfn << PAGE_SHIFT;
	paging_load_root(c->v);
	paging_unlock(c->v);
}

/* ---- shooting down ---- */

static void answer(struct cpu *c)
{
	for (u32 i = 0; i < NV; i++) {
		u32 kind = __atomic_load_n(&c->box[i].kind, __ATOMIC_ACQUIRE);

		if (kind == SHOOT_NONE)
			continue;
		if (kind == SHOOT_PAGE)
			flush_page(c, c->box[i].va);
		else
			load_root(c, c->v->cr3 >> PAGE_SHIFT);
		__atomic_store_n(&c->box[i].kind, SHOOT_NONE, __ATOMIC_RELEASE);
	}
}

static void shoot(struct cpu *c, u32 kind, gva_t va)
{
	if (kind == SHOOT_PAGE)
		flush_page(c, va);
	else
		load_root(c, c->v->cr3 >> PAGE_SHIFT);
	for (u32 i = 0; i < NV; i++)
		if (i != c->id) {
			cpus[i].box[c->id].va = va;
			__atomic_store_n(&cpus[i].box[c->id].kind, kind, __ATOMIC_RELEASE);
		}
	for (u32 i = 0; i < NV; i++)
		while (i != c->id && __atomic_load_n(&cpus[i].box[c->id].kind, __ATOMIC_ACQUIRE) != SHOOT_NONE) {
			answer(c);
			sched_yield();
		}
}

/* ---- what the vCPUs do ---- */

static void touch(struct cpu *c)
{
	bool extra = pick(c, 4) == 0, write = pick(c, 2);
	gva_t va = extra ? EXTRA + pick(c, NR_EXTRA) * PAGE_SIZE : user((u32)pick(c, NR_DATA));
	u64 value = 0x1000 | c->id;

	c->touched++;
	if (!guest_does(c, va, PFEC_U | (write ? PFEC_W : 0), write ? WRITE : READ, &value)) {
		c->faulted++;
		return;
	}
	if (!write && value == POISON)
		wrong(c, "a read by an old translation", va, value);
}

/* Exchange the entry of `page`, at `slot` of the table, as a kernel does through its linear map. */
static u64 swap_entry(struct cpu *c, u32 page, u64 e)
{
	if (!guest_does(c, linear(USER_L1, page), PFEC_W, SWAP, &e))
		wrong(c, "the linear map is gone", page, e);
	return e;
}

static u64 frame_of_page(u32 page, bool second)
{
	return DATA + 2 * page + second;
}

/* Nobody may use the frame any more, nor have written to it without a trace. */
static void retire(struct cpu *c, u64 gfn, u64 entry)
{
	u64 last = __atomic_exchange_n(word_of(gfn), POISON, __ATOMIC_SEQ_CST);

	if (last != gfn && !(entry & PTE_D))
		wrong(c, "written, but not dirty", gfn, entry);
}

static void move_page(struct cpu *c, u32 page)
{
	u64 e = swap_entry(c, page, 0), old = e >> PAGE_SHIFT & 0xffffff;
	bool second = old == frame_of_page(page, true);
	u64 next = frame_of_page(page, !second);

	if (!(e & PTE_P))
		wrong(c, "an entry that only its owner writes is gone", page, e);
	shoot(c, SHOOT_PAGE, user(page));
	retire(c, old, e);
	if (__atomic_load_n(word_of(next), __ATOMIC_SEQ_CST) != POISON)
		wrong(c, "a frame was written that nothing maps", next, *word_of(next));
	__atomic_store_n(word_of(next), next, __ATOMIC_SEQ_CST);
	swap_entry(c, page, at(next, pick(c, 2) ? PTE_P | PTE_RW | PTE_US : ALL & ~PTE_D));
}

/* Present to present: the others may use either frame until they have flushed. */
static void exchange_page(struct cpu *c, u32 page)
{
	u64 now = swap_entry(c, page, 0), next;

	swap_entry(c, page, now);
	next = frame_of_page(page, (now >> PAGE_SHIFT & 0xffffff) != frame_of_page(page, true));
	if (__atomic_load_n(word_of(next), __ATOMIC_SEQ_CST) != POISON)
		wrong(c, "a frame was written that nothing maps", next, *word_of(next));
	__atomic_store_n(word_of(next), next, __ATOMIC_SEQ_CST);
	now = swap_entry(c, page, at(next, PTE_P | PTE_RW | PTE_US));
	shoot(c, SHOOT_PAGE, user(page));
	retire(c, now >> PAGE_SHIFT & 0xffffff, now);
}

static void protect_page(struct cpu *c, u32 page)
{
	u64 e = swap_entry(c, page, 0), before, gfn = e >> PAGE_SHIFT & 0xffffff;

	swap_entry(c, page, e & ~PTE_RW);
	shoot(c, SHOOT_PAGE, user(page));
	before = __atomic_load_n(word_of(gfn), __ATOMIC_SEQ_CST);
	for (u32 i = 0; i < 20; i++) {
		answer(c);
		sched_yield();
		if (__atomic_load_n(word_of(gfn), __ATOMIC_SEQ_CST) != before)
			wrong(c, "a write to a page that is protected", page, before);
	}
	swap_entry(c, page, e);
}

/* The table becomes data, the data becomes a table again. */
static void recycle(struct cpu *c)
{
	u64 value = 0;

	if (!guest_does(c, linear(USER_L2, 1), PFEC_W, SWAP, &value))
		wrong(c, "the linear map is gone", USER_L2, 0);
	shoot(c, SHOOT_ALL, 0);
	for (u32 i = 0; i < NR_EXTRA; i++) {
		value = at(CANARY, ALL);
		if (!guest_does(c, linear(TABLE, i), PFEC_W, WRITE, &value))
			wrong(c, "the linear map is gone", TABLE, i);
		answer(c);
	}
	for (u32 i = 0; i < NR_EXTRA; i++) {
		value = at(frame_of_page(NR_DATA + i, false), pick(c, 2) ? ALL : PTE_P | PTE_RW | PTE_US);
		guest_does(c, linear(TABLE, i), PFEC_W, WRITE, &value);
	}
	value = at(TABLE, ALL);
	guest_does(c, linear(USER_L2, 1), PFEC_W, WRITE, &value);
}

static u32 own_page(struct cpu *c)
{
	return (u32)pick(c, NR_DATA / NV) * NV + c->id;
}

static void step(struct cpu *c)
{
	switch (pick(c, 32)) {
	case 0 ... 2: move_page(c, own_page(c)); break;
	case 3: exchange_page(c, own_page(c)); break;
	case 4: protect_page(c, own_page(c)); break;
	case 5: flush_page(c, user((u32)pick(c, NR_DATA))); break;
	case 6: load_root(c, pick(c, 2) ? ROOT : ROOT2); break;
	case 7:
		if (c->id == 0 && pick(c, 4) == 0)
			recycle(c);
		break;
	default: touch(c);
	}
}

static void *run(void *arg)
{
	struct cpu *c = arg;

	for (u64 i = 0; i < nr_ops; i++) {
		answer(c);
		step(c);
	}
	/* The others may still want something. */
	__atomic_fetch_sub(&running, 1, __ATOMIC_SEQ_CST);
	while (__atomic_load_n(&running, __ATOMIC_SEQ_CST)) {
		answer(c);
		sched_yield();
	}
	return NULL;
}

/* ---- the stage ---- */

static void prepare(u64 seed)
{
	guest_init(&g, FRAMES, HOLE_AT, HOLE, 48, seed);
	build_tables();
	for (u32 page = 0; page < NR_DATA + NR_EXTRA; page++) {
		*word_of(frame_of_page(page, false)) = frame_of_page(page, false);
		*word_of(frame_of_page(page, true)) = POISON;
		if (page < NR_DATA)
			guest_table(&g, USER_L1)[page] = at(frame_of_page(page, false), PTE_P | PTE_RW | PTE_US);
		else
			guest_table(&g, TABLE)[page - NR_DATA] = at(frame_of_page(page, false), ALL);
	}
	guest_table(&g, USER_L2)[1] = at(TABLE, ALL);
	*word_of(CANARY) = POISON;
	for (u32 i = 0; i < NV; i++) {
		struct cpu *c = &cpus[i];

		c->id = i;
		c->rng = seed * NV + i;
		c->v = i ? &c->own : &g.v;
		if (i) {
			c->v->id = i;
			c->v->domain = &g.d;
			c->v->cr0 = CR0_PE;
			c->v->root = NULL;
			g.d.vcpu[i] = c->v;
			g.d.nr_vcpus = i + 1;
			host_cpu_init(c->v, &c->cpu, seed + i);
			if (!paging_vcpu_init(c->v))
				wrong(c, "no vCPU", 0, 0);
		}
		c->v->cr3 = (u64)ROOT << PAGE_SHIFT;
		c->v->cr4 = CR4_PAE;
		c->v->efer = EFER_LME;
		c->v->cr0 = CR0_PE | CR0_PG | CR0_WP;
		paging_update_modes(c->v);
	}
}

int main(int argc, char **argv)
{
	u64 seed = argc > 2 ? strtoull(argv[2], NULL, 0) : 1, touched = 0, faulted = 0, emulated = 0;

	if (argc > 1)
		nr_ops = strtoull(argv[1], NULL, 0);
	alarm(ALARM_S);
	prepare(seed);
	host_last_moment = dawdle_with_lock;
	running = NV;
	for (u32 i = 0; i < NV; i++)
		if (pthread_create(&cpus[i].thread, NULL, run, &cpus[i]))
			return 99;
	for (u32 i = 0; i < NV; i++) {
		pthread_join(cpus[i].thread, NULL);
		touched += cpus[i].touched;
		faulted += cpus[i].faulted;
		emulated += cpus[i].emulated;
	}
	if (*word_of(CANARY) != POISON)
		wrong(&cpus[0], "a table that had become data was used", *word_of(CANARY), 0);
	guest_audit(&g);
	printf("%s: %d vCPUs, %llu touches (%llu faults), %llu table writes emulated: no stale translation used\n",
	       paging_recipe_name, NV, (unsigned long long)touched, (unsigned long long)faulted, (unsigned long long)emulated);
	if (!faulted || faulted == touched)
		return 1;
	g.d.nr_vcpus = 1;
	guest_exit(&g);
	return 0;
}
