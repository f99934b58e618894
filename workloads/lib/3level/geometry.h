/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The shape of 3-level (PAE) page tables of 32-bit mode, and where the kernel half lies in them.
 *
 * Everything that a workload or the library knows about the number of levels
 * comes from here: another paging mode is another directory with this header,
 * chosen by the include path. Assembly includes it as well, hence no suffixes.
 */
#ifndef GUEST_GEOMETRY_H
#define GUEST_GEOMETRY_H

#define PT_LEVELS       3
#define PT_INDEX_BITS   9
#define PT_ENTRIES      512 /* entries in a table page */
#define PT_ROOT_ENTRIES 4
#define PTE_BYTES       8

/* How this mode is turned on: what start.S loads. PGE comes when the low mapping has gone. */
#define CR4_MODE  0x20               /* PAE */
#define EFER_MODE 0x800              /* NXE */
#define GDT_CODE  0x00cf9b000000ffff /* 32-bit code */

/*
 * All memory is mapped here, by global 2 MiB pages, as 32-bit Linux does. Image, stack and tables have this one mapping only.
 */
#define DIRECT_BASE       0xc0000000
#define DIRECT_ROOT_INDEX 3          /* DIRECT_BASE's entry in the root: bits 31-30 */
#define DIRECT_MAX        0x30000000 /* bytes mapped: what is left above is not used */
#define SUPERPAGE_BYTES   0x200000
#define KERNEL_ROOT_INDEX 3 /* from here on every root has the same entries */

/* The boot tables lie one behind the other; the superpage entries begin here, counted from the root. */
#define BOOT_DIRECT_OFFSET 0x1000
#define BOOT_TABLE_PAGES   2

/* Where workloads put what they map: the lower, "user" half, clear of page 0. */
#define USER_BASE 0x40000000

/* Where Windows maps its page tables. Only a guest that does so has something there. */
#define LINEAR_BASE 0xc0000000

/* What is this mode's own in an entry; the bits that all modes share come with it. */
#define PTE_TYPE  u64
#define PTE_NX    0x8000000000000000
#define PTE_FRAME 0x000ffffffffff000
#define PTE_ROOT  PTE_P /* an entry of the root: most other bits are reserved there */
#include "pte_bits.h"

#endif
