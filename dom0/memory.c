/* SPDX-License-Identifier: BSD-2-Clause */
/* penumbra-ctl's commands on a domain's memory: its shadow pool, and the pages that it writes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

int cmd_pool(struct ctl *c)
{
	struct dom_pool pool;
	uint64_t pages = 0;
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	if (c->nr_args > 1 && (!ctl_number(c->arg[1], &pages) || !pages)) {
		fprintf(c->err, "penumbra-ctl: \"%s\" is no number of pages\n", c->arg[1]);
		return CTL_USAGE;
	}
	e = dom_pool(c->dev, id, pages, &pool);
	if (e == PN_ERR_small) {
		fprintf(c->err, "penumbra-ctl: pool: %" PRIu64 " pages are too few: this domain needs %" PRIu64 "\n", pages,
			pool.least);
		return CTL_FAILED;
	}
	if (e != PN_ERR_ok)
		return ctl_fail(c, "pool", e);
	if (c->json)
		ctl_print_json(c, json_pack("{s:I,s:I,s:I}", "pages", (json_int_t)pool.pages, "least", (json_int_t)pool.least,
					    "used", (json_int_t)pool.used));
	else
		fprintf(c->out, "%" PRIu64 " pages, %" PRIu64 " of them in use; the least is %" PRIu64 "\n", pool.pages,
			pool.used, pool.least);
	return 0;
}

static bool written(const struct dom_logdirty *log, uint64_t page)
{
	return page < log->pages && log->bits[page / 8] >> page % 8 & 1;
}

/* The first run of written pages at or after *first; false: there is none. */
static bool next_run(const struct dom_logdirty *log, uint64_t *first, uint64_t *last)
{
	while (*first < log->pages && !written(log, *first))
		++*first;
	for (*last = *first; written(log, *last + 1);)
		++*last;
	return *first < log->pages;
}

static json_t *runs_json(const struct dom_logdirty *log)
{
	json_t *runs = json_array();

	for (uint64_t first = 0, last; next_run(log, &first, &last); first = last + 1)
		json_array_append_new(runs, json_pack("[I,I]", (json_int_t)first, (json_int_t)last));
	return runs;
}

static void print_runs(FILE *f, const struct dom_logdirty *log)
{
	for (uint64_t first = 0, last; next_run(log, &first, &last); first = last + 1)
		if (first == last)
			fprintf(f, "%" PRIu64 "\n", first);
		else
			fprintf(f, "%" PRIu64 "-%" PRIu64 "\n", first, last);
}

static void show(struct ctl *c, const struct dom_logdirty *log)
{
	if (c->json) {
		json_t *o = json_pack("{s:I,s:I}", "ticks", (json_int_t)log->ticks, "entries", (json_int_t)log->entries);

		if (log->bits)
			json_object_update_new(o, json_pack("{s:I,s:I,s:o}", "pages", (json_int_t)log->pages, "written",
							    (json_int_t)log->dirty, "runs", runs_json(log)));
		ctl_print_json(c, o);
		return;
	}
	if (log->bits) {
		print_runs(c->out, log);
		fprintf(c->out, "%" PRIu64 " of %" PRIu64 " pages written\n", log->dirty, log->pages);
	} else {
		fprintf(c->out, "%" PRIu64 " entries lost write access, in %" PRIu64 " ticks\n", log->entries, log->ticks);
	}
}

int cmd_logdirty(struct ctl *c)
{
	static const char *const names[] = {
		[PN_LOGDIRTY_OFF] = "off", [PN_LOGDIRTY_ON] = "on", [PN_LOGDIRTY_PEEK] = "peek", [PN_LOGDIRTY_CLEAN] = "clean"
	};
	struct dom_logdirty log;
	unsigned what = 0;
	enum pn_error e;
	uint32_t id;

	if (!ctl_domain(c, &id))
		return CTL_USAGE;
	while (what <= PN_LOGDIRTY_CLEAN && strcmp(c->arg[1], names[what]))
		what++;
	if (what > PN_LOGDIRTY_CLEAN) {
		fprintf(c->err, "penumbra-ctl: logdirty: on, off, peek or clean, not \"%s\"\n", c->arg[1]);
		return CTL_USAGE;
	}
	e = dom_logdirty(c->dev, id, what, &log);
	if (e != PN_ERR_ok)
		return ctl_fail(c, "logdirty", e);
	show(c, &log);
	free(log.bits);
	return 0;
}
