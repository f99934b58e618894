/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU: memory, vCPUs each pinned to a pCPU of its own, devices, measured regions.
 *
 * Who may touch it: while `running` is not 0, only the vCPUs' pCPUs, under the
 * domain's lock if they are several (hv/paging/lock.h), except for the console rings and the
 * request flags. pCPU 0 (the control device) changes everything else only after it has
 * seen `running` become 0.
 */
#ifndef DOMU_H
#define DOMU_H

#include "backend.h"
#include "cpu.h"
#include "lapic.h"
#include "load.h"
#include "paging.h"
#include "turns.h"
#include "vdev.h"

struct domu;
struct pcpu;

struct domu_vcpu {
	struct domu *u;
	struct vcpu *v; /* in what the back end keeps for it */
	u32 pcpu;
	u64 lets;  /* when its pCPU next lets others run, the domain's time; 0: not yet begun */
	u64 timer; /* what the pCPU's timer is armed for, likewise; ~0: nothing */

	/* Several vCPUs only (vcpus.c). */
	struct lapic lapic;
	bool begun;      /* paging knows it */
	bool has_run;    /* its TSC was set */
	bool waits_sipi; /* after INIT: until another vCPU says where it begins */
	u32 sipi;        /* that: SIPI_CAME and the page */
	bool dead;       /* in HLT with interrupts off: only INIT ends that */
	struct turn turn;
};

/* What dom0 asked to have measured of a guest that does not do so itself (life.c). */
struct life {
	enum pn_life state;
	bool asked;
	u32 from_bytes, to_bytes; /* of the texts that begin and end it; 0: the guest's start and end do */
	u8 from[PN_LIFE_TEXT], to[PN_LIFE_TEXT];
};

struct domu {
	struct domain d;
	struct vdev vdev;
	struct domu_vcpu vcpu[MAX_VCPUS]; /* the first d.nr_vcpus; the first of all is the one that boots */
	hpa_t memory;
	u64 memory_bytes;
	struct load_result entry; /* where a loaded image begins */

	u32 running;  /* pCPUs that have one of its vCPUs */
	u32 stopped;  /* vCPUs that have stopped since it last went on */
	u32 stop_req; /* pCPU 0 wants it to stand */
	/* Times from here on are the domain's (domu_now). */
	u64 started, ran; /* the last start; ticks run before that */
	u64 born;         /* when its first vCPU first ran: its own TSC and its devices begin there */
	u64 line_free;    /* when all that was printed would have left a real line */
	u64 pic_deadline; /* several vCPUs: what the first vCPU's timer knows of the devices */
	struct turns turns;

	/* Measured regions (quiet.c). */
	bool in_region;
	struct domu_vcpu *region_begins; /* the vCPU that is about to begin one */
	enum pn_regions regions;         /* whether a region may make the other pCPUs stand */
	bool holding;                    /* it does */
	bool alone;                      /* they are to stand from its start on, although it has regions of its own */
	bool stays;                      /* and they stand until the domain stops, also between regions */
	u64 region_most;                 /* ticks that one region may hold the others */
	u64 region_limit;                /* when the others are let go all the same; ~0: nobody is held */
	u64 hold_begin, held;            /* since when they stand; ticks that they have stood for regions before that */
	struct pn_region now;
	struct pn_region region[PN_MAX_REGIONS];
	u64 nr_regions; /* all that ended; the first PN_MAX_REGIONS are kept */

	struct life life;
	struct pn_stat stat_buffer;
};

struct domu *domu_by_id(u32 id);

/*
 * The domain's time, ticks: the TSC, but it stands still while the domain stands for the sake of its trace. All that a guest can see of
 * time, and all that is measured of it, goes by this.
 */
static inline u64 domu_now(const struct domu *u)
{
	return domain_time(&u->d, rdtsc());
}

/* What a new domU is to have. */
struct domu_request {
	const char *name;
	u64 memory_bytes, pool_pages; /* pool_pages: 0 for the default */
	u64 nr_vcpus;                 /* as many pCPUs must be free */
	u32 shadow_levels;            /* at least so many, where its mode can have them */
	enum pn_regions regions;
	u64 region_most; /* ticks that one region may hold the others; 0: a usual time */
};

/* Life cycle, called on pCPU 0; a pn_error. why[PN_REASON]: which limit stands against it (abi/limits.def), one sentence without its full stop. */
enum pn_error domu_create(const struct domu_request *rq, u32 *id, char *why);
/* What is not to be had, by the same sentence: a pool of so many pages; or for so many of memory; memory, bytes; what a domain's books take. */
enum pn_error domu_no_pool(const struct domain *d, u64 pages, char *why);
enum pn_error domu_pool_too_large(u64 pages, u64 of, char *why);
enum pn_error domu_no_memory(u64 bytes, char *why);
enum pn_error domu_no_books(char *why);
/* Offsets in the domain's memory, and bytes. */
struct domu_images {
	u64 image, image_bytes, initrd, initrd_bytes;
	struct pn_modules modules;
};
enum pn_error domu_load(struct domu *u, const struct domu_images *at, const char *cmdline, char *why, size_t why_bytes);
enum pn_error domu_start(struct domu *u);
enum pn_error domu_pause(struct domu *u);
enum pn_error domu_unpause(struct domu *u);
enum pn_error domu_destroy(struct domu *u);
/* Of one that does not run (PN_ERR_state: it does): it may have ended just now, and its pCPUs be on their way out. Wait until it stands. */
enum pn_error domu_await_end(struct domu *u);
/* Make it stand for a moment, whatever its state; domu_go_on with the answer lets it go on if it ran. A measured region is
 * over first. Not PN_ERR_ok: it does not stand, and is not to be touched; PN_ERR_busy: a region waits for dom0 to read its trace. */
enum pn_error domu_hold(struct domu *u, bool *ran);
void domu_go_on(struct domu *u, bool ran);
void domu_info(const struct domu *u, struct pn_domain_info *info);
void domu_stat(const struct domu *u, struct pn_stat *st);
void domu_last_words(void);     /* of all domains, to the log: the machine is about to end */
void domu_wake(struct domu *u); /* something is there for it: an end to its HLT */

/* Called by its pCPUs (domu_run.c). */
enum { STOP_NOT, STOP_NOW, STOP_AFTER_REGION }; /* stop_req */
/* c: the vCPU whose pCPU says so; on pCPU 0 the first one, which stands. */
void domu_set_state(struct domu_vcpu *c, enum pn_state state);
u32 domu_in(struct domu_vcpu *c, u16 port, unsigned bytes);
void domu_out(struct domu_vcpu *c, u16 port, unsigned bytes, u32 val);
u32 domu_hypercall(struct domu_vcpu *c, struct vcpu *v, bool kernel, u32 nr, const u32 arg[4]); /* kernel: at CPL 0 */
/* HLT: until an interrupt is pending or it must stop; with interrupts off, until it must stop. */
void domu_halt(struct domu_vcpu *c, bool interrupts);
/* Does nobody ever end this HLT with interrupts off? */
bool domu_halts_for_ever(const struct domu_vcpu *c);
/* Then it is a crash; of a guest whose life is measured, an end. */
void domu_halted_for_ever(struct domu_vcpu *c, u64 rip);
/* An interrupt came: perhaps the timer, which fires early when its deadline is beyond its range. It is armed anew. */
static inline void domu_interrupted(struct domu_vcpu *c)
{
	c->timer = ~0ull;
}
static inline bool domu_in_region(const struct domu_vcpu *c)
{
	return c->u->in_region;
}
void domu_poll(struct domu_vcpu *c);        /* devices and region limit brought up to now */
void domu_arm_to_wait(struct domu_vcpu *c); /* its pCPU's timer, for what its devices have due while it does not run */
bool domu_is_over(const struct domu *u);    /* it has ended, or is to stand */
static inline bool domu_must_stop(const struct domu_vcpu *c)
{
	return domu_is_over(c->u) || c->waits_sipi;
}
/* The domain has crashed or ended: no vCPU of it goes on. Any of its pCPUs may say so. */
void domu_end(struct domain *d);

static inline bool domu_is_smp(const struct domu *u)
{
	return unlikely(u->d.nr_vcpus > 1);
}

/* Its vCPUs run one at a time (turns.h). */
static inline bool domu_takes_turns(const struct domu *u)
{
	return domu_is_smp(u) && turns_of_pcpus;
}

/* The guest waits for another vCPU: its turn is over. */
static inline void vcpus_pause(struct domu_vcpu *c)
{
	c->turn.over = true;
}
/* Is that what its pCPU's timer said? */
static inline bool vcpus_turn_ends(const struct domu_vcpu *c, u64 now)
{
	return now >= c->turn.ends;
}

/* It is about to run. The first time its TSC is set: the domain's time begins when its first vCPU first runs. */
void domu_starts(struct domu_vcpu *c);
/* Its pCPU leaves it alone from now on. */
void domu_stopped(struct domu_vcpu *c);

/* Several vCPUs (vcpus.c). */
bool vcpus_irq_pending(const struct domu_vcpu *c);
unsigned vcpus_irq_ack(struct domu_vcpu *c);
void vcpus_init(struct domu *u);
void vcpus_poll(struct domu_vcpu *c, u64 now);
/* TSC at which its local APIC wants it, or its turn is over. */
u64 vcpus_deadline(const struct domu_vcpu *c);
void vcpus_poke(struct domu_vcpu *c); /* it has to look: out of the guest or its HLT */
/* Run one from now until it must stop, whatever it waits for meanwhile. */
void vcpus_run(struct domu_vcpu *c);
/* HLT on this pCPU until an interrupt comes, with the lock given up meanwhile. */
void vcpus_wait(struct domu_vcpu *c);
/* The MP table, where guests look for it. */
void mptable_write(struct domu *u);

/* Memory-mapped devices: the local APIC where there is one; elsewhere reads give all ones, and writes go nowhere. */
void domu_mmio_read(struct domu_vcpu *c, gpa_t gpa, void *buf, unsigned bytes);
void domu_mmio_write(struct domu_vcpu *c, gpa_t gpa, const void *buf, unsigned bytes);

static inline bool domu_irq_pending(const struct domu_vcpu *c)
{
	return domu_is_smp(c->u) ? vcpus_irq_pending(c) : vdev_irq_pending(&c->u->vdev);
}

static inline unsigned domu_irq_ack(struct domu_vcpu *c)
{
	return domu_is_smp(c->u) ? vcpus_irq_ack(c) : (unsigned)vdev_irq_ack(&c->u->vdev);
}

/*
 * stand.c. About to enter the guest, with the lock where there is one: a lossless trace has no room for another trip. The domain stands
 * until dom0 has read its vCPU's ring, or it is over. A dom0 that does not read costs it its life.
 */
void domu_stand_for_trace(struct domu_vcpu *c);
/* The trace is lossless from now on, and they may be in their guests: all vCPUs look at their rings. On pCPU 0. */
void domu_look_at_rings(struct domu *u);

/* life.c. The texts, one behind the other. */
enum pn_error life_watch(struct domu *u, const u8 *texts, u64 from, u64 to, u64 alone);
void life_starts(struct domu_vcpu *c); /* it is about to run */
void life_prints(struct domu_vcpu *c, u8 byte);
bool life_gives_way(struct domu *u);  /* the guest wants a region of its own. False: there is another */
void life_stops(struct domu_vcpu *c); /* it has stopped running */

/* quiet.c */
u32 quiet_begin(struct domu_vcpu *c, const u32 name[4]);
u32 quiet_end(struct domu_vcpu *c, u32 ops, u64 instructions);
void quiet_begun(struct domu *u); /* QUIET_BEGIN's trip is over and counted */
void quiet_abort(struct domu *u); /* let the others go; the region is forgotten */
/* A region that holds the others lets dom0's pCPU go for a while; afterwards it stands again, or the region says that it did not. */
void quiet_lend_dom0(struct domu *u);
void quiet_take_dom0(struct domu *u);
/* The region is forgotten, and the others stand from now on, if this domain may, until quiet_abort(). */
void quiet_stays(struct domu *u);
/*
 * The pCPU was waited for in vain: the domain that it runs is crashed, and nobody waits for it again before it has come back.
 * dom0 is not crashed for that. `doing`: what the pCPU should have done, "to ...".
 */
void domu_pcpu_lost(struct pcpu *p, const char *doing);

#endif
