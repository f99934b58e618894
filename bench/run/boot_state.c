/* SPDX-License-Identifier: BSD-2-Clause */
/* What can be said of a boot at any time, by those that start it, listen to it and end it. */
#include <signal.h>
#include <string.h>
#include <time.h>

#include "boot_state.h"

void boot_mark_rest(struct boot *b, const char *state, const char *reason)
{
	for (unsigned i = 0; i < b->plan.nr_items; i++) {
		const struct plan_item *it = &b->plan.item[i];

		for (unsigned r = 0; r < it->repeat; r++)
			item_end(results_item(b->res, b->plan.recipe->name, it->workload->name, it->first + r, it->traced), state,
				 reason);
	}
}

double boot_cpu_seconds(const struct boot *b)
{
	struct timespec used;
	clockid_t clock;

	if (!b->pid || clock_getcpuclockid(b->pid, &clock) || clock_gettime(clock, &used))
		return 0;
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

const char *boot_current(const struct boot *b)
{
	if (b->native)
		return b->plan.item[0].workload->name;
	return b->collect.item < 0 ? NULL : b->plan.item[b->collect.item].workload->name;
}

void boot_kill(struct boot *b, const char *state, const char *reason)
{
	if (b->over || b->kill_reason)
		return;
	b->kill_state = state;
	b->kill_reason = xstrdup(reason);
	b->interrupted = !strcmp(state, "interrupted");
	if (b->pid) {
		kill(-b->pid, SIGKILL);
		kill(b->pid, SIGKILL); /* it may not have made its group yet */
	}
}
