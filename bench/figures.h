/* SPDX-License-Identifier: BSD-2-Clause */
/* The figures that the project set itself, against what a run measured. */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

#include "dataset.h"

enum met { MET_UNKNOWN, MET, MISSED };

struct figure {
	char *what, *target, *measured;
	enum met met;
};

/* All of them, measured or not; the caller frees with figures_free. */
struct figure *figures_all(const struct dataset *d, unsigned *n);
void figures_free(struct figure *f, unsigned n);

/* Instructions that one trace record costs, from traced against untraced regions; negative: not measured. */
double trace_record_cost(const struct dataset *d);

#endif
