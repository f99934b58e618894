/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl's inside: what its commands share. main() is in main.c, so that tests link the rest. */
#ifndef DOM0_CTL_H
#define DOM0_CTL_H

#include <stdbool.h>
#include <stdio.h>

#include <jansson.h>

#include "domain.h"

/* Exit codes, beside 0. argp ends with 64 (EX_USAGE) at a wrong command line. */
enum { CTL_FAILED = 1, CTL_NO_DEVICE = 2, CTL_USAGE = 64 };

struct ctl {
	struct pn_dev *(*open)(const char *dir, char *why, size_t size);
	FILE *out, *err;

	/* From the command line. */
	const char *device, *initrd, *cmdline, *mode, *root, *out_dir, *image, *bad, *from, *to;
	bool json, follow;
	uint64_t memory_mib, pool_pages, vcpus, shadow_levels, seed, count, size_mib, room_mib, interval_ms;
	enum pn_regions regions;
	uint64_t spare; /* number + 1 of a domain that fuzz leaves alone; 0: none */
	char *arg[4];   /* the command's own arguments */
	int nr_args;

	struct pn_dev *dev;
};

/* A whole invocation; returns the exit code. open, out and err are set, the rest zero. */
int ctl_main(struct ctl *c, int argc, char **argv);

/* Says what failed and why; returns CTL_FAILED. */
int ctl_fail(struct ctl *c, const char *what, enum pn_error e);
/* The domain's number, the first argument. False: it is none, and that has been said. */
bool ctl_domain(struct ctl *c, uint32_t *id);
/* Prints and frees it. */
void ctl_print_json(struct ctl *c, json_t *value);
/* Numbers of up to 64 bits; false: no number, or rubbish behind it. */
bool ctl_number(const char *text, uint64_t *value);

/* The commands. */
int cmd_create(struct ctl *c);
int cmd_load(struct ctl *c);
int cmd_start(struct ctl *c);
int cmd_pause(struct ctl *c);
int cmd_unpause(struct ctl *c);
int cmd_destroy(struct ctl *c);
int cmd_list(struct ctl *c);
int cmd_stat(struct ctl *c);
int cmd_top(struct ctl *c);
int cmd_regions(struct ctl *c);
int cmd_life(struct ctl *c);
int cmd_console(struct ctl *c);
int cmd_input(struct ctl *c);
int cmd_log(struct ctl *c);
int cmd_trace(struct ctl *c);
int cmd_audit(struct ctl *c);
int cmd_pool(struct ctl *c);
int cmd_logdirty(struct ctl *c);
int cmd_image(struct ctl *c);
int cmd_image_free(struct ctl *c);
int cmd_disk(struct ctl *c);
int cmd_disk_save(struct ctl *c);
int cmd_fuzz(struct ctl *c);
int cmd_info(struct ctl *c);
int cmd_suite(struct ctl *c);

#endif
