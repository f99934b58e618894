/* SPDX-License-Identifier: BSD-2-Clause */
/* A trip a line, written when it is booked. Names are ours, but for a region's, of which what JSON would take for its own is left out. */
#include "trip_list.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

/* By event and payload. */
static const struct {
	const char *format, *name; /* NULL: it has no such field */
} fields[PN_EV_MAX][PN_RECORD_PAYLOAD] = {
#define FIELD(index, format, name, text) [index] = { #format, #name },
#define EVENT(id, text, its_fields)      [PN_EV_##id] = { its_fields },
#include "events.def"
#undef EVENT
#undef FIELD
};

#define LONGEST 320 /* bytes of an event as text, at most */

static size_t event_text(const struct ta_record *r, char out[LONGEST])
{
	int n = snprintf(out, LONGEST, "{\"event\":\"%s\"", pn_event_name(r->rec.event));

	for (unsigned i = 0; i < PN_RECORD_PAYLOAD && fields[r->rec.event][i].name; i++) {
		const bool hex = !strcmp(fields[r->rec.event][i].format, "hex");

		n += snprintf(out + n, LONGEST - (size_t)n, hex ? ",\"%s\":\"%#" PRIx64 "\"" : ",\"%s\":%" PRIu64,
			      fields[r->rec.event][i].name, r->rec.payload[i]);
	}
	n += snprintf(out + n, LONGEST - (size_t)n, "}");
	return (size_t)n;
}

static bool room_for(struct ta_happening *h, size_t more)
{
	const size_t room = h->room ? 2 * h->room : 1024;
	char *text;

	if (h->used + more <= h->room)
		return true;
	text = realloc(h->text, room > h->used + more ? room : h->used + more);
	if (!text)
		return false;
	h->text = text;
	h->room = room > h->used + more ? room : h->used + more;
	return true;
}

static void put_trip(void *ctx, const struct ta_trip *t)
{
	struct ta_trip_list *l = ctx;
	const struct pn_record *r = &t->r.rec;
	const struct ta_happening *h = &l->vcpu[ta_vcpu(&t->r)];
	const bool known = h->trip == t->r.trip;

	if (ta_kind(&t->r) >= TRIP_MAX || !trip_is_figure((enum trip)ta_kind(&t->r)) || (known && h->ends_region))
		return;
	fprintf(l->f,
		"%s\n{\"kind\":\"%s\",\"fate\":\"%s\",\"op\":%" PRIu64
		",\"operation\":\"%s\",\"region\":%u,\"vcpu\":%u,\"at\":%" PRIu64 ",\"ticks\":%u,\"bytes\":%u,\"rip\":\"%#" PRIx64
		"\",\"info1\":\"%#" PRIx64 "\"",
		l->any ? "," : "", pn_trip_name(r->payload[0]), ta_fate_name(t->r.fate), t->r.op, ta_op_name(t->r.op_kind),
		t->region, r->vcpu, r->tsc - l->tally->first, r->cost, r->bytes, r->payload[1], r->payload[2]);
	if (ta_has_address(&t->r))
		fprintf(l->f, ",\"va\":\"%#" PRIx64 "\"", r->payload[3]);
	fprintf(l->f, ",\"events\":[%.*s]}", known ? (int)h->used : 0, known && h->text ? h->text : "");
	l->any = true;
}

bool ta_trip_list_begin(struct ta_trip_list *l, FILE *f, uint64_t hz, struct ta_tally *t)
{
	*l = (struct ta_trip_list){ .f = f, .tally = t, .vcpu = calloc(TA_VCPUS, sizeof(*l->vcpu)) };
	if (!l->vcpu)
		return false;
	t->on_trip = put_trip;
	t->ctx = l;
	fprintf(f, "{\"format\":1,\"hz\":%" PRIu64 ",\"trips\":[", hz);
	return true;
}

void ta_trip_list_note(struct ta_trip_list *l, const struct ta_record *r)
{
	struct ta_happening *h = &l->vcpu[ta_vcpu(r)];
	char text[LONGEST];
	size_t n;

	if (r->lost || r->rec.event >= PN_EV_MAX || r->rec.domain == TA_DOM0)
		return;
	if (ta_is_trip(r)) {
		h->trip = r->trip;
		h->used = 0;
		h->ends_region = false;
		return;
	}
	if (!r->trip || h->trip != r->trip)
		return;
	h->ends_region |= r->rec.event == PN_EV_region_end;
	n = event_text(r, text);
	if (!room_for(h, n + 1)) {
		l->failed = true;
		return;
	}
	if (h->used)
		h->text[h->used++] = ',';
	memcpy(h->text + h->used, text, n);
	h->used += n;
}

static void put_region(const struct ta_trip_list *l, const struct ta_region *g, bool first)
{
	char name[TA_REGION_BYTES], *out = name;

	for (const char *s = g->name; *s; s++)
		if (*s != '"' && *s != '\\')
			*out++ = *s;
	*out = 0;
	fprintf(l->f, "%s\n{\"name\":\"%s\",\"ops\":%" PRIu64 ",\"instructions\":%" PRIu64 ",\"trips\":%" PRIu64 "}",
		first ? "" : ",", name, g->ops, g->instructions, g->trips);
}

bool ta_trip_list_end(struct ta_trip_list *l)
{
	fputs("],\"regions\":[", l->f);
	for (unsigned i = 0; i < l->tally->nr_regions; i++)
		put_region(l, &l->tally->region[i], !i);
	fputs("]}\n", l->f);
	return !l->failed;
}

void ta_trip_list_free(struct ta_trip_list *l)
{
	for (unsigned i = 0; l->vcpu && i < TA_VCPUS; i++)
		free(l->vcpu[i].text);
	free(l->vcpu);
	l->vcpu = NULL;
}
