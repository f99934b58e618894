/* SPDX-License-Identifier: BSD-2-Clause */
/* The suite runner's parts: the plan, the tracing session around an item, one run. */
#ifndef DOM0_SUITE_H
#define DOM0_SUITE_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include <jansson.h>

#include "ctl.h"

struct suite_item {
	const char *name, *image, *initrd, *cmdline; /* initrd: NULL for none */
	struct pn_modules modules;                   /* of the initrd */
	const char *exercise;                        /* of exercise.h; NULL for none */
	bool alone;            /* all else stands still from its start to its end; it has regions of its own */
	bool life;             /* it marks no regions: its life is one, */
	const char *from, *to; /* or what lies between these texts; NULL: its start and end */
	const char *disk;      /* its disk's image; NULL: it has none */
	bool keep_disk;        /* what becomes of it goes to the output directory */
	uint64_t memory_mib, pool_pages, vcpus, shadow_levels, timeout_s, repeat;
	bool trace;
	uint64_t trace_limit; /* bytes of its trace; 0: none */
};

struct suite {
	struct ctl *c;
	json_t *plan; /* the items' strings live in it */
	const char *recipe;
	struct suite_item *items;
	unsigned nr_items;
	char *images; /* directory */
};

/* Reads and checks a plan. 0, or -1 with the reason on c->err. */
int suite_read(struct suite *s, struct ctl *c, const char *path);
void suite_free(struct suite *s);

/* One `@pn {json}` line, flushed; takes the reference. */
void suite_say(struct ctl *c, json_t *event);
/* Runs one repetition of an item, from create to destroy, and says what came of it. */
void suite_run_item(struct suite *s, unsigned item, unsigned rep);

/* An LTTng session with the collector in it. */
struct session {
	char name[64];
	pid_t collector; /* 0: none runs */
	FILE *totals;    /* the collector's output */
};

/* Begins one that writes CTF below `dir`, of `limit` bytes at most (0: as many as there are), and sets the trace mask: lossless. false: said why on stderr; nothing is left behind.
 */
bool session_begin(struct session *t, struct ctl *c, const char *name, const char *dir, uint64_t limit);
/* Mask off, drain, stop. The collector's totals, or NULL. */
json_t *session_end(struct session *t, struct ctl *c);

#endif
