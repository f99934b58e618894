/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which QEMU. One run has one: its program, version, package and checksum are recorded, and resuming with another is refused,
 * because another emulator may count other instructions and other trips.
 */
#ifndef BENCH_EMULATOR_H
#define BENCH_EMULATOR_H

#include <jansson.h>

#include "paths.h"

#define QEMU_DEFAULT "qemu-system-x86_64"
/* The word for the release's newer QEMU, unpacked in the build directory (dom0/fetch-qemu.sh). */
#define QEMU_NEXT "next"

struct emulator {
	char *word;    /* by which it is found again: QEMU_NEXT, a name in $PATH, or an absolute path */
	char *program; /* what is started: an absolute path, or the word as it was given if there is no such program */
	char *binary;  /* QEMU itself, of which the program may be a script in front */
	char *version; /* the first line of --version; NULL: it cannot be run */
	char *package; /* "name version", NULL: of none */
};

/* What the user asked for: --qemu's word or $PENUMBRA_QEMU, NULL if neither. Not to be freed. */
const char *emulator_asked(const char *option);
/* The program for that word: QEMU_NEXT, a name in $PATH or a path. NULL stands for QEMU_DEFAULT. */
void emulator_find(struct emulator *e, const struct paths *p, const char *word);
void emulator_free(struct emulator *e);
/* Where QEMU_NEXT is, whether it is there or not; the caller frees it. */
char *path_qemu_next(const struct paths *p);

/* For machine.json, into that object. */
void emulator_json(json_t *machine, const struct emulator *e);
/* Whether the two machines' QEMU is the same; if not, a message. */
bool emulator_same(const json_t *was, const json_t *is);
/* "10.0.2" of "QEMU emulator version 10.0.2 (Debian ...)", the whole line if it has no such words; "?" for NULL. The caller frees it. */
char *emulator_release(const char *version);

#endif
