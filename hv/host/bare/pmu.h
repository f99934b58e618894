/* SPDX-License-Identifier: BSD-2-Clause */
/* The performance counter behind plat_pmu_read(). */
#ifndef BARE_PMU_H
#define BARE_PMU_H

#include "types.h"

/*
 * At boot. `emulated`: the CPU is QEMU's, and the machine model may be there (abi/pmu_abi.h). It is told `trips_at`, where a vCPU's trips are
 * booked, in bytes from its VMCB; and is asked for a counter if one is to be `counted`.
 */
void pmu_init(bool emulated, bool counted, u64 trips_at);

#endif
