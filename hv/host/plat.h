/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The seam below the engine. platform/svm implements it on bare metal,
 * platform/host on a simulated machine, so that one engine source serves both.
 * The include path chooses plat_impl.h, which defines the inline half:
 *
 *   void *plat_map(mfn_t)              a machine frame's bytes; never fails for frames that the platform gave out
 *   mfn_t plat_virt_to_mfn(const void *)  its inverse
 *   u64 plat_tsc(void)                 ticks
 *   void plat_tlb_flush(struct vcpu *)  drop everything that this vCPU's TLB may hold, before the guest runs on
 */
#ifndef PLAT_H
#define PLAT_H

#include "types.h"
#include "vcpu.h"

#include "plat_impl.h"

/*
 * Contiguous page-aligned memory for a domain's bookkeeping, zeroed; and such below 4 GiB, for shadow tables: CR3 has 32 bits outside of
 * long mode, as have the entries of two-level tables. NULL: none left.
 */
void *plat_alloc_pages(u64 nr_pages);
void *plat_alloc_low_pages(u64 nr_pages);
void plat_free_pages(void *p, u64 nr_pages);

/*
 * Drop what the TLB of the vCPU that acts (v->domain->acting) may hold: everything, or one page (and all paging-structure
 * caches). Takes effect before the guest runs on.
 */
void plat_tlb_flush_page(struct vcpu *v, gva_t va);
/*
 * Drop all that the TLBs of every other vCPU of the domain hold, at once: when this returns, none of them uses any more what
 * it could have read of the hardware tables before. One that runs is made to leave the guest; none waits for us meanwhile.
 */
void plat_tlb_flush_others(struct domain *d);
/* Wait for another vCPU, and do meanwhile what others may be waiting for. False: it did not come within any sensible time. */
bool plat_wait(bool (*is_over)(const void *what), const void *what) __attribute__((warn_unused_result));

/*
 * What a performance counter of the vCPU's pCPU says: sums that grow from one reading to the next, while `region` is the same. Where another
 * begins so do they, at 0. Current whenever the vCPU has left the guest.
 */
struct plat_pmu {
	u64 region;
	u64 cycles;       /* of the vCPU's time, the hypervisor's on its behalf included */
	u64 away;         /* of these: the hypervisor's, with world switches */
	u64 walks;        /* page walks in the guest: misses of all its TLBs */
	u64 nested;       /* cycles that these took in nested tables */
	u64 world_switch; /* cycles of one, out of the guest and back */
};
/* Is there such a counter at all? Never changes once there are domains. */
bool plat_pmu_is_there(void);
/* Does it count now? */
bool plat_pmu_counts(const struct vcpu *v);
/* What it says. It counts. */
void plat_pmu_read(const struct vcpu *v, struct plat_pmu *p);

/* End the domain, with a reason for dom0 to read; returns. The vCPU does not run again. printf-like. */
void plat_domain_crash(struct domain *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/*
 * Can a guest outside of long mode have hardware load CR3 with a value of its own, and no exit tell? Such a guest may write to
 * whatever hardware walks for it (hv/paging/nested/fence.h). Never changes once there are domains.
 */
extern bool plat_cr3_unseen;

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };
void plat_log(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Our own bug: dump and stop the machine. */
_Noreturn void plat_panic(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#define BUG_ON(c)                                                                                                                \
	do {                                                                                                                     \
		if (unlikely(c))                                                                                                 \
			plat_panic("%s:%d: %s", __FILE__, __LINE__, #c);                                                         \
	} while (0)

#endif
