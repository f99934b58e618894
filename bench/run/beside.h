/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The run with modelled cycles that a run has beside it: `modelled` in its directory, a whole run by itself, of what quick.def names, on a QEMU that
 * can carry the model. The report begins with it. So the default run says who wins where though its own QEMU may not be able to,
 * and though the model under all of it would take too long.
 */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

#include "options.h"
#include "paths.h"
#include "results.h"

/* Asked for by --modelled, or by nothing at all: the quick suite left to itself. */
bool beside_wanted(const struct options *o, const struct results *res);
/* How it was asked for, to be kept with a run's options; NULL: not at all. And back, unless the user says otherwise now. */
json_t *beside_asked(const struct options *o);
void beside_recall(const json_t *asked, struct options *o);
/* `run` is cmd_run(), which calls this. The run's own QEMU must be known (o->qemu). The exit code; where no QEMU can carry the model, a message and EXIT_OK. */
int beside_run(const struct options *o, const struct paths *p, const struct results *res,
	       int (*run)(const struct options *o, const struct paths *p));
/* A complete run, of which the one beside it was ended in its midst: then the latter is what --resume goes on with. */
bool beside_is_left(const struct options *o, const struct results *res);

#endif
