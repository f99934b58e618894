/* SPDX-License-Identifier: BSD-2-Clause */
/* The one recipe that this compilation is for. */
#ifndef SHADOW_RECIPE_H
#define SHADOW_RECIPE_H

#include RECIPE_HEADER
#include "kept.h"
#include "policy_check.h"

/* Is the guest's INVLPG to exit, as things are? v->hw_invlpg is this, and all vCPUs of several have the same at all times. */
static inline bool sh_wants_invlpg(const struct domain *d)
{
	return INVLPG_EXITS_ALWAYS || (SYNC_UNSYNCS && (d->nr_vcpus > 1 || d->unsync));
}

/* The book of the 2 MiB in which frame `mfn` lies, where the super part has such books. */
static inline struct lpage_info *lpage_info_of(const struct domain *d, mfn_t mfn)
{
	return policy.super->lpage_info(d, sh_lpage_of(d, mfn));
}

#endif
