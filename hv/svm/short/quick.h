/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The quick way through the commonest exits, taken with only some of the guest's registers
 * saved: see entry.S.
 *
 * What must hold of a quick handler:
 *  - of gpr[] it reads and writes RCX, RDX, RSI, RDI and R8 to R11 alone; RAX and
 *    RSP are in the VMCB, and the others in the CPU (quick_regs.c);
 *  - it ends in quick_done(), or returns QUICK_NOT having changed nothing that matters to
 *    the full handler, which is then called with all registers saved: the exit's own,
 *    or the one that it has put into s->deferred;
 *  - it may leave clean bits clear: that costs hardware a reload, no more.
 */
#ifndef SVM_QUICK_H
#define SVM_QUICK_H

#include "entry.h"
#include "svm.h"
#include "trip_end.h"

_Static_assert(QUICK_DONE == 0 && QUICK_REQUEST == 1, "what svm_book returns");

/* The end of a quick handler: a trip that may have asked for something. */
quick_t svm_quick_entry_work(struct svm_vcpu *s, enum trip kind, u64 bytes);
static inline __attribute__((always_inline)) quick_t quick_done(struct svm_vcpu *s, enum trip kind, u64 bytes)
{
	if (unlikely(s->v.entry_work))
		return svm_quick_entry_work(s, kind, bytes);
	return svm_book(s, kind, bytes);
}

quick_t quick_cpuid(struct svm_vcpu *s);
quick_t quick_cpuid_nested(struct svm_vcpu *s);
/* Of a port that no device answers, as kernels write to for the delay, in every mode. */
quick_t quick_io(struct svm_vcpu *s);
quick_t quick_pf(struct svm_vcpu *s);
/* quick_pf while CR4.SMAP is set: paging must be told whether SMAP binds the access, as the error code does not say. */
quick_t quick_pf_smap(struct svm_vcpu *s);
quick_t quick_invlpg(struct svm_vcpu *s);
quick_t quick_cr3_read(struct svm_vcpu *s);
quick_t quick_cr3_write(struct svm_vcpu *s);
/* The quick handlers of guests in modes of two or three levels. */
quick_t quick_cpuid_32(struct svm_vcpu *s);
quick_t quick_pf_32(struct svm_vcpu *s);
quick_t quick_invlpg_32(struct svm_vcpu *s);
quick_t quick_cr3_read_32(struct svm_vcpu *s);
quick_t quick_cr3_write_32(struct svm_vcpu *s);

/* The ends of quick handlers that have stepped past the instruction: flush the page at va; load CR3, which is legal. */
quick_t quick_flush_page(struct svm_vcpu *s, gva_t va);
quick_t quick_load_root(struct svm_vcpu *s, u64 cr3);
/* In a mode of two or three levels, before that step of `len` bytes: QUICK_NOT if it is not legal. */
quick_t quick_load_root_32(struct svm_vcpu *s, unsigned len, u32 cr3);

#endif
