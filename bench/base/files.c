/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Files: read whole, written whole. write_file() is how every result reaches
 * the disk, so that a full disk or a power cut leaves the version before.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "util.h"

int make_dirs(const char *path)
{
	char *copy = xstrdup(path);
	int ret = 0;

	for (char *p = copy + 1; *p && !ret; p++) {
		if (*p != '/')
			continue;
		*p = 0;
		if (mkdir(copy, 0777) && errno != EEXIST)
			ret = -1;
		*p = '/';
	}
	if (!ret && mkdir(copy, 0777) && errno != EEXIST)
		ret = -1;
	int saved = errno;

	free(copy);
	errno = saved;
	return ret;
}

bool file_exists(const char *path)
{
	return access(path, F_OK) == 0;
}

bool file_is_plain(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode);
}

int64_t file_bytes(const char *path)
{
	struct stat st;

	return stat(path, &st) ? -1 : st.st_size;
}

/* A pipe would have us wait for ever, a device has no end. */
static FILE *open_plain(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && !fstat(fd, &st) && S_ISREG(st.st_mode))
		return fdopen(fd, "r");
	if (fd >= 0) {
		close(fd);
		errno = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	return NULL;
}

char *read_file(const char *path, size_t *len)
{
	FILE *f = open_plain(path);
	size_t used = 0, cap = 65536;
	char *data;

	if (!f)
		return NULL;
	data = xcalloc(1, cap);
	for (;;) {
		used += fread(data + used, 1, cap - used - 1, f);
		if (used < cap - 1)
			break;
		cap *= 2;
		data = xrealloc(data, cap);
	}
	if (ferror(f)) {
		free(data);
		fclose(f);
		errno = EIO;
		return NULL;
	}
	fclose(f);
	data[used] = 0;
	if (len)
		*len = used;
	return data;
}

int write_all(int fd, const void *data, size_t len)
{
	const char *p = data;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int write_file(const char *path, const void *data, size_t len)
{
	char *tmp = xfmt("%s.%ld.part", path, (long)getpid());
	int fd = open(tmp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	int ret = -1, saved;

	if (fd < 0)
		goto out;
	ret = write_all(fd, data, len);
	if (!ret)
		ret = fsync(fd);
	saved = errno;
	if (close(fd) && !ret)
		ret = -1;
	else
		errno = saved;
	if (!ret)
		ret = rename(tmp, path);
out:
	saved = errno;
	if (ret)
		unlink(tmp);
	free(tmp);
	errno = saved;
	return ret;
}

int64_t disk_free(const char *path)
{
	struct statvfs v;

	return statvfs(path, &v) ? -1 : (int64_t)v.f_bavail * (int64_t)v.f_frsize;
}

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	return remove(path);
}

void remove_tree(const char *path)
{
	nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}
