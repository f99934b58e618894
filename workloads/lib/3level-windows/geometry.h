/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The 3-level form with a kernel half that begins at 2 GiB, as 32-bit Windows has it: what lies at 0xc0000000 in
 * Linux's place is where Windows maps its page tables.
 */
#ifndef GUEST_GEOMETRY_WINDOWS_H
#define GUEST_GEOMETRY_WINDOWS_H

#include "../3level/geometry.h"

#undef DIRECT_BASE
#define DIRECT_BASE 0x80000000
#undef DIRECT_ROOT_INDEX
#define DIRECT_ROOT_INDEX 2 /* DIRECT_BASE's entry in the root: bits 31-30 */
#undef KERNEL_ROOT_INDEX
#define KERNEL_ROOT_INDEX 2

#endif
