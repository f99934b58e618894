/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run from its options to its files. Everything that can be refused is
 * refused before the first QEMU starts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "beside.h"
#include "boots.h"
#include "compared.h"
#include "index.h"
#include "machine.h"
#include "machine_file.h"
#include "outside.h"
#include "profile.h"
#include "cycles.h"
#include "qemu.h"
#include "report.h"
#include "resume.h"
#include "run.h"
#include "script.h"
#include "slice.h"
#include "slurm.h"

/* Less than this and even the consoles will not fit. */
#define MIN_FREE (8ll << 20)

static bool guests_there(const struct paths *p, const struct selection *s)
{
	bool ok = true, no_disk = false;

	for (unsigned i = 0; i < nr_workloads; i++) {
		char *image, *initrd, *disk;

		if (!s->workload[i] || workload_is_own(&workloads[i]))
			continue;
		image = path_guest_image(p, &workloads[i]);
		initrd = path_guest_initrd(p, &workloads[i]);
		disk = path_guest_disk(p, &workloads[i]);
		if (disk && !file_exists(disk)) {
			if (!no_disk)
				say("%s is not there: `make %s` in the build directory fetches and makes it (./penumbra does)",
				    disk, workloads[i].file);
			no_disk = true;
		} else {
			ok &= artefact_there(image, workloads[i].name, workload_is_bad(&workloads[i])) &&
			      (!initrd || artefact_there(initrd, workloads[i].name, false)) &&
			      (!disk || artefact_there(disk, workloads[i].name, false));
		}
		free(disk);
		free(image);
		free(initrd);
	}
	return ok && !no_disk;
}

/* Peers of which this release or machine has no packages go from the choice, with a message. False: no recipe is left. */
static bool leave_out_peers(const struct paths *p, struct selection *s)
{
	bool any = false;

	for (unsigned i = 0; i < nr_recipes; i++) {
		char *reason = s->recipe[i] ? peer_unavailable(p, &recipes[i]) : NULL;

		if (reason) {
			say("%s is left out: %s", recipes[i].name, reason);
			s->recipe[i] = false;
		}
		any |= s->recipe[i];
		free(reason);
	}
	return any;
}

/* Guests that this machine cannot have go from the choice, with a message. False: nothing is left. */
static bool leave_out(const struct paths *p, struct selection *s)
{
	bool any = leave_out_peers(p, s);

	if (!any) {
		say("nothing is left to run");
		return false;
	}
	any = false;
	for (unsigned i = 0; i < nr_workloads; i++) {
		char *reason = s->workload[i] ? guest_unavailable(p, &workloads[i]) : NULL;

		if (reason) {
			say("%s is left out: %s", workloads[i].name, reason);
			s->workload[i] = false;
		}
		any |= s->workload[i];
		free(reason);
	}
	if (!any)
		say("nothing is left to run");
	return any;
}

static void note_not_run(struct results *r, const struct recipe *of, const struct workload *w, const char *reason)
{
	item_end(results_item(r, of->name, w->name, 1, false), "not-run", reason);
}

/* Of peers, as a whole or one guest. */
static void note_peers_left_out(struct results *r, const struct paths *p, const struct selection *s,
				const struct selection *wanted)
{
	for (unsigned k = 0; k < nr_recipes; k++) {
		char *reason = wanted->recipe[k] && !s->recipe[k] ? peer_unavailable(p, &recipes[k]) : NULL;

		for (unsigned i = 0; i < nr_workloads; i++) {
			const char *cannot = peer_cannot(&recipes[k], &workloads[i]);

			if ((reason || cannot) && selection_asks(wanted, &recipes[k], &workloads[i]))
				note_not_run(r, &recipes[k], &workloads[i], cannot ? cannot : reason);
		}
		free(reason);
	}
}

/* What was left out stands in the results as not run, with the reason. */
static void note_left_out(struct results *r, const struct paths *p, const struct selection *s, const struct selection *wanted)
{
	note_peers_left_out(r, p, s, wanted);
	for (unsigned i = 0; i < nr_workloads; i++) {
		char *reason = wanted->workload[i] && !s->workload[i] ? guest_unavailable(p, &workloads[i]) : NULL;

		for (unsigned k = 0; reason && k < nr_recipes; k++)
			if (selection_has(wanted, &recipes[k], &workloads[i]))
				note_not_run(r, &recipes[k], &workloads[i], reason);
		free(reason);
	}
}

/* Variants that no default run needs are not built by `make` alone; a full run may lack many. */
static bool variants_there(const struct paths *p, const struct selection *s)
{
	const char *first = NULL;
	unsigned missing = 0;

	for (unsigned i = 0; i < nr_recipes; i++) {
		char *image = s->recipe[i] && recipes[i].base ? path_hypervisor(p, &recipes[i]) : NULL;

		if (image && access(image, R_OK)) {
			first = first ? first : recipes[i].name;
			missing++;
		}
		free(image);
	}
	if (missing)
		say("variants without an image in %s: %u, %s first\n          `make variants` in the build directory makes them "
		    "(./penumbra does), `make install` after it installs them;\n"
		    "          --recipe chooses among those that are there",
		    p->build, missing, first);
	return !missing;
}

/* Whatever its machine boots. */
static bool peer_there(const struct paths *p, const struct recipe *r)
{
	char *path[] = { path_peer_hypervisor(p, r), path_peer_kernel(p, r), path_peer_initrd(p, r) };
	bool ok = true;

	if (access(path[2], R_OK)) {
		say("%s is not there: `make peers-%s` in the build directory fetches and makes it (./penumbra does)", path[2],
		    r->peer);
		ok = false;
	}
	for (unsigned i = 0; i < COUNT_OF(path); i++) {
		ok = ok && (!path[i] || artefact_there(path[i], r->name, false));
		free(path[i]);
	}
	return ok;
}

static bool images_there(const struct paths *p, const struct selection *s)
{
	char *kernel = path_dom0_kernel(p), *initrd = path_dom0_initrd(p);
	bool ok = variants_there(p, s), any = false;

	for (unsigned i = 0; i < nr_recipes; i++) {
		char *image;

		if (s->recipe[i] && recipe_is_peer(&recipes[i]))
			ok &= peer_there(p, &recipes[i]);
		if (!s->recipe[i] || recipe_is_native(&recipes[i]) || recipe_is_peer(&recipes[i]))
			continue;
		any = true;
		image = path_hypervisor(p, &recipes[i]);
		if (!recipes[i].base || file_exists(image))
			ok &= artefact_there(image, recipes[i].name, false);
		free(image);
	}
	if (any)
		ok &= artefact_there(kernel, "dom0's kernel", false) && artefact_there(initrd, "dom0's initramfs", false);
	free(kernel);
	free(initrd);
	return ok;
}

static bool qemu_there(const struct emulator *qemu)
{
	if (!qemu->version && !strcmp(qemu->word, QEMU_NEXT))
		say("%s cannot be run: `make qemu-next` in the build directory fetches it (./penumbra does)", qemu->program);
	else if (!qemu->version)
		say("%s cannot be run: install qemu-system-x86 (./penumbra doctor tells what else is missing)", qemu->program);
	return qemu->version != NULL;
}

static char *names_of(const struct selection *s, bool of_recipes)
{
	char *text = xstrdup("");

	for (unsigned i = 0; i < (of_recipes ? nr_recipes : nr_workloads); i++)
		if (of_recipes ? s->recipe[i] : s->workload[i])
			list_add(&text, ",", "%s", of_recipes ? recipes[i].name : workloads[i].name);
	return text;
}

static bool own_guests_there(const struct options *o)
{
	bool ok = true;

	for (unsigned i = 0; i < o->nr_guests; i++)
		ok &= own_guest_there(&o->guest[i]);
	return ok;
}

static json_t *options_json(const struct options *o, const char *qemu, const struct selection *s)
{
	char *r = names_of(s, true), *w = names_of(s, false);
	json_t *j = json_pack(
		"{s:s, s:s, s:b, s:b, s:i, s:s, s:i, s:i, s:b, s:i, s:b, s:b, s:o, s:s*, s:o, s:b, s:s*, s:b, s:s*, s:b, s:o*}",
		"recipes", r, "workloads", w, "recipes_named", o->recipes != NULL, "workloads_named", o->workloads != NULL,
		"levels", (int)o->levels, "suite", o->suite, "repeat", (int)o->repeat, "jobs", (int)o->jobs, "trace",
		(int)o->trace, "trace_mib", (int)o->trace_mib, "keep_going", (int)o->keep_going, "defaults",
		!o->recipes && !o->workloads && !o->levels && !o->peers && !o->nr_guests && !strcmp(o->suite, "quick"), "qemu",
		text_json(qemu), "peers", o->peers, "guests", own_guests_json(o->guest, o->nr_guests), "guests_alone",
		(int)o->alone, "workloads_dir", o->workloads_dir, "cycles", (int)o->cycles, "machines", o->machines,
		"sensitivity", (int)o->sensitivity, "modelled", beside_asked(o));

	free(r);
	free(w);
	return j;
}

char *new_run_dir(const struct paths *p)
{
	time_t t = time(NULL);
	char stamp[40];
	struct tm tm;
	char *dir;

	localtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d-%H%M%S", &tm);
	dir = xfmt("%s/%s", p->results, stamp);
	make_dirs(p->results);
	for (unsigned n = 2; mkdir(dir, 0777) && errno == EEXIST; n++) {
		free(dir);
		dir = xfmt("%s/%s-%u", p->results, stamp, n);
	}
	return dir;
}

bool place_is_good(const char *dir)
{
	char text[32];

	if (make_dirs(dir))
		say("%s cannot be made: %s; --output chooses another place", dir, strerror(errno));
	else if (access(dir, W_OK | X_OK))
		say("%s cannot be written to: %s; --output chooses another place", dir, strerror(errno));
	else if (disk_free(dir) < MIN_FREE)
		say("only %s are free at %s: a run needs some hundred MiB; make room, or choose another place with --output",
		    human_bytes((double)disk_free(dir), text), dir);
	else
		return true;
	return false;
}

/* took: seconds, without the run beside it. */
static void say_end(const struct queue *q, const struct results *r, double took, bool report)
{
	unsigned finished = 0;
	const json_t *it;
	char text[32];
	size_t i;

	json_array_foreach(r->items, i, it)
		finished += item_finished(it);
	say("%u of %u guest runs finished in %s", finished, (unsigned)json_array_size(r->items), human_seconds(took, text));
	if (r->error)
		say("%s", r->error);
	if (!q->opt->scratch)
		say("results: %s%s", r->dir, report ? "/report.html" : "");
}

/* Does the index have it? A part of a run is in that one; one that goes at once is in none. */
static bool is_listed(const struct options *o)
{
	return !o->slice && !o->is_beside && !o->scratch;
}

/* The directory and what is to be measured; that much is known at once, and outlives whatever comes. */
static int begin(struct results *res, const struct options *o, const struct paths *p, const struct emulator *qemu,
		 const struct selection *s)
{
	char *dir = o->output ? xstrdup(o->output) : new_run_dir(p), *slash = strrchr(dir, '/');
	int ret = EXIT_FAILED;

	if (place_is_good(dir))
		ret = results_begin(res, dir, slash && slash[1] ? slash + 1 : dir, options_json(o, qemu->word, s));
	if (ret && !o->output)
		rmdir(dir);
	free(dir);
	return ret;
}

/*
 * A new run, or the one that is resumed: then it is open already. Checksums take a while: whoever ends us meanwhile (which ends what
 * computes them as well) ends the run before it has begun, and the one that is resumed stays as it was.
 */
static int open_results(struct results *res, const struct options *o, const struct paths *p, const struct emulator *qemu,
			const struct selection *s)
{
	bool resumed = res->root;
	json_t *machine;
	int ret;

	queue_listen();
	ret = resumed ? EXIT_OK : begin(res, o, p, qemu, s);
	if (ret)
		return ret;
	machine = machine_json(p, qemu, s);
	if (o->cycles)
		json_object_set_new(machine, "modelled", machines_json(p, o->machines));
	if (!queue_told_to_end()) {
		if (resumed)
			return resume_results(res, machine) ? EXIT_FAILED : EXIT_OK;
		results_machine(res, machine);
		/* Should it be killed, it is known by its row. */
		if (is_listed(o) && !make_dirs(p->results))
			index_add(p->results, res);
		return EXIT_OK;
	}
	json_decref(machine);
	if (resumed)
		say("interrupted before it went on: it is as it was");
	return resumed ? EXIT_INTERRUPTED : EXIT_OK;
}

/* By its name, where --resume would find it by that; a run elsewhere by its directory. */
static void say_how_to_go_on(const struct paths *p, const struct results *res)
{
	const char *name = json_string_value(json_object_get(res->root, "run"));
	char *kept = xfmt("%s/%s", p->results, name), *found = realpath(kept, NULL), *here = realpath(res->dir, NULL);

	say("`penumbra run --resume %s` goes on with it", found && here && !strcmp(found, here) ? name : res->dir);
	free(here);
	free(found);
	free(kept);
}

static int exit_code(const struct queue *q, bool good)
{
	return q->interrupted ? EXIT_INTERRUPTED : good && !q->bad ? EXIT_OK : EXIT_FAILED;
}

/* What got worse is told on standard output; a page beside the report has every row. */
static int compare_with_baseline(const struct options *o, const struct paths *p, const struct results *res)
{
	char *before = path_run(p, o->baseline), *page = xfmt("%s/comparison.html", res->dir);
	struct options text = *o, whole = *o;
	int ret = EXIT_FAILED;

	text.format = NULL;
	text.output = NULL;
	whole.format = "page";
	whole.output = page;
	if (before) {
		ret = compare_runs(before, res->dir, &text);
		compare_runs(before, res->dir, &whole);
	}
	free(before);
	free(page);
	return ret;
}

/* Whether the run to compare with can be read. */
static bool baseline_there(const struct options *o, const struct paths *p)
{
	char *dir = o->baseline ? path_run(p, o->baseline) : NULL;
	json_t *root = dir ? results_load(dir, false, NULL) : NULL;
	bool there = root;

	json_decref(root);
	free(dir);
	return there || !o->baseline;
}

/* slice: what is to be measured, NULL: what is chosen in s. */
static int measure(const struct options *o, const struct paths *p, const struct selection *s, const struct selection *wanted,
		   struct slice *slice, struct results *res)
{
	double before = json_number_value(json_object_get(res->root, "wall_seconds")), took;
	bool complete, report = false;
	int ret, beside = EXIT_OK;
	struct queue q;

	queue_init(&q, o, p, res);
	note_left_out(res, p, s, wanted);
	if (slice)
		slice_add(slice, &q);
	else
		boots_add(&q, s, o, resume_round(res));
	if (o->slurm)
		slurm_run(&q);
	else
		queue_run(&q);
	took = now_seconds() - q.begun;
	json_object_set_new(res->root, "wall_seconds", json_real(before + took));
	complete = !q.interrupted && !q.stop && !res->error;
	results_finish(res, complete, q.interrupted);
	if (complete && beside_wanted(o, res))
		beside = beside_run(o, p, res, cmd_run);
	if (!o->no_report && !res->error)
		report = !report_write(res->dir, res->root);
	say_end(&q, res, took, report);
	if (o->profile)
		profile_print(res, took, o->jobs);
	if ((!complete || beside == EXIT_INTERRUPTED) && !o->scratch && !o->is_beside)
		say_how_to_go_on(p, res);
	if (is_listed(o) && make_dirs(p->results) == 0)
		index_add(p->results, res);
	ret = exit_code(&q, complete && (report || o->no_report));
	if (!ret)
		ret = beside;
	if (o->baseline && complete && compare_with_baseline(o, p, res) && !ret)
		ret = EXIT_FAILED;
	queue_free(&q);
	return ret;
}

/* What the options choose, or a slice. EXIT_OK, or after a message the exit code. */
static int choose(struct options *o, struct selection *s, struct slice *slice)
{
	o->alone |= o->nr_guests && !o->workloads && !o->suite && o->levels == LEVELS_DEFAULT;
	if (o->workloads_dir && !outside_enter(o->workloads_dir))
		return EXIT_FAILED;
	own_guests_enter(o->guest, o->nr_guests);
	if (!o->suite)
		o->suite = "quick";
	if (o->slice) {
		if (!slice_read(slice, o->slice))
			return EXIT_FAILED;
		slice_select(slice, s);
		return EXIT_OK;
	}
	if (!select_recipes(s, o->recipes, o->suite) || !select_peers(s, o->peers))
		return EXIT_USAGE;
	if (o->alone)
		select_own(s, o->suite);
	else if (!select_workloads(s, o->workloads, o->suite, o->levels))
		return EXIT_USAGE;
	select_also(s);
	return EXIT_OK;
}

/* *model: of --plugin, or of --cycles where this QEMU can. False after a message: a machine file is wrong. */
static bool model_there(const struct options *o, const struct paths *p, const struct emulator *qemu, char **model)
{
	struct options at = *o;
	bool bad = false;

	at.qemu = qemu->program;
	*model = o->plugin ? xstrdup(o->plugin) : o->cycles ? cycles_prepare(&at, p, &bad) : NULL;
	return !bad;
}

/* Recipes that go by what the model counts do without it, and are another one then. */
static void say_without_counter(const struct options *o, const struct selection *s, const char *model)
{
	for (unsigned i = 0; i < nr_recipes && !(o->cycles && model); i++)
		if (s->recipe[i] && recipes[i].kind == RECIPE_KIND_hybrid)
			say("%s has no counter to go by without cycles, and is adaptive in this run (docs/hybrid.md)",
			    recipes[i].name);
}

/* From here on o->qemu is the program. */
static int run_on(struct options *o, const struct paths *p, const struct emulator *qemu, struct results *res)
{
	struct selection s, wanted;
	struct slice slice = { 0 };
	char *model = NULL;
	int ret = choose(o, &s, &slice);

	if (ret)
		return ret;
	wanted = s;
	ret = EXIT_FAILED;
	if (leave_out(p, &s) && (qemu_there(qemu) & images_there(p, &s) & guests_there(p, &s)) &&
	    model_there(o, p, qemu, &model)) {
		o->qemu = qemu->program;
		o->model = model;
		say_without_counter(o, &s, model);
		ret = open_results(res, o, p, qemu, &s);
		if (!ret)
			ret = slurm_gather_left(res, o);
		if (!ret)
			ret = measure(o, p, &s, &wanted, o->slice ? &slice : NULL, res);
	}
	free(model);
	slice_free(&slice);
	return ret;
}

static int run_in(struct options *o, const struct paths *p, struct results *res)
{
	struct emulator qemu;
	char *scripts = NULL;
	int ret = EXIT_FAILED;

	emulator_find(&qemu, p, emulator_asked(o->qemu));
	if (own_guests_there(o) && !initrds_pack(o, p, &scripts))
		ret = run_on(o, p, &qemu, res);
	initrds_forget(scripts);
	emulator_free(&qemu);
	return ret;
}

static int open_resumed(const struct paths *p, struct options *o, struct results *res)
{
	char *dir = path_run(p, o->resume);
	int ret = dir ? resume_open(res, dir, o) : EXIT_FAILED;

	free(dir);
	return ret;
}

/* A QEMU for each CPU, as far as there is memory for their machines. */
static unsigned usual_jobs(void)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_AVPHYS_PAGES),
	     mib = pages * (sysconf(_SC_PAGESIZE) >> 10) >> 10;
	long most = mib / QEMU_MIB < cpus ? mib / QEMU_MIB : cpus;

	return most < 1 ? 1 : most > MAX_JOBS ? MAX_JOBS : (unsigned)most;
}

/* The run is complete and the one beside it is not: that goes on, and the report has it. */
static int go_on_beside(const struct options *o, const struct paths *p, struct results *res)
{
	const json_t *options = json_object_get(res->root, "options");
	const char *asked = emulator_asked(o->qemu);
	struct options b = *o;
	struct emulator qemu;
	int ret = EXIT_FAILED;

	emulator_find(&qemu, p, asked ? asked : json_string_value(json_object_get(options, "qemu")));
	b.qemu = qemu.program;
	if (qemu_there(&qemu))
		ret = beside_run(&b, p, res, cmd_run);
	emulator_free(&qemu);
	if (!o->no_report && report_write(res->dir, res->root))
		ret = ret ? ret : EXIT_FAILED;
	if (ret == EXIT_INTERRUPTED)
		say_how_to_go_on(p, res);
	say("results: %s%s", res->dir, o->no_report ? "" : "/report.html");
	return ret;
}

int cmd_run(const struct options *given, const struct paths *p)
{
	struct results res = { .dir = NULL };
	struct options o = *given;
	json_t *held = NULL;
	int ret = EXIT_FAILED;

	if (!baseline_there(&o, p))
		return ret;
	if (!o.jobs)
		o.jobs = usual_jobs();
	if (!o.slice || slice_guests(&o, &held))
		ret = o.resume ? open_resumed(p, &o, &res) : EXIT_OK;
	if (!ret)
		ret = res.root && beside_is_left(&o, &res) ? go_on_beside(&o, p, &res) : run_in(&o, p, &res);
	results_free(&res);
	json_decref(held);
	return ret;
}
