/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A machine file: the caches, TLBs and costs of one machine, by which the model tells what a run would take there. Of C's library only,
 * since QEMU loads it, too.
 *
 * One `key = value # source` a line; where the value is known from no source, the source is the word `assumed`. Empty lines and lines
 * that begin with # are left out. Every key of machine.def stands there once, and `title`, whose value is text.
 */
#ifndef BENCH_MODEL_MACHINE_H
#define BENCH_MODEL_MACHINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum machine_key {
#define MACHINE_KEY(id, least, most, unit, text) MACHINE_##id,
#include "machine.def"
	MACHINE_KEYS
};

#define MACHINE_NAME      32 /* bytes, NUL included */
#define MACHINE_TITLE     96
#define MACHINE_WHY       240
#define MACHINE_MOST_FILE 65536 /* bytes of a file */

/* One value that is another: half of it, or of 0 and 1 the other; or (doubled) twice as much. */
struct machine_variation {
	enum machine_key key;
	bool doubled;
};

struct machine {
	char name[MACHINE_NAME]; /* the file's, without directory and ending */
	char title[MACHINE_TITLE];
	uint32_t value[MACHINE_KEYS];
	bool assumed[MACHINE_KEYS];
	unsigned of; /* 0, or it is that one of the machines beside it (1: the first), but for `but` */
	struct machine_variation but;
};

struct machine_key_info {
	const char *name, *unit, *text;
	uint32_t least, most;
};
extern const struct machine_key_info machine_keys[MACHINE_KEYS];

/* How many of its values are assumed. */
unsigned machine_assumed(const struct machine *m);

/* Do its values make sense together? False: why[MACHINE_WHY] is one sentence, which begins with its name. */
bool machine_sensible(const struct machine *m, char why[MACHINE_WHY]);

/* `text`, `len` bytes, as the file `file`. False: why[MACHINE_WHY] is one sentence that names file, line and key. */
bool machine_parse(struct machine *m, const char *file, const char *text, size_t len, char why[MACHINE_WHY]);
/* The file itself. */
bool machine_read(struct machine *m, const char *file, char why[MACHINE_WHY]);

#endif
