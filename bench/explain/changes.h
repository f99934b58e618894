/* SPDX-License-Identifier: BSD-2-Clause */
/* What differs between two states that the recorder wrote down. */
#ifndef BENCH_EXPLAIN_CHANGES_H
#define BENCH_EXPLAIN_CHANGES_H

#include "say.h"

/*
 * An array of {"where", "from", "to"}, all texts: entries of the guest's and the shadow's walk, neighbouring entries, the TLB, the books. Either
 * may be NULL: nothing differs. The caller owns it.
 */
json_t *changes_between(const json_t *before, const json_t *after);

#endif
