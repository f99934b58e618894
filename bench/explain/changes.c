/* SPDX-License-Identifier: BSD-2-Clause */
/* Two states side by side. */
#include "changes.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void add(json_t *to, char *where, char *from, char *into)
{
	if (strcmp(from, into))
		json_array_append_new(to, json_pack("{s:s, s:s, s:s}", "where", where, "from", from, "to", into));
	free(where);
	free(from);
	free(into);
}

static const json_t *row_of(const json_t *walk, json_int_t level)
{
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t)walk, i, row) {
		if (json_integer_value(json_object_get(row, "level")) == level)
			return row;
	}
	return NULL;
}

static char *row_text(const json_t *row)
{
	return row ? entry_text(number_of(row, "entry")) : xstrdup("no table");
}

static char *tlb_text(const json_t *tlb)
{
	if (!json_is_object(tlb))
		return xstrdup("nothing");
	return xfmt("frame %#" PRIx64 ", %s%s", number_of(tlb, "base") >> 12,
		    json_is_true(json_object_get(tlb, "writable")) ? "writable" : "read-only",
		    json_is_true(json_object_get(tlb, "dirty")) ? ", dirty" : "");
}

static void walks(json_t *to, const char *whose, const json_t *before, const json_t *after)
{
	for (json_int_t level = 5; level; level--) {
		const json_t *old = row_of(before, level), *new = row_of(after, level), *any = new ? new : old;

		if (any)
			add(to, xfmt("%s L%" JSON_INTEGER_FORMAT "[%" PRIu64 "]", whose, level, number_of(any, "index")),
			    row_text(old), row_text(new));
	}
}

/* The other entries that are shown with it: the walk has its own. */
static void neighbours(json_t *to, const json_t *before, const json_t *after)
{
	const json_t *old = json_object_get(before, "leaf"), *new = json_object_get(after, "leaf");
	const uint64_t own = number_of(after, "va") & ~0xfffull;
	size_t i;
	json_t *row;

	json_array_foreach((json_t *)(uintptr_t) new, i, row) {
		const json_t *was = json_array_get(old, i);

		if (number_of(row, "va") == own || number_of(row, "va") != number_of(was, "va"))
			continue;
		add(to, xfmt("guest's for %s", text_of(row, "va")), entry_text(number_of(was, "guest")),
		    entry_text(number_of(row, "guest")));
		add(to, xfmt("shadow's for %s", text_of(row, "va")), entry_text(number_of(was, "shadow")),
		    entry_text(number_of(row, "shadow")));
	}
}

static const struct {
	const char *key, *text;
} numbers[] = { { "shadow_used", "books: shadow pages in use" },
		{ "guest_tables", "books: guest tables shadowed" },
		{ "unsync", "books: tables out of sync" },
		{ "snapshots", "books: pages for snapshots" } };

static char *table_text(const json_t *table)
{
	if (!json_is_object(table))
		return xstrdup("no memory");
	return xfmt("%s, writable mappings %" PRIu64,
		    !number_of(table, "shadows")                   ? "not shadowed" :
		    json_is_true(json_object_get(table, "unsync")) ? "out of sync" :
								     "in sync",
		    number_of(table, "writable"));
}

static void books(json_t *to, const json_t *before, const json_t *after)
{
	const json_t *old = json_object_get(before, "table"), *new = json_object_get(after, "table");

	add(to, xfmt("books: guest table %s", text_of(new, "gfn")), table_text(old), table_text(new));
	for (unsigned i = 0; i < COUNT_OF(numbers); i++)
		add(to, xstrdup(numbers[i].text), xfmt("%" PRIu64, number_of(before, numbers[i].key)),
		    xfmt("%" PRIu64, number_of(after, numbers[i].key)));
}

json_t *changes_between(const json_t *before, const json_t *after)
{
	json_t *to = json_array();

	if (!before || !after || strcmp(text_of(before, "va"), text_of(after, "va")))
		return to;
	walks(to, "guest", json_object_get(before, "guest"), json_object_get(after, "guest"));
	walks(to, "shadow", json_object_get(before, "shadow"), json_object_get(after, "shadow"));
	neighbours(to, before, after);
	add(to, xstrdup("TLB"), tlb_text(json_object_get(before, "tlb")), tlb_text(json_object_get(after, "tlb")));
	books(to, json_object_get(before, "books"), json_object_get(after, "books"));
	return to;
}
