/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Exercises. Log-dirty: while the domain stands, the pages that differ from the copy taken when it last stood are those that
 * were written; each must be marked. A page may be marked and hold what it held.
 */
#include "exercise.h"

#include <stdlib.h>
#include <string.h>

#include "names.h"

#define PAGE 4096

bool exercise_known(const char *kind)
{
	return !strcmp(kind, "logdirty") || !strcmp(kind, "pool");
}

void exercise_begin(struct exercise *x, const char *kind, struct pn_dev *dev, const struct dom_memory *mem)
{
	*x = (struct exercise){ .kind = kind, .dev = dev, .mem = *mem, .error = PN_ERR_ok };
}

/* NULL: it cannot be mapped. */
static char *memory_of(const struct exercise *x)
{
	return pn_pool(x->dev, x->mem.offset, x->mem.bytes);
}

/* The domain stands: hold the marks against what changed. */
static void compare(struct exercise *x, const struct dom_logdirty *log)
{
	const char *now = memory_of(x);

	for (uint64_t p = 0; now && p < log->pages && p < x->mem.bytes / PAGE; p++) {
		bool differs = memcmp(now + p * PAGE, x->before + p * PAGE, PAGE) != 0;
		bool marked = log->bits[p / 8] >> p % 8 & 1;

		x->written += differs;
		x->marked += marked;
		x->missed += differs && !marked;
		if (differs)
			memcpy(x->before + p * PAGE, now + p * PAGE, PAGE);
	}
}

static enum pn_error turn_on(struct exercise *x)
{
	struct dom_logdirty log = { 0 };
	const char *now = memory_of(x);
	enum pn_error e;

	x->before = now ? malloc(x->mem.bytes) : NULL;
	if (!x->before)
		return PN_ERR_nomem;
	e = dom_logdirty(x->dev, x->mem.id, PN_LOGDIRTY_ON, &log);
	x->ticks = log.ticks;
	x->entries = log.entries;
	memcpy(x->before, now, x->mem.bytes);
	return e;
}

static enum pn_error look(struct exercise *x)
{
	struct dom_logdirty log = { 0 };
	enum pn_error e = dom_logdirty(x->dev, x->mem.id, PN_LOGDIRTY_CLEAN, &log);

	if (e == PN_ERR_ok)
		compare(x, &log);
	free(log.bits);
	return e;
}

static enum pn_error logdirty_step(struct exercise *x)
{
	enum pn_error e = dom_simple(x->dev, PN_CMD_pause, x->mem.id);

	/* It may have ended a moment ago: that is no error, and its last writes are looked at in the end. */
	if (e == PN_ERR_state && x->before)
		return PN_ERR_ok;
	if (e == PN_ERR_ok)
		e = x->before ? look(x) : turn_on(x);
	if (e == PN_ERR_ok)
		e = dom_simple(x->dev, PN_CMD_unpause, x->mem.id);
	return e;
}

/* By turns to a half, to the least that there may be, and back. */
static enum pn_error pool_step(struct exercise *x)
{
	struct dom_pool pool = { 0 };
	enum pn_error e = dom_pool(x->dev, x->mem.id, 0, &pool);
	uint64_t want;

	if (e != PN_ERR_ok)
		return e;
	if (!x->pages) {
		x->pages = pool.pages;
		x->least = pool.least;
	}
	want = x->steps % 3 == 0 ? x->pages / 2 : x->steps % 3 == 1 ? x->least : x->pages;
	return dom_pool(x->dev, x->mem.id, want < x->least ? x->least : want, &pool);
}

void exercise_step(struct exercise *x)
{
	if (!x->kind || x->error != PN_ERR_ok)
		return;
	x->error = !strcmp(x->kind, "pool") ? pool_step(x) : logdirty_step(x);
	x->steps += x->error == PN_ERR_ok;
}

json_t *exercise_end(struct exercise *x)
{
	json_t *j;

	if (!x->kind)
		return NULL;
	if (x->before && x->error == PN_ERR_ok)
		x->error = look(x);
	free(x->before);
	j = json_pack("{s:s, s:s, s:I}", "kind", x->kind, "answer", x->error == PN_ERR_ok ? "ok" : pn_error_text(x->error),
		      "steps", (json_int_t)x->steps);
	if (!strcmp(x->kind, "pool"))
		json_object_update_new(j, json_pack("{s:I, s:I}", "pages", (json_int_t)x->pages, "least", (json_int_t)x->least));
	else
		json_object_update_new(j, json_pack("{s:I, s:I, s:I, s:I, s:I}", "written", (json_int_t)x->written, "marked",
						    (json_int_t)x->marked, "missed", (json_int_t)x->missed, "ticks",
						    (json_int_t)x->ticks, "entries", (json_int_t)x->entries));
	return j;
}
