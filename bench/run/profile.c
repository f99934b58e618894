/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a run's time went: CPU seconds of QEMU, because wall seconds depend on what else the machine does. A boot's end (files to the
 * disk, power-off) is what is left of its own.
 */
#include <stdio.h>
#include <string.h>

#include "catalog.h"
#include "item.h"
#include "profile.h"

enum { STARTING, GUESTS, LINUX_GUESTS, TRACED, NATIVE, ENDING, NR_KINDS };
static const char *const kind_name[NR_KINDS] = {
	[STARTING] = "boots, up to dom0's first word",
	[GUESTS] = "bare-metal guests",
	[LINUX_GUESTS] = "Linux guests",
	[TRACED] = "traced once more",
	[NATIVE] = "guests without hypervisor",
	[ENDING] = "boots' ends",
};
struct share {
	unsigned n;
	double cpu;
};

static double number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

static void add(struct share *s, double cpu)
{
	s->n++;
	s->cpu += cpu;
}

static bool is_native(const json_t *o)
{
	const struct recipe *r = recipe_find(json_text(o, "recipe"));

	return r && recipe_is_native(r);
}

static double sum_items(const struct results *res, struct share *s)
{
	const json_t *it;
	double sum = 0;
	size_t i;

	json_array_foreach(res->items, i, it) {
		const struct workload *w = workload_find(json_text(it, "workload"));
		double cpu = number(it, "cpu_seconds");

		if (is_native(it) || !item_finished(it))
			continue;
		add(&s[json_is_true(json_object_get(it, "traced")) ? TRACED :
		       w && workload_is_linux(w)                   ? LINUX_GUESTS :
								     GUESTS],
		    cpu);
		sum += cpu;
	}
	return sum;
}

void profile_print(const struct results *res, double wall, unsigned jobs)
{
	struct share s[NR_KINDS] = { 0 };
	double guests = sum_items(res, s), all = 0;
	const json_t *b;
	size_t i;

	json_array_foreach(res->boots, i, b) {
		double cpu = number(b, "cpu_seconds"), hello = number(b, "cpu_seconds_to_hello");

		all += cpu;
		if (is_native(b)) {
			add(&s[NATIVE], cpu);
		} else {
			add(&s[STARTING], hello);
			add(&s[ENDING], cpu - hello);
		}
	}
	s[ENDING].cpu -= guests;
	printf("\n%-32s %6s %12s %6s\n", "where the time went", "", "CPU seconds", "");
	for (unsigned k = 0; k < NR_KINDS; k++)
		if (s[k].n)
			printf("  %-30s %6u %12.1f %5.0f%%\n", kind_name[k], s[k].n, s[k].cpu,
			       all > 0 ? 100 * s[k].cpu / all : 0);
	printf("  %-30s %6s %12.1f\n", "all QEMUs", "", all);
	printf("%.1f seconds, %u QEMU%s at once: %.0f%% of that time they computed\n", wall, jobs, jobs > 1 ? "s" : "",
	       wall > 0 ? 100 * all / (wall * jobs) : 0);
}
