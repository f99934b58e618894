/* SPDX-License-Identifier: BSD-2-Clause */
/* An event a line; names are ours, but for a region's, which is escaped. */
#include "perfetto.h"

#include <inttypes.h>

#include "names.h"
#include "trace_tables.h"

enum { PID_TRIPS = 1, PID_OPERATIONS, PID_REGIONS };

static double at(const struct ta_perfetto *p, uint64_t tsc)
{
	return (double)(tsc - p->tally->first) * p->us;
}

/* Up to the arguments, which the caller writes, and a closing brace. */
static void begin_slice(struct ta_perfetto *p, const char *name, const char *category, int pid, unsigned tid, uint64_t begin,
			uint64_t end)
{
	fprintf(p->f,
		"%s\n{\"name\":\"%s\",\"cat\":\"%s\",\"ph\":\"X\",\"ts\":%.3f,\"dur\":%.3f,\"pid\":%d,\"tid\":%u,\"args\":{",
		p->any ? "," : "", name, category, at(p, begin), (double)(end - begin) * p->us, pid, tid);
	p->any = true;
}

static void put_trip(void *ctx, const struct ta_trip *t)
{
	struct ta_perfetto *p = ctx;
	const struct pn_record *r = &t->r.rec;

	begin_slice(p, ta_code_name(ta_code_of(&t->r)), pn_trip_name(r->payload[0]), PID_TRIPS, r->vcpu, r->tsc,
		    r->tsc + r->cost);
	fprintf(p->f,
		"\"ticks\":%u,\"bytes\":%u,\"rip\":\"%#" PRIx64 "\",\"root\":\"%#" PRIx64 "\",\"trip\":%" PRIu64
		",\"operation\":%" PRIu64,
		r->cost, r->bytes, r->payload[1], t->root, t->r.trip, t->r.op);
	if (ta_has_address(&t->r))
		fprintf(p->f, ",\"address\":\"%#" PRIx64 "\"", r->payload[3]);
	for (unsigned i = 0; i < PN_EV_MAX; i++)
		if (t->happened[i])
			fprintf(p->f, ",\"%s\":%u", pn_event_name(i), t->happened[i]);
	fputs("}}", p->f);
}

static void put_operation(struct ta_perfetto *p, const struct ta_operation *o)
{
	char shape[256];

	ta_shape(o, shape, sizeof(shape));
	begin_slice(p, ta_op_name(o->kind), "operation", PID_OPERATIONS, o->vcpu, o->begin, o->end);
	fprintf(p->f,
		"\"trips\":%u,\"ticks\":%" PRIu64 ",\"bytes\":%" PRIu64 ",\"address\":\"%#" PRIx64 "\",\"made of\":\"%s\"}}",
		o->trips, o->cost, o->bytes, o->address, shape);
}

static void put_region(struct ta_perfetto *p, const struct ta_region *g)
{
	char name[2 * TA_REGION_BYTES], *out = name;

	for (const char *s = g->name; *s; s++) {
		if (*s == '"' || *s == '\\')
			*out++ = '\\';
		*out++ = *s;
	}
	*out = 0;
	begin_slice(p, name, "region", PID_REGIONS, 0, g->begin, g->end ? g->end : p->tally->last);
	fprintf(p->f, "\"operations\":%" PRIu64 ",\"ticks\":%" PRIu64 "}}", g->ops, g->instructions);
}

static void put_name(struct ta_perfetto *p, int pid, const char *name)
{
	fprintf(p->f, "%s\n{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%d,\"args\":{\"name\":\"%s\"}}", p->any ? "," : "",
		pid, name);
	p->any = true;
}

void ta_perfetto_begin(struct ta_perfetto *p, FILE *f, uint64_t hz, struct ta_tally *t)
{
	*p = (struct ta_perfetto){ .f = f, .us = 1e6 / (double)(hz ? hz : 1000000000), .tally = t };
	t->on_trip = put_trip;
	t->ctx = p;
	fputs("{\"displayTimeUnit\":\"ns\",\"traceEvents\":[", f);
	put_name(p, PID_TRIPS, "trips into the hypervisor, by vCPU");
	put_name(p, PID_OPERATIONS, "the guest's operations, by vCPU");
	put_name(p, PID_REGIONS, "measured regions");
}

void ta_perfetto_end(struct ta_perfetto *p)
{
	for (size_t i = 0; i < p->tally->nr_ops; i++)
		if (p->tally->op[i].chosen)
			put_operation(p, &p->tally->op[i]);
	for (unsigned i = 0; i < p->tally->nr_regions; i++)
		put_region(p, &p->tally->region[i]);
	fputs("\n]}\n", p->f);
}
