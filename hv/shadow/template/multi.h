/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * M on N: a guest with GUEST_LEVELS of page tables on hardware that walks
 * SHADOW_LEVELS. A file multi_<M>on<N>.c defines both and includes this; everything
 * here is static to it but the structure at the end.
 *
 * How a shadow stands for a guest
 *  - Above level 1 an entry links to the shadow of the guest table that the guest's
 *    entry names, with the guest's rights, so that hardware combines rights by itself.
 *  - A guest superpage, or the guest's whole memory while its paging is off, is
 *    shadowed by direct tables, which give every right: the entry that links to them
 *    has the guest's.
 *  - An entry may be absent, or lack PTE_RW, although the guest's has it: the next
 *    fault gives it. It never gives more than the guest's entry does, as long as its
 *    page is in sync.
 *  - The accessed bit comes first: no entry exists for a guest entry without it, none
 *    is writable for a leaf without the dirty bit.
 *  - PTE_A and PTE_D are always set in leaf entries, so hardware never writes to them; but a prefetched one
 *    lacks PTE_A until it is used.
 *  - Hardware reads the PDPTEs of a PAE root (N = 3) when it loads CR3, so a change of a loaded one has
 *    CR3 loaded again before the guest runs on.
 *
 * multi_pae.h is what PAE guests have besides, multi_walk.h is the walk down the shadow, multi_unsync.h is for tables out of sync
 * and for prefetching, multi_spare.h answers from what entries remember, multi_fill.h fills at a fault, multi_change.h follows
 * changes. All of it works without short/multi_short.h, which comes last.
 */
#include "hide.h"

enum {
	G = GUEST_LEVELS,
	N = SHADOW_LEVELS,
	GUEST_BYTES = G == 2 ? 4 : 8,
	SHADOW_BYTES = N == 2 ? 4 : 8,
	SHADOW_BITS = N == 2 ? 10 : 9,
	ENTRIES = 1 << SHADOW_BITS,
	QUADRANTS = G == 2 && N > 2,                   /* guest tables have twice the entries of shadows */
	APART = N <= 3,                                /* hardware may walk tables of its own: pool.h */
	SHORT = G && WAYS_SHORT && SYNC_LINKS_IN_STEP, /* short/ is entered, from the structure at the end */
};

#define PAE_ENTRIES 4
#define LINK_RIGHTS (PTE_P | PTE_RW | PTE_US | PTE_NX)
#define LINK_ALL    (PTE_P | PTE_RW | PTE_US | PTE_A)

static inline u32 s_shift(u32 level)
{
	return 12 + (level - 1) * SHADOW_BITS;
}
static inline u32 s_slot(gva_t va, u32 level)
{
	return (u32)(va >> s_shift(level)) & (ENTRIES - 1);
}

/*
 * One read of an entry: other CPUs' hardware may mark it at any time, where the ad part leaves that to it and where an
 * entry was prefetched.
 */
static inline u64 s_entry(const void *table, u64 slot)
{
	return SHADOW_BYTES == 4 ? __atomic_load_n((const u32 *)table + slot, __ATOMIC_RELAXED) :
				   __atomic_load_n((const u64 *)table + slot, __ATOMIC_RELAXED);
}

static inline u64 s_get(const struct sh_page *sp, u64 slot)
{
	return s_entry(sp->table, slot);
}

static inline void store_one(void *table, u64 slot, u64 e)
{
	if (SHADOW_BYTES == 4)
		__atomic_store_n((u32 *)table + slot, (u32)e, __ATOMIC_RELAXED);
	else
		__atomic_store_n((u64 *)table + slot, e, __ATOMIC_RELAXED);
}

/* What hardware walks of a table. One instruction, where C adds index and offset first: fills come here. */
static inline void *hw_half(void *table)
{
	if (APART)
		asm("add %1, %0" : "+r"(table) : "m"(pool_hw_offset) : "cc");
	return table;
}

static inline void *hw_table(const struct sh_page *sp)
{
	return hw_half(sp->table);
}

/*
 * A leaf entry, or none: into both halves, of which the second may be the first again. Where hardware's bits must not be lost, s_take
 * has cleared the entry before, so that there are none.
 */
static inline void s_store(void *table, u64 slot, u64 e)
{
	store_one(table, slot, e);
	if (APART)
		store_one(hw_half(table), slot, e);
}

static inline void s_set(struct sh_page *sp, u64 slot, u64 e)
{
	s_store(sp->table, slot, e);
	if (e)
		sh_mark_live(sp, slot);
}

/* A link, or (child NULL) none: each half's leads to the child's table in the same half. */
static inline void s_link(struct sh_page *sp, u64 slot, const struct sh_page *child, u64 rights)
{
	const u64 e = child ? mfn_to_hpa(MFN(child->mfn)) | rights : 0;

	store_one(sp->table, slot, e);
	if (APART)
		store_one(hw_table(sp), slot, child ? e + pool_hw_offset : 0);
	if (child)
		sh_mark_live(sp, slot);
}

/* The quadrant of the child below a slot of a level: which part of a guest table covers it. */
static inline u32 child_quadrant(u32 slot, u32 level)
{
	return QUADRANTS ? slot & ((1u << (level - 1)) - 1) : 0;
}

static inline u32 direct_role(u32 level)
{
	return ROLE_DIRECT | ROLE_SHADOW(N) | level;
}

/* Does it stand for part of a guest superpage, or of the memory itself? */
static inline bool maps_directly(u32 role)
{
	return role & ROLE_DIRECT && !(G == 3 && role & ROLE_PDPTES);
}

/* How many entries a shadow page can have. */
static inline u32 entries_of(const struct sh_page *sp)
{
	return G == 3 && sp->role & ROLE_PDPTES ? PAE_ENTRIES : ENTRIES;
}

static inline u64 role_rsvd(u32 role)
{
	if (G == 2)
		return 0;
	return PTE_RSVD_PHYS | (G == 3 ? PTE_RSVD_PAE : 0) | (role & ROLE_NXE ? 0 : PTE_NX);
}

/* An entry of a guest table, or of a copy of one. */
static inline u64 g_get(const void *table, u64 index)
{
	return GUEST_BYTES == 4 ? ((const volatile u32 *)table)[index] : ((const volatile u64 *)table)[index];
}

static inline u64 guest_entry(const struct sh_page *sp, u64 index)
{
	return g_get(sp->guest, index);
}

/* ---- setting entries, with the books ---- */

/* Does frame_info.writable count this leaf entry? */
static inline bool counted(u64 e)
{
	return (e & SH_COUNTED) == SH_COUNTED;
}

/* A present leaf entry that no fault asked for. Hardware ignores the bit, and spare parts use it in absent entries only. */
#define SH_PREFETCHED BIT(9)

static inline bool prefetched(u64 e)
{
	return PREFETCH_LOOKS_AROUND && (e & (SH_PREFETCHED | PTE_P)) == (SH_PREFETCHED | PTE_P);
}

/* An entry as it would be if it had not been prefetched. */
static inline u64 unprefetched(u64 e)
{
	return prefetched(e) ? (e & ~SH_PREFETCHED) | PTE_A : e;
}

/* Leaf entry e of a slot, as hardware has marked it. */
static inline u64 s_marked(const struct sh_page *sp, u64 slot, u64 e)
{
	if (!APART || !(AD_HIDES_TABLES ? e & PTE_P : prefetched(e)))
		return e;
	return e | (s_entry(hw_table(sp), slot) & (AD_HIDES_TABLES ? PTE_A | PTE_D : PTE_A));
}

#include "multi_hide.h"

/* An entry that is counted is about to map a frame. False: it must not. */
static inline __attribute__((always_inline)) bool leaf_count(struct domain *d, struct sh_page *sp, u32 slot, mfn_t mfn)
{
	struct frame_info *f = frame_of(d, mfn);

	if (unlikely(!SH_ALL(wrmap, mapped, d, mfn, sp, slot)))
		return false;
	f->writable++;
	return true;
}

/* Such an entry maps it no more. */
static inline __attribute__((always_inline)) void leaf_uncount(struct domain *d, struct sh_page *sp, u32 slot, mfn_t mfn)
{
	frame_of(d, mfn)->writable--;
	SH_EACH(wrmap, unmapped, d, mfn, sp, slot);
}

/* The present entry `old`, which may have been prefetched, goes for e: was it worth it? */
static inline __attribute__((always_inline)) void prefetched_gone(struct domain *d, const struct sh_page *sp, u32 slot, u64 old,
								  u64 e)
{
	if (PREFETCH_LOOKS_AROUND && old & SH_PREFETCHED && !prefetched(e))
		d->counter[s_marked(sp, slot, old) & PTE_A ? PN_CNT_prefetch_used : PN_CNT_prefetch_wasted]++;
}

/* The present entry `old` of a slot goes, for e, which may map the same frame. */
static inline __attribute__((always_inline)) void leaf_lose(struct domain *d, struct sh_page *sp, u32 slot, u64 old, u64 e)
{
	if (AD_HIDES_TABLES || old & PTE_RW)
		leaf_uncount(d, sp, slot, pte_mfn(old));
	prefetched_gone(d, sp, slot, old, e);
}

/* Entry e, of `mfn` if it is counted, comes, the old one being gone from the books. */
static inline __attribute__((always_inline)) void leaf_gain(struct domain *d, struct sh_page *sp, u32 slot, mfn_t mfn, u64 e)
{
	if (counted(e) && !leaf_count(d, sp, slot, mfn))
		e = AD_HIDES_TABLES ? 0 : e & ~PTE_RW;
	s_set(sp, slot, e);
}

/* Entry `slot`, which is or was `old`, becomes e. */
static inline __attribute__((always_inline)) void leaf_change(struct domain *d, struct sh_page *sp, u32 slot, u64 old, u64 e)
{
	if (old & PTE_P)
		leaf_lose(d, sp, slot, old, e);
	leaf_gain(d, sp, slot, pte_mfn(e), e);
}

/* `harvested`: the old entry goes while its guest entry stands, so what hardware added to it is carried over. Returns the old one. */
static inline __attribute__((always_inline)) u64 leaf_set(struct domain *d, struct sh_page *sp, u32 slot, u64 e, bool harvested)
{
	const u64 old = AD_HIDES_TABLES ? s_take(sp, slot) : s_get(sp, slot);

	if (AD_HIDES_TABLES && harvested)
		harvest(d, sp, slot, old);
	leaf_change(d, sp, slot, old, e);
	return old;
}

static inline __attribute__((always_inline)) void leaf_put(struct domain *d, struct sh_page *sp, u32 slot, u64 e)
{
	leaf_set(d, sp, slot, e, true);
}

static inline struct sh_page *link_child(const struct domain *d, u64 e)
{
	return pool_page(pte_mfn(e).n);
}

/* A superpage entry, where the recipe has such: at level 2, and never in links. */
static inline bool is_super(u64 e)
{
	return SUPER_HIGHEST_LEAF > 1 && (e & (PTE_P | PTE_PS)) == (PTE_P | PTE_PS);
}

static void super_gone(struct domain *d, u64 e);

/* Point a slot at a child, or at nothing; the old child may go with its whole tree. */
static void link_put(struct domain *d, struct sh_page *sp, u32 slot, struct sh_page *child, u64 rights)
{
	u64 old = s_get(sp, slot);
	struct sh_page *gone = old & PTE_P && !is_super(old) ? link_child(d, old) : NULL;

	if (is_super(old))
		super_gone(d, old);
	s_link(sp, slot, child, rights);
	sp->entries += (child != NULL) - (old != 0);
	if (N == 3 && sp->loaded)
		sh_reload_root(d, sp);
	if (child) {
		child->refs++;
		if (!child->up) {
			child->up = sp;
			child->up_slot = slot;
		}
	}
	if (!gone)
		return;
	if (SHORT)
		sh_link_gone(d);
	if (!INVLPG_EXITS_ALWAYS)
		sh_code_gone(d);
	if (gone->up == sp && gone->up_slot == slot && gone != child)
		gone->up = NULL;
	if (gone->role & ROLE_DIRECT || ROLE_LEVEL(gone->role) > 1)
		sh_flush(d);
	sh_put(d, gone);
}

/* Is hardware's copy of an entry what it should be, but for marks? */
static inline bool hw_copies(const struct sh_page *sp, u64 slot, u64 e, bool link)
{
	return !((s_entry(hw_table(sp), slot) ^ (e + (APART && link ? pool_hw_offset : 0))) & ~(u64)(PTE_A | PTE_D));
}

/* ---- deriving entries ---- */

/* Do the guest's entry and the marks in it give write access? */
static inline bool ge_writable(u64 ge)
{
	return ge & PTE_RW && policy.ad->may_write(ge);
}

/* The leaf entry for a mapping of a frame by itself, all but PTE_RW; `ge` gives the rights. */
static inline u64 leaf_entry_read(mfn_t mfn, u64 ge)
{
	u64 e = mfn_to_hpa(mfn) | PTE_A | PTE_D | (ge & (PTE_P | PTE_US | PTE_NX));

	return policy.spare->flags ? e | policy.spare->flags(ge) : e;
}

/* The leaf entry for a mapping of a frame by itself, with PTE_RW where `ge` gives it. */
static inline u64 leaf_entry_whole(mfn_t mfn, u64 ge)
{
	return leaf_entry_read(mfn, ge) | (ge_writable(ge) ? PTE_RW : 0);
}

static __attribute__((noinline, cold)) bool logged_may_write(const struct domain *d, struct sh_page *sp, mfn_t mfn)
{
	if (!log_dirty_may_write(d, mfn))
		return false;
	pool_mark_logged(d->shadow, sp);
	return true;
}

/* Does log-dirty allow an entry of this page that maps the frame writable? The page is known to it then. */
static inline bool log_may_write(const struct domain *d, struct sh_page *sp, mfn_t mfn)
{
	return likely(!d->log_dirty) || logged_may_write(d, sp, mfn);
}

/* The page's leaf entry for a mapping of a frame of the domain; `ge` gives the rights. */
static inline u64 leaf_entry(const struct domain *d, struct sh_page *sp, mfn_t mfn, u64 ge)
{
	const struct frame_info *f = frame_of(d, mfn);
	u64 e = leaf_entry_whole(mfn, ge);

	if (sh_hidden(f))
		return 0;
	return e & PTE_RW && (!policy.sync->may_write(f) || !log_may_write(d, sp, mfn)) ? e & ~PTE_RW : e;
}

/*
 * What to remember of an entry that maps a device. Where its upper half could serve a 32-bit walk as an entry of
 * its own, nothing: that walk would set an address bit of this one without anybody's following it.
 */
static inline u64 absent_mmio(u64 ge)
{
	return policy.spare->absent(ge, G > 2 && ge >> 32 & PTE_P ? SH_ABSENT_YET : SH_ABSENT_MMIO);
}

/* The leaf entry that a guest's level-1 entry gives as it stands, where `rsvd` bits are reserved; an absent one if none yet. */
static inline __attribute__((always_inline)) u64 leaf_derive(const struct domain *d, struct sh_page *sp, u64 ge, u64 rsvd)
{
	mfn_t mfn;

	if (!(ge & PTE_P))
		return policy.spare->absent(ge, SH_ABSENT_GUEST);
	if (!policy.ad->may_map(ge) || unlikely(ge & rsvd))
		return policy.spare->absent(ge, SH_ABSENT_YET);
	mfn = p2m_lookup(d, pte_gfn(ge));
	if (unlikely(!mfn_valid(mfn)))
		return absent_mmio(ge);
	return leaf_entry(d, sp, mfn, ge);
}

/* The entry for a mapping of a frame by a hidden table: the bits are the guest's own, and hardware may add to them. */
static inline u64 hidden_entry(const struct domain *d, struct sh_page *sp, mfn_t mfn, u64 ge)
{
	const u64 all = leaf_entry(d, sp, mfn, ge | PTE_A | PTE_D);

	return all & (~(u64)(PTE_A | PTE_D) | ge);
}

/* The entries that leaf_derive and leaf_entry give, for a leaf shadow that may be of a hidden table. */
static inline __attribute__((always_inline)) u64 leaf_derive_in(const struct domain *d, struct sh_page *sp, u64 ge, u64 rsvd)
{
	if (!AD_HIDES_TABLES || !sp->hidden || !(ge & PTE_P) || ge & rsvd || !mfn_valid(p2m_lookup(d, pte_gfn(ge))))
		return leaf_derive(d, sp, ge, rsvd);
	return hidden_entry(d, sp, p2m_lookup(d, pte_gfn(ge)), ge);
}
static inline u64 leaf_entry_in(const struct domain *d, struct sh_page *sp, mfn_t mfn, u64 ge)
{
	return AD_HIDES_TABLES && sp->hidden ? hidden_entry(d, sp, mfn, ge) : leaf_entry(d, sp, mfn, ge);
}

/* Rights of the link for a guest's entry. A superpage's dirty bit governs here: the direct tables below do not know it. */
static inline u64 link_rights(u64 ge, u32 level, bool leaf)
{
	u64 rights = (ge & LINK_RIGHTS) | PTE_A;

	if (G == 3 && level == 3) /* a PAE root entry has no rights of its own: they are reserved bits there */
		return LINK_ALL;

	return leaf && !policy.ad->may_write(ge) ? rights & ~PTE_RW : rights;
}

/* A shadow's PAE root entry has no rights of its own either. */
static inline u64 link_form(u64 rights, u32 level)
{
	return N == 3 && level == 3 ? PTE_P : rights;
}

/* An entry's rights as they are to be compared: QEMU sets the accessed bit in a PAE root entry, which has none. */
static inline u64 link_have(u64 e, u32 level)
{
	return link_form(e & ~PTE_ADDR, level);
}

/* What a slot above level 1 has to link to. */
struct want {
	u32 gfn, role;
	u64 rights;
};

#include "multi_pae.h"
#include "multi_walk.h"
#include "multi_unsync.h"
#include "multi_spare.h"
#include "multi_super.h"
#include "multi_fill.h"
#include "multi_change.h"
#include "multi_audit.h"
#include "multi_short.h"

#define MODE_NAME_(g, n) sh_mode_##g##on##n
#define MODE_NAME(g, n)  MODE_NAME_(g, n)

const struct sh_mode MODE_NAME(GUEST_LEVELS, SHADOW_LEVELS) = {
	.guest_levels = G,
	.shadow_levels = N,
	.fault = SHORT ? short_fault : mode_fault,
	.translate = SHORT ? short_translate : mode_translate,
	.write = SHORT ? short_write : mode_write,
	.wrote = mode_wrote,
	.load_root = mode_load_root,
	.load_first_root = mode_load_first_root,
	.root_new = root_new,
	.drop_page = mode_drop_page,
	.validate = mode_validate,
	.recheck = mode_recheck,
	.find_leaf = mode_find_leaf,
	.get = s_get,
	.revoke = mode_revoke,
	.grant = mode_grant,
	.revoke_in = mode_revoke_in,
	.take = mode_take,
	.forget = mode_forget,
	.resync = mode_resync,
	.resync_page = mode_resync_page,
	.relink = mode_relink,
	.unlink = mode_unlink,
	.unlink_child = mode_unlink_child,
	.empty = mode_empty,
	.unhook_user = mode_unhook_user,
	.take_super = mode_take_super,
	.maps_super = mode_maps_super,
	.hide = mode_hide,
	.show = mode_show,
	.settle = mode_settle,
	.audit = mode_audit,
};
