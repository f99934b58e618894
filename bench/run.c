/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run from its options to its files. Everything that can be refused is
 * refused before the first QEMU starts.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "boots.h"
#include "index.h"
#include "machine.h"
#include "report.h"
#include "resume.h"
#include "run.h"

/* Less than this and even the consoles will not fit. */
#define MIN_FREE (8ll << 20)

static bool guests_there(const struct paths *p, const struct selection *s)
{
	bool ok = true;

	for (unsigned i = 0; i < nr_workloads; i++) {
		char *image, *initrd;

		if (!s->workload[i])
			continue;
		image = path_guest_image(p, &workloads[i]);
		initrd = path_guest_initrd(p, &workloads[i]);
		ok &= artefact_there(image, workloads[i].name, workload_is_bad(&workloads[i])) &&
		      (!initrd || artefact_there(initrd, workloads[i].name, false));
		free(image);
		free(initrd);
	}
	return ok;
}

/* Guests that this machine cannot have go from the choice, with a message. False: nothing is left. */
static bool leave_out(const struct paths *p, struct selection *s)
{
	bool any = false;

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

/* What was left out stands in the results as not run, with the reason. */
static void note_left_out(struct results *r, const struct paths *p, const struct selection *s, const struct selection *wanted)
{
	for (unsigned i = 0; i < nr_workloads; i++) {
		char *reason = wanted->workload[i] && !s->workload[i] ? guest_unavailable(p, &workloads[i]) : NULL;

		for (unsigned k = 0; reason && k < nr_recipes; k++)
			if (selection_has(wanted, &recipes[k], &workloads[i]))
				item_end(results_item(r, recipes[k].name, workloads[i].name, 1, false), "not-run", reason);
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
		say("variants without an image in %s: %u, %s first\n          `make variants` in the build directory makes them (./penumbra does), `make install` after it installs them;\n"
		    "          --recipe chooses among those that are there", p->build, missing, first);
	return !missing;
}

static bool images_there(const struct paths *p, const struct selection *s)
{
	char *kernel = path_dom0_kernel(p), *initrd = path_dom0_initrd(p);
	bool ok = variants_there(p, s), any = false;

	for (unsigned i = 0; i < nr_recipes; i++) {
		char *image;

		if (!s->recipe[i] || recipe_is_native(&recipes[i]))
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

	for (unsigned i = 0; i < (of_recipes ? nr_recipes : nr_workloads); i++) {
		char *longer;

		if (!(of_recipes ? s->recipe[i] : s->workload[i]))
			continue;
		longer = xfmt("%s%s%s", text, *text ? "," : "", of_recipes ? recipes[i].name : workloads[i].name);
		free(text);
		text = longer;
	}
	return text;
}

static json_t *options_json(const struct options *o, const char *qemu, const struct selection *s)
{
	char *r = names_of(s, true), *w = names_of(s, false);
	json_t *j = json_pack("{s:s, s:s, s:b, s:b, s:i, s:s, s:i, s:i, s:b, s:b, s:b, s:s}", "recipes", r, "workloads", w, "recipes_named",
			      o->recipes != NULL, "workloads_named", o->workloads != NULL, "levels", (int)o->levels, "suite", o->suite,
			      "repeat", (int)o->repeat, "jobs", (int)o->jobs, "trace", (int)o->trace, "keep_going", (int)o->keep_going,
			      "defaults", !o->recipes && !o->workloads && !o->levels && !strcmp(o->suite, "quick"), "qemu", qemu);

	free(r);
	free(w);
	return j;
}

/* results/<date-time>, with a number behind it if that second has one already. */
static char *new_run_dir(const struct paths *p)
{
	time_t t = time(NULL);
	char stamp[40];
	struct tm tm;
	char *dir;

	localtime_r(&t, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%d-%H%M%S", &tm);
	dir = xfmt("%s/%s", p->results, stamp);
	for (unsigned n = 2; file_exists(dir); n++) {
		free(dir);
		dir = xfmt("%s/%s-%u", p->results, stamp, n);
	}
	return dir;
}

static bool place_is_good(const char *dir)
{
	char *results = xfmt("%s/results.json", dir), text[32];
	bool ok = false;

	if (file_exists(results))
		say("%s holds a run already: choose another directory, or remove it", dir);
	else if (make_dirs(dir))
		say("%s cannot be made: %s; --output chooses another place", dir, strerror(errno));
	else if (access(dir, W_OK))
		say("%s cannot be written to: %s; --output chooses another place", dir, strerror(errno));
	else if (disk_free(dir) < MIN_FREE)
		say("only %s are free at %s: a run needs some hundred MiB; make room, or choose another place with --output",
		    human_bytes((double)disk_free(dir), text), dir);
	else
		ok = true;
	free(results);
	return ok;
}

static int write_machine(struct results *r)
{
	char *text = json_dumps(json_object_get(r->root, "machine"), JSON_INDENT(1));
	char *path = xfmt("%s/machine.json", r->dir);
	int ret = write_file(path, text, strlen(text));

	if (ret)
		results_write_failed(r, path, errno);
	free(path);
	free(text);
	return ret;
}

static void say_end(const struct queue *q, const struct results *r, bool report)
{
	unsigned finished = 0;
	const json_t *it;
	char text[32];
	size_t i;

	json_array_foreach(r->items, i, it)
		finished += item_finished(it);
	say("%u of %u guest runs finished in %s", finished, (unsigned)json_array_size(r->items),
	    human_seconds(now_seconds() - q->begun, text));
	if (r->error)
		say("%s", r->error);
	say("results: %s%s", r->dir, report ? "/report.html" : "");
}

/* A new run in `dir`, or with `root` the one that is there. */
static int open_results(struct results *res, const struct options *o, const struct paths *p, const struct emulator *qemu, const struct selection *s,
			const char *dir, json_t *root)
{
	const char *slash = strrchr(dir, '/');
	json_t *machine = machine_json(p, qemu, s);

	if (root)
		return resume_results(res, dir, root, machine);
	return results_begin(res, dir, slash && slash[1] ? slash + 1 : dir, options_json(o, qemu->word, s), machine);
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

static int measure(const struct options *o, const struct paths *p, const struct emulator *qemu, const struct selection *s,
		   const struct selection *wanted, const char *dir, json_t *root)
{
	struct results res;
	struct queue q;
	bool complete, report = false;
	double before;
	int ret = EXIT_FAILED;

	if (open_results(&res, o, p, qemu, s, dir, root))
		return EXIT_FAILED;
	before = json_number_value(json_object_get(res.root, "wall_seconds"));
	queue_init(&q, o, p, &res);
	note_left_out(&res, p, s, wanted);
	boots_add(&q, s, o, resume_round(&res));
	if (!write_machine(&res))
		queue_run(&q);
	json_object_set_new(res.root, "wall_seconds", json_real(before + now_seconds() - q.begun));
	complete = !q.interrupted && !q.stop && !res.error;
	results_finish(&res, complete, q.interrupted);
	if (!o->no_report && !res.error)
		report = !report_write(dir, res.root);
	say_end(&q, &res, report);
	if (!complete)
		say_how_to_go_on(p, &res);
	if (make_dirs(p->results) == 0)
		index_add(p->results, &res);
	if (q.interrupted)
		ret = EXIT_INTERRUPTED;
	else if (complete && !q.bad && (report || o->no_report))
		ret = EXIT_OK;
	queue_free(&q);
	results_free(&res);
	return ret;
}

/* From here on o->qemu is the program. */
static int run_on(struct options *o, const struct paths *p, const struct emulator *qemu, const char *dir, json_t *root)
{
	struct selection s, wanted;

	if (!o->suite)
		o->suite = "quick";
	if (!select_recipes(&s, o->recipes, o->suite) || !select_workloads(&s, o->workloads, o->suite, o->levels))
		return EXIT_USAGE;
	select_also(&s);
	wanted = s;
	if (!leave_out(p, &s))
		return EXIT_FAILED;
	if (!(qemu_there(qemu) & images_there(p, &s) & guests_there(p, &s)))
		return EXIT_FAILED;
	o->qemu = qemu->program;
	return root || place_is_good(dir) ? measure(o, p, qemu, &s, &wanted, dir, root) : EXIT_FAILED;
}

static int run_in(struct options *o, const struct paths *p, const char *dir, json_t *root)
{
	struct emulator qemu;
	int ret;

	emulator_find(&qemu, p, emulator_asked(o->qemu));
	ret = run_on(o, p, &qemu, dir, root);
	emulator_free(&qemu);
	return ret;
}

int cmd_run(const struct options *given, const struct paths *p)
{
	struct options o = *given;
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	json_t *root = NULL;
	char *dir;
	int ret = EXIT_FAILED;

	if (!o.jobs)
		o.jobs = cpus >= 2 ? 2 : 1;
	dir = o.resume ? path_run(p, o.resume) : o.output ? xstrdup(o.output) : new_run_dir(p);
	if (!o.resume || (dir && resume_options(dir, &o, &root)))
		ret = run_in(&o, p, dir, root);
	json_decref(root);
	free(dir);
	return ret;
}
