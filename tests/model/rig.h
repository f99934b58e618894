/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A memory with page tables in it, and a machine whose costs are told apart by their digits, without walk caches and nested TLB: what a
 * test wants of these it sets.
 */
#ifndef TESTS_MODEL_RIG_H
#define TESTS_MODEL_RIG_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bench/model/model.h"
#include "tests/suite.h"

#define RIG_MEMORY (4u << 20)
#define RIG_P      1ull
#define RIG_PS     0x80ull
#define RIG_G      0x100ull

static uint8_t rig_memory[RIG_MEMORY];
static uint64_t rig_next; /* the next free page; tables are taken in the order in which they are needed */
static struct model_space rig_space;
static unsigned rig_asked; /* how often the model asked for the space */
static struct machine rig_machine;
static struct model *rig;

static inline bool rig_read(void *arg, uint64_t pa, void *to, unsigned bytes)
{
	(void)arg;
	if (pa + bytes > RIG_MEMORY)
		return false;
	memcpy(to, rig_memory + pa, bytes);
	return true;
}

static inline void rig_tell(void *arg, struct model_space *s)
{
	(void)arg;
	rig_asked++;
	*s = rig_space;
}

static inline uint64_t rig_page(void)
{
	rig_next += 4096;
	ck_assert_uint_lt(rig_next, RIG_MEMORY);
	return rig_next - 4096;
}

static inline unsigned rig_index(unsigned levels, unsigned level, uint64_t va)
{
	return levels == 2 ? va >> (12 + 10 * (level - 1)) & 1023 : va >> (12 + 9 * (level - 1)) & 511;
}

/* Host-physical, of an address in guest memory: with nested tables that lies behind an offset. */
static uint64_t rig_offset;

/* Maps va to pa at `level`, making tables by rig_page(). The root is `root`, both guest-physical. */
static inline void rig_map(unsigned levels, uint64_t root, uint64_t va, uint64_t pa, unsigned at, uint64_t flags)
{
	uint64_t table = root;

	for (unsigned level = levels;; level--) {
		unsigned bytes = levels == 2 ? 4 : 8;
		uint8_t *slot = rig_memory + rig_offset + table + (uint64_t)rig_index(levels, level, va) * bytes;
		uint64_t entry = 0;

		memcpy(&entry, slot, bytes);
		if (level == at)
			entry = pa | RIG_P | flags | (level > 1 ? RIG_PS : 0);
		else if (!entry)
			entry = (rig_page() - rig_offset) | RIG_P;
		memcpy(slot, &entry, bytes);
		if (level == at)
			return;
		table = entry & ~0xfffull;
	}
}

/* A machine on which nothing hides anything: latencies 1, 10, 100, 1000. */
static inline void rig_default(struct machine *m)
{
	static const struct {
		enum machine_key key;
		uint32_t value;
	} set[] = { { MACHINE_instruction, 100 },    { MACHINE_line_bytes, 64 },       { MACHINE_l1i_kib, 1 },
		    { MACHINE_l1i_ways, 2 },         { MACHINE_l1d_kib, 1 },           { MACHINE_l1d_ways, 2 },
		    { MACHINE_l2_kib, 4 },           { MACHINE_l2_ways, 4 },           { MACHINE_l3_kib, 64 },
		    { MACHINE_l3_ways, 16 },         { MACHINE_l1_latency, 1 },        { MACHINE_l2_latency, 10 },
		    { MACHINE_l3_latency, 100 },     { MACHINE_memory_latency, 1000 }, { MACHINE_l1_dtlb_entries, 4 },
		    { MACHINE_l1_itlb_entries, 4 },  { MACHINE_l1_dtlb_shared, 1 },    { MACHINE_l1_itlb_shared, 1 },
		    { MACHINE_l2_dtlb_entries, 16 }, { MACHINE_l2_dtlb_ways, 4 },      { MACHINE_l2_dtlb_shared, 1 },
		    { MACHINE_l2_itlb_entries, 16 }, { MACHINE_l2_itlb_ways, 4 },      { MACHINE_l2_itlb_shared, 1 },
		    { MACHINE_l2_tlb_latency, 7 },   { MACHINE_tlb_tags, 1 },          { MACHINE_walk, 3 },
		    { MACHINE_pwc_latency, 2 },      { MACHINE_ntlb_latency, 2 },      { MACHINE_world_switch, 1500 },
		    { MACHINE_event, 300 },          { MACHINE_cr3_write, 50 },        { MACHINE_invlpg, 40 } };

	*m = (struct machine){ .name = "rig", .title = "a test's" };
	for (size_t i = 0; i < sizeof(set) / sizeof(set[0]); i++)
		m->value[set[i].key] = set[i].value;
}

/* The model over one or two machines, cold; the memory as it is. */
static inline void rig_model(const struct machine *m, unsigned n)
{
	const struct model_user user = { NULL, rig_read, rig_tell };

	if (rig)
		model_free(rig);
	rig = model_new(m, n, &user);
	ck_assert_ptr_nonnull(rig);
}

/* Empty memory, one-dimensional tables of so many levels with their root in page 1. */
static inline void rig_begin(unsigned levels)
{
	memset(rig_memory, 0, sizeof(rig_memory));
	rig_next = 4096;
	rig_offset = rig_asked = 0;
	rig_default(&rig_machine);
	rig_space = (struct model_space){ .levels = (uint8_t)levels, .large = true, .root = rig_page() };
}

static inline struct model_sums rig_sums(void)
{
	struct model_sums s;

	model_sums(rig, 0, MODEL_GUEST, &s);
	return s;
}

static inline uint64_t rig_count(enum model_count what)
{
	return rig_sums().count[what];
}

/* Whole cycles. */
static inline uint64_t rig_cycles(enum model_cycles what)
{
	return rig_sums().cycles[what] / 100;
}

/* One load of 4 bytes; the walks that it took. */
static inline uint64_t rig_load(uint64_t va, uint64_t pa)
{
	uint64_t before = rig_count(MODEL_COUNT_walks);

	model_data(rig, va, pa, 4, false);
	return rig_count(MODEL_COUNT_walks) - before;
}

#endif
