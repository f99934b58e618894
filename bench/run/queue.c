/* SPDX-License-Identifier: BSD-2-Clause */
/* The poll loop. Whatever ends it, every QEMU is gone and every guest run has a state when it returns. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "boot_state.h"
#include "index.h"
#include "progress.h"
#include "queue.h"

#define BOOT_OVERHEAD 12.0 /* wall seconds: up to dom0's first word, and from its last to power-off */

static volatile sig_atomic_t signalled;

static void on_signal(int sig)
{
	signalled = 1;
}

void queue_listen(void)
{
	on_end_signals(on_signal);
}

bool queue_told_to_end(void)
{
	return signalled;
}

double expected_seconds(const struct paths *p, const struct recipe *r, const struct plan_item *it)
{
	double s = index_seconds(p->results, r->name, it->workload->name, it->traced);

	if (s > 0)
		return s;
	if (workload_is_linux(it->workload) || workload_is_own(it->workload))
		return it->traced ? 80 : 40;
	if (recipe_is_peer(r))
		return 1.5;
	return recipe_is_native(r) ? 1 : it->traced ? 3.5 : 0.4;
}

/* Wall seconds that a boot is likely to take, its items' own noted in the plan for seconds_done(). */
static double plan_seconds(const struct queue *q, struct plan *plan)
{
	double s = recipe_is_native(plan->recipe) ? 0 : BOOT_OVERHEAD;

	for (unsigned i = 0; i < plan->nr_items; i++) {
		struct plan_item *it = &plan->item[i];

		if (it->seconds <= 0)
			it->seconds = expected_seconds(q->paths, plan->recipe, it);
		s += it->repeat * it->seconds;
	}
	return s;
}

void queue_init(struct queue *q, const struct options *o, const struct paths *p, struct results *res)
{
	*q = (struct queue){ .opt = o, .paths = p, .res = res, .slots = o->jobs, .begun = now_seconds() };
}

/* A guest has ended, well or not: it is told and saved, since the run may be killed before the next one ends. */
static void on_guest_end(void *arg, struct boot *b, const json_t *item)
{
	struct queue *q = arg;
	bool traced = json_is_true(json_object_get(item, "traced"));
	char *why = item_why(item);
	const char *state = json_string_value(json_object_get(item, "state"));
	char *what = xfmt("%s  %s%s", b->plan.recipe->name, json_string_value(json_object_get(item, "workload")),
			  traced ? "  (traced)" : "");
	char *how = xfmt("%s%s%s", state, *why ? ": " : "", why);

	if (!item_finished(item))
		q->bad++;
	progress_done(what, how);
	results_save_lately(q->res);
	free(how);
	free(what);
	free(why);
}

void queue_add(struct queue *q, struct plan *plan, char *label)
{
	struct boot *b = xcalloc(1, sizeof(*b));
	double expected = plan_seconds(q, plan);

	q->total += plan_runs(plan);
	q->boot = xrealloc(q->boot, (q->nr_boots + 1) * sizeof(struct boot *));
	q->boot[q->nr_boots++] = b;
	boot_init(b, plan, label, q->res, q->opt, q->paths);
	b->expected = expected;
	b->on_end = on_guest_end;
	b->arg = q;
}

/* Longest first, so that no long boot is left over at the end with the other slots idle. */
static void sort_boots(struct queue *q)
{
	for (unsigned i = 1; i < q->nr_boots; i++) {
		struct boot *b = q->boot[i];
		unsigned k = i;

		for (; k && q->boot[k - 1]->expected < b->expected; k--)
			q->boot[k] = q->boot[k - 1];
		q->boot[k] = b;
	}
}

static unsigned nr_running(const struct queue *q)
{
	unsigned n = 0;

	for (unsigned i = 0; i < q->started; i++)
		n += !q->boot[i]->over;
	return n;
}

/* What a boot left undone goes into a boot of its own, after the guest that ended it. */
static void add_rest(struct queue *q, struct boot *b)
{
	struct plan rest;
	char *label;

	if (b->failed || b->interrupted || b->native || b->collect.done || b->collect.last_item < 0)
		return;
	plan_rest(&rest, &b->plan, (unsigned)b->collect.last_item, (unsigned)b->collect.last_rep);
	if (!rest.nr_items) {
		plan_free(&rest);
		return;
	}
	label = xfmt("%s-again", b->label);
	say("%s ended early; starting %s with the %u guest runs that are left", b->label, label, plan_runs(&rest));
	q->total -= plan_runs(&rest);
	queue_add(q, &rest, label);
}

/* A boot is over. After one that failed as such nothing more starts without --keep-going; what another left undone is added. */
static void on_boot_end(struct queue *q, struct boot *b)
{
	if (b->failed) {
		q->bad++;
		if (!q->opt->keep_going && !q->stop) {
			say("stopping here; --keep-going goes on with the others");
			q->stop = true;
		}
	} else {
		add_rest(q, b);
	}
	results_save(q->res);
}

/* As many boots as there are free slots; one that cannot be started has ended at once. */
static void start_more(struct queue *q)
{
	while (!q->stop && q->started < q->nr_boots && nr_running(q) < q->slots) {
		struct boot *b = q->boot[q->started++];

		if (boot_start(b))
			on_boot_end(q, b);
	}
}

/* Wait for output of any QEMU, but no more than 100 ms, because time limits and the progress line have to be looked at. */
static void wait_for_output(struct queue *q)
{
	struct pollfd fd[NR_STREAMS * MAX_JOBS];
	struct boot *owner[NR_STREAMS * MAX_JOBS];
	enum stream stream[NR_STREAMS * MAX_JOBS];
	unsigned n = 0;

	for (unsigned i = 0; i < q->started; i++)
		for (unsigned s = 0; s < NR_STREAMS && n < COUNT_OF(fd); s++) {
			if (q->boot[i]->over || q->boot[i]->fd[s] < 0)
				continue;
			fd[n] = (struct pollfd){ .fd = q->boot[i]->fd[s], .events = POLLIN };
			owner[n] = q->boot[i];
			stream[n++] = s;
		}
	if (poll(fd, n, 100) <= 0)
		return;
	for (unsigned i = 0; i < n; i++)
		if (fd[i].revents)
			boot_pump(owner[i], stream[i]);
}

/* Of its expected seconds, those whose work is done. */
static double seconds_done(const struct boot *b)
{
	unsigned ended = b->collect.ended;
	double s = b->collect.hello ? 0.7 * BOOT_OVERHEAD : 0;

	if (b->over)
		return b->expected;
	for (unsigned i = 0; i < b->plan.nr_items && ended; i++) {
		const struct plan_item *it = &b->plan.item[i];
		unsigned n = ended < it->repeat ? ended : it->repeat;

		s += n * it->seconds;
		ended -= n;
	}
	return s < b->expected ? s : b->expected;
}

/* Wall seconds until the end, from the expectations of what is left, corrected by how long what is done took. */
static double seconds_left(const struct queue *q)
{
	double left = 0, expected = 0, elapsed = now_seconds() - q->begun;

	for (unsigned i = 0; i < q->nr_boots; i++) {
		const struct boot *b = q->boot[i];
		double done = seconds_done(b);

		left += b->expected - done;
		expected += done;
	}
	/* Once enough has been seen, trust this machine rather than the guess. */
	if (expected > 20)
		left *= elapsed * q->slots / expected;
	return left / q->slots;
}

/* The progress line, twice a second at most. */
static void show(struct queue *q)
{
	static double next;
	double now = now_seconds();
	char *text;

	if (now < next)
		return;
	next = now + 0.5;
	text = xstrdup("");
	for (unsigned i = 0; i < q->started; i++) {
		const struct boot *b = q->boot[i];
		const char *guest = boot_current(b);

		if (!b->over)
			list_add(&text, ", ", "%s: %s", b->plan.recipe->name,
				 guest           ? guest :
				 b->collect.done ? "writing its files" :
						   "booting");
	}
	progress_total(q->total);
	progress_show(text, seconds_left(q));
	free(text);
}

/* Nothing starts any more, and what runs is killed. Its guests get that state and reason: a resumed run makes them again. */
static void stop_all(struct queue *q, const char *state, const char *reason)
{
	q->stop = true;
	for (unsigned i = 0; i < q->started; i++)
		boot_kill(q->boot[i], state, reason);
}

static void watch_all(struct queue *q)
{
	double now = now_seconds();

	/* on_boot_end may add a boot: take the array anew each time. */
	for (unsigned i = 0; i < q->started; i++) {
		struct boot *b = q->boot[i];

		if (b->over)
			continue;
		boot_watch(b, now);
		if (b->over)
			on_boot_end(q, b);
	}
}

/* A signal, or results that cannot be written: either ends the run, with what has finished kept. */
static void look_for_trouble(struct queue *q)
{
	if (signalled && !q->interrupted) {
		say("interrupted: ending the guests, keeping what is finished");
		q->interrupted = true;
		stop_all(q, "interrupted", "interrupted");
	}
	if (q->res->error && !q->stop) {
		say("%s", q->res->error);
		stop_all(q, "interrupted", q->res->error);
	}
}

void queue_run(struct queue *q)
{
	queue_listen();
	signal(SIGPIPE, SIG_IGN);
	sort_boots(q);
	progress_begin(q->total);
	look_for_trouble(q);
	start_more(q);
	while (nr_running(q)) {
		wait_for_output(q);
		look_for_trouble(q);
		watch_all(q);
		start_more(q);
		show(q);
	}
	for (unsigned i = q->started; i < q->nr_boots; i++) {
		boot_mark_rest(q->boot[i], "not-run",
			       q->interrupted ? "interrupted before it began" : "the run was stopped before it began");
		q->bad++;
	}
	progress_end();
}

void queue_free(struct queue *q)
{
	for (unsigned i = 0; i < q->nr_boots; i++) {
		boot_free(q->boot[i]);
		free(q->boot[i]);
	}
	free(q->boot);
	*q = (struct queue){ 0 };
}
