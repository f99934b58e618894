/* SPDX-License-Identifier: BSD-2-Clause */
/* The end of the machine, when the hypervisor cannot go on: "panic=stop|exit|reset" on its command line. */
#ifndef HOST_ENDING_H
#define HOST_ENDING_H

#include "types.h"

/* stop (default): this pCPU stands still for ever, and the last words stay on the screen. exit: QEMU ends at once. reset: a triple fault. */
void ending_init(const char *cmdline);

/* code: what QEMU's status tells then, PN_PANIC_CODE or PN_REFUSE_CODE. */
_Noreturn void end_machine(u8 code);

#endif
