/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * CR3 loaded again with the value that it has: how kernels flush the TLB.
 *
 * Nothing was changed, so all that a hypervisor must do is to notice that.
 * Serves: T8 (what the "next CR3 load" costs by itself), T20.
 */
#include "lib/flush.h"

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
}
