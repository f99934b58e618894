/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by virtual address, for both kinds of paging. The includer defines
 *
 *   static enum verdict translate(struct vcpu *, gva_t, u32 access, struct sh_target *);
 *   static void wrote(struct vcpu *, const struct sh_target *, u32 bytes);
 *   static enum verdict write_in_page(struct vcpu *, gva_t, const void *, u32 bytes, u32 access);
 *   static u32 entry_bytes(struct vcpu *);   of a page-table entry in the guest's mode
 *   static void updated(struct vcpu *, const struct sh_target *, u32 bytes);   after update_entry's store
 *
 * none of which returns SH_RETRY.
 *
 * Must hold: a write that faults in either of two pages changes neither; naturally
 * aligned writes of up to 8 bytes are single stores, as guests expect of their tables.
 */
#ifndef PAGING_GUEST_MEMORY_H
#define PAGING_GUEST_MEMORY_H

#include "gw.h"
#include "lib.h"

static inline u32 room_in_page(gva_t va)
{
	return PAGE_SIZE - (u32)(va & ~PAGE_MASK);
}

/* Instruction fetches are of 15 bytes or so: two moves that overlap. */
static inline void load_bytes(void *buf, const u8 *p, u32 bytes)
{
	u64 head, tail;

	if (unlikely(bytes - 8 > 8)) {
		memcpy(buf, p, bytes);
		return;
	}
	memcpy(&head, p, 8);
	memcpy(&tail, p + bytes - 8, 8);
	memcpy(buf, &head, 8);
	memcpy((u8 *)buf + bytes - 8, &tail, 8);
}

enum verdict paging_read(struct vcpu *v, gva_t va, void *buf, unsigned bytes, u32 access)
{
	struct sh_target t;
	u32 first = room_in_page(va);
	enum verdict r = translate(v, va, access, &t);

	if (r != SH_FIXED)
		return r;
	if (likely(bytes <= first)) {
		load_bytes(buf, t.p, bytes);
		return SH_FIXED;
	}
	memcpy(buf, t.p, first);
	r = translate(v, va + first, access, &t);
	if (r == SH_FIXED)
		memcpy((u8 *)buf + first, t.p, bytes - first);
	return r;
}

static __attribute__((noinline)) enum verdict write_split(struct vcpu *v, gva_t va, const u8 *buf, u32 bytes, u32 access)
{
	struct sh_target t, t2;
	u32 first = room_in_page(va);
	enum verdict r = translate(v, va, access, &t), r2;

	if (r != SH_FIXED)
		return r;
	r2 = translate(v, va + first, access, &t2);
	if (r2 == SH_GUEST_FAULT)
		return r2;
	memcpy(t.p, buf, first);
	wrote(v, &t, first);
	if (r2 == SH_FIXED) {
		memcpy(t2.p, buf + first, bytes - first);
		wrote(v, &t2, bytes - first);
	}
	return r2;
}

enum verdict paging_write(struct vcpu *v, gva_t va, const void *buf, unsigned bytes, u32 access)
{
	if (unlikely(bytes > room_in_page(va)))
		return write_split(v, va, buf, bytes, access | PFEC_W);
	return write_in_page(v, va, buf, bytes, access | PFEC_W);
}

/* A table's entry at gpa gets a value, by one store; shadows follow. False: no memory is there, or it is not aligned. */
static inline bool update_entry(struct vcpu *v, gpa_t gpa, u64 value, u32 bytes)
{
	struct sh_target t = { .mfn = p2m_lookup(v->domain, gpa_to_gfn(gpa)) };

	if (unlikely(!mfn_valid(t.mfn) || gpa & (bytes - 1)))
		return false;
	t.p = (u8 *)plat_map(t.mfn) + (gpa & ~PAGE_MASK);
	if (bytes == 8)
		*(volatile u64 *)t.p = value;
	else
		*(volatile u32 *)t.p = (u32)value;
	updated(v, &t, bytes);
	return true;
}

u32 paging_update_entries(struct vcpu *v, gpa_t list, u32 nr)
{
	const volatile struct pn_mmu_update *u = NULL;
	u32 bytes = entry_bytes(v);

	for (u32 i = 0; i < nr; i++, u++) {
		gpa_t at = list + i * sizeof(*u);

		if (!i || !(at & ~PAGE_MASK)) {
			mfn_t mfn = p2m_lookup(v->domain, gpa_to_gfn(at));

			if (!mfn_valid(mfn))
				return i;
			u = (const void *)((u8 *)plat_map(mfn) + (at & ~PAGE_MASK));
		}
		if (!update_entry(v, u->entry, u->value, bytes))
			return i;
	}
	return nr;
}

static bool cmpxchg16(void *p, u64 old[2], const u64 new_[2])
{
	bool done;

	asm volatile("lock cmpxchg16b %1"
		     : "=@ccz"(done), "+m"(*(u64(*)[2])p), "+a"(old[0]), "+d"(old[1])
		     : "b"(new_[0]), "c"(new_[1])
		     : "memory");
	return done;
}

#define CMPXCHG(type)                                                                                                            \
	({                                                                                                                       \
		type desired;                                                                                                    \
		memcpy(&desired, new_, sizeof(desired));                                                                         \
		__atomic_compare_exchange_n((type *)p, (type *)old, desired, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);         \
	})

/* Within one page. `old` must be aligned to `bytes`. */
static bool cmpxchg_at(void *p, void *old, const void *new_, u32 bytes)
{
	switch (bytes) {
	case 1: return CMPXCHG(u8);
	case 2: return CMPXCHG(u16);
	case 4: return CMPXCHG(u32);
	case 8: return CMPXCHG(u64);
	default: return cmpxchg16(p, old, new_);
	}
}

/* Across a page end hardware is atomic only under a bus lock; here the domain's lock must do. */
static enum verdict cmpxchg_split(struct vcpu *v, gva_t va, void *old, const void *new_, u32 bytes, u32 access, bool *done)
{
	u8 now[16];
	enum verdict r = paging_read(v, va, now, bytes, access | PFEC_W);

	if (r != SH_FIXED)
		return r;
	*done = !memcmp(now, old, bytes);
	if (*done)
		return paging_write(v, va, new_, bytes, access);
	memcpy(old, now, bytes);
	return SH_FIXED;
}

enum verdict paging_cmpxchg(struct vcpu *v, gva_t va, void *old, const void *new_, unsigned bytes, u32 access, bool *done)
{
	struct sh_target t;
	enum verdict r;
	u64 expected[2] __attribute__((aligned(16)));

	if (bytes > room_in_page(va))
		return cmpxchg_split(v, va, old, new_, bytes, access, done);
	r = translate(v, va, access | PFEC_W, &t);
	if (r != SH_FIXED)
		return r;
	memcpy(expected, old, bytes);
	*done = cmpxchg_at(t.p, expected, new_, bytes);
	if (*done)
		wrote(v, &t, bytes);
	else
		memcpy(old, expected, bytes);
	return SH_FIXED;
}

#endif
