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

enum { SUPER_HIGHEST_LEAF = 2 };

struct direct_domain {
	struct lpage_info *lpage_info;
};
SH_KEEPS_DOMAIN(direct)

SH_PART u32 direct_leaf_level(u32 level)
{
	return level < SUPER_HIGHEST_LEAF ? level : SUPER_HIGHEST_LEAF;
}

SH_PART u64 direct_pages(const struct domain *d)
{
	return ALIGN_UP(sh_nr_lpages(d) * sizeof(struct lpage_info), PAGE_SIZE) / PAGE_SIZE;
}

SH_PART bool direct_init(struct domain *d)
{
	direct_domain(d)->lpage_info = plat_alloc_pages(direct_pages(d));
	return direct_domain(d)->lpage_info;
}

SH_PART void direct_exit(struct domain *d)
{
	if (direct_domain(d)->lpage_info)
		plat_free_pages(direct_domain(d)->lpage_info, direct_pages(d));
}

SH_PART struct lpage_info *direct_lpage_info(const struct domain *d, u64 number)
{
	return &direct_domain(d)->lpage_info[number];
}

static const struct sh_super super_part = {
	.keeps_domain = &direct_keeps_domain,
	.leaf_level = direct_leaf_level,
	.init = direct_init,
	.exit = direct_exit,
	.lpage_info = direct_lpage_info,
};

#endif
