/* SPDX-License-Identifier: BSD-2-Clause */
/* Exception vectors and the size of the segment table, for C and assembly. */
#ifndef GUEST_VECTORS_H
#define GUEST_VECTORS_H

#define VECTORS    33 /* exceptions, and one interrupt */
#define PAGE_FAULT 14
/* Vectors 8, 10-14, 17, 21, 29, 30 push an error code; the stubs of the others push a 0 in its place. */
#define HAS_ERROR  0x60227d00
#define STUB_BYTES 16

#define GDT_BYTES           32
#define GDT_CODE32_SELECTOR 24

#endif
