/* SPDX-License-Identifier: BSD-2-Clause */
/* What entry.S and C agree on. svm.c asserts the offsets. */
#ifndef SVM_ENTRY_H
#define SVM_ENTRY_H

/* Offsets in struct svm_vcpu, which begins with the VMCB. */
#define ENTRY_EXITCODE 0x70
#define ENTRY_QUICK    0x3e0
#define ENTRY_BEGIN    0x3e8
#define ENTRY_EXIT     0x3f0
#define ENTRY_GPRS     4096

/* Exit codes below this index the table of handlers directly; the rest follow. */
#define NR_PLAIN_EXITS 0xa5
/*
 * The table of quick handlers goes by the code's low byte: those above (0x400 to 0x402, -1 to -3) share it with none that is
 * quick. 0x403, which would be a read of CR3, needs SEV-ES; and that handler looks at the instruction.
 */
#define NR_QUICK 0x100

/*
 * Instructions of a full handler's trip that are outside of what it can measure of itself: from #VMEXIT to the stamp, and from
 * the end of exit_cr_read to behind VMRUN. Measured: with them the same guest shows the same figures under a QEMU that stops at
 * its reads of CR2 and under one that does not (tests/e2e/qemu_next.sh).
 */
#define ENTRY_UNSEEN_TICKS 67

/* A quick handler's answers: the guest runs on; it runs on once svm_prepare_entry() has looked; nothing has been done yet. */
#define QUICK_DONE    0
#define QUICK_REQUEST 1
#define QUICK_NOT     2

#endif
