/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super: direct. A guest superpage of 2 or 4 MiB is shadowed by one entry (Virtual Iron's patch, and KVM) where
 * its memory lies in one piece and aligned, and no guest table lies in it; a larger one by a table of such
 * entries. Otherwise, and from the moment that a frame of it becomes a table, it is splintered.
 *
 * Must hold: frame_info.writable counts level-1 entries alone, as ever; the book of each 2 MiB counts superpage
 * entries with PTE_RW, and there is none while a guest table lies there. So a frame with shadows
 * is mapped writable nowhere, at either level.
 *
 * What was splintered stays so until its table of 4 KiB entries goes.
 */
#ifndef PART_SUPER_H
#define PART_SUPER_H

#include "policy.h"

enum { SUPER_HIGHEST_LEAF = 2, SUPER_FEW_WRITERS = 0 };

#include "lpage_books.h"

#endif
