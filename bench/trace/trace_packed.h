/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Large traces are kept packed: in place of the directory X there is X.ctf.tar.zst, an archive of what was in it. Small ones stay as they
 * are, so that babeltrace2 and Trace Compass open them at once.
 */
#ifndef BENCH_TRACE_PACKED_H
#define BENCH_TRACE_PACKED_H

#include <stdint.h>

#include "util.h"

#define TRACE_PACKED    ".ctf.tar.zst"
#define TRACE_PACK_FROM (8ll << 20) /* bytes of files */

/*
 * Packs the trace in `dir` if it has `from` bytes or more, and removes the directory. 0, also if there is nothing to be done; -1 after a
 * message: it is as it was.
 */
int trace_pack(const char *dir, int64_t from);
/*
 * A new directory with what was packed in place of `dir`, below $TMPDIR or /tmp; the caller removes it (remove_tree) and frees its name. NULL:
 * there is no such archive, or, after a message, it cannot be read.
 */
char *trace_unpack(const char *dir);

#endif
