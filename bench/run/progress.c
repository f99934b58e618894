/* SPDX-License-Identifier: BSD-2-Clause */
/* The progress line. On a terminal it stands at the bottom, and messages push it down. */
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "progress.h"

static struct {
	unsigned total, done;
	bool terminal, shown;
} p;

/* The line goes, so that something else can be written where it stood. */
static void wipe(void)
{
	if (p.shown)
		fputs("\r\033[K", stderr);
	p.shown = false;
}

void progress_begin(unsigned total)
{
	p.total = total;
	p.done = 0;
	p.terminal = isatty(2);
	p.shown = false;
	say_hook(wipe);
}

void progress_total(unsigned total)
{
	p.total = total;
}

void progress_done(const char *what, const char *state)
{
	p.done++;
	wipe();
	fprintf(stderr, "[%*u/%u] %-40s %s\n", p.total > 99 ? 3 : 2, p.done, p.total, what, state);
}

/* The terminal's width in characters; 80 if it does not tell a sensible one. */
static unsigned columns(void)
{
	struct winsize w;

	return ioctl(2, TIOCGWINSZ, &w) == 0 && w.ws_col > 20 ? w.ws_col : 80;
}

void progress_show(const char *running, double left)
{
	char line[512], time[32] = "";

	if (!p.terminal)
		return;
	snprintf(line, sizeof(line), "[%u/%u] %s%s%s", p.done, p.total, left < 0 ? "" : human_seconds(left, time),
		 left < 0 ? "" : " left  ", running);
	if (columns() < sizeof(line))
		line[columns() - 1] = 0;
	wipe();
	fputs(line, stderr);
	fflush(stderr);
	p.shown = true;
}

void progress_end(void)
{
	wipe();
	say_hook(NULL);
}
