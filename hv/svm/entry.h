/* SPDX-License-Identifier: BSD-2-Clause */
/* What entry.S and C agree on. svm.c asserts the offsets. */
#ifndef SVM_ENTRY_H
#define SVM_ENTRY_H

/* Offsets in struct svm_vcpu, which begins with the VMCB. */
#define ENTRY_EXITCODE 0x70
#define ENTRY_QUICK 0x3e0
#define ENTRY_BEGIN 0x3e8
#define ENTRY_EXIT 0x3f0
#define ENTRY_GPRS 4096

/* Exit codes below this index the tables directly; the rest follow. */
#define NR_PLAIN_EXITS 0xa4

/* What a quick handler says: the guest runs on; it runs on once what is due is done; nothing has been done yet. */
#define QUICK_DONE 0
#define QUICK_DUE 1
#define QUICK_NOT 2

#endif
