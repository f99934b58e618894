/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra clean`: what runs and builds leave behind, and how much room it takes. */
#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "journal.h"

/* What the build fetched, or made of that, below its directory, where `make` brings it again. */
static const struct {
	const char *path, *what;
} fetched[] = {
	{ "apt", "package lists and packages of other releases and architectures" },
	{ "kernels", "kernels, unpacked from their packages" },
	{ "qemu-next", "the newer QEMU" },
	{ "peers", "Xen and KVM as peers" },
	{ "suites", "Debian's programs, for linux-suites" },
	{ "suites-full", "Debian's programs, for the longer ones" },
	{ "workloads/linux-long.ext4", "the disk that those are on" },
	{ "fresh", "machines of tests/e2e/fresh.sh" },
};

static double bytes; /* nftw() has no argument for it */

static int add_bytes(const char *path, const struct stat *st, int type, struct FTW *where)
{
	bytes += (double)st->st_blocks * 512;
	return 0;
}

static double bytes_below(const char *path)
{
	bytes = 0;
	nftw(path, add_bytes, 16, FTW_PHYS | FTW_MOUNT);
	return bytes;
}

/* Say how much it takes; remove it, unless it is only to be said. False: it is still there, although it was not to be. */
static bool take(const char *path, const char *what, bool remove)
{
	char size[32];

	human_bytes(bytes_below(path), size);
	if (remove)
		remove_tree(path);
	if (remove && file_exists(path)) {
		say("%s could not be removed: %s", path, strerror(errno));
		return false;
	}
	printf("%-8s %10s  %s%s%s%s\n", remove ? "removed" : "takes", size, path, *what ? " (" : "", what, *what ? ")" : "");
	return true;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Names of the runs in the results directory, the oldest first. The caller frees the names and the list. */
static char **list_runs(const char *results, unsigned *n)
{
	DIR *dir = opendir(results);
	const struct dirent *e;
	char **name = NULL;

	*n = 0;
	while (dir && (e = readdir(dir))) {
		char *run = xfmt("%s/%s", results, e->d_name);

		if (e->d_name[0] != '.' && path_holds_run(run)) {
			name = xrealloc(name, (*n + 1) * sizeof(*name));
			name[(*n)++] = xstrdup(e->d_name);
		}
		free(run);
	}
	if (dir)
		closedir(dir);
	if (name)
		qsort(name, *n, sizeof(*name), by_name);
	return name;
}

/* A run that is being measured stays. */
static bool clean_run(const char *path, bool remove)
{
	pid_t holder = journal_holder(path);
	char *what = holder ? xfmt("process %d is measuring it: it stays", (int)holder) : xstrdup("");
	bool good = take(path, what, remove && !holder);

	free(what);
	return good;
}

static bool clean_runs(const struct options *o, const struct paths *p)
{
	unsigned n, keep = o->all ? 0 : o->keep_given ? o->keep : 1;
	char **name = list_runs(p->results, &n), *index = xfmt("%s/index.sqlite", p->results);
	bool good = true;

	for (unsigned i = 0; i < n; i++) {
		char *path = xfmt("%s/%s", p->results, name[i]);

		good &= clean_run(path, o->runs && !o->dry && i + keep < n);
		free(path);
		free(name[i]);
	}
	if (file_exists(index))
		good &= take(index, "the index", o->all && !o->dry);
	free(index);
	free(name);
	return good;
}

static bool clean_packages(const struct options *o, const struct paths *p)
{
	bool good = true;

	for (unsigned i = 0; i < COUNT_OF(fetched); i++) {
		char *path = xfmt("%s/%s", p->build, fetched[i].path);

		if (file_exists(path))
			good &= take(path, fetched[i].what, o->packages && !o->dry);
		free(path);
	}
	return good;
}

static bool clean_labs(const struct options *o, const struct paths *p)
{
	char *path = xfmt("%s/lab-work", p->build);
	bool good =
		!file_exists(path) || take(path, "what labs were checked with, and lab --check --keep left", o->labs && !o->dry);

	free(path);
	return good;
}

int cmd_clean(const struct options *o, const struct paths *p)
{
	bool asked = o->runs || o->packages || o->labs, good = true;

	if (o->runs || !asked)
		good &= clean_runs(o, p);
	if (o->packages || !asked)
		good &= clean_packages(o, p);
	if (o->labs || !asked)
		good &= clean_labs(o, p);
	if (!asked)
		say("nothing was removed: --runs, --keep N, --all, --packages and --labs say what is to go (penumbra clean "
		    "--help)");
	return good && !fflush(stdout) ? EXIT_OK : EXIT_FAILED;
}
