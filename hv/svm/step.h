/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One step of a guest's by itself: an instruction that no emulation knows, or the delivery of an event, which is no
 * instruction, makes the accesses that paging withheld (paging_lend), and then the guest is stopped again.
 *
 * A step is wanted while an exit is handled, and begins right before the next entry, if nothing else has come up by then:
 * the guest finds the same obstacle again. Any exit ends it.
 *
 * Must hold while it is on:
 *  - an instruction runs with RFLAGS.TF, every exception intercepted, so that a #DB ends it and no handler of the guest's sees
 *    that TF;
 *  - behind an event, a physical interrupt waits, which is taken before the first instruction of the guest's handler;
 *  - nothing is injected beside that event;
 *  - exits come to svm_step_exit first: no quick handler runs.
 */
#ifndef SVM_STEP_H
#define SVM_STEP_H

#include "paging.h"
#include "trips.h"

struct svm_vcpu;

enum svm_step_kind { STEP_NONE, STEP_INSN, STEP_EVENT };

struct svm_step {
	u8 wanted; /* before the next entry */
	u8 on;     /* the guest is in it */
	/* Obstacles that the instruction at `rip`, or an event on the way to its handler, has met so far. */
	u8 kind, tries;
	u64 rip;
	u8 seen, lent;       /* how many of the next two; the oldest make room */
	u64 page[LEND_MOST]; /* addresses of pages at which it was stopped */
	struct lend lend[LEND_MOST];
	u64 event; /* EVENTINJ form */
	bool pops_flags;
	/* The guest's own values, while the step is on. */
	u64 rflags, dr6;
	u32 exceptions;
	bool quick;
};

/*
 * No emulation knows the instruction at RIP, which a page fault or nested page fault stopped. `table`: it accessed a guest table,
 * or a read-only page under CR0.WP = 0; otherwise there is no memory where it accessed. The table loses its shadows, or else a
 * step is wanted.
 */
enum trip svm_emulation_failed(struct svm_vcpu *s, bool table);
/* Such a fault cut the delivery of an event short, s->pending: no instruction made the access, and nothing can be emulated. */
enum trip svm_delivery_failed(struct svm_vcpu *s, bool table);

/*
 * A step is wanted, and the guest is about to be entered: begin the step. No other vCPU is in the guest. False: no step is begun,
 * and the guest is entered as it is, unless its domain has crashed.
 */
bool svm_step_begin(struct svm_vcpu *s);

#endif
