/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * From the boot loader to dom0: look at the machine, refuse it with one
 * sentence if it cannot do, take memory, wake the other pCPUs, run dom0.
 */
#include "boot.h"

#include "cpu.h"
#include "dom0.h"
#include "domu.h"
#include "lib.h"
#include "log.h"
#include "memory.h"
#include "paging.h"
#include "pcpu.h"
#include "pmu.h"
#include "smp.h"
#include "svm.h"

extern char boot_stack[];
void hv_main(u32 magic, u64 info);

static struct boot_info boot_info;

hpa_t smp_trampoline_page(void)
{
	for (unsigned i = 0; i < boot_info.nr_e820; i++) {
		const struct boot_range *r = &boot_info.e820[i];
		u64 page = ALIGN_UP(r->base < 0x1000 ? 0x1000 : r->base, PAGE_SIZE);
		if (r->type == E820_RAM && page + PAGE_SIZE <= r->base + r->bytes && page + PAGE_SIZE <= 0xa0000)
			return page;
	}
	boot_refuse("there is no RAM below 640 KiB to start the other CPUs from.");
}

static void check_modules(void)
{
	if (!boot_info.nr_modules)
		boot_refuse("no boot modules: give dom0's kernel and its initrd. "
			    "QEMU: -initrd \"vmlinuz console=ttyS1,initrd\"; GRUB: module2 lines.");
	if (boot_info.nr_modules < 2)
		boot_refuse("only one boot module: dom0 needs a kernel and an initrd.");
}

void hv_main(u32 magic, u64 info)
{
	pcpu_register(0, boot_stack);
	bool known = boot_parse(&boot_info, magic, info);
	log_init(boot_info.cmdline);
	log_last_words = domu_last_words;
	plat_log(LOG_INFO, "Penumbra, recipe %s", paging_recipe_name);
	if (!known)
		boot_refuse("the boot loader speaks neither Multiboot 1 nor Multiboot 2 (magic %x).", magic);
	svm_check_cpu();
	check_modules();
	pmu_init(svm_delivers_twice, paging_switches, offsetof(struct svm_vcpu, v.trip));
	memory_init(&boot_info);
	memory_map_host();
	pcpu_init();
	apic_calibrate();
	svm_enable();
	svm_self_test();
	if (smp_boot() < 2)
		boot_refuse("only one CPU: dom0 takes one, each domU another. QEMU: use -smp 2.");
	plat_log(LOG_INFO, "%u pCPUs, TSC %lu kHz", nr_pcpus, tsc_khz);
	dom0_run(&boot_info);
}
