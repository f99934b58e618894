/* SPDX-License-Identifier: BSD-2-Clause */
/* A dom0 on the machine of tests/svm/machine.h, which reaches the control device by instructions (tests/svm/suites/dom0.c). */
#ifndef TESTS_SVM_DOM0_H
#define TESTS_SVM_DOM0_H

#include "control.h"
#include "control_abi.h"
#include "memory.h"
#include "tests/svm/svm_host.h"

enum {
	KERNEL = 0x100000, /* what the boot module is loaded to */
	MODULE = 0x400000, /* 64 bytes: a Multiboot kernel */
};
#define BAR0 0xfe000000u /* where dom0_place_device() puts it */

#define AT(address) ((void *)(u64)(address))

/* A machine that has just been switched on, and dom0 before its first instruction: one a test. */
void dom0(void);
void dom0_place_device(void);
/* A load and a store of 4 bytes that nested paging stops: at va in dom0's tables, reported at gpa. */
u32 dom0_load(u64 va, u64 gpa);
void dom0_store(u64 gpa, u32 val);

#endif
