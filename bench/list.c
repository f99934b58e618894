/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra list`: what there is to choose from. */
#include <string.h>

#include "commands.h"

static void print_workloads(const char *suite, const char *title)
{
	bool any = false;

	for (unsigned i = 0; i < nr_workloads; i++) {
		if (strcmp(workloads[i].suite, suite))
			continue;
		if (!any)
			printf("\n%s\n", title);
		any = true;
		printf("  %-24s %s\n", workloads[i].name, workloads[i].text);
	}
}

int cmd_list(void)
{
	puts("Recipes (--recipe): how the guest's page tables are virtualised");
	for (unsigned i = 0; i < nr_recipes; i++)
		if (!recipes[i].base)
			printf("  %-24s %s\n", recipes[i].name, recipes[i].text);
	puts("\nTheir variants, with the parts of one axis exchanged (--recipe, or --suite full)");
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipes[i].base)
			printf("  %-24s %s\n", recipes[i].name, recipes[i].text);
	print_workloads("quick", "Workloads of the quick suite (--workload): what the guest does");
	print_workloads("full", "Workloads of the full suite only");
	print_workloads("hostile", "Hostile guests: they break rules, and must end as crashed or timed-out");
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILED : EXIT_OK;
}
