/* SPDX-License-Identifier: BSD-2-Clause */
/* Files of symbols from libFuzzer: `make fuzz-symbols`, and ./fuzz-symbols with a directory of some ELF files and System.maps. */
#include <stdlib.h>

#include "bench/data/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct symbols s;
	char *why = symbols_parse(&s, (const char *)data, len);

	if ((why && s.n) || (!why && !s.n))
		abort();
	for (size_t i = 0; i < s.n; i++)
		if (s.symbol[i].end < s.symbol[i].at || (i && s.symbol[i].at < s.symbol[i - 1].end) ||
		    (s.symbol[i].end > s.symbol[i].at && symbols_find(&s, s.symbol[i].at) != &s.symbol[i]))
			abort();
	symbols_free(&s);
	free(why);
	return 0;
}
