/* SPDX-License-Identifier: BSD-2-Clause */
/* The guests of explained.def, with record.h's functions that write nothing down. Trips are counted, as there. */
#include <stdio.h>
#include <string.h>

#include "engine_wish.h"
#include "engine_count.h"
#include "guests.h"
#include "machine.h"
#include "record.h"
#include "trace.h"

static const char *const trips[] = {
#define TRIP(id, text, paging) #id,
#include "trips.def"
#undef TRIP
};

static struct {
	bool inside;
	u64 trips, bytes, kind[TRIP_MAX];
} r;

void record_region_begin(const char *phase, gva_t user_end)
{
	(void)user_end;
	memset(&r, 0, sizeof(r));
	r.inside = true;
	engine_region_begin(phase);
}

void record_region_end(u64 ops)
{
	json_t *kinds = json_object();

	for (u32 i = 0; i < TRIP_MAX; i++)
		if (r.kind[i])
			json_object_set_new(kinds, trips[i], json_integer((json_int_t)r.kind[i]));
	engine_region_end(ops, r.trips, r.bytes, kinds);
	r.inside = false;
}

void record_cpu(struct vcpu *v)
{
	(void)v;
}

void record_step(const struct record_step *s, u32 depth)
{
	(void)s;
	(void)depth;
}

void record_step_end(bool faulted, u32 pfec)
{
	(void)faulted;
	(void)pfec;
}

void record_exit(gva_t va, u32 pfec, const char *why)
{
	(void)va;
	(void)pfec;
	(void)why;
}

void record_event(enum pn_event ev, const u64 payload[4])
{
	(void)ev;
	(void)payload;
}

void record_entry(enum trip kind)
{
	r.trips += r.inside;
	r.bytes += r.inside ? machine_vcpu()->bytes : 0;
	r.kind[kind] += r.inside;
}

bool engine_run(const struct engine_wish *w, unsigned *audit)
{
	machine_start((unsigned)w->memory_mib, (unsigned)w->shadow_levels, (unsigned)w->pool, 1, false);
	trace_mask = 0;
	if (!explain_guest(w->levels, w->name, w->command_line)) {
		fprintf(stderr, "no such operation: %s\n", w->name);
		return false;
	}
	*audit = machine_audit();
	return true;
}
