/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run on many machines, by Slurm: an array job, a task for each slice of the boots, on a file system that all of them see. The run's
 * process waits, and gathers what is done; it may be ended, and the run resumed, from any machine.
 */
#ifndef BENCH_SLURM_H
#define BENCH_SLURM_H

#include "queue.h"

/*
 * What tasks of an earlier process of this run have left is put into the results; while its job goes on, it is waited for. EXIT_OK;
 * EXIT_BUSY after a message: its job goes on, and o does not say --slurm.
 */
int slurm_gather_left(struct results *res, const struct options *o);
/* In the place of queue_run(): the same is true behind it. */
void slurm_run(struct queue *q);

#endif
