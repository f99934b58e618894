/* SPDX-License-Identifier: BSD-2-Clause */
/* The journal as a file: locked, appended to. What it tells is put together in journal_read.c. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal.h"

/*
 * An "open file description" lock: it belongs to the file as it was opened here, so that reading the same file elsewhere in the
 * program does not let go of it, as it would of a POSIX one.
 */
static int lock_call(int fd, int call, struct flock *l)
{
	*l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, call, l);
}

/* "{"pid":123,...": of the last line that begins so, which is whoever began or resumed last. */
static pid_t last_pid(const char *text)
{
	pid_t pid = -1;

	for (const char *line = text; line; line = strchr(line, '\n')) {
		int n;

		line += *line == '\n';
		if (sscanf(line, "{\"pid\":%d,", &n) == 1 && n > 0)
			pid = n;
	}
	return pid;
}

pid_t journal_holder(const char *dir)
{
	char *path = xfmt("%s/%s", dir, JOURNAL_NAME), *text = NULL;
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	struct flock l;
	pid_t pid = 0;

	if (fd >= 0 && !lock_call(fd, F_OFD_GETLK, &l) && l.l_type != F_UNLCK) {
		text = read_file(path, NULL);
		pid = text ? last_pid(text) : -1;
	}
	if (fd >= 0)
		close(fd);
	free(text);
	free(path);
	return pid;
}

bool journal_there(const char *dir)
{
	char *path = xfmt("%s/%s", dir, JOURNAL_NAME);
	bool there = file_bytes(path) > 0;

	free(path);
	return there;
}

static int say_busy(const char *dir)
{
	pid_t pid = journal_holder(dir);

	if (pid > 0)
		say("%s is in use: another penumbra (process %d) is at work in it. Wait until it has ended, or choose another "
		    "directory",
		    dir, (int)pid);
	else
		say("%s is in use: another penumbra is at work in it. Wait until it has ended, or choose another directory", dir);
	return EXIT_BUSY;
}

/* Some network file systems have no locks: then nothing but care keeps two runs apart, as their user is told. */
static int lock(int fd, const char *dir)
{
	struct flock l;

	if (!lock_call(fd, F_OFD_SETLK, &l))
		return EXIT_OK;
	if (errno == EAGAIN || errno == EACCES)
		return say_busy(dir);
	say("%s cannot be locked: %s. See to it that no other run uses it", dir, strerror(errno));
	return EXIT_OK;
}

static int open_plain(const char *path, struct stat *st)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_NONBLOCK | O_CLOEXEC, 0666);

	if (fd < 0 || fstat(fd, st)) {
		say("%s cannot be written: %s", path, strerror(errno));
	} else if (!S_ISREG(st->st_mode)) {
		say("%s is no plain file: remove it", path);
		close(fd);
		fd = -1;
	}
	return fd;
}

int journal_take(struct journal *j, const char *dir)
{
	char *path = xfmt("%s/%s", dir, JOURNAL_NAME);
	struct stat st;
	int ret;

	/* Between open and lock its holder may have removed it: then another one is there by now, or none. */
	do {
		int fd = open_plain(path, &st);

		ret = fd < 0 ? EXIT_FAILED : lock(fd, dir);
		*j = (struct journal){ .path = path, .fd = fd };
		if (!ret && !fstat(fd, &st) && !st.st_nlink)
			close(fd);
	} while (!ret && !st.st_nlink);
	if (!ret)
		return EXIT_OK;
	if (j->fd >= 0)
		close(j->fd);
	*j = (struct journal){ .path = NULL };
	free(path);
	return ret;
}

void journal_leave(struct journal *j)
{
	struct stat st;

	if (!j->path)
		return;
	if (!fstat(j->fd, &st) && !st.st_size)
		unlink(j->path);
	close(j->fd);
	free(j->path);
	*j = (struct journal){ .path = NULL };
}

/* Bytes up to the end of the last whole line. */
static off_t whole_lines(const struct journal *j)
{
	size_t len = 0;
	char *text = read_file(j->path, &len);
	const char *end = text ? memrchr(text, '\n', len) : NULL;
	off_t n = end ? end + 1 - text : 0;

	free(text);
	return n;
}

bool journal_begun(const struct journal *j)
{
	return whole_lines(j) > 0;
}

/* In one piece and with its newline, or not at all. Takes the line. */
static int append(struct journal *j, json_t *line)
{
	char *json = json_dumps(line, JSON_COMPACT), *text = json ? xfmt("%s\n", json) : NULL;
	off_t end = lseek(j->fd, 0, SEEK_END);
	int ret = -1, saved;

	errno = EINVAL;
	if (text)
		ret = write_all(j->fd, text, strlen(text));
	saved = errno;
	if (ret && ftruncate(j->fd, end))
		say("%s ends in half a line", j->path);
	free(text);
	free(json);
	json_decref(line);
	errno = saved;
	return ret;
}

int journal_begin(struct journal *j, json_t *tree)
{
	if (ftruncate(j->fd, whole_lines(j)) || append(j, json_pack("{s:i, s:O}", "pid", (int)getpid(), "begin", tree)))
		return -1;
	return journal_sync(j);
}

int journal_add(struct journal *j, const char *key, json_t *value)
{
	return append(j, json_pack("{s:O}", key, value));
}

int journal_sync(struct journal *j)
{
	return fdatasync(j->fd);
}
