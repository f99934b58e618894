/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Registers in memory: every access is the hypervisor's to emulate, and with shadow paging it comes as a page fault.
 *
 * The local APIC's version register is read, its task priority register written: that page is a register page on
 * every PC. Where a guest has no APIC, reads give ones and writes go nowhere; either way the same value comes each time.
 * Serves: T14.
 */
#include "lib/guest.h"

#define APIC     0xfee00000
#define VERSION  0x30
#define PRIORITY 0x80

static inline u32 reg_read(ulong offset)
{
	return peek32(USER_BASE + offset);
}
static inline void reg_write(ulong offset, u32 value)
{
	poke32(USER_BASE + offset, value);
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000), root = pt_new_root(), differ = 0, frame = pages_alloc(1);
	pte_t *slot = pt_populate(root, USER_BASE, 2);
	u32 version;

	pt_map(slot, APIC, 1, PTE_USER_DATA | PTE_UNCACHED);
	pt_map(slot + 1, frame, 1, PTE_USER_DATA);
	write_cr3(root);
	version = reg_read(VERSION);
	reg_write(PRIORITY, 0);

	region_begin("read");
	for (ulong i = 0; i < ops; i++)
		differ += reg_read(VERSION) != version;
	region_end(ops);

	region_begin("write");
	for (ulong i = 0; i < ops; i++)
		reg_write(PRIORITY, 0);
	region_end(ops);

	need(!differ, "%lu reads differ from the first, which gave %#x", differ, version);
	poke(USER_BASE + PAGE_SIZE, 1);
	need(*(ulong *)phys_to_virt(frame) == 1, "the page behind the registers was lost");
}
