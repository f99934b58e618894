/* SPDX-License-Identifier: BSD-2-Clause */
/* Every path that the program knows of, in one place. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "journal.h"
#include "own_guest.h"
#include "paths.h"

#ifndef PN_PKGDATADIR
#define PN_PKGDATADIR "/usr/local/share/penumbra"
#endif
#ifndef PN_PKGLIBEXECDIR
#define PN_PKGLIBEXECDIR "/usr/local/libexec/penumbra"
#endif

/* Where this program's file is, however it was called. The caller frees. */
static char *program_dir(void)
{
	char self[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n < 0)
		return xstrdup(".");
	self[n] = 0;
	slash = strrchr(self, '/');
	if (slash)
		*slash = 0;
	return xstrdup(self);
}

/* Automake puts a build tree's Makefile beside the program; an installed one has none. */
static char *default_build(void)
{
	char *dir = program_dir();
	char *makefile = xfmt("%s/Makefile", dir);
	bool build_tree = file_exists(makefile);

	free(makefile);
	if (build_tree)
		return dir;
	free(dir);
	return xstrdup(PN_PKGDATADIR);
}

/* An option goes before the environment, and an empty variable is as good as none. NULL: neither says. The caller frees. */
static char *pick(const char *option, const char *variable)
{
	const char *env = getenv(variable);

	if (option)
		return xstrdup(option);
	return env && *env ? xstrdup(env) : NULL;
}

void paths_find(struct paths *p, const char *build, const char *results)
{
	p->build = pick(build, "PENUMBRA_BUILD");
	if (!p->build)
		p->build = default_build();
	p->results = pick(results, "PENUMBRA_RESULTS");
	if (!p->results)
		p->results = xstrdup("results");
	p->root = pick(NULL, "PENUMBRA_ROOT");
}

void paths_free(struct paths *p)
{
	free(p->build);
	free(p->results);
	free(p->root);
	memset(p, 0, sizeof(*p));
}

char *path_hypervisor(const struct paths *p, const struct recipe *r)
{
	return xfmt("%s/penumbra-%s.elf", p->build, r->file);
}

/* Where nothing is in any of its places, the first: that is where the build puts it. */
char *path_explainer(const struct paths *p, const struct recipe *r)
{
	char *dir = program_dir();
	char *place[] = { xfmt("%s/penumbra-explain-%s", p->build, r->file),
			  xfmt("%s/../libexec/penumbra/penumbra-explain-%s", dir, r->file),
			  xfmt("%s/penumbra-explain-%s", PN_PKGLIBEXECDIR, r->file) };
	unsigned found = 0;

	for (unsigned i = COUNT_OF(place); i--;)
		if (file_exists(place[i]))
			found = i;
	for (unsigned i = 0; i < COUNT_OF(place); i++)
		if (i != found)
			free(place[i]);
	free(dir);
	return place[found];
}

char *path_trace_plugin(const struct paths *p)
{
	return xfmt("%s/babeltrace2/babeltrace-plugin-penumbra.so", p->build);
}

char *path_explain_page(const struct paths *p)
{
	return xfmt("%s/explain.html", p->build);
}

char *path_dom0_kernel(const struct paths *p)
{
	return xfmt("%s/kernels/cloud-amd64/vmlinuz", p->build);
}

char *path_dom0_initrd(const struct paths *p)
{
	return xfmt("%s/dom0-initramfs.cpio", p->build);
}

char *path_script_base(const struct paths *p)
{
	return xfmt("%s/workloads/linux-script.cpio.gz", p->build);
}

static bool is_xen(const struct recipe *r)
{
	return !strcmp(r->peer, "xen");
}

char *path_peer_hypervisor(const struct paths *p, const struct recipe *r)
{
	return is_xen(r) ? xfmt("%s/peers/xen/xen", p->build) : NULL;
}

/* The small kernel that dom0 has cannot be Xen's dom0. */
char *path_peer_kernel(const struct paths *p, const struct recipe *r)
{
	return xfmt("%s/kernels/%s/vmlinuz", p->build, is_xen(r) ? "amd64" : "cloud-amd64");
}

char *path_peer_initrd(const struct paths *p, const struct recipe *r)
{
	return xfmt("%s/peers/%s-initramfs.cpio.zst", p->build, r->peer);
}

/* Debian's kernel with so many levels of page tables; the amd64 one has four or five, as its CPU can. */
static const char *kernel_flavour(const struct workload *w)
{
	return w->levels == 2 ? "686" : w->levels == 3 ? "686-pae" : "amd64";
}

/* The amd64 kernel unpacked (dom0/unpack_kernel.c), but where it is to choose its address or five levels: that is its unpacker's work. */
static const char *kernel_form(const struct workload *w)
{
	return w->levels == 4 && strstr(w->cmdline, "nokaslr") ? "vmlinux" : "vmlinuz";
}

char *path_guest_image(const struct paths *p, const struct workload *w)
{
	if (workload_is_own(w))
		return w->own->script ? xfmt("%s/kernels/amd64/vmlinux", p->build) : xstrdup(w->own->image);
	if (workload_is_linux(w))
		return xfmt("%s/kernels/%s/%s", p->build, kernel_flavour(w), kernel_form(w));
	if (w->levels == 4)
		return xfmt("%s%s/%s.elf", w->dir ? "" : p->build, w->dir ? w->dir : "/workloads", w->file);
	return xfmt("%s%s/%s.%u.elf", w->dir ? "" : p->build, w->dir ? w->dir : "/workloads", w->file, w->levels);
}

char *path_guest_initrd(const struct paths *p, const struct workload *w)
{
	if (workload_is_own(w)) {
		const char *initrd = w->own->made_initrd ? w->own->made_initrd : w->own->initrd;

		return initrd ? xstrdup(initrd) : NULL;
	}
	if (!workload_is_linux(w))
		return NULL;
	if (workload_is_suites(w))
		return xfmt("%s/workloads/%s.cpio%s", p->build, w->file, workload_has_disk(w) ? ".gz" : "");
	return xfmt("%s/workloads/linux-initramfs%s.cpio", p->build, w->levels < 4 ? "-i386" : "");
}

char *path_guest_disk(const struct paths *p, const struct workload *w)
{
	if (!workload_has_disk(w))
		return NULL;
	return w->own ? xstrdup(w->own->disk) : xfmt("%s/workloads/%s.ext4", p->build, w->file);
}

/* Takes the path, or NULL. */
static char *last_part(char *path)
{
	char *name = path ? xstrdup(strrchr(path, '/') + 1) : NULL;

	free(path);
	return name;
}

char *guest_image_name(const struct workload *w)
{
	if (workload_is_own(w))
		return w->own->script ? xstrdup("vmlinux-amd64") : xfmt("%s.own", w->name);
	if (workload_is_linux(w))
		return xfmt("%s-%s", kernel_form(w), kernel_flavour(w));
	if (w->dir)
		return xfmt("%s.outside", w->name);
	return last_part(path_guest_image(&(struct paths){ .build = "" }, w));
}

char *guest_initrd_name(const struct workload *w)
{
	if (workload_is_own(w))
		return w->own->script || w->own->initrd ? xfmt("%s.own-initrd", w->name) : NULL;
	return last_part(path_guest_initrd(&(struct paths){ .build = "" }, w));
}

char *guest_disk_name(const struct workload *w)
{
	if (workload_is_own(w))
		return w->own->disk ? xfmt("%s.own-disk", w->name) : NULL;
	return last_part(path_guest_disk(&(struct paths){ .build = "" }, w));
}

bool path_holds_run(const char *dir)
{
	char *file = xfmt("%s/results.json", dir);
	bool there = file_exists(file) || journal_there(dir);

	free(file);
	return there;
}

/* Runs are named by date and time: the last in order is the newest. */
static char *newest_run(const char *results)
{
	DIR *dir = opendir(results);
	const struct dirent *e;
	char *best = NULL;

	while (dir && (e = readdir(dir))) {
		char *run = xfmt("%s/%s", results, e->d_name);

		if (e->d_name[0] != '.' && path_holds_run(run) && (!best || strcmp(e->d_name, best) > 0)) {
			free(best);
			best = xstrdup(e->d_name);
		}
		free(run);
	}
	if (dir)
		closedir(dir);
	return best;
}

/* Its directory is there, and nothing is in it but the journal that was not yet written to. */
static bool made_for_run(const struct paths *p, const char *run)
{
	char *inside = xfmt("%s/%s", p->results, run);
	DIR *dir = *run ? opendir(inside) : NULL;
	const struct dirent *e;
	bool bare = dir;

	while (dir && (e = readdir(dir)))
		bare &= e->d_name[0] == '.' || !strcmp(e->d_name, JOURNAL_NAME);
	if (dir)
		closedir(dir);
	free(inside);
	return bare;
}

char *path_run(const struct paths *p, const char *run)
{
	char *newest = NULL, *inside;

	if (!run) {
		newest = newest_run(p->results);
		if (!newest) {
			say("%s holds no run yet: penumbra run makes one", p->results);
			return NULL;
		}
		run = newest;
	}
	inside = xfmt("%s/%s", p->results, run);
	if (!path_holds_run(inside)) {
		free(inside);
		inside = path_holds_run(run) ? xstrdup(run) : NULL;
	}
	if (!inside && made_for_run(p, run))
		say("%s/%s was killed before it began, and does not even say what it was to measure: remove it, and start a new "
		    "run",
		    p->results, run);
	else if (!inside)
		say("there is no run \"%s\": no results.json in %s/%s, and none in %s", run, p->results, run, run);
	free(newest);
	return inside;
}

/* NULL if the file at `path` is no empty one. Takes the path, or NULL. */
static char *excuse(char *path)
{
	char *file = path ? xfmt("%s.unavailable", path) : NULL, *reason = NULL;

	if (path && file_bytes(path) == 0) {
		reason = read_file(file, NULL);
		if (reason)
			reason[strcspn(reason, "\n")] = 0;
		else
			reason = xstrdup("its packages could not be had when this was built");
	}
	free(file);
	free(path);
	return reason;
}

char *guest_unavailable(const struct paths *p, const struct workload *w)
{
	char *reason = NULL;

	/* So are packages of another architecture. */
	if (workload_is_linux(w) && w->levels < 4)
		reason = excuse(path_guest_image(p, w));
	if ((workload_is_suites(w) || (workload_is_linux(w) && w->levels < 4)) && !reason)
		reason = excuse(path_guest_initrd(p, w));
	if (!workload_is_own(w) && !reason)
		reason = excuse(path_guest_disk(p, w));
	return reason;
}

char *peer_unavailable(const struct paths *p, const struct recipe *r)
{
	return recipe_is_peer(r) ? excuse(path_peer_initrd(p, r)) : NULL;
}

bool artefact_there(const char *path, const char *what, bool may_be_empty)
{
	bool readable = access(path, R_OK) == 0;

	if (readable && !file_is_plain(path)) {
		say("%s is no plain file: %s", what, path);
		return false;
	}
	if (readable && (may_be_empty || file_bytes(path) > 0))
		return true;
	if (readable)
		say("%s is empty: %s\n          run `make` in the build directory (./penumbra does) to make it again", what,
		    path);
	else
		say("%s cannot be read: %s: %s\n          run `make` in the build directory (./penumbra does) to make it", what,
		    path, strerror(errno));
	return false;
}
