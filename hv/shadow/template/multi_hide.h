/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Part of the template (multi.h): entries of hidden tables (hide.h). Hardware sets accessed and dirty bits in them at
 * any time, so an entry is taken out by an exchange before its bits are carried over.
 */

static inline u64 take_one(void *table, u32 slot)
{
	if (SHADOW_BYTES == 4)
		return __atomic_exchange_n((u32 *)table + slot, 0, __ATOMIC_SEQ_CST);
	return __atomic_exchange_n((u64 *)table + slot, 0, __ATOMIC_SEQ_CST);
}

/* Of hardware's own copy nothing but the bits is believed. */
static inline u64 s_take(struct sh_page *sp, u32 slot)
{
	const u64 hw = take_one(hw_table(sp), slot);
	u64 e;

	if (!APART || !pool_hw_offset)
		return hw;
	e = take_one(sp->table, slot);
	return e & PTE_P ? e | (hw & (PTE_A | PTE_D)) : e;
}

/* Carry over what hardware added to entry `e`, which stands or stood in a slot, to the guest's entry. */
static __attribute__((unused)) void harvest(struct domain *d, struct sh_page *sp, u32 slot, u64 e)
{
	u32 index = (QUADRANTS ? ROLE_QUADRANT(sp->role) * ENTRIES : 0) + slot;
	u64 bits;

	if (!sp->hidden || !sp->guest || !(e & PTE_P))
		return;
	bits = e & (PTE_A | PTE_D) & ~guest_entry(sp, index);
	if (!bits || !(guest_entry(sp, index) & PTE_P))
		return;
	if (GUEST_BYTES == 4)
		__atomic_fetch_or((u32 *)(uintptr_t)sp->guest + index, (u32)bits, __ATOMIC_SEQ_CST);
	else
		__atomic_fetch_or((u64 *)(uintptr_t)sp->guest + index, bits, __ATOMIC_SEQ_CST);
	COUNT(d, ad_synced);
	d->counter[PN_CNT_set_accessed] += (bits & PTE_A) != 0;
	d->counter[PN_CNT_set_dirty] += (bits & PTE_D) != 0;
	log_dirty_mark(d, plat_virt_to_mfn(sp->guest));
}
