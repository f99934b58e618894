/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): the PDPTEs of a PAE guest. Its CR3 does not name a table that a walk reads, but four
 * page-directory-pointer entries that the CPU loads once (APM volume 2, "PAE Paging"); what memory says of them later counts at
 * the next load only. So no shadow stands for their frame, and the guest writes to it freely. A page of role ROLE_PDPTES stands
 * for the four values instead: it has a copy of them, and vCPUs that loaded the same values share it, wherever those lay.
 *
 * Must hold: the copy never changes while the page is in use; with more than three levels of shadow,
 * every page from the root down to level 3 has the same copy and the same number as gfn.
 */

/* The copy lies in the page itself, past everything that hardware reads for a 32-bit address. */
static inline u64 *pdpte_copy(const struct sh_page *sp)
{
	return (u64 *)sp->table + PAGE_SIZE / sizeof(u64) - PAE_ENTRIES;
}

/* The role of the pages that stand for the PDPTEs which v has loaded. */
static inline u32 pdpte_role(const struct vcpu *v, u32 level)
{
	return v->role | ROLE_DIRECT | ROLE_PDPTES | level;
}

/* What the roles of a guest table and of the tables that its entries name have in common. */
static inline u32 table_role(u32 role)
{
	return role & ~(ROLE_PLACE | (G == 3 ? ROLE_DIRECT | ROLE_PDPTES : 0));
}

/* The number stands in the place of a gfn and says where to look: whoever finds a page by it compares the copy. */
static inline u32 pdpte_hash(const u64 pdpte[PAE_ENTRIES])
{
	u32 number = 0;

	for (u32 i = 0; i < PAE_ENTRIES; i++)
		number = number * 31 + (u32)(pdpte[i] >> PAGE_SHIFT);
	return number;
}

/* The root that stands for what v has loaded; NULL: none, and one may be made under *gfn and *role. */
static struct sh_page *pdpte_find_root(struct vcpu *v, gfn_t *gfn, u32 *role)
{
	u32 number = pdpte_hash(v->pdpte);
	struct sh_page *root;

	*role = pdpte_role(v, N);
	while ((root = policy.sync->find(v->domain, number, *role)) && memcmp(pdpte_copy(root), v->pdpte, sizeof(v->pdpte)))
		number++; /* taken by other PDPTEs */
	*gfn = GFN(number);
	return root;
}

static inline struct sh_page *page_new(struct vcpu *v, const struct sh_mode *mode, gfn_t gfn, u32 role, gva_t va)
{
	struct sh_page *sp = sh_page_new(v, mode, gfn, role, va);

	if (G == 3 && role & ROLE_PDPTES)
		sp->guest = memcpy(pdpte_copy(sp), v->pdpte, sizeof(v->pdpte));
	return sp;
}
