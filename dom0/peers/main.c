/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * penumbra-peer RECIPE PLAN: the suite runner on a peer's host, in the place that penumbra-ctl has on dom0. It reads the same plan and
 * says the same events; the back end that it is linked with (machine.h) makes the guests.
 *
 * What must always hold: every run that begins also ends, in one event with its state, and its guest is gone then.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "linux64.h"
#include "ports.h"
#include "show.h"
#include "suite.h"

#define OUT_DIR "/out"

struct run {
	struct suite *s;
	const struct suite_item *item;
	unsigned index, rep;
	struct machine m;
	struct ports ports;
	const char *state;
	char reason[MACHINE_WHY];
};

static json_t *event(const struct run *r, const char *e)
{
	return json_pack("{s:s,s:i,s:i,s:s}", "e", e, "item", (int)r->index, "rep", (int)r->rep, "name", r->item->name);
}

static void open_console(struct run *r)
{
	char *path = NULL;

	mkdir(OUT_DIR "/consoles", 0777);
	if (asprintf(&path, OUT_DIR "/consoles/%s.%u.txt", r->item->name, r->rep) > 0)
		r->ports.console = fopen(path, "w");
	if (!r->ports.console)
		fprintf(stderr, "penumbra-peer: %s: %s\n", path ? path : "console", strerror(errno));
	free(path);
}

/* A file of the suite; NULL, and r->reason. */
static uint8_t *read_image(struct run *r, const char *name, uint64_t *bytes)
{
	char *path = NULL;
	uint8_t *data = NULL;
	struct stat st;
	FILE *f = NULL;

	if (asprintf(&path, "%s/%s", r->s->images, name) > 0)
		f = fopen(path, "r");
	if (f && !fstat(fileno(f), &st) && (data = malloc((size_t)st.st_size + 1)) &&
	    fread(data, 1, (size_t)st.st_size, f) != (size_t)st.st_size) {
		free(data);
		data = NULL;
	}
	if (data)
		*bytes = (uint64_t)st.st_size;
	else
		snprintf(r->reason, sizeof(r->reason), "%s cannot be read: %s", name, strerror(errno));
	if (f)
		fclose(f);
	free(path);
	return data;
}

/* Loads; where the peer shows itself to a Linux guest, that one is told not to do otherwise than natively. */
static bool load_as_natively(struct run *r, struct load_request *rq, struct load_result *at)
{
	bool ok = load_image(rq, at) == LOAD_OK;
	char *cmdline = NULL;

	if (ok && machine_wants_linux64 && rq->initrd && at->kind != LOAD_MULTIBOOT &&
	    asprintf(&cmdline, "%s nopv", rq->cmdline ? rq->cmdline : "") > 0) {
		rq->cmdline = cmdline;
		ok = load_image(rq, at) == LOAD_OK;
	}
	if (!ok)
		snprintf(r->reason, sizeof(r->reason), "%.*s", (int)sizeof(r->reason) - 1, at->why);
	else if (machine_wants_linux64)
		linux64_enter(rq, at);
	rq->cmdline = NULL;
	free(cmdline);
	return ok;
}

static bool load(struct run *r, struct load_result *at)
{
	struct load_request rq = {
		.mem = r->m.mem, .mem_bytes = r->m.mem_bytes, .cmdline = r->item->cmdline, .modules = r->item->modules
	};
	uint8_t *image = read_image(r, r->item->image, &rq.image_bytes), *initrd = NULL;
	bool ok = image != NULL;

	if (ok && r->item->initrd)
		ok = (initrd = read_image(r, r->item->initrd, &rq.initrd_bytes)) != NULL;
	rq.image = image;
	rq.initrd = initrd;
	ok = ok && load_as_natively(r, &rq, at);
	free(initrd);
	free(image);
	return ok;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* A guest that is measured as a whole may end by a halt for ever; to others that is not an end. */
static void judge_end(struct run *r, enum machine_event e)
{
	if (e == MACHINE_TIME) {
		r->state = "timed-out";
		snprintf(r->reason, sizeof(r->reason), "no end within %llu s", (unsigned long long)r->item->timeout_s);
	} else if (e == MACHINE_CRASHED || (e == MACHINE_HALTED && !r->item->life)) {
		r->state = "crashed";
		snprintf(r->reason, sizeof(r->reason), "%s", e == MACHINE_HALTED ? "it halted with interrupts off" : r->m.why);
	} else {
		r->state = r->ports.code ? "failed" : "finished";
		if (r->ports.code)
			snprintf(r->reason, sizeof(r->reason), "exit code %u", r->ports.code);
	}
}

/* As our hypervisor's dom0 does (suite_run.c): without the texts between which it was to be measured it has not done what it was to do. */
static void judge_life(struct run *r)
{
	const char *text = life_missing(&r->ports.life);
	bool finished = !strcmp(r->state, "finished");
	size_t n = strlen(r->reason);

	if (!text || r->ports.nr_regions || (!finished && strcmp(r->state, "timed-out")))
		return;
	if (finished)
		r->state = "failed";
	snprintf(r->reason + n, sizeof(r->reason) - n, "%sit never printed \"%s\", which was to %s what is measured",
		 n ? ": " : "", text, text == r->item->to ? "end" : "begin");
}

static struct life_stamp stamp(struct run *r, uint64_t ticks)
{
	struct life_stamp at = { ticks, 0 };

	machine_trips(&r->m, &at.trips);
	return at;
}

static void serve_port(struct run *r, bool *line)
{
	uint64_t trips = 0;

	/* The count costs a system call: where it is wanted only. */
	if (r->m.io.port == PN_REGION_PORT)
		machine_trips(&r->m, &trips);
	ports_access(&r->ports, &r->m.io, trips);
	if (r->ports.life_turns) {
		life_stamp(&r->ports.life, stamp(r, ticks_now()));
		r->ports.ended |= life_is_whole(&r->ports.life);
	}
	if (*line != r->ports.com1.line)
		machine_line(&r->m, SERIAL_IRQ, *line = r->ports.com1.line);
}

/* Until it has ended in one way or another: r->state. */
static void serve(struct run *r)
{
	double deadline = now() + (double)r->item->timeout_s;
	enum machine_event e = MACHINE_PORT;
	bool line = false;

	r->m.sees_halts = r->item->life;
	if (life_starts(&r->ports.life))
		life_stamp(&r->ports.life, stamp(r, ticks_now()));
	while (!r->ports.ended && (e = machine_run(&r->m, deadline)) == MACHINE_PORT)
		serve_port(r, &line);
	if (e == MACHINE_PORT || e == MACHINE_HALTED)
		life_stops(&r->ports.life, stamp(r, e == MACHINE_HALTED ? r->m.halted_at : ticks_now()));
	judge_end(r, e);
	judge_life(r);
}

static void run(struct run *r)
{
	struct load_result at;

	r->state = "failed";
	if (!machine_create(&r->m, r->item->memory_mib << 20))
		snprintf(r->reason, sizeof(r->reason), "%s", r->m.why);
	else if (load(r, &at) && !machine_start(&r->m, &at))
		snprintf(r->reason, sizeof(r->reason), "%s", r->m.why);
	else if (!*r->reason)
		serve(r);
}

static void say_region(const struct run *r, const struct ports_region *of)
{
	struct pn_region region = { .ops = of->line.ops, .instructions = of->line.instructions, .trips = of->trips };
	json_t *ev = event(r, "region");

	memcpy(region.phase, of->line.phase, sizeof(region.phase));
	json_object_set_new(ev, "traced", json_false());
	if (!of->counted)
		json_object_set_new(ev, "trips_uncounted", json_true());
	show_region(ev, &region);
	suite_say(r->s->c, ev);
}

static void say_end(struct run *r)
{
	json_t *ev = event(r, "end");
	const char *words = words_last(&r->ports.words);

	json_object_set_new(ev, "traced", json_false());
	json_object_set_new(ev, "state", json_string(r->state));
	json_object_set_new(ev, "code", json_integer(r->ports.ended ? (json_int_t)r->ports.code : -1));
	json_object_set_new(ev, "reason", show_text(r->reason, strlen(r->reason)));
	json_object_set_new(ev, "words", show_text(words, strlen(words)));
	json_object_set_new(ev, "console_lost", json_integer((json_int_t)r->ports.console_cut));
	suite_say(r->s->c, ev);
}

void suite_run_item(struct suite *s, unsigned item, unsigned rep)
{
	struct run r = { .s = s, .item = &s->items[item], .index = item, .rep = rep };

	suite_say(s->c, event(&r, "begin"));
	open_console(&r);
	if (r.item->life)
		life_watch(&r.ports.life, r.item->from, r.item->to);
	run(&r);
	machine_destroy(&r.m);
	if (r.ports.console)
		fclose(r.ports.console);
	for (unsigned i = 0; i < r.ports.nr_regions; i++)
		say_region(&r, &r.ports.region[i]);
	/* A guest that marks regions itself has those. */
	if (life_is_whole(&r.ports.life) && !r.ports.nr_regions)
		say_region(&r, &(struct ports_region){ { "life", 1, r.ports.life.ended.ticks - r.ports.life.begun.ticks },
						       r.ports.life.ended.trips > 0,
						       r.ports.life.ended.trips - r.ports.life.begun.trips });
	if (r.ports.more_regions || r.ports.damaged)
		fprintf(stderr, "penumbra-peer: %s: %u regions were measured but not kept, %u lines were damaged\n", r.item->name,
			r.ports.more_regions, r.ports.damaged);
	say_end(&r);
}

int main(int argc, char **argv)
{
	struct pn_dev dev = { .lock_fd = -1, .bar4_fd = -1 };
	struct ctl c = { .out = stdout, .err = stderr, .out_dir = OUT_DIR, .dev = &dev };
	char why[MACHINE_WHY];

	if (argc != 3) {
		fprintf(stderr, "usage: %s RECIPE PLAN\n", argv[0]);
		return CTL_USAGE;
	}
	snprintf(dev.recipe, sizeof(dev.recipe), "%s", argv[1]);
	c.arg[0] = argv[2];
	c.nr_args = 1;
	if (!machine_open(argv[1], why)) {
		fprintf(stderr, "penumbra-peer: %s cannot run here: %s\n", argv[1], why);
		return CTL_FAILED;
	}
	return cmd_suite(&c);
}
