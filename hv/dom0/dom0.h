/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0: one vCPU on pCPU 0, all devices its own, memory identity-mapped by
 * nested paging less the hypervisor's private range.
 */
#ifndef DOM0_H
#define DOM0_H

#include "boot.h"
#include "svm.h"

/* Build it from the boot modules and run it; does not return. */
_Noreturn void dom0_run(const struct boot_info *bi);

/* dom0's nested page table (dom0_npt.c). */
void dom0_npt_init(struct svm_vcpu *s, u64 ram_end);
hpa_t dom0_npt_root(void);
/*
 * Put [gpa, gpa+bytes) elsewhere: at hpa; or nowhere, so that each access comes here (one such range at a time). 4 KiB aligned. False:
 * no table is to be had for it, and nothing has changed. Restore gives back what was there before. All flush dom0's TLB at its next entry.
 */
bool dom0_npt_map(u64 gpa, hpa_t hpa, u64 bytes);
bool dom0_npt_trap(u64 gpa, u64 bytes);
void dom0_npt_restore(u64 gpa, u64 bytes);
/* dom0 reaches for an address where nothing is yet: from now on it is there. False: it is the hypervisor's, or no table is left. */
bool dom0_npt_demand(u64 gpa);

/* dom0's memory by its own virtual addresses, for the one device that is emulated (dom0/dom0_mem.c). */
bool dom0_translate(const struct svm_vcpu *s, u64 va, u64 *gpa);
/* Is there memory of dom0's? */
bool dom0_has_memory(u64 gpa, u64 bytes);
bool dom0_fetch(const struct svm_vcpu *s, u8 *bytes, unsigned n);

#endif
