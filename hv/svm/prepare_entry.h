/* SPDX-License-Identifier: BSD-2-Clause */
/* Work between an exit's handler and the next entry that somebody has requested (v->request): after few exits only. */
#ifndef SVM_PREPARE_ENTRY_H
#define SVM_PREPARE_ENTRY_H

#include "svm.h"

/*
 * Deliver a cut event again, deliver interrupts, stop for a pause or the end. False: the vCPU must not enter, and leaves the run
 * loop.
 */
bool svm_prepare_entry(struct svm_vcpu *s);

/* Called last before a vCPU enters that may have an interrupt in EVENTINJ, for the sake of an emulator that delivers it twice. */
void svm_hold_delivery(const struct svm_vcpu *s);

#endif
