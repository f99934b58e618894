/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A trace's directory into an archive and back.
 *
 * What must hold: there is the directory or the whole archive, whatever happens meanwhile; what an archive holds goes below a new
 * directory of ours, never through a link, and is bounded: it may have been made by anybody.
 */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "trace_packed.h"

#define MOST_FILES 10000
#define MOST_BYTES (4ll << 30)

/* nftw() has no argument for them. */
static struct archive *out;
static const char *root;
static int64_t bytes;

static int add_size(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)path, (void)where;
	bytes += type == FTW_F ? st->st_size : 0;
	return 0;
}

static int64_t size_of(const char *dir)
{
	bytes = 0;
	nftw(dir, add_size, 16, FTW_PHYS);
	return bytes;
}

static bool copy_in(const char *path)
{
	static char block[1 << 16];
	FILE *f = fopen(path, "r");
	size_t n = 0;
	bool good;

	while (f && (n = fread(block, 1, sizeof(block), f)) > 0)
		if (archive_write_data(out, block, n) != (la_ssize_t)n)
			break;
	good = f && !n && !ferror(f);
	if (f)
		fclose(f);
	return good;
}

static int add_file(const char *path, const struct stat *st, int type, struct FTW *where)
{
	struct archive_entry *e;
	bool good;

	(void)where;
	if (type != FTW_F)
		return 0;
	e = archive_entry_new();
	archive_entry_set_pathname(e, path + strlen(root) + 1);
	archive_entry_set_size(e, st->st_size);
	archive_entry_set_filetype(e, AE_IFREG);
	archive_entry_set_perm(e, 0644);
	archive_entry_set_mtime(e, st->st_mtime, 0);
	good = archive_write_header(out, e) == ARCHIVE_OK && copy_in(path);
	archive_entry_free(e);
	return !good;
}

static bool write_archive(const char *dir, const char *to)
{
	bool good;

	errno = 0;
	root = dir;
	out = archive_write_new();
	good = archive_write_add_filter_zstd(out) == ARCHIVE_OK && archive_write_set_format_pax_restricted(out) == ARCHIVE_OK &&
	       archive_write_open_filename(out, to) == ARCHIVE_OK && !nftw(dir, add_file, 16, FTW_PHYS);
	good = archive_write_close(out) == ARCHIVE_OK && good;
	if (!good)
		say("%s cannot be packed, and stays as it is: %s", dir,
		    archive_error_string(out) ? archive_error_string(out) : strerror(errno));
	archive_write_free(out);
	return good;
}

int trace_pack(const char *dir, int64_t from)
{
	char *part, *whole;
	int ret = -1;

	if (!file_exists(dir) || size_of(dir) < from)
		return 0;
	part = xfmt("%s" TRACE_PACKED ".part", dir);
	whole = xfmt("%s" TRACE_PACKED, dir);
	if (!write_archive(dir, part)) {
		unlink(part);
	} else if (rename(part, whole)) {
		say("%s: %s", whole, strerror(errno));
		unlink(part);
	} else {
		remove_tree(dir);
		ret = 0;
	}
	free(part);
	free(whole);
	return ret;
}

/* ---- back ---- */

static bool take_all(struct archive *in, struct archive *disk, const char *to)
{
	const int how = ARCHIVE_EXTRACT_SECURE_NODOTDOT | ARCHIVE_EXTRACT_SECURE_SYMLINKS;
	struct archive_entry *e;
	int64_t all = 0;
	unsigned files = 0;
	int ret;

	archive_write_disk_set_options(disk, how);
	while ((ret = archive_read_next_header(in, &e)) == ARCHIVE_OK) {
		const char *name = archive_entry_pathname(e);
		char *path;

		if (archive_entry_filetype(e) != AE_IFREG || archive_entry_hardlink(e) || !name || *name == '/' ||
		    strstr(name, ".."))
			return false;
		all += archive_entry_size(e);
		if (++files > MOST_FILES || all > MOST_BYTES)
			return false;
		path = xfmt("%s/%s", to, name);
		archive_entry_set_pathname(e, path);
		free(path);
		if (archive_read_extract2(in, e, disk) != ARCHIVE_OK)
			return false;
	}
	return ret == ARCHIVE_EOF && files;
}

static bool read_archive(const char *from, const char *to)
{
	struct archive *in = archive_read_new(), *disk = archive_write_disk_new();
	bool good;

	archive_read_support_filter_zstd(in);
	archive_read_support_format_tar(in);
	good = archive_read_open_filename(in, from, 1 << 16) == ARCHIVE_OK && take_all(in, disk, to);
	if (!good)
		say("%s cannot be unpacked: %s", from,
		    archive_error_string(disk) ? archive_error_string(disk) :
		    archive_error_string(in)   ? archive_error_string(in) :
						 "it is no trace's archive");
	archive_read_free(in);
	archive_write_free(disk);
	return good;
}

/* By its real name: libarchive follows no link on the way to a file. */
static char *new_directory(void)
{
	const char *tmp = getenv("TMPDIR");
	char *to = xfmt("%s/penumbra-trace-XXXXXX", tmp && *tmp ? tmp : "/tmp"), *real = mkdtemp(to) ? realpath(to, NULL) : NULL;

	if (!real)
		say("%s: %s", to, strerror(errno));
	free(to);
	return real;
}

char *trace_unpack(const char *dir)
{
	char *from = xfmt("%s" TRACE_PACKED, dir), *to = file_exists(from) ? new_directory() : NULL;

	if (to && !read_archive(from, to)) {
		remove_tree(to);
		free(to);
		to = NULL;
	}
	free(from);
	return to;
}
