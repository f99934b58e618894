/* SPDX-License-Identifier: BSD-2-Clause */
/* Processes that come of this one, in any generation, whoever started them and whatever group or session they have made. */
#ifndef BENCH_CHILD_H
#define BENCH_CHILD_H

/* Before the first is started: those whose parent ends become ours, so that end_children() finds them. */
void adopt_children(void);
/* End them all: they are asked to, and after some seconds made to. None is left when it returns, but what even the kernel cannot end. */
void end_children(void);

#endif
