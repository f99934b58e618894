/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Lockstep: the short ways (hv/shadow/short) beside the plain ones. Linked into an oracle, this is the table of pairs, and stands
 * between paging and the modes. The program runs as two processes, which make the same programs of the guest's: one by the plain functions, the
 * other by the short ones. After each fault, translation and write of emulation whatever anybody can see must be the same in both:
 * the verdict and what comes with it, every shadow page with all its books, the frames' books, the guest's entries,
 * emulation's TLB, what hardware is owed, and all counters; only the bytes touched differ.
 *
 * Must hold: programs are calm (--calm). Another vCPU's write would strike at another point of each way; and in a pool without
 * room the plain way, which reserves pages before it knows that it needs none, takes some back.
 */
#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "engine.h"
#include "machine.h"

#define PAIR(guest, shadow)        extern const struct sh_mode sh_mode_##guest##on##shadow, plain_mode_##guest##on##shadow;
#define HOSTED_PAIR(guest, shadow) PAIR(guest, shadow)
#include "pairs.def"
#undef PAIR

#define PAIR(guest, shadow) [guest][shadow] = &sh_mode_##guest##on##shadow,
static const struct sh_mode *const short_mode[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
#include "pairs.def"
};
#undef PAIR
#define PAIR(guest, shadow) [guest][shadow] = &plain_mode_##guest##on##shadow,
static const struct sh_mode *const plain_mode[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
#include "pairs.def"
};
#undef PAIR

/* The modes that the engine sees. */
static struct sh_mode watched[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1];
#define PAIR(guest, shadow) [guest][shadow] = &watched[guest][shadow],
const struct sh_mode *const sh_pairs[SH_MAX_LEVELS + 1][SH_MAX_LEVELS + 1] = {
#include "pairs.def"
};
#undef PAIR

/* All that a way leaves behind. */
struct outcome {
	enum verdict verdict;
	struct fault fault;
	struct sh_target target;
	u64 counter[PN_CNT_MAX];
	u64 pages, tables, frames, domain, vcpus;
};

#define SLOTS 64

/* The plain process is ahead of the short one by so many accesses at most. */
struct both {
	sem_t told, room;
	struct outcome slot[SLOTS];
};
static struct both *both;
static bool is_plain;
static u64 accesses;

static u64 hash(u64 h, const void *p, size_t bytes)
{
	const u64 *w = p;

	for (size_t i = 0; i < bytes / sizeof(*w); i++)
		h = (h ^ w[i]) * 0x9e3779b97f4a7c15ull + (h >> 29);
	return h;
}

/* Entries in stretches that are not live are zero. */
static u64 hash_table(u64 h, const struct sh_page *sp, const u8 *table)
{
	const u32 entry = ROLE_SHADOW_LEVELS(sp->role) == 2 ? 4 : 8;

	for (u32 first = 0, end = 0; sh_next_live(sp, PAGE_SIZE / entry, &first, &end);)
		h = hash(h, table + first * entry, (size_t)(end - first) * entry);
	return h;
}

static void look_at_page(struct outcome *o, const struct sh_page *sp)
{
	struct sh_page copy = *sp;

	copy.seen = 0;
	o->pages = hash(o->pages, &copy, sizeof(copy));
	if (!sp->role) /* a part's own, or a snapshot */
		o->pages = hash(o->pages, sp->table, PAGE_SIZE);
	else
		o->pages = hash_table(o->pages, sp, sp->table);
	if (sp->role && pool_hw_offset && ROLE_SHADOW_LEVELS(sp->role) < 4)
		o->pages = hash_table(o->pages, sp, (const u8 *)sp->table + pool_hw_offset);
}

/* The guest's entries for va, which may have been marked. */
static void look_at_tables(struct outcome *o, struct vcpu *v, gva_t va)
{
	const struct fault fault = v->fault;
	struct gw w;

	memset(&w, 0, sizeof(w));
	o->tables = gw_walk_levels(v, &w, va, v->guest_levels);
	o->tables = hash(o->tables, w.e, sizeof(w.e));
	v->fault = fault;
}

static void look_at_vcpu(struct outcome *o, const struct vcpu *v)
{
	const u64 owed[] = { v->hw_cr3, v->hw_work, (uintptr_t)v->root };

	o->vcpus = hash(o->vcpus, owed, sizeof(owed));
	for (u32 i = 0; i < NR_SOFT_TLBS; i++) {
		const u64 kept[] = { v->soft_tlb[i].key, v->soft_tlb[i].key ? (uintptr_t)v->soft_tlb[i].page : 0 };

		o->vcpus = hash(o->vcpus, kept, sizeof(kept));
	}
}

static void look(struct outcome *o, struct vcpu *v, enum verdict r)
{
	struct domain *d = v->domain;
	const u64 counts[] = { d->state, d->unsync, d->shadow->free };

	memset(o, 0, sizeof(*o));
	o->verdict = r;
	if (r == SH_GUEST_FAULT)
		o->fault = (struct fault){ .va = v->fault.va, .pfec = v->fault.pfec };
	else if (r == SH_MMIO || r == SH_EMULATE)
		o->fault = (struct fault){ .va = v->fault.va, .gpa = v->fault.gpa };
	memcpy(o->counter, d->counter, sizeof(o->counter));
	pool_for_each(d->shadow, sp)
		if (sp->used)
			look_at_page(o, sp);
	o->frames = hash(0, d->frame + d->first_mfn.n, d->nr_pages * sizeof(*d->frame));
	if (d->log_dirty)
		o->frames = hash(o->frames, d->log_dirty, d->nr_pages / 8);
	o->domain = hash(0, counts, sizeof(counts));
	o->domain = hash(o->domain, d->shadow->kept, d->shadow->bytes - sizeof(*d->shadow));
	for (u32 i = 0; i < d->nr_vcpus; i++)
		look_at_vcpu(o, d->vcpu[i]);
}

static void differ(struct vcpu *v, const char *call, gva_t va, u32 access, const struct outcome *plain, const struct outcome *now)
{
	static const char *const verdicts[] = { "fixed", "guest fault", "emulate", "mmio", "retry", "oom" };
	static const char *const counters[] = {
#define X(id, text) #id,
		PN_COUNTERS(X)
#undef X
	};

	fprintf(stderr, "lockstep (%s, %u on %u): %s of %llx, access %x: the short way differs from the plain one in",
		paging_recipe_name, v->guest_levels, v->shadow_levels, call, (unsigned long long)va, access);
	if (plain->verdict != now->verdict)
		fprintf(stderr, " verdict (plain: %s, short: %s)", verdicts[plain->verdict], verdicts[now->verdict]);
	if (memcmp(&plain->fault, &now->fault, sizeof(plain->fault)))
		fprintf(stderr, " fault");
	if (memcmp(&plain->target, &now->target, sizeof(plain->target)))
		fprintf(stderr, " target");
	for (u32 i = 0; i < PN_CNT_MAX; i++)
		if (plain->counter[i] != now->counter[i])
			fprintf(stderr, " %s (plain: %llu, short: %llu)", counters[i], (unsigned long long)plain->counter[i],
				(unsigned long long)now->counter[i]);
	fprintf(stderr, "%s%s%s%s%s\n", plain->pages != now->pages ? " shadows" : "",
		plain->tables != now->tables ? " guest tables" : "", plain->frames != now->frames ? " frames" : "",
		plain->domain != now->domain ? " domain" : "", plain->vcpus != now->vcpus ? " vCPUs" : "");
	abort();
}

/* The access, by which of the functions it is made, and what of the guest's bytes it was at. */
struct call {
	const char *name;
	struct vcpu *v;
	gva_t va;
	u32 access;
	const void *buf;
	u32 bytes;
	struct sh_target *target;
};

static enum verdict make(const struct sh_mode *m, const struct call *c)
{
	if (c->target)
		return m->translate(c->v, c->va, c->access, c->target);
	if (c->buf)
		return m->write(c->v, c->va, c->buf, c->bytes, c->access);
	return m->fault(c->v, c->va, c->access);
}

/* Both ways take microseconds. */
static void wait_for(sem_t *sem)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 15;
	while (sem_timedwait(sem, &end)) {
		if (errno != ETIMEDOUT)
			continue;
		fprintf(stderr, "lockstep (%s): the other process has died, or hangs\n", paging_recipe_name);
		abort();
	}
}

static enum verdict make_and_compare(const struct call *c)
{
	const u32 g = c->v->guest_levels, n = c->v->shadow_levels;
	struct outcome *slot = &both->slot[accesses++ % SLOTS];
	const enum verdict r = make((is_plain ? plain_mode : short_mode)[g][n], c);
	struct outcome now;

	look(&now, c->v, r);
	look_at_tables(&now, c->v, c->va);
	if (c->target && r == SH_FIXED)
		now.target = *c->target;
	if (is_plain) {
		if (accesses == 1) /* the oracle makes programs in a child of its own */
			prctl(PR_SET_PDEATHSIG, SIGKILL);
		wait_for(&both->room);
		*slot = now;
		sem_post(&both->told);
	} else {
		wait_for(&both->told);
		if (memcmp(slot, &now, sizeof(now)))
			differ(c->v, c->name, c->va, c->access, slot, &now);
		sem_post(&both->room);
	}
	return r;
}

static enum verdict watch_fault(struct vcpu *v, gva_t va, u32 pfec)
{
	return make_and_compare(&(struct call){ .name = "a fault", .v = v, .va = va, .access = pfec });
}

static enum verdict watch_translate(struct vcpu *v, gva_t va, u32 access, struct sh_target *t)
{
	return make_and_compare(&(struct call){ .name = "a translation", .v = v, .va = va, .access = access, .target = t });
}

static enum verdict watch_write(struct vcpu *v, gva_t va, const void *buf, u32 bytes, u32 access)
{
	return make_and_compare(
		&(struct call){ .name = "a write", .v = v, .va = va, .access = access, .buf = buf, .bytes = bytes });
}

static void report(void)
{
	if (accesses)
		printf("lockstep (%s): %llu accesses made both ways\n", paging_recipe_name, (unsigned long long)accesses);
}

/* The plain process says nothing, and ends with the short one. */
static void part(void)
{
	const pid_t parent = getpid(), pid = fork();

	if (pid < 0) {
		perror("fork");
		_exit(EXIT_FAILURE);
	}
	is_plain = !pid;
	if (pid) {
		atexit(report);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	dup2(open("/dev/null", O_WRONLY), STDOUT_FILENO);
	dup2(STDOUT_FILENO, STDERR_FILENO);
}

static __attribute__((constructor)) void begin(void)
{
	for (u32 g = 0; g <= SH_MAX_LEVELS; g++)
		for (u32 n = 0; n <= SH_MAX_LEVELS; n++)
			if (short_mode[g][n]) {
				watched[g][n] = *short_mode[g][n];
				watched[g][n].fault = watch_fault;
				watched[g][n].translate = watch_translate;
				watched[g][n].write = watch_write;
			}
	both = mmap(NULL, sizeof(*both), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (both == MAP_FAILED || sem_init(&both->told, 1, 0) || sem_init(&both->room, 1, SLOTS)) {
		perror("lockstep");
		_exit(EXIT_FAILURE);
	}
	part();
}
