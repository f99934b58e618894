/* SPDX-License-Identifier: BSD-2-Clause */
/* The forms of a profile. */
#ifndef BENCH_SHOW_PROFILE_H
#define BENCH_SHOW_PROFILE_H

#include "profiled.h"

/* What a form may want to know besides. */
struct profile_view {
	const struct profile *p;
	const char *recipe, *workload;
	const char *phase;    /* only this one; NULL: all */
	const char *function; /* annotate: only this one; NULL: all */
	const char *elf;      /* the hypervisor, with lines */
	const char *root;     /* where sources are; NULL: not known */
};

#define PROFILE_FORMAT(name) bool profile_show_##name(FILE *f, const struct profile_view *v);
#include "profile_formats.def"
#undef PROFILE_FORMAT

/* Is the region among those that are wanted? */
bool profile_wanted(const struct profile_view *v, const struct profiled_region *r);
/* "demand-fault, phase fault: 1000 operations, ..."; the caller frees it. */
char *profile_title(const struct profile_view *v, const struct profiled_region *r);

#endif
