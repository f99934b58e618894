/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Guest memory by physical address, for the domain's devices. The address is the guest's word and is believed in
 * nothing: an access that does not lie in memory altogether changes nothing and is refused.
 *
 * What is written counts as written: shadows of tables there follow, and log-dirty marks it (paging_guest_wrote).
 * What is read is what the guest would read there, the accessed and dirty bits of its tables included.
 *
 * Aligned accesses of 2, 4 and 8 bytes are single ones. Of a domain with several vCPUs, callers hold the lock.
 */
#ifndef PAGING_DMA_H
#define PAGING_DMA_H

#include "vcpu.h"

#define DMA_MOST 65536u /* bytes of one access; more is refused */

/* False: not all of it is memory, or it is too much. */
bool __attribute__((warn_unused_result)) dma_read(struct domain *d, gpa_t gpa, void *buf, u64 bytes);
bool __attribute__((warn_unused_result)) dma_write(struct domain *d, gpa_t gpa, const void *buf, u64 bytes);

#endif
