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
	char *measured; /* the figures, in words; NULL: none */
	char *because;  /* why this verdict follows from them */
};

struct claim {
	const char *id, *text, *source, *test;
	void (*judge)(const struct dataset *d, struct verdict *v);
};

extern const struct claim claims[];
extern const unsigned nr_claims;
extern const char *const verdict_names[];

/* v->measured and v->because are never NULL afterwards. */
void claim_judge(const struct claim *c, const struct dataset *d, struct verdict *v);
void verdict_free(struct verdict *v);

#endif
