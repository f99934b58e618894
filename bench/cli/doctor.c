/* SPDX-License-Identifier: BSD-2-Clause */
/* `penumbra doctor`: every thing that a run needs, looked at, with what to do about each that is wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "cycles.h"
#include "engine_program.h"
#include "emulator.h"

struct examination {
	unsigned wrong;
};

static void result(struct examination *x, bool ok, const char *what, const char *detail, const char *remedy)
{
	printf("%s %-28s %s\n", ok ? "ok     " : "MISSING", what, detail);
	if (!ok) {
		printf("        -> %s\n", remedy);
		x->wrong++;
	}
}

static void look_for_program(struct examination *x, const char *program, const char *package)
{
	const char *argv[] = { program, "--version", NULL };
	char *version = command_line_output(argv);
	char *remedy = xfmt("apt-get install %s", package);

	result(x, version, program, version ? version : "cannot be run", remedy);
	free(remedy);
	free(version);
}

/* The first line of QEMU's help on one thing that has the word; it says nothing on what it lacks. The caller frees. */
static char *line_of_help(const struct emulator *e, const char *option, const char *of, const char *word)
{
	const char *argv[] = { "sh", "-c", "\"$0\" \"$1\" \"$2\" | grep -e \"$3\"", e->program, option, of, word, NULL };

	return command_line_output(argv);
}

static void look_at_feature(struct examination *x, const struct emulator *e, const char *option, const char *of, const char *word,
			    const char *what, const char *why)
{
	char *line = e->version ? line_of_help(e, option, of, word) : NULL;

	result(x, line, what, why, "use Debian's qemu-system-x86, 7.2 or newer");
	free(line);
}

/* The newer one is a choice, not a need. */
static void look_at_next(const struct paths *p)
{
	struct emulator e;

	emulator_find(&e, p, QEMU_NEXT);
	printf("%s %-28s %s\n", e.version ? "ok     " : "-      ", "  run --qemu next",
	       e.version ? e.version :
			   "not fetched: the newer QEMU of this release's backports comes with the first such run, or by `make "
			   "qemu-next`");
	emulator_free(&e);
}

/* So is the machine model: with the QEMU that a run would have, or with the newer one. */
static void look_at_model(const struct paths *p, const struct emulator *usual)
{
	struct emulator next;
	char *why = usual->version ? cycles_why_not(p, usual->program) : xstrdup("there is no QEMU"), *why_next = NULL;

	emulator_find(&next, p, QEMU_NEXT);
	if (why && next.version)
		why_next = cycles_why_not(p, next.program);
	if (!why)
		printf("ok      %-28s the machine model loads\n", "  run --cycles");
	else if (next.version && !why_next)
		printf("ok      %-28s with `--qemu next`\n", "  run --cycles");
	else
		printf("-       %-28s %s\n", "  run --cycles", why_next ? why_next : why);
	free(why_next);
	free(why);
	emulator_free(&next);
}

/* So is what bench-engine counts by. */
static void look_at_counters(void)
{
	char *no_perf = engine_no_perf(), *no_callgrind = engine_no_callgrind();

	printf("%s %-28s %s%s%s\n", no_perf || no_callgrind ? "-      " : "ok     ", "  bench-engine",
	       no_callgrind ? no_callgrind : "callgrind counts instructions", "; ",
	       no_perf ? no_perf : "perf counts cycles and misses");
	free(no_perf);
	free(no_callgrind);
}

/* So are peers: fetched and made by the first run that names them. */
static void look_at_peer(const struct paths *p, const struct recipe *r)
{
	char *what = xfmt("  run --peers %s", r->peer), *initrd = path_peer_initrd(p, r), *reason = peer_unavailable(p, r);

	if (file_bytes(initrd) > 0)
		printf("ok      %-28s made: %s\n", what, initrd);
	else
		printf("-       %-28s %s\n", what,
		       reason ? reason : "not made: the first such run fetches and makes what it takes");
	free(reason);
	free(initrd);
	free(what);
}

static void look_at_peers(const struct paths *p)
{
	for (unsigned i = 0; i < nr_recipes; i++)
		if (recipe_is_peer(&recipes[i]) && (!i || !recipes[i - 1].peer || strcmp(recipes[i - 1].peer, recipes[i].peer)))
			look_at_peer(p, &recipes[i]);
}

static void look_at_qemu(struct examination *x, const struct paths *p)
{
	const char *asked = emulator_asked(NULL);
	struct emulator e;

	emulator_find(&e, p, asked);
	result(x, e.version, asked ? "QEMU, by $PENUMBRA_QEMU" : QEMU_DEFAULT, e.version ? e.version : "cannot be run",
	       asked ? "set PENUMBRA_QEMU to a QEMU, or unset it" : "apt-get install qemu-system-x86");
	if (e.version)
		printf("        %s, %s\n", e.program, e.package ? e.package : "of no package");
	look_at_feature(x, &e, "-cpu", "help", "\\<npt\\>", "QEMU: emulated SVM, NPT", "-cpu EPYC,+svm,+npt");
	look_at_feature(x, &e, "-device", "isa-debug-exit,help", "iobase", "QEMU: isa-debug-exit", "for native guests");
	look_at_feature(x, &e, "-device", "virtio-blk-pci,help", "drive", "QEMU: virtio-blk", "dom0's disk");
	look_at_next(p);
	look_at_model(p, &e);
	look_at_counters();
	look_at_peers(p);
	emulator_free(&e);
}

/* Files of one kind, told on one line. */
struct kind {
	const char *what;
	unsigned n, missing;
	char *first; /* of those that are missing */
};

static bool is_there(const char *path, bool may_be_empty)
{
	return file_bytes(path) >= !may_be_empty && access(path, R_OK) == 0;
}

/* Takes the path. */
static void count_file(struct kind *k, char *path, bool may_be_empty)
{
	k->n++;
	if (!is_there(path, may_be_empty) && !k->missing++)
		k->first = path;
	else
		free(path);
}

static void kind_result(struct examination *x, const struct kind *k)
{
	char *detail = k->missing ? xfmt("%u of %u, such as %s", k->missing, k->n, k->first) : xfmt("%u", k->n);

	result(x, !k->missing, k->what, detail, "run `make` in the build directory; ./penumbra does");
	free(detail);
	free(k->first);
}

/* One of n, whether it is one file or, as Linux, two. Disks are made when a run names their guests (make linux-long). */
static void look_at_guest(struct examination *x, struct kind *guests, struct kind *disks, const struct paths *p,
			  const struct workload *w)
{
	char *reason = guest_unavailable(p, w), *image = path_guest_image(p, w), *initrd = path_guest_initrd(p, w),
	     *disk = path_guest_disk(p, w);

	if (!reason && disk)
		count_file(disks, xstrdup(disk), false);
	if (!reason && disk && !file_exists(disk)) {
		/* said of all of them at once */
	} else if (reason) {
		char *what = xfmt("no guest %s", w->name);

		result(x, true, what, reason, "");
		free(what);
	} else if (initrd && is_there(image, false)) {
		count_file(guests, xstrdup(initrd), false);
	} else {
		count_file(guests, xstrdup(image), workload_is_bad(w));
	}
	free(reason);
	free(image);
	free(initrd);
	free(disk);
}

/* Variants that the quick suite does not run are made when a run names them (make variants). */
static void look_at_hypervisors(struct examination *x, const struct paths *p)
{
	struct kind needed = { .what = "hypervisors, one a recipe" }, others = { .what = "" };
	struct selection quick;

	select_recipes(&quick, NULL, "quick");
	select_workloads(&quick, NULL, "quick", LEVELS_DEFAULT);
	select_also(&quick);
	for (unsigned i = 0; i < nr_recipes; i++)
		if (!recipe_is_native(&recipes[i]) && !recipe_is_peer(&recipes[i]))
			count_file(recipes[i].base && !quick.recipe[i] ? &others : &needed, path_hypervisor(p, &recipes[i]),
				   false);
	kind_result(x, &needed);
	if (others.missing)
		printf("        %u of %u other variants are not built: runs that name them and --suite full need `make "
		       "variants`; ./penumbra does it\n",
		       others.missing, others.n);
	free(others.first);
}

static void look_at_build(struct examination *x, const struct paths *p)
{
	struct kind guests = { .what = "guests, in every form" }, dom0 = { .what = "dom0: kernel, initramfs" };
	struct kind plugin = { .what = "babeltrace2's plugin" }, disks = { .what = "" };

	look_at_hypervisors(x, p);
	count_file(&dom0, path_dom0_kernel(p), false);
	count_file(&dom0, path_dom0_initrd(p), false);
	for (unsigned i = 0; i < nr_workloads; i++)
		look_at_guest(x, &guests, &disks, p, &workloads[i]);
	count_file(&plugin, path_trace_plugin(p), false);
	kind_result(x, &dom0);
	kind_result(x, &guests);
	if (disks.missing)
		printf("        %u more guests have no disk yet: runs that name them and --suite full need `make linux-long`; "
		       "./penumbra does it\n",
		       disks.missing);
	free(disks.first);
	kind_result(x, &plugin);
}

/* The directory itself, or, before the first run, the one that it will be made in. */
static char *existing_place(const char *path)
{
	char *place = xstrdup(path), *slash;

	while (!file_exists(place) && (slash = strrchr(place, '/')) && slash != place)
		*slash = 0;
	if (!file_exists(place)) {
		free(place);
		place = xstrdup(".");
	}
	return place;
}

static void look_at_place(struct examination *x, const char *what, const char *path, int64_t need)
{
	char *place = existing_place(path), *detail, a[32], b[32];
	int64_t room = disk_free(place);
	bool writable = access(place, W_OK | X_OK) == 0;

	result(x, writable, what, path, "make it writable, or choose another with --results or TMPDIR");
	detail = xfmt("%s free, %s wanted", human_bytes((double)room, a), human_bytes((double)need, b));
	result(x, room >= need, "  room there", detail, "make room, or choose another place");
	free(detail);
	free(place);
}

static void look_at_host(struct examination *x)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES);
	double bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
	char *n = xfmt("%ld", cpus), size[32];

	result(x, cpus >= 1, "host CPUs", n, "");
	result(x, bytes > 3e9, "host memory", human_bytes(bytes, size),
	       "each QEMU takes up to 2 GiB: use --jobs 1, or a bigger machine");
	free(n);
}

int cmd_doctor(const struct options *o, const struct paths *p)
{
	struct examination x = { 0 };
	const char *tmp = getenv("TMPDIR");

	look_at_qemu(&x, p);
	look_for_program(&x, "gnuplot", "gnuplot-nox");
	look_for_program(&x, "babeltrace2", "babeltrace2");
	look_at_build(&x, p);
	look_at_place(&x, "results directory", p->results, 512ll << 20);
	look_at_place(&x, "temporary files", tmp && *tmp ? tmp : "/tmp", 1ll << 30);
	look_at_host(&x);
	if (x.wrong)
		printf("\n%u %s to be put right.\n", x.wrong, x.wrong == 1 ? "thing is" : "things are");
	else
		puts("\nEverything is there: penumbra run.");
	return x.wrong ? EXIT_FAILED : EXIT_OK;
}
