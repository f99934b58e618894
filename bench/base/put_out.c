/* SPDX-License-Identifier: BSD-2-Clause */
/* A command's output. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "put_out.h"

/* Devices, pipes and links are written to: a file in their place would be the end of them. 0, or -1 with errno. */
static int write_to(const char *path, const char *text, size_t len)
{
	struct stat st;
	int fd, ret;

	if (lstat(path, &st) || S_ISREG(st.st_mode))
		return write_file(path, text, len);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return -1;
	ret = write_all(fd, text, len);
	return close(fd) ? -1 : ret;
}

int put_out(const char *path, const char *text, size_t len)
{
	bool bad = path ? write_to(path, text, len) : fwrite(text, 1, len, stdout) != len || fflush(stdout);

	if (bad)
		say("%s could not be written: %s", path ? path : "standard output", strerror(errno));
	return bad ? EXIT_FAILED : EXIT_OK;
}
