/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef SMP_H
#define SMP_H

#include "types.h"

/* Make `stack` (aligned to its size) pCPU `id`'s. */
void pcpu_register(unsigned id, void *stack);

/* A page of RAM below 640 KiB, from the boot memory map. */
hpa_t smp_trampoline_page(void);

#endif
