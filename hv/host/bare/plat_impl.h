/* SPDX-License-Identifier: BSD-2-Clause */
/* Bare metal: all of physical memory is identity-mapped, so a frame's bytes are at its address. */
#ifndef PLAT_IMPL_H
#define PLAT_IMPL_H

#include "cpu.h"
#include "vcpu.h"

static inline void *plat_map(mfn_t m)
{
	return (void *)mfn_to_hpa(m);
}
static inline mfn_t plat_virt_to_mfn(const void *p)
{
	return hpa_to_mfn((hpa_t)p);
}
static inline u64 plat_tsc(void)
{
	return rdtsc();
}
static inline void plat_tlb_flush(struct vcpu *v)
{
	v->tlb_flush = 1;
}

#endif
