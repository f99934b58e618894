/* SPDX-License-Identifier: BSD-2-Clause */
/* Where the code of mode.h lies: in mode.S of the architecture. Where a workload is compiled to be explained, explain/guest/mode_code.h has it. */
#ifndef GUEST_MODE_CODE_H
#define GUEST_MODE_CODE_H

extern const char mode_code[];

#endif
