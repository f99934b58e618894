/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * LTTng-UST clock override: the time is what the shared page says, the record's own
 * TSC. Loaded through LTTNG_UST_CLOCK_PLUGIN by session daemon, consumer daemon and
 * collector alike; without the page the override is not installed and says so.
 */
#include <stdio.h>
#include <string.h>

#include <lttng/ust-clock.h>

#include "timepage.h"

void lttng_ust_clock_plugin_init(void);

static struct pn_timepage *page;

static uint64_t clock_read(void)
{
	return __atomic_load_n(&page->now, __ATOMIC_ACQUIRE);
}

static uint64_t clock_freq(void)
{
	uint64_t hz = __atomic_load_n(&page->hz, __ATOMIC_ACQUIRE);

	return hz ? hz : PN_DEFAULT_HZ;
}

static int clock_uuid(char *uuid)
{
	/* One for all: it says that traces with this clock count the same TSC. */
	static const char id[] = "5d0fbe52-1e5c-4b7e-9a57-70656e756d62";

	_Static_assert(sizeof(id) == LTTNG_UST_UUID_STR_LEN, "a UUID in text");
	memcpy(uuid, id, sizeof(id));
	return 0;
}

static const char *clock_name(void)
{
	return "penumbra_tsc";
}

static const char *clock_description(void)
{
	return "time-stamp counter, as the hypervisor read it";
}

void lttng_ust_clock_plugin_init(void)
{
	page = timepage_map();
	if (!page) {
		perror("penumbra clock: time page");
		return;
	}
	if (lttng_ust_trace_clock_set_read64_cb(clock_read) || lttng_ust_trace_clock_set_freq_cb(clock_freq) ||
	    lttng_ust_trace_clock_set_uuid_cb(clock_uuid) || lttng_ust_trace_clock_set_name_cb(clock_name) ||
	    lttng_ust_trace_clock_set_description_cb(clock_description) || lttng_ust_enable_trace_clock_override())
		fputs("penumbra clock: LTTng refuses the override\n", stderr);
}
