/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Answers about page walks: the machine model (bench/model/) walks real tables, on a machine of bench/machines/ whose walk caches and nested TLB
 * are taken out, so that each reference is made and counted.
 */
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "model.h"

#define MEMORY     (4ull << 20) /* bytes; a nested level-1 table maps 2 MiB of it, so that two do */
#define PAGE       4096ull
#define LARGE      (512 * PAGE)
#define PRESENT    1ull
#define LARGE_PAGE 0x80ull
#define VA         0x45678000ull /* translated alike by any number of levels */
#define PA         0x3ff000ull   /* the page that it maps: memory's last */

struct world {
	uint8_t *memory;
	uint64_t next; /* a free page */
	struct model_space space;
};

static bool world_read(void *arg, uint64_t pa, void *to, unsigned bytes)
{
	const struct world *w = arg;

	if (pa + bytes > MEMORY)
		return false;
	memcpy(to, w->memory + pa, bytes);
	return true;
}

static void world_space(void *arg, struct model_space *s)
{
	*s = ((const struct world *)arg)->space;
}

static uint64_t new_page(struct world *w)
{
	w->next += PAGE;
	return w->next - PAGE;
}

/* Maps va to pa by an entry of the level `end`; tables are made as they are needed. Entries have 8 bytes, or 4 where there are two levels. */
static void map(struct world *w, unsigned levels, uint64_t root, uint64_t va, uint64_t pa, unsigned end)
{
	const unsigned bits = levels == 2 ? 10 : 9, bytes = levels == 2 ? 4 : 8;
	uint64_t table = root, entry, at;

	for (unsigned level = levels; level >= end; level--) {
		at = table + (va >> (12 + (level - 1) * bits) & ((1ull << bits) - 1)) * bytes;
		entry = 0;
		memcpy(&entry, w->memory + at, bytes);
		if (level == end)
			entry = pa | PRESENT | (level > 1 ? LARGE_PAGE : 0);
		else if (!entry)
			entry = new_page(w) | PRESENT;
		memcpy(w->memory + at, &entry, bytes);
		table = entry & ~(PAGE - 1);
	}
}

/* Guest tables of so many levels with one page in them; where `nested` is not 0, below tables of so many that map all memory to itself. */
static void build(struct world *w, unsigned levels, unsigned nested, bool large)
{
	w->next = PAGE;
	w->space = (struct model_space){ .levels = (uint8_t)levels, .large = true, .nested_levels = (uint8_t)nested };
	w->space.root = new_page(w);
	map(w, levels, w->space.root, VA, PA, 1);
	if (!nested)
		return;
	w->space.nested_root = new_page(w);
	for (uint64_t gpa = 0; gpa < MEMORY; gpa += large ? LARGE : PAGE)
		map(w, nested, w->space.nested_root, gpa, gpa, large ? 2 : 1);
}

/* References of one walk, cold; -1 after a message. */
static double references(const struct question *q, unsigned levels, unsigned nested, bool large)
{
	char *file = xfmt("%s/bench/machines/opteron-2007.machine", q->w->p->root), why[MACHINE_WHY];
	struct world w = { .memory = xcalloc(1, MEMORY) };
	const struct model_user user = { &w, world_read, world_space };
	struct machine machine;
	struct model *m = NULL;
	struct model_sums sums;
	double n = -1;

	if (machine_read(&machine, file, why)) {
		machine.value[MACHINE_pwc_entries] = machine.value[MACHINE_ntlb_entries] = 0;
		m = model_new(&machine, 1, &user);
	} else {
		say("%s", why);
	}
	if (m) {
		build(&w, levels, nested, large);
		model_data(m, VA, PA, 4, false);
		model_sums(m, 0, MODEL_GUEST, &sums);
		n = (double)(sums.count[MODEL_COUNT_walk_references] + sums.count[MODEL_COUNT_nested_references]);
		model_free(m);
	}
	free(w.memory);
	free(file);
	return n;
}

/* walk LEVELS NESTED [large]: references to memory of a TLB miss, no cache helping; NESTED 0: there is one dimension. */
struct verdict judge_walk(const struct question *q)
{
	const unsigned levels = (unsigned)atoi(q->word[0]), nested = (unsigned)atoi(q->word[1]);
	double n;

	if (levels < 2 || levels > 5 || (nested && (nested < 4 || nested > 5)))
		return judge_cannot(q, q->word[0]);
	n = references(q, levels, nested, !strcmp(q->word[2], "large"));
	return n < 0 ? judge_cannot(q, "model") : judge_against(q, n);
}
