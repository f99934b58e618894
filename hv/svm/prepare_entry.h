/* SPDX-License-Identifier: BSD-2-Clause */
/* Work between an exit's handler and the next entry that somebody has requested (v->request): after few exits only. */
#ifndef SVM_PREPARE_ENTRY_H
#define SVM_PREPARE_ENTRY_H

#include "svm.h"

/* Re-deliver a cut event, deliver virtual interrupts, stop for pause or end. False: leave the run loop. */
bool svm_prepare_entry(struct svm_vcpu *s);

/* An emulator's shortcoming: to be called last before a vCPU enters that may have an interrupt in EVENTINJ. */
void svm_hold_delivery(const struct svm_vcpu *s);

#endif
