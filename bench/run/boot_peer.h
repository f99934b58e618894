/* SPDX-License-Identifier: BSD-2-Clause */
/* How a peer's machine is booted: docs/peers.md. */
#ifndef BENCH_BOOT_PEER_H
#define BENCH_BOOT_PEER_H

#include "boot.h"
#include "qemu.h"

/* The whole command line for that boot's QEMU. */
void peer_argv(const struct boot *b, struct argv *a, const char *initrd, const char *disk, const char *log);

#endif
