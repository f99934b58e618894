/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The turns of a domain's vCPUs, on a machine whose pCPUs take turns themselves. QEMU's TCG under -icount runs all of them by one
 * thread, each until it halts or pauses, or until a timer anywhere is due. Left alone, that decides which vCPU runs when: one that
 * computes leaves the others next to nothing, and in a measured region it is another order from boot to boot. So the hypervisor
 * decides: one vCPU has the turn, and the pCPUs of the others halt.
 *
 * What must always hold:
 *  - of a domain that runs, a vCPU that has not the turn is not in the guest and handles no exit;
 *  - who wants the turn while nobody has it, has it, and who passes it on wakes the one that it goes to: nobody else is woken;
 *  - it is passed on where no lock is held: when its vCPU halts, when it says by PAUSE that it waits, and when it is over;
 *  - it goes round: who wants it waits for no more turns than there are other vCPUs;
 *  - in a measured region its passing, and its end, hang on what the vCPUs do alone, and the guest's TSCs do not count what it
 *    takes: no hardware does this;
 *  - whoever waits for it leaves when the domain is over or is to stand.
 */
#ifndef DOMAIN_TURNS_H
#define DOMAIN_TURNS_H

#include "types.h"

struct domu;
struct domu_vcpu;

#define TURN_NEVER (~0ull)

/* A domain's. */
struct turns {
	u32 lock;   /* held for a few instructions: of what follows in this paragraph */
	u32 holder; /* 1 + the id of the vCPU that has the turn; 0: none has */
	u64 wants;  /* a bit for each vCPU that wants to run, whether it may or not */

	/* Of the one that has the turn. */
	u64 since;  /* host TSC since when no guest's instruction has run because the turn passes; 0: it does not */
	u64 hidden; /* ticks, of all regions so far, that guests are not to see */
};

/* A vCPU's. */
struct turn {
	u64 ends;   /* when its turn, or this part of it, is over, by the domain's time; TURN_NEVER: nobody else wants one */
	u32 parts;  /* of it that are over (turns.c) */
	bool over;  /* it passes the turn on before it enters the guest */
	u64 hidden; /* what its own TSC leaves out of the domain's `hidden` */
};

/* A turn counts anew from when others want one. */
static inline void turns_restart(struct turn *t)
{
	t->ends = TURN_NEVER;
	t->parts = 0;
	t->over = false;
}

/* This machine's pCPUs take turns. Set once, at boot. */
extern bool turns_of_pcpus;

/* The vCPU's pCPU has it to run: wait for its turn. No lock is held. */
void turns_take(struct domu_vcpu *c);
/* It does not run any more. */
void turns_leave(struct domu_vcpu *c);
/* It has nothing to do: HLT until an interrupt comes to its pCPU, and then for its turn. */
void turns_sleep(struct domu_vcpu *c);
/* Others come first that want to run. `ticks`: how long the guest has been out for that. turns_resume() follows. */
void turns_yield(struct domu_vcpu *c, u64 ticks);
/* About to enter the guest, which has not seen the time since turns_yield(); `ticks`: how long the entry takes. */
void turns_resume(struct domu_vcpu *c, u64 ticks);
/* There is something for it to look at. Returns whether its pCPU is to be interrupted for that: otherwise it looks when its turn comes. */
bool turns_want(struct domu_vcpu *c);
/* See whether its turn begins to count or is over, now, by the domain's time. */
void turns_poll(struct domu_vcpu *c, u64 now);
/* Ticks that its TSC is to fall behind the host's, beside those that this has said before. */
u64 turns_hide(struct domu_vcpu *c);

#endif
