/* SPDX-License-Identifier: BSD-2-Clause */
/* clusters: none. A trip is for one instruction, the one that exited. */
#ifndef PART_CLUSTERS_H
#define PART_CLUSTERS_H

enum { CLUSTERS_MOST = 0, CLUSTERS_GAP = 0 };

#endif
