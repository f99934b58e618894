/* SPDX-License-Identifier: BSD-2-Clause */
/* The one recipe that this compilation is for. */
#ifndef SHADOW_RECIPE_H
#define SHADOW_RECIPE_H

#include RECIPE_HEADER
#include "kept.h"
#include "policy_check.h"

/* The book of the run in which frame `mfn` lies, where the super part has such books. */
static inline struct sh_run *run_of(const struct domain *d, mfn_t mfn)
{
	return policy.super->run(d, sh_run_of(d, mfn));
}

#endif
