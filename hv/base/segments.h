/* SPDX-License-Identifier: BSD-2-Clause */
/* The hypervisor's own selectors. Usable from assembly. */
#ifndef X86_SEGMENTS_H
#define X86_SEGMENTS_H

#define SEL_CODE64 0x08
#define SEL_DATA   0x10
#define SEL_CODE32 0x18

/* One stack a pCPU, aligned to its size: struct pcpu sits at its lowest address (host/bare/pcpu.h). */
#define PCPU_STACK_SHIFT 14
#define PCPU_STACK_BYTES (1 << PCPU_STACK_SHIFT)

#endif
