/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra report`: a run's report made again from its directory, whatever state the run was left in. */
#include <stdlib.h>

#include "commands.h"
#include "report.h"
#include "results.h"

static int report_of(const char *dir, json_t *root, bool made_again)
{
	if (!results_begun(root) && journal_holder(dir)) {
		say("%s is only just beginning: there is nothing in it yet", dir);
		return EXIT_FAILED;
	}
	if (!results_begun(root)) {
		say("%s was killed before it began: nothing in it was measured. `penumbra run --resume %s` measures it", dir,
		    dir);
		return EXIT_FAILED;
	}
	if (made_again)
		results_restore(dir, root);
	if (report_write(dir, root))
		return EXIT_FAILED;
	say("%s/report.html", dir);
	return EXIT_OK;
}

int cmd_report(const struct options *o, const struct paths *p)
{
	char *dir = path_run(p, o->run[0]);
	bool made_again = false;
	json_t *root = dir ? results_load(dir, false, &made_again) : NULL;
	int ret = root ? report_of(dir, root, made_again) : EXIT_FAILED;

	json_decref(root);
	free(dir);
	return ret;
}
