/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ways: short. Common faults, accesses of emulation and exits take the ways of hv/shadow/short and hv/svm/short, which
 * come to the same by fewer instructions.
 */
#ifndef PART_WAYS_H
#define PART_WAYS_H

enum { WAYS_SHORT = 1 };

#endif
