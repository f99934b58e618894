/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef TESTS_DEV_MEMORY_H
#define TESTS_DEV_MEMORY_H

#include "types.h"

#define MEMORY_BYTES (1u << 20)

extern u8 memory[MEMORY_BYTES];
extern u64 memory_hole;   /* address of a page that is no memory */
extern u64 memory_copied; /* bytes, by all accesses so far */

#endif
