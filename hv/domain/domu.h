/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A domU: memory, one vCPU pinned to a pCPU, devices, measured regions.
 *
 * Who may touch it: while `running` is set, only the vCPU's pCPU, except for the
 * console rings and the request flags. pCPU 0 (the control device) changes
 * everything else only after it has seen `running` clear.
 */
#ifndef DOMU_H
#define DOMU_H

#include "load.h"
#include "svm.h"
#include "vdev.h"

struct domu {
	struct domain d;
	struct vdev vdev;
	struct svm_vcpu *s;
	u32 pcpu;
	hpa_t memory;
	u64 memory_bytes;
	struct load_result entry; /* where a loaded image begins */

	u32 running;  /* its pCPU has it */
	u32 stop_req; /* pCPU 0 wants it to stand */
	u64 started, ran; /* TSC at the last start; ticks run before that */
	u64 turn;     /* TSC at which it next gives others a turn; 0: not yet begun */
	u64 line_free; /* TSC at which all that was printed would have left a real line */
	u64 timer;    /* what the pCPU's timer is armed for, TSC; ~0: nothing */

	/* Measured regions (quiet.c). */
	bool in_region, region_begins;
	bool holds; /* a region makes the other pCPUs stand */
	u64 region_limit;      /* TSC at which the others are let go all the same */
	struct pn_region now;
	struct pn_region region[PN_MAX_REGIONS];
	u64 nr_regions; /* all that ended; the first PN_MAX_REGIONS are kept */

	struct pn_stat stat_buffer;
};

struct domu *domu_by_id(u32 id);

/* Life cycle, called on pCPU 0; a pn_error. Sizes in bytes. */
enum pn_error domu_create(const char *name, u64 memory_bytes, u64 pool_pages, u32 *id);
enum pn_error domu_load(struct domu *u, u64 image, u64 image_bytes, u64 initrd, u64 initrd_bytes, const char *cmdline,
			char *why, size_t why_bytes);
enum pn_error domu_start(struct domu *u);
enum pn_error domu_pause(struct domu *u);
enum pn_error domu_unpause(struct domu *u);
enum pn_error domu_destroy(struct domu *u);
/* Make it stand for a moment, whatever its state; domu_go_on with the answer lets it go on if it ran. A measured region is
 * over first. */
bool domu_hold(struct domu *u);
void domu_go_on(struct domu *u, bool ran);
void domu_info(const struct domu *u, struct pn_domain_info *info);
void domu_stat(const struct domu *u, struct pn_stat *st);
void domu_wake(struct domu *u); /* something is there for it: an end to its HLT */

/* Called by its pCPU. */
u32 domu_in(struct domu *u, u16 port, unsigned bytes);
void domu_out(struct domu *u, u16 port, unsigned bytes, u32 val);
u32 domu_hypercall(struct domu *u, struct vcpu *v, bool kernel, u32 nr, const u32 arg[4]); /* kernel: at CPL 0 */
void domu_halt(struct domu *u); /* until an interrupt is pending or it must stop */
/* An interrupt came: perhaps the timer, which fires early when its deadline is beyond its range. It is armed anew. */
static inline void domu_interrupted(struct domu *u) { u->timer = ~0ull; }
void domu_poll(struct domu *u); /* devices and region limit brought up to now */
bool domu_must_stop(struct domu *u);
static inline bool domu_irq_pending(const struct domu *u) { return vdev_irq_pending(&u->vdev); }
static inline unsigned domu_irq_ack(struct domu *u) { return (unsigned)vdev_irq_ack(&u->vdev); }

/* quiet.c */
u32 quiet_begin(struct domu *u, const u32 name[4]);
u32 quiet_end(struct domu *u, u32 ops, u64 instructions);
void quiet_begun(struct domu *u); /* QUIET_BEGIN's trip is over and counted */
void quiet_abort(struct domu *u); /* let the others go; the region is forgotten */
void quiet_stand_if_asked(void);  /* for pCPU 0's waiting loops */

#endif
