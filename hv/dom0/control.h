/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control device: what dom0 sees of the hypervisor (layout in
 * control_abi.h). control_pci.c is its configuration space and BARs, control.c
 * its registers and commands. Everything runs on pCPU 0.
 */
#ifndef CONTROL_H
#define CONTROL_H

#include "types.h"

/* Reserve the rings, find a free place on bus 0. */
void control_init(void);

/* Ports 0xcf8 to 0xcff. `bytes`: 1, 2, 4. */
u32 control_config_in(u16 port, unsigned bytes);
void control_config_out(u16 port, unsigned bytes, u32 val);

/* BAR0. Accesses that are not 32-bit aligned read all-ones and write nothing. */
bool control_covers(u64 gpa);
void control_read(u64 gpa, void *buf, unsigned bytes);
void control_write(u64 gpa, const void *buf, unsigned bytes);

/*
 * A domU's memory or a disk image comes, and dom0 sees it in BAR 4 from now on (false: no table is left for it); or goes: before dom0 runs on it sees nothing
 * there.
 */
bool control_show(hpa_t hpa, u64 bytes);
void control_hide(hpa_t hpa);

/* BAR2's memory: the exchange buffer, then the rings. */
struct control_memory {
	u8 *base;
	u64 bytes; /* a power of two */
	u64 ring_offset, ring_bytes;
};
extern struct control_memory control_memory;

/* control.c: one register of BAR0. */
u32 control_reg_read(u32 reg);
void control_reg_write(u32 reg, u32 val);

#endif
