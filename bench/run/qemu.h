/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * QEMU's command line. The options are those under which two runs are the
 * same to the instruction; they are recorded with every run.
 */
#ifndef BENCH_QEMU_H
#define BENCH_QEMU_H

#include <jansson.h>

#include "paths.h"

#define QEMU_MAX_ARGS 64
#define QEMU_MIB      2200 /* that one takes, with all of its guest's memory in use */

struct argv {
	char *arg[QEMU_MAX_ARGS + 1];
	unsigned n;
};

/* Bytes of the disk that dom0 writes its files to; sparse. */
#define OUT_DISK_BYTES (512ll << 20)

/*
 * A hypervisor boot: dom0's console is on the program's standard output, the hypervisor's log is
 * written to log_path (a pipe under /dev/fd). The machine has a CPU for dom0 and guest_cpus for guests. model: what -plugin is told
 * (cycles.h); NULL: there is none.
 */
void qemu_hypervisor(struct argv *a, const char *qemu, const char *image, const char *dom0_kernel, const char *initrd,
		     const char *disk, const char *log_path, unsigned guest_cpus, const char *model);
/*
 * A peer's boot: kernel is what QEMU boots, module with `words` its one module, or NULL where the kernel itself has `words`. Its host's
 * second serial port is on standard output, the first goes to log_path. The machine has one CPU: what others did would be in the TSC.
 */
struct qemu_peer {
	const char *kernel, *words; /* and what it is told */
	const char *module, *module_words;
	const char *initrd, *disk, *log_path;
};
void qemu_peer(struct argv *a, const char *qemu, const struct qemu_peer *p);
/* The command line of a guest with no hypervisor: its console is on standard output. initrd and disk may be NULL. */
void qemu_native(struct argv *a, const char *qemu, const char *image, const char *initrd, const char *disk,
		 const struct workload *w, const char *model);
void argv_free(struct argv *a);
/* One shell-quoted line; the caller frees it. */
char *argv_text(const struct argv *a);

/* QEMU's exit status natively: the guest wrote v to the debug-exit port. False: it ended in another way. */
bool qemu_debug_exit(int status, unsigned *v);

/* The options that decide what is measured, for machine.json. A new reference. */
json_t *qemu_options_json(void);

/* `s` with every comma doubled, as QEMU's option parser wants it; the caller frees it. */
char *qemu_escape(const char *s);

#endif
