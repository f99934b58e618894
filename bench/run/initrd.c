/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The initrd that dom0 gets: its own initramfs, then the suite as a second
 * archive. The kernel unpacks one after the other; an uncompressed archive must
 * begin on a 4-byte boundary.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "own_guest.h"
#include "plan.h"

static int add_entry(struct archive *a, const char *path, const void *data, size_t len, unsigned mode)
{
	struct archive_entry *e = archive_entry_new();
	int ret = 0;

	archive_entry_set_pathname(e, path);
	archive_entry_set_mode(e, mode);
	archive_entry_set_size(e, (int64_t)len);
	archive_entry_set_nlink(e, 1);
	archive_entry_set_mtime(e, 1704067200, 0); /* the guest's own clock begins there; the same bytes every time */
	if (archive_write_header(a, e) != ARCHIVE_OK)
		ret = -1;
	else if (len && archive_write_data(a, data, len) != (la_ssize_t)len)
		ret = -1;
	archive_entry_free(e);
	return ret;
}

static int add_file(struct archive *a, const char *name, const char *path)
{
	char *inside = xfmt("suite/images/%s", name);
	size_t len;
	char *data = read_file(path, &len);
	int ret = -1;

	if (!data)
		say("%s cannot be read: %s", path, strerror(errno));
	else
		ret = add_entry(a, inside, data, len, S_IFREG | 0644);
	free(data);
	free(inside);
	return ret;
}

/* Adds a file under its name unless an earlier item had it: then `names` holds it, each name between newlines. Takes name and path. */
static int add_once(struct archive *a, char **names, char *name, char *path)
{
	char *needle = xfmt("\n%s\n", name);
	int ret = 0;

	if (!strstr(*names, needle)) {
		char *longer = xfmt("%s%s\n", *names, name);

		free(*names);
		*names = longer;
		ret = add_file(a, name, path);
	}
	free(needle);
	free(name);
	free(path);
	return ret;
}

static int add_images(struct archive *a, const struct plan *p, const struct paths *paths)
{
	char *names = xstrdup("\n");
	int ret = 0;

	for (unsigned i = 0; i < p->nr_items && !ret; i++) {
		const struct workload *w = p->item[i].workload;
		char *initrd = guest_initrd_name(w), *disk = guest_disk_name(w);

		ret = add_once(a, &names, guest_image_name(w), path_guest_image(paths, w));
		if (initrd)
			ret |= add_once(a, &names, initrd, path_guest_initrd(paths, w));
		if (disk)
			ret |= add_once(a, &names, disk, path_guest_disk(paths, w));
	}
	free(names);
	return ret;
}

static struct archive *begin(int fd)
{
	struct archive *a = archive_write_new();

	archive_write_set_format_cpio_newc(a);
	archive_write_set_bytes_in_last_block(a, 1);
	if (archive_write_open_fd(a, fd) == ARCHIVE_OK)
		return a;
	say("an archive cannot be begun: %s", archive_error_string(a));
	archive_write_free(a);
	return NULL;
}

/* Takes it. `ret` is what came of it so far. */
static int end(struct archive *a, int ret, const char *what)
{
	if (archive_write_close(a) != ARCHIVE_OK)
		ret = -1;
	if (ret && archive_error_string(a))
		say("%s cannot be written: %s", what, archive_error_string(a));
	archive_write_free(a);
	return ret;
}

int archive_one_file(int fd, const char *name, const void *data, size_t bytes, unsigned mode)
{
	struct archive *a = begin(fd);

	return a ? end(a, add_entry(a, name, data, bytes, mode), name) : -1;
}

static int write_suite(int fd, const struct plan *p, const struct paths *paths)
{
	struct archive *a = begin(fd);
	json_t *plan = plan_json(p);
	char *text = json_dumps(plan, JSON_INDENT(1));
	int ret = a ? 0 : -1;

	if (!ret)
		ret = add_entry(a, "suite", NULL, 0, S_IFDIR | 0755);
	if (!ret)
		ret = add_entry(a, "suite/images", NULL, 0, S_IFDIR | 0755);
	if (!ret)
		ret = add_entry(a, "suite/plan.json", text, strlen(text), S_IFREG | 0644);
	if (!ret)
		ret = add_images(a, p, paths);
	if (a)
		ret = end(a, ret, "the suite archive");
	free(text);
	json_decref(plan);
	return ret;
}

int plan_write_initrd(const struct plan *p, const struct paths *paths, const char *base, const char *out)
{
	static const char zeros[4];
	size_t len;
	char *data = read_file(base, &len);
	int fd = -1, ret = -1;

	if (!data) {
		say("%s cannot be read: %s", base, strerror(errno));
		return -1;
	}
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || write_all(fd, data, len) || write_all(fd, zeros, -len & 3))
		say("%s cannot be written: %s", out, strerror(errno));
	else
		ret = write_suite(fd, p, paths);
	if (fd >= 0 && close(fd) && !ret) {
		say("%s cannot be written: %s", out, strerror(errno));
		ret = -1;
	}
	free(data);
	return ret;
}
