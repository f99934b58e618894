/* SPDX-License-Identifier: BSD-2-Clause */
/* Each class of events is looked at once; then fields are read by their place. */
#include "decode.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "names.h"

struct field {
	const char *name;
	char format;
};

static const struct field fields[PN_EV_MAX][PN_RECORD_PAYLOAD] = {
#define FIELD(index, format, name, text) [index] = { #name, #format[0] },
#define EVENT(id, text, fields)          [PN_EV_##id] = { fields },
#include "events.def"
#undef EVENT
#undef FIELD
};

const char *const common_fields[COMMON_FIELDS] = { "domain", "vcpu", "cost", "bytes", "seq" };

unsigned event_fields(unsigned event)
{
	unsigned n = 0;

	while (n < PN_RECORD_PAYLOAD && fields[event][n].name)
		n++;
	return n;
}

const char *event_field_name(unsigned event, unsigned field)
{
	return fields[event][field].name;
}

char event_field_format(unsigned event, unsigned field)
{
	return fields[event][field].format;
}

__attribute__((format(printf, 2, 3))) static bool wrong(struct decoder *d, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(d->why, sizeof(d->why), fmt, ap);
	va_end(ap);
	return false;
}

static bool member_is(const bt_field_class *fc, uint64_t at, const char *name, bool text)
{
	const bt_field_class_structure_member *m;
	bt_field_class_type type;

	if (at >= bt_field_class_structure_get_member_count(fc))
		return false;
	m = bt_field_class_structure_borrow_member_by_index_const(fc, at);
	type = bt_field_class_get_type(bt_field_class_structure_member_borrow_field_class_const(m));
	return !strcmp(bt_field_class_structure_member_get_name(m), name) &&
	       bt_field_class_type_is(type, text ? BT_FIELD_CLASS_TYPE_STRING : BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER);
}

static bool has_own_fields(const bt_field_class *fc, unsigned event)
{
	for (unsigned i = 0; i < COMMON_FIELDS; i++)
		if (!member_is(fc, i, common_fields[i], false))
			return false;
	for (unsigned i = 0; i < event_fields(event); i++)
		if (!member_is(fc, COMMON_FIELDS + i, fields[event][i].name, fields[event][i].format == 't'))
			return false;
	return true;
}

static bool has_loss_fields(const bt_field_class *fc)
{
	return member_is(fc, 0, "event_id", false) && member_is(fc, 1, "event", true) && member_is(fc, 2, "count", false);
}

/* Behind the event's own fields; see message.c. */
static enum annotation annotation_of(const bt_field_class *fc, unsigned own, bool trip)
{
	uint64_t at = own + (trip ? 4 : 2);

	if (!member_is(fc, own, "pcpu", false))
		return ANNOTATED_not;
	return member_is(fc, at, "op", false) ? ANNOTATED_operations : ANNOTATED_trips;
}

/* A loss has event_id, event and count alone. */
static unsigned own_fields(unsigned event)
{
	return event == PN_EV_MAX ? 3 : COMMON_FIELDS + event_fields(event);
}

/* Its number, or -1 after a message. */
static int known_event(struct decoder *d, const bt_event_class *ec)
{
	static const char prefix[] = "penumbra:";
	const bt_field_class *fc = bt_event_class_borrow_payload_field_class_const(ec);
	const char *name = bt_event_class_get_name(ec);
	bool ours = name && !strncmp(name, prefix, sizeof(prefix) - 1);
	int event = ours ? pn_event_number(name + sizeof(prefix) - 1) : -1;

	if (ours && !strcmp(name + sizeof(prefix) - 1, "lost"))
		event = PN_EV_MAX;
	if (event < 0)
		return wrong(d, "the trace has an event \"%s\", which is none of Penumbra's", name ? name : "(no name)") - 1;
	if (!fc || !(event == PN_EV_MAX ? has_loss_fields(fc) : has_own_fields(fc, (unsigned)event)))
		return wrong(d, "the trace's event \"%s\" has other fields than this version of Penumbra knows", name) - 1;
	return event;
}

static const struct decoder_class *find_class(struct decoder *d, const bt_event_class *ec)
{
	unsigned own;
	int event;

	if (d->last < d->nr_known && d->known[d->last].event_class == ec)
		return &d->known[d->last];
	for (d->last = 0; d->last < d->nr_known; d->last++)
		if (d->known[d->last].event_class == ec)
			return &d->known[d->last];
	event = known_event(d, ec);
	if (event < 0)
		return NULL;
	if (d->nr_known == sizeof(d->known) / sizeof(d->known[0])) {
		wrong(d, "the trace has too many classes of events");
		return NULL;
	}
	own = own_fields((unsigned)event);
	d->known[d->nr_known] = (struct decoder_class){
		.event_class = ec,
		.event = (unsigned)event,
		.own = own,
		.annotated = annotation_of(bt_event_class_borrow_payload_field_class_const(ec), own, event == PN_EV_trip),
	};
	return &d->known[d->nr_known++];
}

static uint64_t integer(const bt_field *payload, uint64_t at)
{
	return bt_field_integer_unsigned_get_value(bt_field_structure_borrow_member_field_by_index_const(payload, at));
}

static const char *text(const bt_field *payload, uint64_t at)
{
	return bt_field_string_get_value(bt_field_structure_borrow_member_field_by_index_const(payload, at));
}

static void read_payload(const bt_field *payload, const struct decoder_class *c, struct pn_record *rec)
{
	rec->event = (uint16_t)c->event;
	rec->domain = (uint8_t)integer(payload, 0);
	rec->vcpu = (uint8_t)integer(payload, 1);
	rec->cost = (uint32_t)integer(payload, 2);
	rec->bytes = (uint32_t)integer(payload, 3);
	rec->seq = (uint32_t)integer(payload, 4);
	for (unsigned i = 0; i < c->own - COMMON_FIELDS; i++) {
		if (fields[c->event][i].format == 't') {
			int kind = ta_kind_number(text(payload, COMMON_FIELDS + i));

			rec->payload[i] = kind < 0 ? TRIP_MAX : (uint64_t)kind;
		} else {
			rec->payload[i] = integer(payload, COMMON_FIELDS + i);
		}
	}
}

static void read_annotations(const bt_field *payload, const struct decoder_class *c, struct ta_record *r)
{
	unsigned at = c->own;
	int n;

	r->pcpu = (uint32_t)integer(payload, at++);
	r->trip = integer(payload, at++);
	if (c->event == PN_EV_trip) {
		n = ta_fate_number(text(payload, at++));
		r->fate = n < 0 ? TA_FATE_none : (uint8_t)n;
		r->within = integer(payload, at++);
	}
	if (c->annotated == ANNOTATED_operations) {
		r->op = integer(payload, at++);
		n = ta_op_number(text(payload, at));
		r->op_kind = n < 0 ? TA_OP_none : (uint8_t)n;
	}
}

/* LTTng says the CPU once a packet. */
static uint32_t pcpu_of(const bt_event *event)
{
	const bt_packet *packet = bt_event_borrow_packet_const(event);
	const bt_field *context = packet ? bt_packet_borrow_context_field_const(packet) : NULL;
	const bt_field *cpu = context ? bt_field_structure_borrow_member_field_by_name_const(context, "cpu_id") : NULL;

	return cpu && bt_field_class_type_is(bt_field_get_class_type(cpu), BT_FIELD_CLASS_TYPE_UNSIGNED_INTEGER) ?
		       (uint32_t)bt_field_integer_unsigned_get_value(cpu) :
		       0;
}

bool decode(struct decoder *d, const bt_message *message, struct ta_record *r, enum annotation *annotated)
{
	const bt_event *event = bt_message_event_borrow_event_const(message);
	const bt_stream_class *sc = bt_stream_borrow_class_const(bt_event_borrow_stream_const(event));
	const struct decoder_class *c = find_class(d, bt_event_borrow_class_const(event));
	const bt_field *payload = bt_event_borrow_payload_field_const(event);

	if (!c)
		return false;
	if (!bt_stream_class_borrow_default_clock_class_const(sc))
		return wrong(d, "the trace's events have no stamps");
	memset(r, 0, sizeof(*r));
	r->rec.tsc = bt_clock_snapshot_get_value(bt_message_event_borrow_default_clock_snapshot_const(message));
	if (c->event == PN_EV_MAX) {
		r->lost = true;
		r->rec.event = (uint16_t)integer(payload, 0);
		r->rec.payload[0] = integer(payload, 2);
	} else {
		read_payload(payload, c, &r->rec);
	}
	*annotated = c->annotated;
	if (c->annotated)
		read_annotations(payload, c, r);
	else
		r->pcpu = pcpu_of(event);
	return true;
}
