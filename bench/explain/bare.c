/* SPDX-License-Identifier: BSD-2-Clause */
/* A run of this program's own, in a directory that goes afterwards. */
#include "bare.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "results.h"
#include "say.h"

/* Trips that belong to no operation, as after the CR3 load that ends a phase: so many may differ, and one in a thousand operations. */
#define STRAY_TRIPS 4

static char *recipe_names(const struct explained *e)
{
	char *all = xstrdup("");

	for (unsigned r = 0; r < e->nr; r++)
		list_add(&all, ",", "%s", e->recipe[r]->name);
	return all;
}

/* Its progress goes where messages go; what it prints nobody needs. False: it cannot be started, or did not succeed. */
static bool measure(const struct explained *e, const struct paths *p, char *dir)
{
	char *names = recipe_names(e), *name = xstrdup(e->workload->name), *build = xstrdup(p->build);
	char *argv[] = { "penumbra",   "run",         "--recipe", names, "--workload", name, "--repeat", "1",
			 "--no-trace", "--no-report", "--build",  build, "--output",   dir,  NULL };
	pid_t pid = fork();
	int status = -1;

	if (!pid) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		if (null >= 0)
			dup2(null, STDOUT_FILENO);
		execv("/proc/self/exe", argv);
		_exit(127);
	}
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	free(names);
	free(name);
	free(build);
	return pid > 0 && WIFEXITED(status) && !WEXITSTATUS(status);
}

static const json_t *region_of(const json_t *root, const char *recipe, const char *phase)
{
	size_t i, k;
	json_t *item, *region;

	json_array_foreach(json_object_get(root, "items"), i, item) {
		if (!strcmp(text_of(item, "recipe"), recipe) && item_finished(item))
			json_array_foreach(json_object_get(item, "regions"), k, region) {
				if (!strcmp(text_of(region, "phase"), phase))
					return region;
			}
	}
	return NULL;
}

/* "pf_fixed: 17001 there, 17000 here", one behind the other. NULL: every kind agrees. *worst: the largest difference. */
static char *differences(const json_t *here, const json_t *there, uint64_t *worst)
{
	json_t *all = json_object(), *value;
	const char *kind;
	char *s = NULL;

	*worst = 0;
	json_object_update(all, (json_t *)(uintptr_t)here);
	json_object_update(all, (json_t *)(uintptr_t)there);
	json_object_foreach(all, kind, value) {
		const uint64_t a = number_of(here, kind), b = number_of(json_object_get(there, kind), "count");
		const uint64_t by = a > b ? a - b : b - a;

		if (!by)
			continue;
		list_add(&s, "; ", "%s: %" PRIu64 " there, %" PRIu64 " here", kind, b, a);
		*worst = by > *worst ? by : *worst;
	}
	json_decref(all);
	return s;
}

/* False after a message: the phase's operations do not come to the same. */
static bool compare(json_t *phase, const char *recipe, const json_t *region)
{
	const json_t *kinds = json_object_get(region, "trip");
	uint64_t worst;
	char *differ = differences(json_object_get(phase, "kinds"), kinds, &worst);
	const bool agrees = worst <= STRAY_TRIPS + number_of(phase, "ops") / 1000;
	json_t *bare = json_pack("{s:O, s:O, s:O, s:O, s:b}", "trips", json_object_get(region, "trips"), "bytes",
				 json_object_get(region, "bytes"), "instructions", json_object_get(region, "instructions"),
				 "kinds", kinds, "agrees", agrees);

	if (differ)
		json_object_set_new(bare, "differs", json_string(differ));
	json_object_set_new(phase, "bare", bare);
	if (!agrees)
		say("%s, phase %s: in the hypervisor it takes other trips: %s", recipe, text_of(phase, "phase"), differ);
	free(differ);
	return agrees;
}

static int compare_all(const struct explained *e, const json_t *root)
{
	int ret = EXIT_OK;

	for (unsigned r = 0; r < e->nr; r++) {
		json_t *phase;

		for (size_t i = 0; (phase = explained_phase(e, r, i)); i++) {
			const json_t *region = region_of(root, e->recipe[r]->name, text_of(phase, "phase"));

			if (!region)
				say("%s, phase %s: it was not measured in the hypervisor", e->recipe[r]->name,
				    text_of(phase, "phase"));
			if (!region || !compare(phase, e->recipe[r]->name, region))
				ret = EXIT_FAILED;
		}
	}
	return ret;
}

int explain_bare(const struct explained *e, const struct paths *p)
{
	const char *tmp = getenv("TMPDIR");
	char *top = xfmt("%s/penumbra-explain-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *dir;
	json_t *root = NULL;
	int ret = EXIT_FAILED;

	if (!mkdtemp(top)) {
		say("%s cannot be made: %s", top, strerror(errno));
		free(top);
		return EXIT_FAILED;
	}
	dir = xfmt("%s/run", top);
	if (measure(e, p, dir))
		root = results_load(dir, false, NULL);
	if (root)
		ret = compare_all(e, root);
	else
		say("what happens in the hypervisor could not be measured: `penumbra run --workload %s` says more",
		    e->workload->name);
	json_decref(root);
	remove_tree(top);
	free(top);
	free(dir);
	return ret;
}
