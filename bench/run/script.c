/* SPDX-License-Identifier: BSD-2-Clause */
/* The initramfs that all scripts share (workloads/linux/mkscript.sh), or one of the user's (penumbra-mkguest), with the script behind it as an archive of one file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plan.h"
#include "script.h"

static int pack(const struct own_guest *g, const char *base)
{
	static const char zeros[4]; /* an archive that is not compressed begins at a multiple of 4 */
	size_t n = 0, bytes = 0;
	char *data = read_file(base, &n), *script = read_file(g->script, &bytes);
	int fd = open(g->script_initrd, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int ret = -1;

	if (!data || !script)
		say("%s cannot be read: %s", data ? g->script : base, strerror(errno));
	else if (fd < 0 || write_all(fd, data, n) || write_all(fd, zeros, -n & 3))
		say("%s cannot be written: %s", g->script_initrd, strerror(errno));
	else
		ret = archive_one_file(fd, "script", script, bytes, S_IFREG | 0755);
	if (fd >= 0)
		close(fd);
	free(script);
	free(data);
	return ret;
}

int scripts_pack(struct options *o, const struct paths *p, char **dir)
{
	const char *tmp = getenv("TMPDIR");
	char *base = path_script_base(p);
	int ret = 0;

	for (unsigned i = 0; i < o->nr_guests && !ret; i++) {
		struct own_guest *g = &o->guest[i];

		if (!g->script)
			continue;
		if (!*dir && !mkdtemp(*dir = xfmt("%s/penumbra-XXXXXX", tmp && *tmp ? tmp : "/tmp"))) {
			say("no temporary directory %s: %s (TMPDIR chooses another place)", *dir, strerror(errno));
			ret = -1;
			break;
		}
		g->script_initrd = xfmt("%s/%s", *dir, g->name);
		if (g->initrd)
			ret = pack(g, g->initrd);
		else
			ret = artefact_there(base, "the scripts' initramfs", false) ? pack(g, base) : -1;
	}
	free(base);
	return ret;
}

void scripts_forget(char *dir)
{
	if (dir)
		remove_tree(dir);
	free(dir);
}
