/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's log: COM1, and a ring that dom0 reads. plat_log writes it. */
#ifndef HOST_LOG_H
#define HOST_LOG_H

#include "plat.h"

/* "loglevel=error|warn|info|debug" on the hypervisor's command line; default info. And how the machine ends (ending.h). */
void log_init(const char *cmdline);

/* Called on a panic, once its own lines are out: what the floors above have to say before the machine ends. NULL: nothing. */
extern void (*log_last_words)(void);

/* Take up to `bytes` of what was logged since the last call; what was overwritten meanwhile is gone. */
size_t log_read(char *buf, size_t bytes);

/* A line that a domain printed, for the dump of a panic. */
void log_console(const char *name, const char *text);

/* One clear sentence, then the end (ending.h): for machines that cannot run us. */
_Noreturn void boot_refuse(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
