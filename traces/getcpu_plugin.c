/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LTTng-UST getcpu override: an event lands in the stream of the pCPU on which it
 * happened. Loaded through LTTNG_UST_GETCPU_PLUGIN by the collector only, which
 * keeps the number below the count of possible CPUs.
 */
#include <stdio.h>

#include <lttng/ust-getcpu.h>

#include "timepage.h"

void lttng_ust_getcpu_plugin_init(void);

static struct pn_timepage *page;

static int getcpu_read(void)
{
	return (int)__atomic_load_n(&page->pcpu, __ATOMIC_ACQUIRE);
}

void lttng_ust_getcpu_plugin_init(void)
{
	page = timepage_map();
	if (!page)
		perror("penumbra getcpu: time page");
	else if (lttng_ust_getcpu_override(getcpu_read))
		fputs("penumbra getcpu: LTTng refuses the override\n", stderr);
}
