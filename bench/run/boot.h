/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One QEMU: started, listened to, watched, and what it said put into the
 * results. Either a recipe's hypervisor with a plan, or one native guest.
 *
 * A boot never waits: boot_pump() reads what is there, boot_watch() looks at
 * the clocks and for the end. Whatever happens, boot_free() leaves no process and no
 * temporary file.
 */
#ifndef BENCH_BOOT_H
#define BENCH_BOOT_H

#include <sys/types.h>

#include "collect.h"
#include "cycles.h"
#include "options.h"
#include "words.h"

/* STREAM_LOG: the hypervisor's log; natively QEMU's own messages. */
enum stream { STREAM_CONSOLE, STREAM_LOG, NR_STREAMS };

struct log_file {
	char *path;
	int fd;           /* -1: closed */
	uint64_t bytes;   /* written */
	uint64_t dropped; /* above the limit */
};

struct boot {
	struct plan plan;
	char *label; /* "shadow2", "shadow2-2" after a restart; "demand-fault-1" natively */
	struct results *res;
	const struct options *opt;
	const struct paths *paths;
	pid_t pid;          /* 0: not started, or gone */
	int fd[NR_STREAMS]; /* read ends, -1: closed */
	struct line_cutter cutter[NR_STREAMS];
	struct log_file log[NR_STREAMS];
	struct collect collect;
	struct cycles_reader cycles; /* of the machine model, if there is one */
	bool peer;                   /* its host is a peer's, not our dom0 */
	char *tmp;                   /* directory of this boot's temporary files */
	char *last_log;              /* the last line of the second stream */
	char *panic;                 /* why the hypervisor panicked; NULL: it did not */
	char *dead_console;          /* then: what it saved of the running guest's console */
	struct words dead_words;
	char *qemu_error;    /* natively: what QEMU itself complained of; NULL: nothing */
	json_t *native;      /* natively: the item, borrowed */
	char tail[OWN_TEXT]; /* natively: the last that the user's own guest printed */
	double started;
	double heard_cpu;   /* QEMU's CPU seconds at dom0's last event */
	double hello_cpu;   /* the same at its first; 0: not yet */
	double begun_cpu;   /* the same when the guest that runs began */
	double still;       /* wall seconds since it last said something or used its CPU, as far as we looked */
	double still_cpu;   /* its CPU seconds then */
	double looked;      /* now_seconds() at the last look */
	double cpu_seconds; /* that QEMU took; wall seconds depend on what else the machine does */
	double stood_still; /* when the hypervisor said that it cannot go on; 0: it did not */
	double expected;    /* wall seconds that it is likely to take */
	bool over;          /* ended, and its results are in */
	bool failed;        /* it did not come up, or died: nothing more is to be expected of this recipe's image */
	bool interrupted;
	char *kill_reason; /* why we ended it; NULL: we did not */
	const char *kill_state;
	void (*on_end)(void *arg, struct boot *b, const json_t *item); /* a guest run ended */
	void *arg;
};

/* Takes the plan over. Nothing is started yet. */
void boot_init(struct boot *b, struct plan *plan, char *label, struct results *res, const struct options *opt,
	       const struct paths *paths);
/* Start QEMU. 0, or -1 after a message; the items are marked as not run. */
int boot_start(struct boot *b);
/* Read what stands in one stream. */
void boot_pump(struct boot *b, enum stream s);
/* Enforce the limits; notice the end. Sets b->over. */
void boot_watch(struct boot *b, double now);
/* End it early: its guests' state becomes `state`, with the reason. */
void boot_kill(struct boot *b, const char *state, const char *reason);
void boot_free(struct boot *b);

/* Unpack the tar on dom0's disk into the run's directory; `whole`: dom0 has come to its end. 0, or -1 after a message. Refuses anything but plain files and directories below it. */
int out_disk_unpack(struct results *res, const char *disk, const char *recipe, bool whole, unsigned *files);

#endif
