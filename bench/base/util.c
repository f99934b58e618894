/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages, strings and numbers for people. A message never mixes with the
 * progress line: the hook wipes that first.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "util.h"

static void (*before_say)(void);

void say_hook(void (*before)(void))
{
	before_say = before;
}

void say(const char *fmt, ...)
{
	va_list ap;

	if (before_say)
		before_say();
	fputs("penumbra: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

void on_end_signals(void (*handler)(int))
{
	struct sigaction sa = { .sa_handler = handler }, was;

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	if (!sigaction(SIGHUP, NULL, &was) && was.sa_handler != SIG_IGN)
		sigaction(SIGHUP, &sa, NULL);
}

static void *or_die(void *p)
{
	if (!p) {
		fputs("penumbra: out of memory\n", stderr);
		exit(EXIT_FAILED);
	}
	return p;
}

void *xcalloc(size_t n, size_t size)
{
	return or_die(calloc(n ? n : 1, size));
}

void *xrealloc(void *p, size_t size)
{
	return or_die(realloc(p, size));
}

char *xstrdup(const char *s)
{
	return or_die(strdup(s));
}

static char *xvfmt(const char *fmt, va_list ap)
{
	char *s = NULL;

	return or_die(vasprintf(&s, fmt, ap) < 0 ? NULL : s);
}

char *xfmt(const char *fmt, ...)
{
	va_list ap;
	char *s;

	va_start(ap, fmt);
	s = xvfmt(fmt, ap);
	va_end(ap);
	return s;
}

void list_add(char **list, const char *separator, const char *fmt, ...)
{
	char *words, *longer;
	va_list ap;

	va_start(ap, fmt);
	words = xvfmt(fmt, ap);
	va_end(ap);
	longer = xfmt("%s%s%s", *list ? *list : "", *list && **list ? separator : "", words);
	free(*list);
	free(words);
	*list = longer;
}

bool list_has(const char *list, char separator, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = list; p && (p = strstr(p, name)); p += n)
		if ((p == list || p[-1] == separator) && (!p[n] || p[n] == separator))
			return true;
	return false;
}

double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

const char *human_seconds(double s, char out[32])
{
	const double most = 1e9; /* a run's file may say anything */
	long n = s < 0 ? 0 : (long)((s < most ? s : most) + 0.5);

	if (n < 90)
		snprintf(out, 32, "%ld s", n);
	else if (n < 3600)
		snprintf(out, 32, "%ld min", (n + 30) / 60);
	else
		snprintf(out, 32, "%ld h %02ld min", n / 3600, n % 3600 / 60);
	return out;
}

const char *human_bytes(double bytes, char out[32])
{
	static const char *const unit[] = { "B", "KiB", "MiB", "GiB", "TiB" };
	unsigned u = 0;

	while (bytes >= 1024 && u + 1 < COUNT_OF(unit)) {
		bytes /= 1024;
		u++;
	}
	snprintf(out, 32, u && bytes < 10 ? "%.1f %s" : "%.0f %s", bytes, unit[u]);
	return out;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

unsigned edit_distance(const char *a, const char *b)
{
	size_t n = strlen(b);
	unsigned *row = xcalloc(n + 1, sizeof(*row));
	unsigned answer;

	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned above = row[j + 1];

			row[j + 1] = min3(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	answer = row[n];
	free(row);
	return answer;
}

char *command_line_output(const char *const argv[])
{
	char *line = NULL, *cmd = xstrdup("");
	size_t cap = 0;
	ssize_t n;
	FILE *f;

	/* The arguments are our own constants and paths: quoting them singly is enough. */
	for (unsigned i = 0; argv[i]; i++) {
		char *longer = xfmt("%s'%s' ", cmd, argv[i]);

		free(cmd);
		cmd = longer;
	}
	char *quiet = xfmt("%s2>/dev/null", cmd);
	f = strchr(quiet, '\n') ? NULL : popen(quiet, "re");
	n = f ? getline(&line, &cap, f) : -1;
	if (f && pclose(f) != 0)
		n = -1;
	free(quiet);
	free(cmd);
	if (n <= 0) {
		free(line);
		return NULL;
	}
	line[strcspn(line, "\r\n")] = 0;
	return line;
}
