/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A 64-bit Linux kernel's ELF file begun by the 64-bit boot protocol (Documentation/arch/x86/boot.rst): at its PVH entry Linux asks
 * whether Xen is there, and would then be a guest of Xen's own kind, unlike natively.
 */
#ifndef PEERS_LINUX64_H
#define PEERS_LINUX64_H

#include "load.h"

/*
 * After load_image() was content: if it is such a kernel, replaces its boot information by boot_params and a bridge of 32-bit code, GDT and
 * page tables to the 64-bit entry, and *at begins there. Anything else stays as it is.
 */
void linux64_enter(const struct load_request *rq, struct load_result *at);

#endif
