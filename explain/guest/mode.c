/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * mode_trip() and mode_toggle() of lib/mode.h, instruction by instruction as lib/x86_64/mode.S and lib/i386/mode.S have them: what a hypervisor
 * can see of them. Between, the code runs at its physical address, and touches neither stack nor variables.
 */
#include "mode.h"

#define CR0_PG   0x80000000ul
#define EFER_LME 0x100ul
#define LONG     (PT_LEVELS > 3)

/* A call's frame is on the stack; 64-bit code, which becomes 32-bit code by a far return, has that there as well. */
static void leave_c(void)
{
	poke((ulong)phys_to_virt(PLACE_STACK), 0);
	machine_code_at(PLACE_CODE, false);
}

static void return_to_c(void)
{
	machine_code_at(DIRECT_BASE + PLACE_CODE, true);
	peek((ulong)phys_to_virt(PLACE_STACK));
}

static void paging_off(ulong cr0)
{
	machine_set_cr0(cr0 & ~CR0_PG);
}

/* From paging off to paging on, with those tables. */
static void turn_on(ulong cr4, ulong cr3, bool long_mode)
{
	ulong cr0 = LONG ? 0 : machine_cr0();

	machine_set_cr4(cr4);
	machine_load_cr3(cr3);
	if (LONG) {
		const ulong efer = machine_read_efer();

		machine_write_efer(long_mode ? efer | EFER_LME : efer & ~EFER_LME);
		cr0 = machine_read_cr0();
	}
	machine_set_cr0(cr0 | CR0_PG);
}

u32 mode_trip(const struct mode_trip *trip)
{
	u32 read;

	leave_c();
	paging_off(machine_read_cr0());
	turn_on(trip->there_cr4, trip->there_cr3, false);
	read = peek32(trip->va);
	paging_off(machine_cr0());
	turn_on(trip->here_cr4, trip->here_cr3, true);
	return_to_c();
	return read;
}

void mode_toggle(void)
{
	leave_c();
	paging_off(machine_read_cr0());
	machine_set_cr0(machine_cr0() | CR0_PG);
	return_to_c();
}
