/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The end of a boot: noticed, or brought about by a limit, and told apart.
 * Every guest run of the plan ends in exactly one state, with a reason in words.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

#include "boot_state.h"
#include "own_guest.h"
#include "qemu.h"

/*
 * Limits for what does not end by itself. A guest's own limit is in guest time, and dom0 keeps it; these are for a guest that spends
 * little of it (one that is in the hypervisor all the time: -icount counts instructions, and a world switch is few), and for a dom0 or
 * a hypervisor that hangs. They count QEMU's own CPU time, because a machine with other work to do makes everything take longer but that.
 */
#define PROGRESS_CPU  60.0  /* from one event of dom0's to the next; booting and writing the disk take some 10 */
#define CPU_PER_GUEST 6.0   /* more for each second of a guest's own limit */
#define OWN_NATIVE    20.0  /* the same with the own limit of a guest of the user's, natively: dom0 is not there to keep it */
#define STILL_WALL    300.0 /* for one that uses no CPU time at all, so that the above never comes */
#define STILL_SHARE   (1 / 300.0) /* below this share of a CPU, it uses none */
#define LOOK_MOST     1.0         /* what counts of the time between two looks: we may have been stopped ourselves */
#define DUMP_SECONDS  3.0         /* wall, for a hypervisor that cannot go on to say the rest */

static double timeval_seconds(const struct timeval *t)
{
	return (double)t->tv_sec + (double)t->tv_usec / 1e6;
}

static double progress_limit(const struct boot *b)
{
	int item = b->native ? 0 : b->collect.item;

	if (b->opt->silence_s)
		return b->opt->silence_s;
	if (b->native && b->plan.item[0].workload->own)
		return OWN_NATIVE + b->plan.item[0].workload->timeout_s;
	return PROGRESS_CPU + (item < 0 ? 0 : CPU_PER_GUEST * b->plan.item[item].workload->timeout_s);
}

/* Count the wall time in which it neither says nor does anything. */
static void look_if_still(struct boot *b, double now, double cpu, double limit)
{
	double passed = now - b->looked;

	b->looked = now;
	b->still += passed < LOOK_MOST ? passed : LOOK_MOST;
	if (cpu - b->still_cpu > limit * STILL_SHARE) {
		b->still = 0;
		b->still_cpu = cpu;
	}
}

static void enforce(struct boot *b, double now)
{
	double cpu = boot_cpu_seconds(b), limit = progress_limit(b), still = b->opt->silence_s ? b->opt->silence_s : STILL_WALL;
	char *why = NULL, text[32];

	look_if_still(b, now, cpu, still);
	if (b->stood_still > 0 && now - b->stood_still > DUMP_SECONDS)
		boot_kill(b, "crashed", b->peer ? "the peer's host cannot go on" : "the hypervisor cannot go on");
	if (cpu - b->heard_cpu > limit)
		why = xfmt("killed: it got no further in %s of QEMU's CPU time", human_seconds(limit, text));
	else if (b->still > still)
		why = xfmt("killed: QEMU neither said nor did anything for %s", human_seconds(still, text));
	if (why)
		boot_kill(b, "timed-out", why);
	free(why);
}

/* Or the sentence in which a guest says that it failed. */
static char *last_console_line(const struct boot *b)
{
	size_t len = 0;
	char *text = b->log[STREAM_CONSOLE].path ? read_file(b->log[STREAM_CONSOLE].path, &len) : NULL;
	struct words w = { .len = 0 };

	words_take(&w, text, len);
	free(text);
	return xstrdup(words_last(&w));
}

/* How QEMU itself ended, in words; the caller frees it. */
static char *ending(const struct boot *b, int status)
{
	if (b->panic && !b->interrupted)
		return xfmt("the %s panicked: %s", b->peer ? "peer's host" : "hypervisor", b->panic);
	if (b->kill_reason)
		return xstrdup(b->kill_reason);
	if (WIFSIGNALED(status))
		return xfmt("QEMU died of signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	if (WEXITSTATUS(status))
		return xfmt("QEMU ended with status %d", WEXITSTATUS(status));
	return xstrdup("the machine stopped");
}

/* The user's own guest, without an emulator's or a guest's word of failure: it finished, unless it was to print something. */
static void end_own(struct boot *b, const struct own_guest *g)
{
	char *why = g->to ? xfmt("it never printed \"%s\", which was to end what is measured", g->to) : xstrdup("");

	item_end(b->native, g->to ? "failed" : "finished", why);
	free(why);
}

static void end_native(struct boot *b, int status)
{
	const struct own_guest *own = b->plan.item[0].workload->own;
	char *how = ending(b, status), *last = last_console_line(b), *why;
	unsigned v = 0;

	json_object_set_new(b->native, "wall_seconds", json_real(now_seconds() - b->started));
	if (b->kill_reason) {
		item_end(b->native, b->kill_state, how);
	} else if (b->qemu_error) {
		why = xfmt("%s: %s", how, b->qemu_error);
		item_end(b->native, own ? "failed" : "not-run", why);
		b->failed = !own; /* a file of the user's own may well be no kernel */
		free(why);
	} else if (own && WIFEXITED(status) && (!WEXITSTATUS(status) || (qemu_debug_exit(status, &v) && !v))) {
		end_own(b, own);
	} else if (qemu_debug_exit(status, &v)) {
		why = v ? xfmt("the guest reports failure %u; its last line: %s", v, last) : xstrdup("");
		json_object_set_new(b->native, "code", json_integer(v));
		item_end(b->native, v ? "failed" : "finished", why);
		free(why);
	} else {
		why = xfmt("%s without a report from the guest (triple fault or power-off); its last line: %s", how, last);
		item_end(b->native, "crashed", why);
		free(why);
	}
	if (b->on_end)
		b->on_end(b->arg, b, b->native);
	free(last);
	free(how);
}

/* dom0's runner never spoke: the image, the modules or QEMU are at fault. */
static void end_unborn(struct boot *b, const char *how)
{
	/* A peer's host says on its console why it cannot; its kernel's log ends in its powering off. */
	char *last = b->last_log && !b->peer ? xstrdup(b->last_log) : last_console_line(b);
	char *why = xfmt("%s did not come up: %s%s%s", b->peer ? "the peer's host" : "dom0", how,
			 *last ? "; the last line: " : "", last);

	b->failed = !b->interrupted;
	if (b->interrupted)
		boot_mark_rest(b, "not-run", "interrupted before it began");
	else
		boot_mark_rest(b, b->kill_reason ? b->kill_state : "not-run", why);
	if (b->failed)
		say("%s: %s\n          see %s", b->label, why, b->log[STREAM_LOG].path);
	free(why);
	free(last);
}

/* QEMU's own last message, if that is the last thing on dom0's console; the caller frees. */
static char *qemu_word(const struct boot *b)
{
	char *last = last_console_line(b), *word = strstr(last, "qemu-system") ? xfmt("; %s", last) : xstrdup("");

	free(last);
	return word;
}

/* What a panic saved of the running guest's console, where dom0 would have put it. */
static void keep_dead_console(struct boot *b)
{
	const struct plan_item *it = &b->plan.item[b->collect.item];
	char *path = xfmt("%s/consoles/%s/%s.%d%s.txt", b->res->dir, b->plan.recipe->name, it->workload->name, b->collect.rep,
			  it->traced ? ".traced" : ""),
	     *dir = xfmt("%s/consoles/%s", b->res->dir, b->plan.recipe->name);

	json_object_set_new(b->collect.current, "words", text_json(words_last(&b->dead_words)));
	if (b->dead_console && (make_dirs(dir) || write_file(path, b->dead_console, strlen(b->dead_console))))
		say("%s: %s", path, strerror(errno));
	free(path);
	free(dir);
}

/* It came up and stopped before the plan was done. The running guest is to blame; what is left, the runner starts again. */
static void end_midway(struct boot *b, const char *how)
{
	char *word = qemu_word(b);
	const char *last = b->last_log && !b->panic ? b->last_log : NULL;
	char *why = xfmt("%s%s%s%s", how, word,
			 last ? b->peer ? "; the host's last line: " : "; the hypervisor's last line: " : "", last ? last : "");

	if (b->collect.current && b->panic)
		keep_dead_console(b);
	if (b->collect.current)
		item_end(b->collect.current, b->kill_reason ? b->kill_state : "crashed", why);
	else if (!b->collect.ended)
		b->failed = true;
	if (b->interrupted)
		boot_mark_rest(b, "not-run", "interrupted before it began");
	else if (b->failed)
		boot_mark_rest(b, "not-run", why);
	if (b->collect.current && b->on_end)
		b->on_end(b->arg, b, b->collect.current);
	free(why);
	free(word);
}

static unsigned unpack(struct boot *b, bool whole)
{
	char *disk = xfmt("%s/out.img", b->tmp);
	unsigned files = 0;

	out_disk_unpack(b->res, disk, b->plan.recipe->name, whole, &files);
	free(disk);
	return files;
}

static void end_hypervisor(struct boot *b, int status)
{
	char *how = ending(b, status);

	if (!b->collect.hello)
		end_unborn(b, how);
	else if (!b->collect.done)
		end_midway(b, how);
	else
		boot_mark_rest(b, "not-run", "dom0's runner left it out");
	free(how);
}

static void note_end(struct boot *b, int status, unsigned files)
{
	json_t *e = NULL;
	char *how = ending(b, status);

	for (size_t i = json_array_size(b->res->boots); i-- && !e;)
		if (!strcmp(json_string_value(json_object_get(json_array_get(b->res->boots, i), "label")), b->label))
			e = json_array_get(b->res->boots, i);
	json_object_update_new(e, json_pack("{s:s, s:o, s:f, s:f, s:f, s:i, s:i, s:I, s:I}", "state",
					    b->kill_reason ? b->kill_state :
					    b->failed      ? "failed" :
							     "ended",
					    "ending", text_json(how), "wall_seconds", now_seconds() - b->started, "cpu_seconds",
					    b->cpu_seconds, "cpu_seconds_to_hello", b->hello_cpu, "files", (int)files,
					    "damaged_lines", (int)b->collect.damaged, "console_bytes_dropped",
					    (json_int_t)(b->log[0].dropped + b->log[1].dropped), "tsc_khz",
					    (json_int_t)b->collect.tsc_khz));
	free(how);
}

/* What QEMU wrote before it died still stands in the pipes. */
static void drain(struct boot *b)
{
	for (unsigned s = 0; s < NR_STREAMS; s++)
		for (unsigned i = 0; i < 64 && b->fd[s] >= 0; i++)
			boot_pump(b, s);
}

void boot_watch(struct boot *b, double now)
{
	unsigned files = 0;
	struct rusage used;
	int status;
	pid_t got;

	if (b->over || !b->pid)
		return;
	got = wait4(b->pid, &status, WNOHANG, &used);
	if (got == 0) {
		enforce(b, now);
		return;
	}
	b->pid = 0;
	b->cpu_seconds = timeval_seconds(&used.ru_utime) + timeval_seconds(&used.ru_stime);
	drain(b);
	if (b->native) {
		end_native(b, status);
	} else {
		files = unpack(b, !b->kill_reason && b->collect.done);
		end_hypervisor(b, status);
	}
	note_end(b, status, files);
	b->over = true;
}
