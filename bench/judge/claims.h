/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The claims of the literature, each with a verdict that is computed from the
 * run's rows: nothing here is written by hand but the claim itself.
 */
#ifndef BENCH_CLAIMS_H
#define BENCH_CLAIMS_H

#include "dataset.h"

enum verdict_kind { NOT_MEASURED, CONFIRMED, REFUTED, DIFFERS };

struct verdict {
	enum verdict_kind kind;
	char *measured; /* the figures, in words */
	char *because;  /* why this verdict follows from them; not measured: what the run lacks */
	char *command;  /* not measured: what would measure it; "" if nothing in this version can */
};

struct judgement;

struct claim {
	const char *id, *text, *source, *test;
	void (*judge)(struct judgement *j);
};

/* The claims of claims.def, in its order, and a verdict's kind in words. */
extern const struct claim claims[];
extern const unsigned nr_claims;
extern const char *const verdict_names[];

/* Judge the claim by the run's rows. The verdict's strings are never NULL afterwards; verdict_free() frees them. */
void claim_judge(const struct claim *c, const struct dataset *d, struct verdict *v);
void verdict_free(struct verdict *v);

#endif
