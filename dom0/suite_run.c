/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * One run of a guest: create, load, start, wait for its end or the timeout while its
 * console is saved, then take everything that was measured, and destroy it.
 *
 * What must always hold: the domain is destroyed and the `end` line is said on every
 * path; a console that floods is cut, and what was cut is counted; time is dom0's
 * CLOCK_MONOTONIC, which under -icount is virtual.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>

#include "disk.h"
#include "exercise.h"
#include "names.h"
#include "show.h"
#include "suite.h"
#include "words.h"

#define EXPORT_ENV   "PENUMBRA_EXPORT" /* the command that saves what is named behind it, of the output directory */
#define CONSOLE_KEEP (1u << 20)        /* bytes of one run's console that are kept */
#define POLL_NS      10000000l
#define EXERCISE_NS  200000l /* between the steps of an exercise */

struct run {
	struct suite *s;
	struct ctl *c;
	const struct suite_item *item;
	unsigned index, rep;
	bool created;
	struct dom_memory mem;
	struct pn_domain_info info;
	const char *state;
	char reason[DOM_WHY];
	json_int_t code;

	FILE *console;
	char *buf; /* exchange_bytes */
	uint64_t console_kept, console_lost, console_cut;
	struct words words;
	struct exercise exercise;
	uint64_t disk; /* number + 1 of its disk's image; 0: none */
};

static json_t *event(const struct run *r, const char *e)
{
	return json_pack("{s:s,s:i,s:i,s:s}", "e", e, "item", (int)r->index, "rep", (int)r->rep, "name", r->item->name);
}

static void fail(struct run *r, const char *what, enum pn_error e)
{
	r->state = "failed";
	r->code = -1;
	snprintf(r->reason, sizeof(r->reason), "%s: %s", what, r->c->dev->why[0] ? r->c->dev->why : pn_error_text(e));
}

static void open_console(struct run *r)
{
	char *path = NULL, *dir = NULL;

	if (asprintf(&dir, "%s/consoles", r->c->out_dir) > 0)
		mkdir(dir, 0777);
	if (asprintf(&path, "%s/%s.%u%s.txt", dir ? dir : "", r->item->name, r->rep, r->item->trace ? ".traced" : "") > 0)
		r->console = fopen(path, "w");
	if (!r->console)
		fprintf(r->c->err, "penumbra-ctl: %s: %s\n", path ? path : "console", strerror(errno));
	free(path);
	free(dir);
}

static void save_console(struct run *r)
{
	size_t n, keep;

	do {
		if (dom_console(r->c->dev, r->mem.id, r->buf, &n, &r->console_lost) != PN_ERR_ok)
			return;
		keep = n < CONSOLE_KEEP - r->console_kept ? n : CONSOLE_KEEP - r->console_kept;
		if (r->console && fwrite(r->buf, 1, keep, r->console) != keep)
			keep = 0;
		r->console_kept += keep;
		r->console_cut += n - keep;
		words_take(&r->words, r->buf, n);
	} while (n == r->c->dev->exchange_bytes);
}

/* A file could not be read or written, or a command failed: r->reason tells the former. */
static bool failed(struct run *r, const char *what, enum pn_error e)
{
	if (e == PN_ERR_ok)
		return false;
	if (!r->reason[0])
		fail(r, what, e);
	r->state = "failed";
	r->code = -1;
	return true;
}

/* A fresh copy of its disk each time. */
static bool give_disk(struct run *r)
{
	struct disk_use use = { .mode = PN_DISK_WRITE };
	char *path = NULL;
	enum pn_error e = PN_ERR_nomem;

	if (!r->item->disk)
		return true;
	if (asprintf(&path, "%s/%s", r->s->images, r->item->disk) > 0)
		e = disk_image(r->c->dev, path, 0, &use.image, r->reason);
	free(path);
	if (failed(r, "disk", e))
		return false;
	r->disk = use.image + 1;
	return !failed(r, "disk", disk_attach(r->c->dev, r->mem.id, &use));
}

/* Into <out>/disks, when it has ended. */
static void keep_disk(struct run *r)
{
	char *path = NULL, *dir = NULL, why[DOM_WHY];
	struct disk_served served;

	if (!r->disk || !r->item->keep_disk)
		return;
	if (asprintf(&dir, "%s/disks", r->c->out_dir) > 0)
		mkdir(dir, 0777);
	if (asprintf(&path, "%s/%s.%u%s.img", dir ? dir : "", r->item->name, r->rep, r->item->trace ? ".traced" : "") < 0 ||
	    disk_save(r->c->dev, r->mem.id, path, &served, why) != PN_ERR_ok)
		fprintf(r->c->err, "penumbra-ctl: %s: its disk is not kept: %s\n", r->item->name, why);
	free(path);
	free(dir);
}

/* So many ticks may a region take: as long as dom0 gives the guest. */
static uint64_t region_ticks(const struct run *r)
{
	return r->item->timeout_s * 1000 * r->c->dev->tsc_khz;
}

static bool create(struct run *r)
{
	enum pn_error e = dom_create(r->c->dev, r->item->name, r->item->memory_mib << 20, r->item->pool_pages, r->item->vcpus,
				     r->item->shadow_levels, PN_REGIONS_ALL, region_ticks(r), &r->mem);

	if (failed(r, "create", e))
		return false;
	r->created = true;
	if (r->item->alone)
		return !failed(r, "life", dom_alone(r->c->dev, r->mem.id));
	return !r->item->life || !failed(r, "life", dom_life(r->c->dev, r->mem.id, r->item->from, r->item->to));
}

static bool prepare(struct run *r)
{
	struct dom_kernel kernel = { .cmdline = r->item->cmdline, .modules = r->item->modules };
	char *image = NULL, *initrd = NULL;
	enum pn_error e;

	if (!create(r) || !give_disk(r))
		return false;
	if (asprintf(&image, "%s/%s", r->s->images, r->item->image) < 0 ||
	    (r->item->initrd && asprintf(&initrd, "%s/%s", r->s->images, r->item->initrd) < 0)) {
		e = PN_ERR_nomem;
	} else {
		kernel.image = image;
		kernel.initrd = initrd;
		e = dom_load(r->c->dev, &r->mem, &kernel, r->reason);
	}
	free(image);
	free(initrd);
	return !failed(r, "load", e);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

/*
 * A lossless trace has the guest stand while it is read, which is no time of the guest's. The hypervisor ends a guest whose trace nobody
 * reads.
 */
static bool stands_for_its_trace(const struct run *r)
{
	return r->item->trace && r->info.run_ticks < r->item->timeout_s * 1000 * r->c->dev->tsc_khz;
}

static void wait_for_end(struct run *r)
{
	const struct timespec nap = { 0, r->item->exercise ? EXERCISE_NS : POLL_NS };
	double deadline = now() + r->item->timeout_s;
	enum pn_error e;

	for (;;) {
		e = dom_info(r->c->dev, r->mem.id, &r->info);
		save_console(r);
		if (e != PN_ERR_ok) {
			fail(r, "list", e);
			return;
		}
		if (r->info.state == PN_EXITED || r->info.state == PN_CRASHED)
			return;
		if (now() >= deadline && !stands_for_its_trace(r)) {
			r->state = "timed-out";
			snprintf(r->reason, sizeof(r->reason), "no end within %llu s", (unsigned long long)r->item->timeout_s);
			dom_simple(r->c->dev, PN_CMD_pause, r->mem.id);
			save_console(r);
			return;
		}
		nanosleep(&nap, NULL);
		exercise_step(&r->exercise);
	}
}

static void judge(struct run *r)
{
	if (r->state)
		return;
	r->code = r->info.exit_code;
	snprintf(r->reason, sizeof(r->reason), "%s", r->info.reason);
	if (r->info.state == PN_CRASHED)
		r->state = "crashed";
	else
		r->state = r->code == 0 ? "finished" : "failed";
	if (!r->reason[0] && r->code != 0)
		snprintf(r->reason, sizeof(r->reason), "exit code %lld", (long long)r->code);
}

/* What others did meanwhile is in such a region's figures: they are nobody's. */
static void judge_region(struct run *r, const struct pn_region *region)
{
	if (!region->disturbed || strcmp(r->state, "finished"))
		return;
	r->state = "failed";
	snprintf(r->reason, sizeof(r->reason), "region %.*s was not quiet: %s", PN_PHASE_NAME, region->phase,
		 show_disturbed(region->disturbed));
}

/* A guest that ended without the texts between which it was to be measured has not done what it was to do. */
static void judge_life(struct run *r, enum pn_life life, unsigned regions)
{
	const bool begun = life != PN_LIFE_WAITS;
	const char *text = begun ? r->item->to : r->item->from;
	bool finished = strcmp(r->state, "finished") == 0;
	size_t n = strlen(r->reason);

	if (!r->item->life || life == PN_LIFE_NONE || (!finished && strcmp(r->state, "timed-out")))
		return;
	if (text && life != PN_LIFE_ENDS) {
		if (finished)
			r->state = "failed";
		snprintf(r->reason + n, sizeof(r->reason) - n, "%sit never printed \"%s\", which was to %s what is measured",
			 n ? ": " : "", text, begun ? "end" : "begin");
	} else if (finished && !regions) {
		r->state = "failed";
		snprintf(r->reason, sizeof(r->reason), "it took longer than the %llu s that it may be measured",
			 (unsigned long long)r->item->timeout_s);
	}
}

static void say_regions(struct run *r)
{
	enum pn_life life = PN_LIFE_NONE;

	static struct pn_region region[PN_MAX_REGIONS];
	uint64_t all = 0;
	unsigned n = 0;
	json_t *ev;

	if (dom_regions(r->c->dev, r->mem.id, region, &n, &all, &life) != PN_ERR_ok)
		fprintf(r->c->err, "penumbra-ctl: %s: its regions cannot be had\n", r->item->name);
	judge_life(r, life, n);
	for (unsigned i = 0; i < n; i++) {
		judge_region(r, &region[i]);
		ev = event(r, "region");
		json_object_set_new(ev, "traced", json_boolean(r->item->trace));
		show_region(ev, &region[i]);
		suite_say(r->c, ev);
	}
	if (all > n)
		fprintf(r->c->err, "penumbra-ctl: %s: %llu regions were measured but not kept\n", r->item->name,
			(unsigned long long)(all - n));
}

static void add_audit(struct run *r, json_t *ev)
{
	enum pn_error e = PN_ERR_nodom;
	struct dom_audit a = { 0 };

	if (r->created)
		e = dom_audit(r->c->dev, r->mem.id, NULL, &a);
	json_object_set_new(ev, "audit", json_integer((json_int_t)a.faults));
	json_object_set_new(ev, "audit_text",
			    e == PN_ERR_ok && a.text ? show_text(a.text, strlen(a.text)) :
						       json_sprintf("not audited: %s", pn_error_text(e)));
	free(a.text);
}

static void say_end(struct run *r)
{
	static struct pn_stat stat;
	json_t *ev = event(r, "end"), *exercise;

	memset(&stat, 0, sizeof(stat));
	if (r->created) {
		dom_info(r->c->dev, r->mem.id, &r->info);
		dom_stat(r->c->dev, r->mem.id, &stat);
	}
	json_object_set_new(ev, "traced", json_boolean(r->item->trace));
	json_object_set_new(ev, "state", json_string(r->state));
	json_object_set_new(ev, "code", json_integer(r->code));
	json_object_set_new(ev, "reason", show_text(r->reason, strlen(r->reason)));
	json_object_set_new(ev, "words", show_text(words_last(&r->words), strlen(words_last(&r->words))));
	json_object_set_new(ev, "ticks", json_integer((json_int_t)r->info.run_ticks));
	add_audit(r, ev);
	json_object_set_new(ev, "console_lost", json_integer((json_int_t)(r->console_lost + r->console_cut)));
	json_object_set_new(ev, "stat", show_stat(&stat));
	exercise = exercise_end(&r->exercise);
	if (exercise)
		json_object_set_new(ev, "exercise", exercise);
	suite_say(r->c, ev);
}

static uint64_t sum(const json_t *counts)
{
	const char *key;
	uint64_t n = 0;
	json_t *v;

	json_object_foreach((json_t *)counts, key, v)
		n += (uint64_t)json_integer_value(v);
	return n;
}

/* Totals over all events, then the same per event. */
static void say_trace(struct run *r, json_t *totals)
{
	json_t *ev = event(r, "trace");

	if (!totals) {
		fprintf(r->c->err, "penumbra-ctl: %s: the collector ended without its totals\n", r->item->name);
		json_decref(ev);
		return;
	}
	json_object_set_new(ev, "written", json_integer((json_int_t)sum(json_object_get(totals, "written"))));
	json_object_set_new(ev, "lost", json_integer((json_int_t)sum(json_object_get(totals, "lost"))));
	json_object_set_new(ev, "emitted", json_integer((json_int_t)sum(json_object_get(totals, "emitted"))));
	json_object_set(ev, "agree", json_object_get(totals, "agree"));
	json_object_set(ev, "late", json_object_get(totals, "late"));
	json_object_set(ev, "cut", json_object_get(totals, "cut"));
	json_object_set_new(ev, "events",
			    json_pack("{s:O,s:O,s:O}", "written", json_object_get(totals, "written"), "lost",
				      json_object_get(totals, "lost"), "emitted", json_object_get(totals, "emitted")));
	suite_say(r->c, ev);
	json_decref(totals);
}

static void run(struct run *r)
{
	enum pn_error e;

	if (!prepare(r))
		return;
	exercise_begin(&r->exercise, r->item->exercise, r->c->dev, &r->mem);
	e = dom_simple(r->c->dev, PN_CMD_start, r->mem.id);
	if (e == PN_ERR_ok)
		wait_for_end(r);
	else
		fail(r, "start", e);
}

/*
 * Out of this machine, and out of its memory, before anybody is told of it: what the host knows of, it has, also if it ends this machine
 * in the next moment. A plain name needs no quotes.
 */
static void save_trace(const struct run *r)
{
	const char *save = getenv(EXPORT_ENV);
	struct statvfs space;
	char *command = NULL;

	if (!statvfs(r->c->out_dir, &space) && !space.f_bavail)
		fprintf(r->c->err,
			"penumbra-ctl: %s: dom0's memory for traces is full: this one lacks its end (run --trace-limit)\n",
			r->item->name);
	if (save && !r->rep && asprintf(&command, "%s traces/%s", save, r->item->name) > 0 && system(command))
		fprintf(r->c->err, "penumbra-ctl: %s: its trace could not be saved\n", r->item->name);
	free(command);
}

static bool begin_trace(struct run *r, struct session *t)
{
	char *dir = NULL, rep[16] = "";
	bool ok;

	if (r->rep)
		snprintf(rep, sizeof(rep), ".%u", r->rep);
	ok = asprintf(&dir, "%s/traces/%s%s", r->c->out_dir, r->item->name, rep) > 0 &&
	     session_begin(t, r->c, r->item->name, dir, r->item->trace_limit);
	free(dir);
	return ok;
}

void suite_run_item(struct suite *s, unsigned item, unsigned rep)
{
	struct run r = { .s = s, .c = s->c, .item = &s->items[item], .index = item, .rep = rep };
	struct session t = { 0 };

	suite_say(r.c, event(&r, "begin"));
	r.buf = malloc(r.c->dev->exchange_bytes);
	open_console(&r);
	if (!r.buf) {
		fail(&r, "console", PN_ERR_nomem);
	} else if (r.item->trace && !begin_trace(&r, &t)) {
		r.state = "failed";
		r.code = -1;
		snprintf(r.reason, sizeof(r.reason), "its tracing session could not be started");
	} else {
		run(&r);
	}
	judge(&r);
	if (t.collector) {
		json_t *totals = session_end(&t, r.c);

		save_trace(&r);
		say_trace(&r, totals);
	}
	if (r.created)
		say_regions(&r);
	keep_disk(&r);
	say_end(&r);
	if (r.created)
		dom_simple(r.c->dev, PN_CMD_destroy, r.mem.id);
	if (r.disk)
		disk_image_free(r.c->dev, r.disk - 1);
	if (r.console)
		fclose(r.console);
	free(r.buf);
}
