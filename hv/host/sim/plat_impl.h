/* SPDX-License-Identifier: BSD-2-Clause */
/* The simulated machine: frame n of it lies at host_memory + n pages. */
#ifndef PLAT_IMPL_H
#define PLAT_IMPL_H

#include "types.h"
#include "vcpu.h"

extern u8 *host_memory;
extern u64 host_ticks;
extern u32 host_countdown; /* host.h */
void host_moment_has_come(void);

static inline void *plat_map(mfn_t m)
{
	if (unlikely(host_countdown) && !--host_countdown)
		host_moment_has_come();
	return host_memory + mfn_to_hpa(m);
}
static inline mfn_t plat_virt_to_mfn(const void *p)
{
	return hpa_to_mfn((hpa_t)((const u8 *)p - host_memory));
}
void plat_tlb_flush(struct vcpu *v);

static inline u64 plat_tsc(void)
{
	return host_ticks++;
}

#endif
