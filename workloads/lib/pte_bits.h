/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The bits of page-table entries that every paging mode has in one place. A mode's geometry.h, which
 * includes this, defines what differs: PTE_TYPE, PTE_NX, PTE_FRAME and PTE_ROOT, an entry of the root.
 */
#ifndef GUEST_PTE_BITS_H
#define GUEST_PTE_BITS_H

#define PTE_P        0x1
#define PTE_RW       0x2
#define PTE_US       0x4
#define PTE_UNCACHED 0x18 /* PWT, PCD */
#define PTE_A        0x20
#define PTE_D        0x40
#define PTE_PS       0x80
#define PTE_G        0x100

/* What Linux gives an anonymous page after a write fault, and an upper-level entry. */
#define PTE_USER_DATA (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_NX)
#define PTE_WINDOW    (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_NX) /* a kernel's page */
#define PTE_TABLE     (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)

#ifndef __ASSEMBLER__
#include "types.h"
typedef PTE_TYPE pte_t;
#endif

#endif
