/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Small helpers that every part of the command-line program uses: messages,
 * strings that never fail half-way, files that are written whole or not at all.
 *
 * Memory: running out of it ends the program (there is nothing to save that
 * is not on disk already). Everything else returns an error to its caller.
 */
#ifndef BENCH_UTIL_H
#define BENCH_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* Exit codes of the program. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_BUSY = 3, EXIT_INTERRUPTED = 130 };

#define PN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define COUNT_OF(a)          (sizeof(a) / sizeof((a)[0]))

/* "penumbra: ..." on stderr, on a line of its own even while a progress line stands there. */
void say(const char *fmt, ...) PN_PRINTF(1, 2);
/* Called before say() prints, so that a live progress line can be wiped. NULL: none. */
void say_hook(void (*before)(void));

/* What SIGINT, SIGTERM and SIGHUP do from now on; a SIGHUP that is ignored (nohup) stays so. */
void on_end_signals(void (*handler)(int));

/* Memory, zeroed or grown; never NULL. The caller frees it. */
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);
/* A copy; the caller frees it. */
char *xstrdup(const char *s);
/* A new string; the caller frees it. */
char *xfmt(const char *fmt, ...) PN_PRINTF(1, 2);

/* Put words behind those in *list, which may be NULL or "", with the separator between. The caller frees *list. */
void list_add(char **list, const char *separator, const char *fmt, ...) PN_PRINTF(3, 4);
/* Is the name one of a list with that separator? None is in NULL. */
bool list_has(const char *list, char separator, const char *name);

/* Make `path` and its parents. 0, or -1 with errno. */
int make_dirs(const char *path);
/* Whether it is there at all, or a plain file, links followed. What cannot be looked at is not. */
bool file_exists(const char *path);
bool file_is_plain(const char *path);
/* Bytes, or -1 with errno. */
int64_t file_bytes(const char *path);
/* The whole of a plain file, NUL-terminated, *len bytes without the NUL (len may be NULL). NULL with errno. */
char *read_file(const char *path, size_t *len);
/*
 * Write the whole file under a temporary name, sync it, rename it: `path` holds the old contents
 * or the new, nothing in between, also on a full disk. Two processes may do so at once. 0, or -1 with errno.
 */
#define PART_PATTERN ".[0-9]*.part" /* the temporary name is the file's with this behind it */
int write_file(const char *path, const void *data, size_t len);
/* Write all of it. 0, or -1 with errno. */
int write_all(int fd, const void *data, size_t len);
/* Free bytes where `path` lies; -1 with errno. */
int64_t disk_free(const char *path);
/* Remove a directory that this program made for itself, with all that is in it. */
void remove_tree(const char *path);

/* Wall-clock seconds since some fixed moment; never goes back. */
double now_seconds(void);
/* "2 min", "45 s", "1 h 05 min" into out. */
const char *human_seconds(double s, char out[32]);
/* "1.5 MiB" into out. */
const char *human_bytes(double bytes, char out[32]);

/* First line of what a command prints on stdout, trimmed; NULL if it cannot be run. argv ends in NULL. The caller frees it. */
char *command_line_output(const char *const argv[]);

/* Levenshtein distance, for "did you mean". */
unsigned edit_distance(const char *a, const char *b);

#endif
