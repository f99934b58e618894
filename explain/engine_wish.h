/* SPDX-License-Identifier: BSD-2-Clause */
/* What penumbra-engine-<recipe> and penumbra-engine-mix-<recipe> have each for themselves: what is done with the engine. */
#ifndef ENGINE_WISH_H
#define ENGINE_WISH_H

#include <stdbool.h>

struct engine_wish {
	const char *name, *command_line;
	unsigned long levels, memory_mib, shadow_levels, pool;
};

/* Do it to its end, in regions (engine_count.h). False after a message: there is none of that name. *audit: faults that are left in the engine. */
bool engine_run(const struct engine_wish *w, unsigned *audit);

#endif
