/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Code for the simulated CPU of tests/svm/svm_host.h: it executes the guest's instructions one by one, with the faults and exits that
 * they take, and holds each trip that did several of them (hv/svm/cluster.h) against a second machine that does just these: a copy of
 * the guest's memory and registers, and a walk of its tables that shares nothing with the hypervisor's. What instructions do is
 * hv/emul's own word on both sides, which tests/emul holds against a real CPU.
 */
#ifndef TESTS_SVM_STREAM_H
#define TESTS_SVM_STREAM_H

#include "tests/svm/svm_host.h"

/*
 * The next instruction; one that only a real CPU knows does nothing. False: it is HLT, or it faults, or an event goes in, or the vCPU
 * has to stand.
 */
bool stream_step(struct svm_vcpu *s);

/* Trips that did further instructions; of these, those that would have exited; since the program began. */
extern u64 stream_clusters, stream_saved;

/*
 * A program into the guest's page of code, of a supervisor in a mode of 32-bit or 64-bit code: a loop that stores entries, flushes
 * and computes, of `pieces` that pick() draws (below its argument), with registers to suit. `hostile`: what faults, is unknown, or
 * rewrites the program is in it, too. RIP is at its beginning.
 */
void stream_program(struct svm_vcpu *s, u64 (*pick)(u64 below), unsigned pieces, bool hostile);
/* The same program in user mode, which may reach what was the supervisor's; before its tables are shadowed. */
void stream_to_user_mode(struct svm_vcpu *s);

#endif
