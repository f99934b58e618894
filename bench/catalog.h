/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What can be measured: recipes from policies/recipes.def, workloads from
 * workloads/workloads.def, both compiled in. And the choice of some of them by
 * a list of names as typed on the command line.
 */
#ifndef BENCH_CATALOG_H
#define BENCH_CATALOG_H

#include "util.h"

enum recipe_kind { RECIPE_KIND_shadow, RECIPE_KIND_nested, RECIPE_KIND_native };

struct recipe {
	const char *file; /* names the image: penumbra-<file>.elf */
	const char *name;
	enum recipe_kind kind;
	const char *suite; /* "quick": measured unless the user chooses; "full": by that suite only, or by name */
	const char *base;  /* a variant's: the file of the recipe of which it changes one part; NULL */
	const char *axis, *parts; /* a variant's: of which axis, and what it has instead, joined by +; NULL */
	const char *text;
};

struct workload {
	const char *file; /* names the image: <file>.elf, for bare-metal guests */
	const char *name;
	const char *kind; /* "pvh", "linux", "bad", as the list has it */
	const char *cmdline;
	unsigned memory_mib;
	unsigned timeout_s; /* of the guest's time */
	const char *suite;  /* "quick", "full" or "hostile" */
	const char *text;
};

extern const struct recipe recipes[];
extern const unsigned nr_recipes;
extern const struct workload workloads[];
extern const unsigned nr_workloads;

const struct recipe *recipe_find(const char *name);
const struct workload *workload_find(const char *name);
bool workload_is_linux(const struct workload *w);
unsigned workload_vcpus(const struct workload *w);
/* An image damaged on purpose: to be refused. */
bool workload_is_bad(const struct workload *w);
bool recipe_is_native(const struct recipe *r);

/* A chosen subset, in the catalogue's order, each once. */
struct selection {
	bool recipe[64];
	bool workload[256];
};

/*
 * Choose by comma-separated names; NULL chooses the default: every recipe and workload
 * of `suite` ("quick"; "full" has the quick ones as well; "hostile" has its own workloads, under the quick recipes). False after a message that
 * names what is unknown and what was likely meant.
 */
bool select_recipes(struct selection *s, const char *names, const char *suite);
bool select_workloads(struct selection *s, const char *names, const char *suite);

#endif
