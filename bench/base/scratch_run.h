/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A run of this program's own that another command reads: in a directory that goes afterwards, so in no index, and no history has figures of it.
 * Whoever ends the command ends the run, and nothing stays.
 */
#ifndef BENCH_SCRATCH_RUN_H
#define BENCH_SCRATCH_RUN_H

struct scratch_run {
	char *top, *dir; /* what is made, and the run's directory in it */
};

/* Makes penumbra-<what>-XXXXXX in $TMPDIR. EXIT_OK, or EXIT_FAILED after a message. From here on signals end the run, not us. */
int scratch_run_begin(struct scratch_run *s, const char *what);
/*
 * `penumbra run --repeat 1 --no-report`, with these words and values besides, a NULL behind the last. Its progress goes where messages go; what
 * it prints nobody needs. Its exit code; EXIT_INTERRUPTED after a message: we were told to end.
 */
int scratch_run(const struct scratch_run *s, const char *const *words);
/* All of it goes. */
void scratch_run_end(struct scratch_run *s);

#endif
