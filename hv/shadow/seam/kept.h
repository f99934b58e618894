/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where in a descriptor, and in a domain's books, the recipe's parts have what they keep: one behind the other, each aligned as
 * it needs. The policy is constant and in sight, so that a place is a constant, too.
 *
 * Must hold: no two parts of a recipe name the same sh_kept, and what they keep of a page fits into sh_page.kept.
 */
#ifndef SHADOW_KEPT_H
#define SHADOW_KEPT_H

/* In an order by which small things lie together. */
#define SH_EACH_PART(DO, what)                                                                                                   \
	DO(sync, what)                                                                                                           \
	DO(prefetch, what)                                                                                                       \
	DO(spare, what)                                                                                                          \
	DO(super, what)                                                                                                          \
	DO(ad, what)                                                                                                             \
	DO(wrmap[0], what)                                                                                                       \
	DO(wrmap[1], what)                                                                                                       \
	DO(wrmap[2], what)                                                                                                       \
	DO(reclaim[0], what)                                                                                                     \
	DO(reclaim[1], what)                                                                                                     \
	DO(reclaim[2], what)

/* The next part's, if it keeps such a thing, begins behind `at`; and ends there if it is not the one that is looked for. */
#define SH_PLACE_NEXT(part, what)                                                                                                \
	if (policy.part && policy.part->keeps_##what) {                                                                          \
		at = ALIGN_UP(at, policy.part->keeps_##what->align);                                                             \
		if (policy.part->keeps_##what == kept)                                                                           \
			return at;                                                                                               \
		at += policy.part->keeps_##what->bytes;                                                                          \
	}

/* The place of what a part keeps, in bytes. NULL: of nothing any more, which is how much the parts of this recipe keep. */
static inline __attribute__((always_inline)) u32 sh_page_place(const struct sh_kept *kept)
{
	u32 at = 0;

	SH_EACH_PART(SH_PLACE_NEXT, page)
	return at;
}

static inline __attribute__((always_inline)) u32 sh_domain_place(const struct sh_kept *kept)
{
	u32 at = 0;

	SH_EACH_PART(SH_PLACE_NEXT, domain)
	return at;
}

/* Never defined: to call it is an error of compilation, where the compiler looks for what is constant. */
void sh_keep_too_much(void) __attribute__((error(
	"these parts keep more of each shadow page than its descriptor has room for (SH_KEPT_BYTES in shadow/pool/pool.h)")));

static inline __attribute__((always_inline)) void sh_check_kept(void)
{
	const bool too_much = sh_page_place(NULL) > SH_KEPT_BYTES;

	if (__builtin_constant_p(too_much) && too_much)
		sh_keep_too_much();
	BUG_ON(too_much);
}

#endif
