/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * super: few_writers. As direct, but no more than SH_WRITERS shadow pages may map a 2 MiB block by writable superpage entries; for others the
 * superpage is splintered. So when a frame of it becomes a table, those that the book names are all to look into: what that costs
 * does not grow with the pool. A block of a program's has two, the kernel's map of all memory being the other.
 */
#ifndef PART_SUPER_H
#define PART_SUPER_H

#include "policy.h"

enum { SUPER_HIGHEST_LEAF = 2, SUPER_FEW_WRITERS = 1 };

#include "lpage_books.h"

#endif
