/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * clusters: near. Behind an instruction that exited, those that follow are done in the same trip, up to the next that would exit and
 * on from there, where that was worth it lately: the second store of a demand fault, INVLPG behind a store, a loop of stores
 * (hv/svm/cluster.h).
 */
#ifndef PART_CLUSTERS_H
#define PART_CLUSTERS_H

/* In a trip, behind the first; and between two that would exit. */
enum { CLUSTERS_MOST = 64, CLUSTERS_GAP = 8 };

#endif
