/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-ctl top: what each domain's trips are just now, by reason, as `perf kvm stat live` shows it. Counts are looked at once an
 * interval, and what is shown is the difference of two looks; a domain that was not there at the last look is shown from the next one on.
 *
 * On a terminal the view is drawn in place, and q or Ctrl-C ends it; the terminal is then as it was, whatever ended it. Elsewhere each view
 * stands below the last one.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "names.h"

#define INTERVAL_MS    1000
#define INTERVAL_MOST  3600000
#define LINES_OF_FRAME 3 /* besides a domain's reasons: its name, the heading, an empty one */

static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
#define NR_ENDS (sizeof(ends) / sizeof(ends[0]))

/* One look at a domain. */
struct look {
	struct pn_domain_info info;
	struct pn_stat stat;
	bool there;
};

struct top {
	struct ctl *c;
	struct look before[PN_MAX_DOMAINS], now[PN_MAX_DOMAINS]; /* by number */
	double at, seconds;                                      /* of this look, and since the one before */
	bool one;                                                /* only a domain of this number */
	uint32_t id;
	unsigned lines; /* that fit; 0: any number */
	int keys;       /* descriptor of the keyboard; below 0: none */
	struct termios was;
	struct sigaction before_signal[NR_ENDS];
};

/* A reason's trips since the last look. */
struct reason {
	unsigned trip;
	uint64_t count, ticks;
};

static volatile sig_atomic_t told_to_end;

static void on_end(int sig)
{
	(void)sig;
	told_to_end = 1;
}

/* ---- the terminal ---- */

static void put(struct top *t, const char *s)
{
	fputs(s, t->c->out);
}

/* Not if what is written goes to a file, or into another program. */
static bool on_terminal(const struct ctl *c)
{
	const int fd = fileno(c->out);

	return !c->json && fd >= 0 && isatty(fd) && isatty(STDIN_FILENO);
}

static void open_terminal(struct top *t)
{
	struct termios raw;
	struct sigaction now = { .sa_handler = on_end };

	told_to_end = 0;
	for (unsigned i = 0; i < NR_ENDS; i++)
		sigaction(ends[i], &now, &t->before_signal[i]);
	t->keys = -1;
	if (!on_terminal(t->c) || tcgetattr(STDIN_FILENO, &t->was))
		return;
	raw = t->was;
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO); /* Ctrl-C stays a signal */
	raw.c_cc[VMIN] = 0;
	raw.c_cc[VTIME] = 0;
	if (tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		return;
	t->keys = STDIN_FILENO;
	put(t, "\033[?25l\033[2J");
}

static void close_terminal(struct top *t)
{
	if (t->keys >= 0) {
		put(t, "\033[?25h");
		fflush(t->c->out);
		tcsetattr(t->keys, TCSANOW, &t->was);
	}
	for (unsigned i = 0; i < NR_ENDS; i++)
		sigaction(ends[i], &t->before_signal[i], NULL);
}

static void begin_frame(struct top *t)
{
	struct winsize w;

	t->lines = 0;
	if (t->keys < 0)
		return;
	t->lines = !ioctl(t->keys, TIOCGWINSZ, &w) && w.ws_row ? w.ws_row : 24;
	put(t, "\033[H");
}

static double now_seconds(void)
{
	struct timespec n;

	clock_gettime(CLOCK_MONOTONIC, &n);
	return (double)n.tv_sec + 1e-9 * (double)n.tv_nsec;
}

/* True: q was typed, or the keyboard is gone. */
static bool typed_q(const struct top *t)
{
	char key[16];
	const ssize_t n = read(t->keys, key, sizeof(key));

	return n > 0 ? memchr(key, 'q', (size_t)n) || memchr(key, 'Q', (size_t)n) : n == 0 || errno != EINTR;
}

/* Until then. False: it is to end. Signals come through: whoever waits is woken, and whoever is about to wait has little to wait for. */
static bool wait_until(const struct top *t, double then)
{
	for (double left; !told_to_end && (left = then - now_seconds()) > 0;) {
		struct pollfd key = { .fd = t->keys, .events = POLLIN };
		const int ms = left > 0.2 ? 200 : (int)(left * 1000) + 1;

		if (poll(&key, 1, ms) > 0 && t->keys >= 0 && typed_q(t))
			return false;
	}
	return !told_to_end;
}

/* ---- looking ---- */

static int look(struct top *t)
{
	static struct pn_domain_info info[PN_MAX_DOMAINS];
	const double at = now_seconds();
	enum pn_error e;
	unsigned n;

	memcpy(t->before, t->now, sizeof(t->before));
	memset(t->now, 0, sizeof(t->now));
	e = dom_list(t->c->dev, info, &n);
	for (unsigned i = 0; i < n && e == PN_ERR_ok; i++) {
		struct look *l = info[i].id < PN_MAX_DOMAINS ? &t->now[info[i].id] : NULL;

		if (!l || (t->one && info[i].id != t->id))
			continue;
		l->info = info[i];
		/* It may have gone meanwhile: then it is not there. */
		l->there = dom_stat(t->c->dev, info[i].id, &l->stat) == PN_ERR_ok;
	}
	t->seconds = at - t->at;
	t->at = at;
	if (e != PN_ERR_ok)
		return ctl_fail(t->c, "list", e);
	if (t->one && !t->now[t->id].there) {
		fprintf(t->c->err, "penumbra-ctl: there is no domain %u\n", t->id);
		return CTL_FAILED;
	}
	return 0;
}

/* Whether it is the domain that it was: counts never shrink. */
static bool both_looks(const struct top *t, unsigned id)
{
	return t->before[id].there && t->now[id].there && t->now[id].stat.trips >= t->before[id].stat.trips &&
	       t->now[id].info.run_ticks >= t->before[id].info.run_ticks;
}

static int by_ticks(const void *x, const void *y)
{
	const struct reason *a = x, *b = y;

	if (a->ticks != b->ticks)
		return a->ticks > b->ticks ? -1 : 1;
	return a->count != b->count ? (a->count > b->count ? -1 : 1) : (int)a->trip - (int)b->trip;
}

/* Reasons with trips since the last look, the dearest first; their sums. */
static unsigned reasons(const struct top *t, unsigned id, struct reason r[TRIP_MAX], struct reason *all)
{
	unsigned n = 0;

	*all = (struct reason){ 0 };
	for (unsigned i = 0; i < TRIP_MAX; i++) {
		const struct pn_trip_stat *then = &t->before[id].stat.trip[i], *now = &t->now[id].stat.trip[i];

		if (now->count <= then->count)
			continue;
		r[n++] = (struct reason){ i, now->count - then->count, now->ticks > then->ticks ? now->ticks - then->ticks : 0 };
		all->count += r[n - 1].count;
		all->ticks += r[n - 1].ticks;
	}
	qsort(r, n, sizeof(*r), by_ticks);
	return n;
}

/* ---- showing ---- */

static double share(uint64_t part, uint64_t all)
{
	return all ? 100 * (double)part / (double)all : 0;
}

/* Text from the hypervisor, on a terminal. */
static void put_name(struct top *t, const struct pn_domain_info *i)
{
	for (unsigned k = 0; k < PN_NAME && i->name[k]; k++)
		fputc(i->name[k] >= ' ' && i->name[k] <= '~' ? i->name[k] : '?', t->c->out);
}

/* Behind the end of each line the rest of the old one goes. */
static const char *eol(const struct top *t)
{
	return t->keys >= 0 ? "\033[K\n" : "\n";
}

/* So many lines are left on the terminal, one of them for the last view's end. */
static bool fits(struct top *t, unsigned lines)
{
	if (t->keys < 0)
		return true;
	if (t->lines <= lines)
		return false;
	t->lines -= lines;
	return true;
}

static void show_domain(struct top *t, unsigned id)
{
	struct reason r[TRIP_MAX], all;
	const unsigned n = reasons(t, id, r, &all);
	const uint64_t ran = t->now[id].info.run_ticks - t->before[id].info.run_ticks;

	if (!fits(t, LINES_OF_FRAME))
		return;
	fprintf(t->c->out, "domain %u ", id);
	put_name(t, &t->now[id].info);
	fprintf(t->c->out, ", %s: %.1f trips/s, %llu ticks in them, of %llu that it ran%s%-14s %12s %8s %14s %8s %12s%s",
		pn_state_name(t->now[id].info.state), (double)all.count / t->seconds, (unsigned long long)all.ticks,
		(unsigned long long)ran, eol(t), "trip", "count/s", "share", "ticks", "time", "ticks each", eol(t));
	for (unsigned i = 0; i < n && fits(t, 1); i++)
		fprintf(t->c->out, "%-14s %12.1f %7.2f%% %14llu %7.2f%% %12.1f%s", pn_trip_name(r[i].trip),
			(double)r[i].count / t->seconds, share(r[i].count, all.count), (unsigned long long)r[i].ticks,
			share(r[i].ticks, all.ticks), (double)r[i].ticks / (double)r[i].count, eol(t));
	put(t, eol(t));
}

static json_t *domain_json(const struct top *t, unsigned id)
{
	struct reason r[TRIP_MAX], all;
	const unsigned n = reasons(t, id, r, &all);
	json_t *trips = json_object();

	for (unsigned i = 0; i < n; i++)
		json_object_set_new(trips, pn_trip_name(r[i].trip),
				    json_pack("{s:I, s:I}", "count", (json_int_t)r[i].count, "ticks", (json_int_t)r[i].ticks));
	return json_pack("{s:i, s:s, s:I, s:o}", "id", (int)id, "state", pn_state_name(t->now[id].info.state), "ran",
			 (json_int_t)(t->now[id].info.run_ticks - t->before[id].info.run_ticks), "trip", trips);
}

static void show(struct top *t)
{
	json_t *domains = json_array();
	bool any = false;

	begin_frame(t);
	for (unsigned id = 0; id < PN_MAX_DOMAINS; id++) {
		if (!both_looks(t, id))
			continue;
		any = true;
		if (t->c->json)
			json_array_append_new(domains, domain_json(t, id));
		else
			show_domain(t, id);
	}
	if (t->c->json)
		ctl_print_json(t->c, json_pack("{s:f, s:O}", "seconds", t->seconds, "domains", domains));
	else if (!any)
		fprintf(t->c->out, "no domain%s", eol(t));
	if (t->keys >= 0)
		put(t, "q ends\033[J");
	json_decref(domains);
	fflush(t->c->out);
}

static int watch(struct top *t, double interval)
{
	double next = now_seconds() + interval;
	uint64_t shown = 0;
	int ret = look(t);

	while (!ret && (!t->c->count || shown < t->c->count) && wait_until(t, next)) {
		next += interval;
		ret = look(t);
		if (ret)
			break;
		show(t);
		shown++;
	}
	return ret;
}

int cmd_top(struct ctl *c)
{
	static struct top t;
	uint64_t ms = c->interval_ms ? c->interval_ms : INTERVAL_MS;
	int ret;

	if (ms > INTERVAL_MOST) {
		fprintf(c->err, "penumbra-ctl: an interval has at most %d ms\n", INTERVAL_MOST);
		return CTL_USAGE;
	}
	t = (struct top){ .c = c, .one = c->nr_args };
	if (t.one && !ctl_domain(c, &t.id))
		return CTL_USAGE;
	if (t.one && t.id >= PN_MAX_DOMAINS) {
		fprintf(c->err, "penumbra-ctl: there is no domain %u\n", t.id);
		return CTL_FAILED;
	}
	open_terminal(&t);
	ret = watch(&t, (double)ms / 1000);
	if (t.keys >= 0)
		put(&t, "\n");
	close_terminal(&t);
	return ret;
}
