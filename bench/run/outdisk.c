/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dom0's files, unpacked. The archive comes from a machine that ran hostile
 * guests: only plain files and directories are taken, only below the run's
 * directory, only so many and so much, and never through a symbolic link.
 *
 * dom0 writes a trace there when it is whole, and then tells of it: of a machine that was killed meanwhile all those are taken that it
 * told of, and nothing else.
 *
 *   traces/X -> traces/<recipe>/X   consoles/X and disks/X likewise   X -> logs/<recipe>/X
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "boot.h"
#include "item.h"
#include "trace_packed.h"

#define MAX_FILES 20000
#define MAX_BYTES (2ll << 30)

static bool path_is_safe(const char *p)
{
	if (*p == '/' || !*p || strlen(p) > 512)
		return false;
	for (; *p; p += strcspn(p, "/"), p += *p == '/') {
		size_t n = strcspn(p, "/");

		if (n == 0 || (n == 1 && *p == '.') || (n == 2 && p[0] == '.' && p[1] == '.'))
			return false;
		for (size_t i = 0; i < n; i++)
			if ((unsigned char)p[i] < ' ' || p[i] == '\\')
				return false;
	}
	return true;
}

/* Is this a file of a trace that dom0 told of? */
static bool was_told(const struct results *res, const char *recipe, const char *name)
{
	const json_t *t;
	size_t i;

	if (strncmp(name, "traces/", 7))
		return false;
	name += 7;
	json_array_foreach(res->traces, i, t) {
		const char *workload = json_text(t, "workload");

		if (!strcmp(json_text(t, "recipe"), recipe) && strlen(workload) == strcspn(name, "/") &&
		    !strncmp(name, workload, strlen(workload)))
			return true;
	}
	return false;
}

/* Where an entry goes; NULL if it may not be taken. */
static char *destination(const struct results *res, const char *recipe, const char *name)
{
	static const char *const room[] = { "traces/", "consoles/", "disks/" };

	while (!strncmp(name, "./", 2))
		name += 2;
	if (!strncmp(name, "out/", 4))
		name += 4;
	if (!path_is_safe(name))
		return NULL;
	for (unsigned i = 0; i < COUNT_OF(room); i++) {
		size_t n = strlen(room[i]);

		if (!strncmp(name, room[i], n))
			return xfmt("%s/%s%s/%s", res->dir, room[i], recipe, name + n);
	}
	return xfmt("%s/logs/%s/%s", res->dir, recipe, name);
}

static int copy_data(struct archive *a, int fd, int64_t *budget)
{
	const void *block;
	size_t len;
	la_int64_t offset;
	int ret;

	while ((ret = archive_read_data_block(a, &block, &len, &offset)) == ARCHIVE_OK) {
		*budget -= (int64_t)len;
		if (*budget < 0) {
			errno = EFBIG;
			return -1;
		}
		if (lseek(fd, offset, SEEK_SET) < 0 || write_all(fd, block, len))
			return -1;
	}
	errno = EIO;
	return ret == ARCHIVE_EOF ? 0 : -1;
}

/* An earlier boot of the run may have left a file of that name: both are kept. */
static int open_new(const char *to)
{
	int fd = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);

	for (unsigned n = 2; fd < 0 && errno == EEXIST && n < 100; n++) {
		char *other = xfmt("%s.%u", to, n);

		fd = open(other, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
		free(other);
	}
	return fd;
}

static int take_file(struct results *res, struct archive *a, char *to, int64_t *budget)
{
	char *slash = strrchr(to, '/');
	int fd = -1, ret;

	*slash = 0;
	ret = make_dirs(to);
	*slash = '/';
	if (!ret) {
		fd = open_new(to);
		ret = fd < 0 ? -1 : copy_data(a, fd, budget);
	}
	if (ret && errno != EIO)
		results_write_failed(res, to, errno);
	if (fd >= 0 && close(fd) && !ret) {
		results_write_failed(res, to, errno);
		ret = -1;
	}
	return ret;
}

static int take_entry(struct results *res, struct archive *a, struct archive_entry *e, const char *recipe, int64_t *budget,
		      unsigned *files, bool whole)
{
	const char *name = archive_entry_pathname(e);
	char *to = NULL;
	int ret = 0;

	if (archive_entry_filetype(e) == AE_IFDIR || (!whole && !(name && was_told(res, recipe, name))))
		return 0;
	if (archive_entry_filetype(e) == AE_IFREG && !archive_entry_hardlink(e) && name)
		to = destination(res, recipe, name);
	if (!to) {
		say("%s: dom0's \"%s\" is left out: it is no plain file below the run's directory", recipe, name ? name : "?");
		return 0;
	}
	ret = take_file(res, a, to, budget);
	free(to);
	*files += !ret;
	return ret;
}

/* One that cannot be packed stays as it is, which was said. */
static void pack_traces(const struct results *res, const char *recipe)
{
	const json_t *t;
	size_t i;

	json_array_foreach(res->traces, i, t) {
		char *dir = xfmt("%s/traces/%s/%s", res->dir, recipe, json_text(t, "workload"));

		if (!strcmp(json_text(t, "recipe"), recipe))
			(void)trace_pack(dir, TRACE_PACK_FROM);
		free(dir);
	}
}

int out_disk_unpack(struct results *res, const char *disk, const char *recipe, bool whole, unsigned *files)
{
	struct archive *a = archive_read_new();
	struct archive_entry *e;
	int64_t budget = MAX_BYTES;
	int ret;

	*files = 0;
	archive_read_support_format_tar(a);
	ret = archive_read_open_filename(a, disk, 1 << 16);
	while (ret == ARCHIVE_OK && (ret = archive_read_next_header(a, &e)) == ARCHIVE_OK)
		if (*files >= MAX_FILES || take_entry(res, a, e, recipe, &budget, files, whole))
			ret = ARCHIVE_FATAL;
	if (ret != ARCHIVE_EOF && whole)
		say("%s: dom0's files could be unpacked only in part (%u of them): %s", recipe, *files,
		    res->error              ? res->error :
		    archive_error_string(a) ? archive_error_string(a) :
					      "too many or too large");
	archive_read_free(a);
	pack_traces(res, recipe);
	return ret == ARCHIVE_EOF ? 0 : -1;
}
