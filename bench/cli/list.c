/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra list`: what there is to choose from. */
#include <string.h>

#include "commands.h"

/* The numbers of levels that the workload of which workloads[i] is the first form has. */
static const char *forms(unsigned i, char text[16])
{
	unsigned k = i, n = 0;

	for (; k < nr_workloads && !strcmp(workloads[k].base, workloads[i].base); k++) {
		if (n)
			text[n++] = ',';
		text[n++] = (char)('0' + workloads[k].levels);
	}
	text[n] = 0;
	return text;
}

static void print_workloads(const char *suite, const char *title)
{
	bool any = false;
	char text[16];

	for (unsigned i = 0; i < nr_workloads; i++) {
		if (strcmp(workloads[i].suite, suite) || (i && !strcmp(workloads[i].base, workloads[i - 1].base)))
			continue;
		if (!any)
			printf("\n%s\n", title);
		any = true;
		printf("  %-24s %-8s %s\n", workloads[i].base, forms(i, text), workloads[i].text);
	}
}

int cmd_list(const struct options *o, const struct paths *p)
{
	puts("Recipes (--recipe): how the guest's page tables are virtualised");
	for (unsigned i = 0; i < nr_recipes; i++)
		if (!recipes[i].base && !recipe_is_peer(&recipes[i]))
			printf("  %-24s %s\n", recipes[i].name, recipes[i].text);
	puts("\nPeers: other hypervisors, with the same guests (--peers, --suite peers, or --recipe)");
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipe_is_peer(&recipes[i]))
			printf("  %-24s %s\n", recipes[i].name, recipes[i].text);
	puts("\nTheir variants, with the parts of one axis exchanged (--recipe, or --suite full)");
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipes[i].base)
			printf("  %-24s %s\n", recipes[i].name, recipes[i].text);
	print_workloads("quick", "Workloads of the quick suite (--workload), levels of page tables that their guests can have "
				 "(--levels), and what the guest does");
	print_workloads("full", "Workloads of the full suite only");
	print_workloads("hostile", "Hostile guests: they break rules, and must end as crashed or timed-out");
	return ferror(stdout) || fflush(stdout) ? EXIT_FAILED : EXIT_OK;
}
