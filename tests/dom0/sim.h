/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A control device without a hypervisor: enough of every command to test what
 * stands above it. A domain's name says how it ends: "exit<code>", "crash..."; any
 * other name never ends. It "runs" for three looks at the list of domains.
 */
#ifndef TESTS_CTL_SIM_H
#define TESTS_CTL_SIM_H

#include <stdbool.h>

#include "dom0/device.h"

#define SIM_RING_BYTES 8192

struct sim {
	uint32_t magic, version, ring_offset; /* what the registers say; tests spoil them */
	uint32_t lie_status;                  /* if not 0: what every command answers */
	uint64_t lie_why;                     /* if not 0: how long the sentence is that says which limit was hit */
	unsigned commands;                    /* run so far */
	unsigned live;                        /* domains now */
	uint64_t trace_mask, trace_mode;
	char typed[64], cmdline[64]; /* last console_write, last load's command line */
	uint64_t load_args[5], modules[PN_MAX_MODULES];
	uint64_t disk_args[5];  /* of the last disk command */
	char life[160];         /* of the last life command: bytes of the first text, and both */
	uint64_t shadow_levels; /* of the last create */
	bool interrupted;       /* SIGINT comes while an audit's first piece is done */
	bool grows;             /* each look at a domain's counts finds as many more */
	bool auditing;          /* the first of its two pieces is done */
};

extern struct sim sim;

/* Puts everything back to the start. */
void sim_reset(void);
/* In the place of pn_dev_open(). */
struct pn_dev *sim_open(const char *dir, char *why, size_t size);
/* The simulated BAR4, and its size. */
char *sim_pool(size_t *bytes);

#endif
