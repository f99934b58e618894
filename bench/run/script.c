/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Of a script: the initramfs that all scripts share (workloads/linux/mkscript.sh), or one of the user's (penumbra-mkguest), with the
 * script behind it as an archive of one file. Of several initrds: one behind the other, each from a page on, as dom0 gives them to a
 * Multiboot kernel; to Linux they are one, since zeros between its archives are nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"
#include "script.h"

static int make(const struct own_guest *g)
{
	int fd = open(g->made_initrd, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (fd < 0)
		say("%s cannot be written: %s", g->made_initrd, strerror(errno));
	return fd;
}

static int pack_several(const struct own_guest *g)
{
	static const char zeros[OWN_PAGE];
	int fd = make(g), ret = fd < 0 ? -1 : 0;
	size_t n = 0;

	for (unsigned i = 0; !ret && own_guest_initrd(g, i); i++) {
		size_t before = n;
		char *data = read_file(own_guest_initrd(g, i), &n);

		if (!data)
			say("%s cannot be read: %s", own_guest_initrd(g, i), strerror(errno));
		ret = data && !write_all(fd, zeros, -before & (OWN_PAGE - 1)) && !write_all(fd, data, n) ? 0 : -1;
		if (data && ret)
			say("%s cannot be written: %s", g->made_initrd, strerror(errno));
		free(data);
	}
	if (fd >= 0)
		close(fd);
	return ret;
}

static int pack(const struct own_guest *g, const char *base)
{
	static const char zeros[4]; /* an archive that is not compressed begins at a multiple of 4 */
	size_t n = 0, bytes = 0;
	char *data = read_file(base, &n), *script = read_file(g->script, &bytes);
	int fd = make(g), ret = -1;

	if (!data || !script)
		say("%s cannot be read: %s", data ? g->script : base, strerror(errno));
	else if (fd >= 0 && (write_all(fd, data, n) || write_all(fd, zeros, -n & 3)))
		say("%s cannot be written: %s", g->made_initrd, strerror(errno));
	else if (fd >= 0)
		ret = archive_one_file(fd, "script", script, bytes, S_IFREG | 0755);
	if (fd >= 0)
		close(fd);
	free(script);
	free(data);
	return ret;
}

int initrds_pack(struct options *o, const struct paths *p, char **dir)
{
	const char *tmp = getenv("TMPDIR");
	char *base = path_script_base(p);
	int ret = 0;

	for (unsigned i = 0; i < o->nr_guests && !ret; i++) {
		struct own_guest *g = &o->guest[i];

		if (!g->script && !g->nr_more)
			continue;
		if (!*dir && !mkdtemp(*dir = xfmt("%s/penumbra-XXXXXX", tmp && *tmp ? tmp : "/tmp"))) {
			say("no temporary directory %s: %s (TMPDIR chooses another place)", *dir, strerror(errno));
			ret = -1;
			break;
		}
		g->made_initrd = xfmt("%s/%s", *dir, g->name);
		if (!g->script)
			ret = pack_several(g);
		else if (g->initrd)
			ret = pack(g, g->initrd);
		else
			ret = artefact_there(base, "the scripts' initramfs", false) ? pack(g, base) : -1;
	}
	free(base);
	return ret;
}

void initrds_forget(char *dir)
{
	if (dir)
		remove_tree(dir);
	free(dir);
}
