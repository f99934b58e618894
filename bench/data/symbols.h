/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Functions' names by address: of an ELF file's symbol table, 32 or 64 bit; of a System.map; of a copy of /proc/kallsyms. Files are the
 * user's and may be anything's: what must hold is that nothing outside of the file is read, and that whatever is wrong is one sentence.
 */
#ifndef BENCH_SYMBOLS_H
#define BENCH_SYMBOLS_H

#include "util.h"

struct symbol {
	uint64_t at, end; /* [at, end); where the file tells no size, to the next one's beginning */
	char *name;       /* printable */
};
/* In order of address; none lies over another. */
struct symbols {
	struct symbol *symbol;
	size_t n;
};

#define SYMBOLS_BYTES (256ull << 20) /* the largest file */
#define SYMBOL_LAST   4096           /* bytes of a last function without a size */

/* NULL, or what is wrong, as a sentence's end behind the file's name; the caller frees it, and *s is empty then. */
char *symbols_read(struct symbols *s, const char *path);
/* The same of what is in memory already. */
char *symbols_parse(struct symbols *s, const char *data, size_t len);
void symbols_free(struct symbols *s);
/* The function that holds the address; NULL: none. */
const struct symbol *symbols_find(const struct symbols *s, uint64_t at);

#endif
