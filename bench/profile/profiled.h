/* SPDX-License-Identifier: BSD-2-Clause */
/* A profile as the plugin wrote it (tally.h), read, with names. */
#ifndef BENCH_PROFILED_H
#define BENCH_PROFILED_H

#include "symbols.h"
#include "tally.h"

#define NO_FUNCTION (-1)

struct profiled_insn {
	enum tally_mode mode;
	uint64_t at, count;
	unsigned length;
	int function;
};
/* In order of their numbers: a parent stands before its children. */
struct profiled_node {
	int parent;     /* -1: none */
	unsigned depth; /* 1: it has no parent; TALLY_DEPTH at most */
	enum tally_mode mode;
	int function;
	uint64_t self, all; /* all: with what it called */
};
struct profiled_sample {
	uint64_t time; /* instructions since the first region began, those between regions left out */
	enum tally_mode mode;
	uint64_t at;
	uint64_t *behind; /* the innermost first; 0: not known */
	unsigned depth;
};
struct profiled_region {
	char *phase;  /* as the guest calls it; NULL: not known */
	uint64_t ops; /* 0: not known */
	uint64_t executed[TALLY_MODES], lost;
	unsigned period;
	bool failed;
	struct profiled_insn *insn;
	struct profiled_node *node;
	struct profiled_sample *sample;
	size_t nr_insns, nr_nodes, nr_samples;
};
struct profile {
	struct profiled_region *region;
	size_t nr_regions;
	struct symbols symbols[TALLY_MODES];
	char *object[TALLY_MODES]; /* what the code is of: "penumbra-shadow3", "demand-fault.elf" */
};

/* A line of JSON a region. NULL, or what is wrong, as a sentence's end behind the file's name; the caller frees it. */
char *profile_read(struct profile *p, const char *path);
/* One more region out of such a line. */
char *profile_read_line(struct profile *p, const char *line);
void profile_free(struct profile *p);

/* "[unknown]" where there is no name. */
const char *profile_function(const struct profile *p, enum tally_mode mode, int function);

/* A function's share of a region. Sorted by `self`, the greatest first. */
struct profiled_share {
	enum tally_mode mode;
	int function;
	uint64_t self, all, samples;
};
/* The caller frees it. */
struct profiled_share *profile_shares(const struct profiled_region *r, const struct profile *p, size_t *n);

#endif
