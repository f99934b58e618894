/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the parts of a guest's image lie in its memory, a page each, as in an image of workloads/lib's: code at 1 MiB, data and stack behind it, then
 * the first tables; all else from the next superpage on.
 */
#ifndef GUEST_PLACES_H
#define GUEST_PLACES_H

#define PLACE_CODE   0x100000
#define PLACE_DATA   0x101000
#define PLACE_STACK  0x102000
#define PLACE_TABLES 0x103000 /* up to five */
#define PLACE_PAGE   0x10a000 /* of KERNEL_PAGE() */

#endif
