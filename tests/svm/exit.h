/* SPDX-License-Identifier: BSD-2-Clause */
/* Between tests/svm/svm_host.c and tests/svm/exit.c: the simulated CPU of each vCPU, which reads the VMCB as hardware does. */
#ifndef TESTS_SVM_EXIT_H
#define TESTS_SVM_EXIT_H

#include "tests/svm/svm_host.h"

void host_cpu_begin(struct svm_vcpu *s);
/* VMRUN: the registers that the clean bits do not vouch for, and the flush that is asked for. */
void host_cpu_loads(struct svm_vcpu *s);
/* What that CPU reaches at va for reading, without an exit. */
bool host_cpu_reaches(struct svm_vcpu *s, gva_t va, hpa_t *hpa);
/* An access of that CPU's, with bits of an error code. False: it is to exit, with this error code. */
bool host_cpu_try(struct svm_vcpu *s, gva_t va, u32 access, hpa_t *hpa, u32 *pfec);

#endif
