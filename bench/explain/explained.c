/* SPDX-License-Identifier: BSD-2-Clause */
/* What all forms of the explanation ask of it. */
#include <inttypes.h>
#include <stdlib.h>

#include "explain.h"

json_t *explained_phase(const struct explained *e, unsigned r, size_t i)
{
	return json_array_get(json_object_get(e->told[r], "phases"), i);
}

char *explain_about(const struct explained *e)
{
	if (e->traced)
		return xstrdup(
			"Told from a run's traces: each step is a trip into the hypervisor. What the guest did between them, and "
			"what stood in tables, TLB "
			"and books, is in no trace. Instructions are those of traced trips, the trace's own records included.");
	return xfmt("The guest has %u levels of page tables. The engine is the hypervisor's own source, compiled for this "
		    "machine's user space, on a "
		    "simulated CPU whose TLB keeps what it has until it is flushed. Trips and bytes are counted; instructions "
		    "are not: compiled so they "
		    "would be others.",
		    e->levels);
}

const char *explain_bytes(uint64_t bytes, char out[32])
{
	if (bytes < 4096)
		snprintf(out, 32, "%" PRIu64 " bytes", bytes);
	else
		snprintf(out, 32, "%.1f KiB", (double)bytes / 1024);
	return out;
}

json_t *explain_json(const struct explained *e)
{
	json_t *recipes = json_array(), *all;
	char *about = explain_about(e);

	for (unsigned r = 0; r < e->nr; r++)
		json_array_append_new(recipes, json_pack("{s:s, s:s, s:O}", "recipe", e->recipe[r]->name, "text",
							 e->recipe[r]->text, "phases", json_object_get(e->told[r], "phases")));
	all = json_pack("{s:i, s:b, s:s, s:s, s:i, s:s, s:o}", "format", 1, "traced", (int)e->traced, "operation", e->name,
			"text", e->text, "levels", (int)e->levels, "about", about, "recipes", recipes);
	free(about);
	return all;
}
