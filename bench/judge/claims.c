/* SPDX-License-Identifier: BSD-2-Clause */
/* The table of claims, and what becomes of a judge's verdict; the judges are in the claims_*.c files. */
#include <stdlib.h>

#include "claims_judge.h"

const char *const verdict_names[] = { "not measured", "confirmed", "refuted", "differs" };

const struct claim claims[] = {
#define CLAIM(id, judge, text, source, test) { #id, text, source, test, judge_##judge },
#include "claims.def"
#undef CLAIM
};
const unsigned nr_claims = COUNT_OF(claims);

static void not_measured(struct judgement *j)
{
	j->v.kind = NOT_MEASURED;
	free(j->v.because);
	if (j->unknown)
		j->v.because = xfmt("this version has %s", j->unknown);
	else
		j->v.because = xfmt("this run has no %s", j->lacking ? j->lacking : "figures for it");
	if (j->recipes && j->workloads && !j->unknown)
		j->v.command = xfmt("./penumbra run --recipe %s --workload %s", j->recipes, j->workloads);
}

void claim_judge(const struct claim *c, const struct dataset *d, struct verdict *v)
{
	struct judgement j = { .d = d };

	c->judge(&j);
	if (!enough(&j) || !j.v.because)
		not_measured(&j);
	if (!j.v.measured)
		j.v.measured = xstrdup("–");
	if (!j.v.command)
		j.v.command = xstrdup("");
	free(j.lacking);
	free(j.unknown);
	free(j.recipes);
	free(j.workloads);
	*v = j.v;
}

void verdict_free(struct verdict *v)
{
	free(v->measured);
	free(v->because);
	free(v->command);
	*v = (struct verdict){ 0 };
}
