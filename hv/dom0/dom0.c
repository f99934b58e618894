/* SPDX-License-Identifier: BSD-2-Clause */
/* dom0 from boot modules to its first instruction. Its few exits are in dom0/dom0_exits.c. */
#include "dom0.h"

#include "control.h"
#include "lib.h"
#include "load.h"
#include "log.h"
#include "memory.h"
#include "pcpu.h"
#include "plat.h"
#include "trace.h"

#define RSDP_BYTES BOOT_RSDP_BYTES

static struct domain dom0_domain;
static struct e820_entry ranges[LOAD_MAX_E820];
static unsigned nr_ranges;

static void add_range(u64 base, u64 end, u32 type)
{
	if (base < end && nr_ranges < ARRAY_SIZE(ranges))
		ranges[nr_ranges++] = (struct e820_entry){ base, end - base, type };
}

/*
 * The machine's memory map as dom0 may have it: what is the hypervisor's is reserved.
 * The last page of dom0's below it holds a copy of the ACPI root pointer when the loader gave
 * one, because the loader's own copy is in memory that becomes dom0's.
 */
static u64 make_memory_map(const struct boot_info *bi)
{
	static struct boot_range map[LOAD_MAX_E820];
	const u32 n = memory_dom0_map(bi, map, ARRAY_SIZE(map));
	const u64 top = host_memory.dom0_low_end, keep = bi->rsdp ? PAGE_SIZE : 0;

	nr_ranges = 0;
	for (u32 i = 0; i < n; i++) {
		const u64 end = map[i].base + map[i].bytes;

		if (keep && map[i].type == E820_RAM && end == top) {
			add_range(map[i].base, end - keep, E820_RAM);
			add_range(end - keep, end, E820_ACPI);
		} else {
			add_range(map[i].base, end, map[i].type);
		}
	}
	if (!bi->rsdp)
		return 0;
	memcpy((void *)(top - keep), (const void *)bi->rsdp, RSDP_BYTES);
	return top - keep;
}

static void load(const struct boot_info *bi, struct load_result *entry)
{
	struct load_request rq = { .mem = (u8 *)0,
				   .mem_bytes = host_memory.dom0_low_end,
				   .e820 = ranges,
				   .image = (const u8 *)bi->module[0].base,
				   .image_bytes = bi->module[0].bytes,
				   .cmdline = bi->module[0].args };

	rq.rsdp = make_memory_map(bi);
	rq.nr_e820 = nr_ranges;
	if (bi->nr_modules > 1) {
		rq.initrd = (const u8 *)bi->module[1].base;
		rq.initrd_bytes = bi->module[1].bytes;
	}
	enum load_status st = load_image(&rq, entry);
	if (st != LOAD_OK)
		boot_refuse("the first boot module is no kernel that can be dom0: %s.", entry->why);
}

void dom0_run(const struct boot_info *bi)
{
	struct svm_vcpu *s = svm_vcpu_create(&dom0_domain, 0);
	struct load_result entry = { 0 };

	if (!s)
		boot_refuse("memory does not suffice for dom0's vCPU.");
	dom0_domain.id = 0xff;
	str_copy(dom0_domain.name, sizeof(dom0_domain.name), "dom0");
	load(bi, &entry);
	memory_free_modules(bi);
	dom0_npt_init(s, host_memory.ram_end);
	control_init();
	trace_ring_give(&s->v);
	svm_set_entry(s, &entry);
	svm_setup_dom0(s, dom0_npt_root());
	plat_log(LOG_INFO, "dom0: %lu MiB of kernel and initrd loaded, entering at %x",
		 (bi->module[0].bytes + bi->module[1].bytes) >> 20, entry.eip);
	this_pcpu()->current = &s->v;
	svm_run(s);
	plat_panic("dom0 is gone: %s", dom0_domain.reason);
}
