/* SPDX-License-Identifier: BSD-2-Clause */
/* A guest's last words: of all that it printed, the sentence in which it says that it failed, or else its last line. */
#ifndef DOM0_WORDS_H
#define DOM0_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#define WORDS_BYTES 256 /* of a line; what is longer is cut */

struct words {
	char line[WORDS_BYTES]; /* the one that is being printed */
	size_t len;
	char last[WORDS_BYTES]; /* the last that was not empty */
	bool is_final;          /* `last` is a sentence of failure: nothing comes after that */
};

/* More of its console. All zero: nothing was printed yet. */
void words_take(struct words *w, const char *text, size_t bytes);
/* NUL-terminated; may be empty. A line that has not ended counts. */
const char *words_last(struct words *w);

#endif
