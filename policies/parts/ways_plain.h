/* SPDX-License-Identifier: BSD-2-Clause */
/* ways: plain. Every exit takes the one way that works for all, whatever it costs. */
#ifndef PART_WAYS_H
#define PART_WAYS_H

enum { WAYS_SHORT = 0 };

#endif
