/* SPDX-License-Identifier: BSD-2-Clause */
/* The performance counter behind plat_pmu_read(). */
#ifndef BARE_PMU_H
#define BARE_PMU_H

#include "types.h"

/* Look for one, at boot. `emulated`: the CPU is QEMU's, and the machine model may be there to keep one (abi/pmu_abi.h). */
void pmu_init(bool emulated);

#endif
