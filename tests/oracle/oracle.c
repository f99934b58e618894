/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The oracle: random guest programs on the engine, each step judged by the reference
 * (tests/oracle/ref.h). It is built once a recipe.
 *
 *   oracle_<recipe> [options]             random programs; a failure is made small and printed
 *   oracle_<recipe> --replay FILE...      programs as they were printed
 *
 * Programs are made and run in a child, which leaves each step in shared memory before it takes it:
 * whatever end the child comes to, the program that led there is known.
 */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/oracle/gen.h"
#include "tests/oracle/shrink.h"

struct options {
	u64 first, programs;
	u32 steps, guests, check_every, shrink_seconds, step_seconds;
	bool replay, loud, quiet, bytes, calm, alone;
};

/* Between the child and its parent. */
struct shared {
	u64 programs, steps, done, faulted, mmio, emulated, unshadowed, lent;
	struct prog prog;
};

static struct run run;

static void run_program(struct shared *sh, const struct options *o, u64 seed)
{
	static u8 bytes[8192];
	struct gen g = { .r = &run,
			 .p = &sh->prog,
			 .rng = seed * 0x2545f4914f6cdd1dull,
			 .guests = o->guests,
			 .max_steps = o->steps,
			 .calm = o->calm };

	for (u32 i = 0; o->bytes && i < sizeof(bytes); i++)
		bytes[i] = (u8)host_random(&g.rng);
	if (o->bytes) {
		g.bytes = bytes;
		g.left = sizeof(bytes);
	}
	gen_program(&g);
	sh->steps += g.steps;
	sh->emulated += run.m.emulated;
	sh->unshadowed += run.m.unshadowed;
	sh->lent += run.m.lent;
}

/* In the child. */
static void campaign(struct shared *sh, const struct options *o)
{
	for (sh->programs = 0; sh->programs < o->programs; sh->programs++) {
		/* Of its own time: a kernel may hold a split-locked CMPXCHG up for long. */
		if (o->step_seconds)
			setitimer(ITIMER_VIRTUAL, &(struct itimerval){ .it_value.tv_sec = o->step_seconds }, NULL);
		run_program(sh, o, o->first + sh->programs);
	}
	sh->done = run.done;
	sh->faulted = run.faulted;
	sh->mmio = run.mmio;
}

static int found(struct shared *sh, const struct options *o, int status)
{
	u64 steps = sh->steps + sh->prog.nr_steps;

	if (WIFSIGNALED(status))
		fprintf(stderr, "oracle (%s): signal %d\n", paging_recipe_name, WTERMSIG(status));
	printf("oracle (%s): seed %llu fails: after %llu programs and %llu steps\n", paging_recipe_name,
	       (unsigned long long)(o->first + sh->programs), (unsigned long long)sh->programs, (unsigned long long)steps);
	if (o->shrink_seconds) {
		shrink(&run, &sh->prog, o->shrink_seconds);
		printf("# %u steps are enough; run them again with --replay\n", sh->prog.nr_steps);
		prog_print(stdout, &sh->prog);
	}
	return EXIT_FAILURE;
}

static int told(const struct shared *sh, const struct options *o, const struct rusage *used)
{
	double took = (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
		      1e-6 * (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec);

	printf("oracle (%s): %llu programs from seed %llu, %llu steps: %llu accesses done, %llu faulted, %llu to devices, "
	       "%llu emulated writes, %llu unshadowings, %llu accesses to pages lent; %.2f million steps per second of CPU "
	       "time\n",
	       paging_recipe_name, (unsigned long long)sh->programs, (unsigned long long)o->first, (unsigned long long)sh->steps,
	       (unsigned long long)sh->done, (unsigned long long)sh->faulted, (unsigned long long)sh->mmio,
	       (unsigned long long)sh->emulated, (unsigned long long)sh->unshadowed, (unsigned long long)sh->lent,
	       (double)sh->steps / took * 1e-6);
	return sh->done && sh->faulted ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Without a child, where none may be started: what ends it ends all. */
static int programs_alone(const struct options *o)
{
	static struct shared sh;
	struct rusage used;

	campaign(&sh, o);
	getrusage(RUSAGE_SELF, &used);
	return told(&sh, o, &used);
}

static int random_programs(const struct options *o)
{
	struct shared *sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct rusage used;
	int status = 0;
	pid_t pid;

	if (sh == MAP_FAILED)
		return perror("mmap"), EXIT_FAILURE;
	pid = fork();
	if (!pid) {
		campaign(sh, o);
		exit(EXIT_SUCCESS);
	}
	if (pid < 0 || wait4(pid, &status, 0, &used) != pid)
		return perror("fork"), EXIT_FAILURE;
	if (status)
		return found(sh, o, status);
	return told(sh, o, &used);
}

static int replay_files(char **name, const struct options *o)
{
	static struct prog p;
	u32 n = 0;

	for (; *name; name++, n++) {
		FILE *f = fopen(*name, "r");

		if (!f)
			return perror(*name), EXIT_FAILURE;
		if (!prog_parse(f, *name, &p))
			return EXIT_FAILURE;
		fclose(f);
		if (!o->quiet)
			fprintf(stderr, "%s\n", *name);
		replay(&run, &p);
	}
	if (!o->quiet)
		printf("oracle (%s): %u replayed\n", paging_recipe_name, n);
	return EXIT_SUCCESS;
}

static u32 guest_set(const char *list)
{
	u32 set = 0;

	for (; *list; list++)
		set |= *list >= '0' && *list <= '5' ? 1u << (*list - '0') : 0;
	return set;
}

static int usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [--seed N] [--programs N] [--steps N] [--guests LIST] [--check-every STEPS] [--shrink SECONDS] "
		"[--bytes] [--calm] [--alone]\n"
		"       %s [--loud] --replay FILE...\n"
		"  --guests       levels that guests may have, such as 024\n"
		"  --check-every  audit the engine and compare the guest's memory that often\n"
		"  --bytes        programs from random bytes, as a fuzzer makes them\n"
		"  --calm         no vCPU writes in the midst of another's step, and no page runs short\n"
		"  --alone        in this process: a program that crashes the engine crashes the oracle\n"
		"  --shrink       how long to make a failing program smaller; 0: do not\n",
		name, name);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option longs[] = {
		{ "seed", 1, NULL, 's' },   { "programs", 1, NULL, 'p' },    { "steps", 1, NULL, 'n' },
		{ "guests", 1, NULL, 'g' }, { "check-every", 1, NULL, 'c' }, { "shrink", 1, NULL, 'k' },
		{ "replay", 0, NULL, 'r' }, { "loud", 0, NULL, 'l' },        { "quiet", 0, NULL, 'q' },
		{ "bytes", 0, NULL, 'b' },  { "calm", 0, NULL, 'm' },        { "alone", 0, NULL, 'a' },
		{ NULL, 0, NULL, 0 }
	};
	struct options o = { .first = 1,
			     .programs = 400,
			     .steps = 600,
			     .guests = guest_set("02345"),
			     .check_every = 64,
			     .shrink_seconds = 30,
			     .step_seconds = 20 };
	int c;

	while ((c = getopt_long(argc, argv, "s:p:n:g:c:k:rlqbma", longs, NULL)) != -1) {
		u64 n = optarg ? strtoull(optarg, NULL, 0) : 0;

		switch (c) {
		case 's': o.first = n; break;
		case 'p': o.programs = n; break;
		case 'n': o.steps = n < PROG_STEPS ? (u32)n : PROG_STEPS; break;
		case 'g': o.guests = guest_set(optarg); break;
		case 'c': o.check_every = n ? (u32)n : 1; break;
		case 'k': o.shrink_seconds = (u32)n; break;
		case 'r': o.replay = true; break;
		case 'l': o.loud = true; break;
		case 'q': o.quiet = true; break;
		case 'b': o.bytes = true; break;
		case 'm': o.calm = true; break;
		case 'a': o.alone = true; break;
		default: return usage(argv[0]);
		}
	}
	run.check_every = o.check_every;
	run.loud = o.loud;
	if (o.replay)
		return replay_files(argv + optind, &o);
	return o.alone ? programs_alone(&o) : random_programs(&o);
}
