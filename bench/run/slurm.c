/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Below the run's directory, in slices/: <round>-<n>.json is what task n does, <round>-<n>/ the run that it makes of it, <round>-<n>.log
 * what it says; job.sh is what Slurm starts, job the number of the array job. All of it goes when it has been gathered, but the log
 * of a task that did not end well.
 */
#include <errno.h>
#include <glob.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "boot_state.h"
#include "gather.h"
#include "machine_file.h"
#include "progress.h"
#include "resume.h"
#include "slice.h"
#include "slurm.h"

#define SLICE_SECONDS 150.0 /* of expected wall time: what is lost if a machine is */
#define POLL_US       500000
#define ASK_SECONDS   3.0  /* between two questions to Slurm */
#define END_SECONDS   60.0 /* that a cancelled job may take to be gone */

struct job {
	char *dir; /* slices/ */
	char *id;  /* of the array job */
	unsigned round, nr_slices;
	bool *gathered;
	unsigned nr_lost;        /* slices that are not whole */
	double asked, cancelled; /* now_seconds() */
	bool gone;
};

static char *slice_path(const struct job *j, unsigned n, const char *end)
{
	return xfmt("%s/%u-%u%s", j->dir, j->round, n, end);
}

/* In single quotes, for a shell. The caller frees it. */
static char *quoted(const char *text)
{
	char *out = NULL;
	size_t len;
	FILE *f = open_memstream(&out, &len);

	fputc('\'', f);
	for (; *text; text++)
		fprintf(f, *text == '\'' ? "'\\''" : "%c", *text);
	fputc('\'', f);
	fclose(f);
	return out;
}

static char *absolute(const char *path)
{
	char *real = path ? realpath(path, NULL) : NULL;

	return real ? real : xstrdup(path ? path : "");
}

/* A native boot is one guest of a second or so: many make a slice. Of the others each is one. */
static unsigned slice_end(const struct queue *q, unsigned from)
{
	double seconds = 0;
	unsigned i = from;

	do
		seconds += q->boot[i++]->expected;
	while (i < q->nr_boots && recipe_is_native(q->boot[from]->plan.recipe) && recipe_is_native(q->boot[i]->plan.recipe) &&
	       seconds + q->boot[i]->expected <= SLICE_SECONDS);
	return i;
}

static int write_slices(struct job *j, const struct queue *q)
{
	int ret = make_dirs(j->dir);

	for (unsigned i = 0; !ret && i < q->nr_boots;) {
		unsigned end = slice_end(q, i);
		char *path = slice_path(j, j->nr_slices++, ".json");

		ret = slice_write(path, q->opt, q->boot + i, end - i);
		free(path);
		i = end;
	}
	j->gathered = xcalloc(j->nr_slices + 1, sizeof(*j->gathered));
	return ret;
}

/* --cycles as a task has it, with its machines by the files that they are, for it runs elsewhere. The caller frees it. */
static char *cycles_options(const struct queue *q)
{
	char *machines = NULL, *said, *text;

	if (!q->opt->cycles)
		return xstrdup("");
	for (const char *at = q->opt->machines ? q->opt->machines : MACHINES_USUAL; *at;
	     at += strcspn(at, ","), at += *at == ',') {
		char *word = xfmt("%.*s", (int)strcspn(at, ","), at), *path = machine_file(q->paths, word);

		if (path)
			list_add(&machines, ",", "%s", path);
		free(path);
		free(word);
	}
	said = quoted(machines ? machines : "");
	text = xfmt(" --cycles --machine %s%s", said, q->opt->sensitivity ? " --sensitivity" : "");
	free(said);
	free(machines);
	return text;
}

/* What each task runs: this program on its slice, whose place follows from the task's number. */
static int write_script(const struct job *j, const struct queue *q)
{
	char *self = absolute("/proc/self/exe"), *build = absolute(q->paths->build), *root = absolute(q->paths->root),
	     *dir = absolute(j->dir);
	const char *outside = q->opt->workloads_dir;
	char *said[] = { quoted(build), quoted(root),         quoted(self),
			 quoted(dir),   quoted(q->opt->qemu), quoted(outside ? outside : "") };
	char *path = xfmt("%s/job.sh", j->dir), *cycles = cycles_options(q);
	char *text = xfmt("#!/bin/sh\nexport PENUMBRA_BUILD=%s PENUMBRA_ROOT=%s\nslice=%u-$SLURM_ARRAY_TASK_ID\n"
			  "exec %s run --slice %s/$slice.json --output %s/$slice --qemu %s --jobs 1 --no-report%s%s%s%s\n",
			  said[0], said[1], j->round, said[2], said[3], said[3], said[4], cycles,
			  q->opt->keep_going ? " --keep-going" : "", outside ? " --workloads " : "", outside ? said[5] : "");
	int ret = write_file(path, text, strlen(text));

	for (unsigned i = 0; i < COUNT_OF(said); i++)
		free(said[i]);
	free(cycles);
	free(self);
	free(build);
	free(root);
	free(dir);
	free(path);
	free(text);
	return ret;
}

/* All that a command prints; *status: how it ended, as of pclose(). NULL: it cannot be run. */
static char *output_of(const char *command, int *status)
{
	FILE *f = popen(command, "re");
	char *text = NULL;
	size_t cap = 0;

	if (!f)
		return NULL;
	if (getdelim(&text, &cap, 0, f) < 0) {
		free(text);
		text = xstrdup("");
	}
	*status = pclose(f);
	return text;
}

/* False after a message. */
static bool submit(struct job *j, const struct queue *q)
{
	char *script = xfmt("%s/job.sh", j->dir), *file = quoted(script), *log = xfmt("%s/%u-%%a.log", j->dir, j->round),
	     *log_file = quoted(log), *partition = q->opt->partition ? quoted(q->opt->partition) : xstrdup("");
	char *command = xfmt("sbatch --parsable --job-name=penumbra --array=0-%u --output=%s --cpus-per-task=1%s%s %s 2>&1",
			     j->nr_slices - 1, log_file, *partition ? " --partition=" : "", partition, file);
	int status = -1;
	char *said = output_of(command, &status), *number = xfmt("%s/job", j->dir);
	bool good = !status && said && *said >= '0' && *said <= '9';

	if (good) {
		j->id = xfmt("%.*s", (int)strspn(said, "0123456789"), said);
		good = !write_file(number, j->id, strlen(j->id));
	} else {
		say("Slurm did not take the job: %s", said && *said ? said : "sbatch cannot be run");
	}
	free(script);
	free(file);
	free(log);
	free(log_file);
	free(partition);
	free(command);
	free(said);
	free(number);
	return good;
}

/* Whether Slurm still has the job. One that it cannot be asked about is taken to go on: it is asked again. */
static bool goes_on(const char *id)
{
	char *command = xfmt("squeue --noheader --jobs=%s --format=%%A 2>&1", id);
	int status = -1;
	char *said = output_of(command, &status);
	bool on = status ? !said || !strstr(said, "Invalid job id") : said && *said;
	static bool told;

	if (status && on && !told)
		say("Slurm cannot be asked, and is asked again: %s", said && *said ? said : "squeue cannot be run");
	told = status && on;
	free(command);
	free(said);
	return on;
}

static void cancel(const char *id)
{
	char *command = xfmt("scancel %s 2>&1", id);
	int status;

	free(output_of(command, &status));
	free(command);
}

/* A task's run has ended, whole or not, or it never made one. */
static bool has_ended(const struct job *j, unsigned n)
{
	char *dir = slice_path(j, n, ""), *file = xfmt("%s/results.json", dir);
	json_t *root = json_load_file(file, 0, NULL);
	bool ended = json_is_true(json_object_get(root, "complete"));

	json_decref(root);
	free(file);
	free(dir);
	return ended;
}

static void tell(void *arg, const json_t *item)
{
	struct queue *q = arg;
	char *why = item_why(item), *what = xfmt("%s  %s%s", json_text(item, "recipe"), json_text(item, "workload"),
						 json_is_true(json_object_get(item, "traced")) ? "  (traced)" : "");
	char *how = xfmt("%s%s%s", json_text(item, "state"), *why ? ": " : "", why);

	q->bad += !item_finished(item);
	progress_done(what, how);
	free(what);
	free(how);
	free(why);
}

static void gather_one(struct job *j, struct queue *q, unsigned n)
{
	char *dir = slice_path(j, n, ""), *plan = slice_path(j, n, ".json"), *log = slice_path(j, n, ".log");

	j->gathered[n] = true;
	if (gather(q->res, dir, tell, q)) {
		unlink(plan);
		unlink(log);
	} else {
		j->nr_lost++;
	}
	results_save_lately(q->res);
	free(dir);
	free(plan);
	free(log);
}

static unsigned gather_ended(struct job *j, struct queue *q)
{
	unsigned left = 0;

	for (unsigned n = 0; n < j->nr_slices; n++) {
		if (!j->gathered[n] && (j->gone || has_ended(j, n)))
			gather_one(j, q, n);
		left += !j->gathered[n];
	}
	return left;
}

static void show(const struct job *j, unsigned left)
{
	char *text = xfmt("Slurm job %s: %u of %u slices done", j->id, j->nr_slices - left, j->nr_slices);

	progress_show(text, -1);
	free(text);
}

/* Until every task is gathered, or the job is gone and has been gathered for the last time. */
static void wait_for_job(struct job *j, struct queue *q)
{
	unsigned left = j->nr_slices;

	while (left) {
		double now = now_seconds();

		if (queue_told_to_end() && !q->interrupted) {
			say("interrupted: ending Slurm's job %s, keeping what is finished", j->id);
			q->interrupted = true;
			j->cancelled = now;
			cancel(j->id);
		}
		if (now - j->asked > ASK_SECONDS) {
			j->asked = now;
			j->gone = !goes_on(j->id) || (j->cancelled && now - j->cancelled > END_SECONDS);
		}
		left = gather_ended(j, q);
		show(j, left);
		if (left)
			usleep(POLL_US);
	}
}

/* The directory goes if nothing is left in it that anyone would want. */
static void tidy(const char *dir)
{
	static const char *const name[] = { "job", "job.sh" };

	for (unsigned i = 0; i < COUNT_OF(name); i++) {
		char *path = xfmt("%s/%s", dir, name[i]);

		unlink(path);
		free(path);
	}
	rmdir(dir);
}

static void mark_rest(struct queue *q, const char *why)
{
	for (unsigned i = 0; i < q->nr_boots; i++)
		boot_mark_rest(q->boot[i], q->interrupted ? "interrupted" : "not-run", why);
}

static unsigned unfinished(const struct results *res)
{
	unsigned n = 0;
	const json_t *it;
	size_t i;

	json_array_foreach(res->items, i, it)
		n += !item_finished(it);
	return n;
}

static void free_job(struct job *j)
{
	free(j->dir);
	free(j->id);
	free(j->gathered);
}

void slurm_run(struct queue *q)
{
	struct job j = { .dir = xfmt("%s/slices", q->res->dir), .round = resume_round(q->res) };
	const char *why = "its Slurm task ended before it: slices/ has what that said";
	bool begun;

	queue_listen();
	progress_begin(q->total);
	begun = q->nr_boots && !write_slices(&j, q) && !write_script(&j, q);
	if (q->nr_boots && !begun)
		say("%s cannot be written: %s", j.dir, strerror(errno));
	begun = begun && submit(&j, q);
	if (begun) {
		say("Slurm's array job %s: %u tasks, %u guest runs", j.id, j.nr_slices, q->total);
		wait_for_job(&j, q);
	} else {
		why = "Slurm did not take the job";
	}
	mark_rest(q, q->interrupted ? "interrupted" : why);
	q->bad = unfinished(q->res);
	q->stop |= j.nr_lost || (!begun && q->nr_boots); /* it is not complete, and can be resumed */
	tidy(j.dir);
	free_job(&j);
	progress_end();
}

/* The number of the job that an earlier process submitted, NULL: none is known. */
static char *job_of(const char *dir)
{
	char *path = xfmt("%s/job", dir), *id = read_file(path, NULL);

	free(path);
	if (id && (!*id || id[strspn(id, "0123456789")])) {
		free(id);
		id = NULL;
	}
	return id;
}

static void gather_all(struct results *res, const char *dir)
{
	char *pattern = xfmt("%s/[0-9]*-[0-9]*.json", dir);
	glob_t found;

	if (!glob(pattern, 0, NULL, &found)) {
		for (size_t i = 0; i < found.gl_pathc; i++) {
			char *slice = xfmt("%.*s", (int)(strlen(found.gl_pathv[i]) - strlen(".json")), found.gl_pathv[i]);

			gather(res, slice, NULL, NULL);
			unlink(found.gl_pathv[i]);
			free(slice);
		}
		globfree(&found);
	}
	free(pattern);
}

/* True: it is over. False: it is not, and nobody waits for it. */
static bool wait_for_left(const char *id, const struct options *o)
{
	if (!goes_on(id))
		return true;
	if (!o->slurm) {
		say("Slurm's job %s works on that run: `run --resume ... --slurm` waits for it, `scancel %s` ends it", id, id);
		return false;
	}
	say("Slurm's job %s of that run goes on: waiting for it", id);
	while (goes_on(id) && !queue_told_to_end())
		usleep((useconds_t)(ASK_SECONDS * 1e6));
	return !queue_told_to_end();
}

int slurm_gather_left(struct results *res, const struct options *o)
{
	char *dir = xfmt("%s/slices", res->dir), *id = job_of(dir);
	bool over = !file_exists(dir) || !id || wait_for_left(id, o);

	if (over && file_exists(dir)) {
		gather_all(res, dir);
		remove_tree(dir);
	}
	free(id);
	free(dir);
	return over ? EXIT_OK : EXIT_BUSY;
}
