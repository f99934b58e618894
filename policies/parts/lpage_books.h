/* SPDX-License-Identifier: BSD-2-Clause */
/* The books of superpage entries, a struct lpage_info for each 2 MiB: for super parts whose SUPER_HIGHEST_LEAF is 2, which include it last. */
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
