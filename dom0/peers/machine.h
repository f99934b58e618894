/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A guest's machine under a peer, as kvm.c and xen.c make it: one virtual CPU, memory from 0, and of devices those that the peer itself
 * has (PIC, PIT). Every port that the peer does not know comes here. One back end is linked into each program.
 */
#ifndef PEERS_MACHINE_H
#define PEERS_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "load.h"

#define MACHINE_WHY 160 /* bytes of a reason */

enum machine_event {
	MACHINE_PORT,    /* io[] wants an answer */
	MACHINE_TIME,    /* the deadline has passed */
	MACHINE_HALTED,  /* it halted with interrupts off, at TSC halted_at; KVM sees that only where `sees_halts` */
	MACHINE_CRASHED, /* why[] says how: a triple fault, an error of the peer's */
};

/* An access to ports, of `count` units of `bytes` each; reads are answered in data. */
struct machine_io {
	uint16_t port;
	unsigned bytes, count;
	bool is_write;
	void *data;
};

struct machine {
	uint8_t *mem; /* to be loaded between create and start; not to be touched later */
	uint64_t mem_bytes;
	struct machine_io io;
	bool sees_halts; /* to be set before the first run: KVM looks every 10 ms, which is in the figures */
	uint64_t halted_at;
	char why[MACHINE_WHY];
	void *priv;
};

/* The TSC, which counts what all of the machine does. */
static inline uint64_t ticks_now(void)
{
	uint32_t low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* What the peer was asked for, "xen-oos0", decides how its guests are made. False: this host cannot, and why[] says what is missing. */
bool machine_open(const char *recipe, char why[MACHINE_WHY]);
/* A guest with no state yet; false: m->why. machine_destroy() takes away what there is of it, at any time. */
bool machine_create(struct machine *m, uint64_t mem_bytes);
/* It is loaded, and shall begin so. */
bool machine_start(struct machine *m, const struct load_result *at);
/* Runs until something happens. deadline: of CLOCK_MONOTONIC, in seconds. */
enum machine_event machine_run(struct machine *m, double deadline);
/* The level of an ISA interrupt's line. */
void machine_line(struct machine *m, unsigned irq, bool high);
/* How often the guest has left for the peer; false: this peer does not count. */
bool machine_trips(struct machine *m, uint64_t *trips);
void machine_destroy(struct machine *m);
/* Whether guests are begun at a kernel's 64-bit entry (linux64.h), because the peer would show itself at the PVH one. */
extern const bool machine_wants_linux64;

#endif
