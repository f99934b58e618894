/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a guest may ask (hypercall_abi.h). Every number is the guest's: it is checked here, or by paging where
 * it names memory, and no call does more work than PN_HC_MMU_MOST entries make.
 */
#include "domu.h"

static u64 wide(const u32 arg[4])
{
	return (u64)arg[1] << 32 | arg[0];
}

static u32 mmu_update(struct vcpu *v, gpa_t list, u32 nr)
{
	if (nr > PN_HC_MMU_MOST || list % sizeof(struct pn_mmu_update))
		return PN_HC_EINVAL;
	return paging_update_entries(v, list, nr);
}

static u32 pinned(enum pin_result r)
{
	static const u32 answer[] = { [PIN_OK] = 0,
				      [PIN_NONE] = PN_HC_ENOSYS,
				      [PIN_LOADED] = PN_HC_EBUSY,
				      [PIN_AGAIN] = PN_HC_EBUSY,
				      [PIN_OUTSIDE] = PN_HC_EINVAL };

	return answer[r];
}

/* Hypercalls that only a guest's kernel may make. */
static u32 kernel_call(struct vcpu *v, u32 nr, const u32 arg[4])
{
	switch (nr) {
	case PN_HC_MMU_UPDATE: return mmu_update(v, wide(arg), arg[2]);
	case PN_HC_PIN_ROOT: return pinned(paging_pin_root(v, wide(arg)));
	case PN_HC_UNPIN_ROOT: return pinned(paging_unpin_root(v, wide(arg)));
	}
	return PN_HC_ENOSYS;
}

u32 domu_hypercall(struct domu_vcpu *c, struct vcpu *v, bool kernel, u32 nr, const u32 arg[4])
{
	switch (nr) {
	case PN_HC_NOP: return 0;
	case PN_HC_QUIET_BEGIN: return quiet_begin(c, arg);
	case PN_HC_QUIET_END: return quiet_end(c, arg[0], (u64)arg[2] << 32 | arg[1]);
	case PN_HC_MMU_UPDATE:
	case PN_HC_PIN_ROOT:
	case PN_HC_UNPIN_ROOT: return kernel ? kernel_call(v, nr, arg) : PN_HC_EPERM;
	}
	return PN_HC_ENOSYS;
}
