/* SPDX-License-Identifier: BSD-2-Clause */
/* Caches by physical address. What is read comes into all but a victim cache; writing back costs nothing. */
#include "core.h"

static bool cache_init(struct assoc *a, const struct machine *m, enum machine_key kib, enum machine_key ways)
{
	uint32_t lines = (uint32_t)((uint64_t)m->value[kib] * 1024 / m->value[MACHINE_line_bytes]);

	return assoc_init(a, lines, m->value[ways], false);
}

bool caches_init(struct caches *c, const struct machine *m)
{
	*c = (struct caches){ .victim = m->value[MACHINE_l3_victim],
			      .line_shift = (unsigned)__builtin_ctz(m->value[MACHINE_line_bytes]),
			      .latency = { m->value[MACHINE_l1_latency], m->value[MACHINE_l2_latency],
					   m->value[MACHINE_l3_latency], m->value[MACHINE_memory_latency] } };
	return cache_init(&c->l1i, m, MACHINE_l1i_kib, MACHINE_l1i_ways) &&
	       cache_init(&c->l1d, m, MACHINE_l1d_kib, MACHINE_l1d_ways) &&
	       cache_init(&c->l2, m, MACHINE_l2_kib, MACHINE_l2_ways) && cache_init(&c->l3, m, MACHINE_l3_kib, MACHINE_l3_ways);
}

void caches_free(struct caches *c)
{
	assoc_free(&c->l1i);
	assoc_free(&c->l1d);
	assoc_free(&c->l2);
	assoc_free(&c->l3);
}

void caches_clear(struct caches *c)
{
	assoc_clear(&c->l1i);
	assoc_clear(&c->l1d);
	assoc_clear(&c->l2);
	assoc_clear(&c->l3);
}

/* Into the second cache, from there or beyond. */
static enum cache_level beyond_l2(struct caches *c, uint64_t line, uint64_t key)
{
	bool there = assoc_find(&c->l3, line, key, NULL);
	uint64_t out = assoc_put(&c->l2, line, key, 0);

	if (!c->victim) {
		if (!there)
			assoc_put(&c->l3, line, key, 0);
	} else {
		if (there)
			assoc_remove(&c->l3, line, key);
		if (out)
			assoc_put(&c->l3, out - 1, out, 0);
	}
	return there ? IN_L3 : IN_MEMORY;
}

enum cache_level caches_reference(struct caches *c, struct assoc *first, uint64_t pa)
{
	uint64_t line = pa >> c->line_shift, key = line + 1;
	enum cache_level was = IN_L2;

	if (first && assoc_find(first, line, key, NULL))
		return IN_L1;
	if (!assoc_find(&c->l2, line, key, NULL))
		was = beyond_l2(c, line, key);
	if (first)
		assoc_put(first, line, key, 0);
	return was;
}
