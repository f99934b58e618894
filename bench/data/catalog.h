/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be measured: recipes from policies/recipes.def, workloads from
 * workloads/workloads.def, both compiled in. And the choice of some of them by
 * a list of names as typed on the command line.
 */
#ifndef BENCH_CATALOG_H
#define BENCH_CATALOG_H

#include "util.h"

enum recipe_kind { RECIPE_KIND_shadow, RECIPE_KIND_nested, RECIPE_KIND_hybrid, RECIPE_KIND_native, RECIPE_KIND_peer };

struct recipe {
	const char *file; /* names the image: penumbra-<file>.elf */
	const char *name;
	enum recipe_kind kind;
	const char *suite;        /* "quick": measured unless the user chooses; "full": by that suite only, or by name; "peers" */
	const char *base;         /* a variant's: the file of the recipe of which it changes one part; NULL */
	const char *axis, *parts; /* a variant's: of which axis, and what it has instead, joined by +; NULL */
	const char *text;
	const char *peer;     /* a peer's: which hypervisor, "kvm" or "xen"; NULL */
	bool trips_uncounted; /* the peer keeps no count: its rows have 0, which is none */
};

/*
 * One form of a workload: the same source with so many levels of page tables. Forms are what is chosen, run and
 * reported; the 4-level form is called what the workload is called, the others carry their levels: "demand-fault.2".
 */
struct own_guest;
struct workload {
	const char *file; /* names the image, for bare-metal guests: path_guest_image() */
	const char *name;
	const char *base; /* the workload's name, the same for all forms */
	const char *kind; /* "pvh", "linux", "bad", as the list has it; "own": own_guest.h */
	unsigned levels;  /* 2 to 5 */
	const char *cmdline;
	unsigned memory_mib;
	unsigned timeout_s; /* of the guest's time */
	const char *suite;  /* "quick", "full" or "hostile" */
	const char *text;
	const struct own_guest *own;         /* of the kind "own"; else NULL */
	const char *dir;                     /* outside the tree (outside.h): where its images are; else NULL */
	unsigned vcpus, shadow_levels, pool; /* of one outside the tree */
};

extern const struct recipe recipes[];
extern const unsigned nr_recipes;
/* The list's, then the user's own. */
extern const struct workload *const workloads;
extern unsigned nr_workloads;
/* One more; the strings must outlive the catalogue. There is room for OWN_GUESTS and OUTSIDE_FORMS of them. */
#define OUTSIDE_FORMS      64
#define OUTSIDE_FORMS_TEXT "64"
#define OUTSIDE_VCPUS      8
void catalog_enter(const struct workload *w);

/* By a recipe's name, or that of a workload's form ("demand-fault.2"). NULL: there is none. */
const struct recipe *recipe_find(const char *name);
const struct workload *workload_find(const char *name);
/* Does it boot Debian's kernel, rather than an image of workloads/? */
bool workload_is_linux(const struct workload *w);
/* Does that Linux run Debian's programs, from an initramfs of packages that a machine may do without? */
bool workload_is_suites(const struct workload *w);
/* Has it a disk, of which each run has a copy of its own? */
bool workload_has_disk(const struct workload *w);
/* Do its figures differ from run to run, although instructions are counted? All others repeat to the digit. */
bool workload_varies(const struct workload *w);
/* Is it the user's? */
bool workload_is_own(const struct workload *w);
/* How many CPUs the guest has: 1, unless the list says otherwise. */
unsigned workload_vcpus(const struct workload *w);
/* Least levels of its shadow tables; 0: what the guest's mode needs. */
unsigned workload_shadow_levels(const struct workload *w);
/* Pages of its shadow pool, 0: the default; what dom0 does to it while it runs, NULL: nothing. */
unsigned workload_pool(const struct workload *w);
const char *workload_exercise(const struct workload *w);
/* What the form is started with: the list's words, and those that make it this form. The caller frees it. */
char *workload_cmdline(const struct workload *w);
/* An image damaged on purpose: to be refused. */
bool workload_is_bad(const struct workload *w);
/* Does it run the guest on QEMU itself, with no hypervisor? Or on another hypervisor than ours? */
bool recipe_is_native(const struct recipe *r);
bool recipe_is_peer(const struct recipe *r);
/* Why that peer cannot run that guest at all; NULL: it can, as can all that are no peers. Not to be freed. */
const char *peer_cannot(const struct recipe *r, const struct workload *w);

/* A set of numbers of levels: bit n for n levels. */
#define LEVELS_DEFAULT 0 /* what the suite has: 4-level forms, and every one in "full" */
#define LEVELS_LEAST   2
#define LEVELS_MOST    5

/* A chosen subset, in the catalogue's order, each once. */
struct selection {
	bool recipe[64];
	bool workload[512];
	const char *suite;
	bool recipes_named, workloads_named; /* by the user (for workloads, also by levels); else they are the suite's */
};

/*
 * Choose by comma-separated names; NULL chooses the default: every recipe and workload
 * of `suite` ("quick"; "full" has the quick ones as well; "hostile" has its own workloads, under the quick recipes). False after a message that
 * names what is unknown and what was likely meant. A workload's name chooses its forms of these levels,
 * a form's name that form. The user's own guests are chosen besides.
 */
bool select_recipes(struct selection *s, const char *names, const char *suite);
/* Besides: every recipe of these peers, by comma-separated names ("xen,kvm"); NULL: none. False after a message. */
bool select_peers(struct selection *s, const char *names);
bool select_workloads(struct selection *s, const char *names, const char *suite, unsigned levels);
/* The user's own guests alone. */
void select_own(struct selection *s, const char *suite);
/* To be called after both: what the quick suite, if nothing was named, has besides (quick.def). */
void select_also(struct selection *s);
/*
 * Whether this pair is asked for; is to be run, since a peer can; and with a traced pass as well: the suites leave some out
 * (quick.def).
 */
bool selection_asks(const struct selection *s, const struct recipe *r, const struct workload *w);
bool selection_has(const struct selection *s, const struct recipe *r, const struct workload *w);
bool selection_traces(const struct selection *s, const struct recipe *r, const struct workload *w);
/*
 * How often that pair is measured if nobody says it: twice; once Linux, which takes a hundred times longer, and once, in the quick suite
 * left to itself, what repeats to the digit (quick.def has the recipes that prove it).
 */
unsigned selection_repeat(const struct selection *s, const struct recipe *r, const struct workload *w);

#endif
