/* SPDX-License-Identifier: BSD-2-Clause */
/* See cost.h. */
#include "cost.h"

bool machine_is_cost(enum machine_key key)
{
	static const bool is[MACHINE_KEYS] = {
#define MACHINE_KEY(id, least, most, unit, text)  [MACHINE_##id] = false,
#define MACHINE_COST(id, least, most, unit, text) [MACHINE_##id] = true,
#include "machine.def"
	};

	return is[key];
}

/* Loads, stores and fetches that missed the first cache, as if nothing were hidden. */
static uint64_t misses(const uint32_t *value, const uint64_t *count)
{
	const uint64_t beyond_l1 = count[MODEL_COUNT_l1_misses], beyond_l2 = count[MODEL_COUNT_l2_misses],
		       memory = count[MODEL_COUNT_l3_misses];

	return (beyond_l1 - beyond_l2) * value[MACHINE_l2_latency] + (beyond_l2 - memory) * value[MACHINE_l3_latency] +
	       memory * value[MACHINE_memory_latency];
}

static uint64_t walks(const uint32_t *value, const uint64_t *count)
{
	const uint64_t l2 = count[MODEL_COUNT_l2_references], l3 = count[MODEL_COUNT_l3_references],
		       memory = count[MODEL_COUNT_memory_references];
	const uint64_t l1 = count[MODEL_COUNT_walk_references] + count[MODEL_COUNT_nested_references] - l2 - l3 - memory;

	return count[MODEL_COUNT_walks] * value[MACHINE_walk] + l1 * value[MACHINE_l1_latency] + l2 * value[MACHINE_l2_latency] +
	       l3 * value[MACHINE_l3_latency] + memory * value[MACHINE_memory_latency] +
	       count[MODEL_COUNT_walk_cache_hits] * value[MACHINE_pwc_latency] +
	       count[MODEL_COUNT_nested_tlb_hits] * value[MACHINE_ntlb_latency];
}

uint64_t model_cost(const struct machine *m, const uint64_t count[MODEL_COUNT_MAX])
{
	const uint32_t *value = m->value;
	uint64_t whole = walks(value, count) + count[MODEL_COUNT_l2_tlb_hits] * value[MACHINE_l2_tlb_latency] +
			 count[MODEL_COUNT_world_switches] * value[MACHINE_world_switch] +
			 count[MODEL_COUNT_events] * value[MACHINE_event] +
			 count[MODEL_COUNT_cr3_writes] * value[MACHINE_cr3_write] +
			 count[MODEL_COUNT_invlpgs] * value[MACHINE_invlpg];

	return count[MODEL_COUNT_instructions] * value[MACHINE_instruction] +
	       misses(value, count) * (100 - value[MACHINE_overlap]) + 100 * whole;
}

static uint32_t half(uint32_t value, const struct machine_key_info *info)
{
	if (info->most == 1)
		return !value;
	return value / 2 < info->least ? info->least : value / 2;
}

static uint32_t twice(uint32_t value, const struct machine_key_info *info)
{
	if (info->most == 1)
		return value;
	return 2ull * value > info->most ? info->most : 2 * value;
}

bool machine_vary(const struct machine *m, struct machine_variation v, struct machine *other)
{
	const struct machine_key_info *info = &machine_keys[v.key];
	const uint32_t value = m->value[v.key];
	char why[MACHINE_WHY];

	*other = *m;
	other->but = v;
	other->value[v.key] = v.doubled ? twice(value, info) : half(value, info);
	return other->value[v.key] != value && machine_sensible(other, why);
}

unsigned machine_variations(const struct machine *m, unsigned nth, struct machine *to)
{
	unsigned n = 0;

	for (int k = 0; k < MACHINE_KEYS; k++)
		for (unsigned way = 0; way < 2; way++)
			if (m->assumed[k] && !machine_is_cost((enum machine_key)k) &&
			    machine_vary(m, (struct machine_variation){ (enum machine_key)k, way }, &to[n]))
				to[n++].of = nth + 1;
	return n;
}
