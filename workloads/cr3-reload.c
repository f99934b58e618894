/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CR3 loaded again with the value that it has: how kernels flush the TLB.
 *
 * Nothing was changed, so all that a hypervisor must do is to notice that.
 * Serves: T8 (what the "next CR3 load" costs by itself), T20.
 */
#include "lib/flush.h"

/*
 * From every register, and back into it. Apart, so that the measured loop keeps the registers that it has without; and
 * short, so that all code on the way stays in one page, which a hypervisor may have in mind.
 */
static __attribute__((noinline)) void reload_by_each(ulong root)
{
	static ulong loaded, wrong;

	loaded = root;
#define BY(reg) CR3_BY(reg, loaded, wrong);
	EACH_GPR(BY)
	need(!wrong, "a register and CR3 differ in %lx", wrong);
}

void workload_main(void)
{
	ulong ops = param("ops", 1000, 1, 1000000), root = flush_prepare();

	write_cr3(root);

	region_begin("reload");
	for (ulong i = 0; i < ops; i++)
		write_cr3(root);
	region_end(ops);

	/* The reload flushes: a changed entry counts after it. */
	flush_change();
	write_cr3(root);
	need(peek(USER_BASE) == 2, "a CR3 load did not flush the TLB");
	reload_by_each(root);
}
