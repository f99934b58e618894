/* SPDX-License-Identifier: BSD-2-Clause */
/* Classes are made once, from events.def; fields are then filled by their place, as decode.c reads them. */
#include "message.h"

#include <string.h>

#include "names.h"

static bool add_integer(const struct messages *m, bt_field_class *fc, const char *name, bool hex)
{
	bt_field_class *one = bt_field_class_integer_unsigned_create(m->trace_class);
	bool good;

	if (!one)
		return false;
	if (hex)
		bt_field_class_integer_set_preferred_display_base(one, BT_FIELD_CLASS_INTEGER_PREFERRED_DISPLAY_BASE_HEXADECIMAL);
	good = !bt_field_class_structure_append_member(fc, name, one);
	bt_field_class_put_ref(one);
	return good;
}

static bool add_text(const struct messages *m, bt_field_class *fc, const char *name)
{
	bt_field_class *one = bt_field_class_string_create(m->trace_class);
	bool good = one && !bt_field_class_structure_append_member(fc, name, one);

	bt_field_class_put_ref(one);
	return good;
}

static bool add_own_fields(const struct messages *m, bt_field_class *fc, unsigned event)
{
	bool good = true;

	if (event == PN_EV_MAX)
		return add_integer(m, fc, "event_id", false) && add_text(m, fc, "event") && add_integer(m, fc, "count", false);
	for (unsigned i = 0; i < COMMON_FIELDS && good; i++)
		good = add_integer(m, fc, common_fields[i], false);
	for (unsigned i = 0; i < event_fields(event) && good; i++) {
		char format = event_field_format(event, i);
		const char *name = event_field_name(event, i);

		good = format == 't' ? add_text(m, fc, name) : add_integer(m, fc, name, format == 'h');
	}
	return good;
}

static bool add_annotations(const struct messages *m, bt_field_class *fc, bool trip)
{
	return add_integer(m, fc, "pcpu", false) && add_integer(m, fc, "trip", false) &&
	       (!trip || (add_text(m, fc, "fate") && add_integer(m, fc, "within", true))) &&
	       (m->level < ANNOTATED_operations || (add_integer(m, fc, "op", false) && add_text(m, fc, "operation")));
}

static bool add_class(struct messages *m, unsigned event)
{
	bt_event_class *ec = m->event_class[event] = bt_event_class_create(m->stream_class);
	bt_field_class *fc = bt_field_class_structure_create(m->trace_class);
	char name[64] = "penumbra:";
	bool good = ec && fc;

	strncat(name, event == PN_EV_MAX ? "lost" : pn_event_name(event), sizeof(name) - strlen(name) - 1);
	good = good && !bt_event_class_set_name(ec, name) && add_own_fields(m, fc, event) &&
	       add_annotations(m, fc, event == PN_EV_trip) && !bt_event_class_set_payload_field_class(ec, fc);
	bt_field_class_put_ref(fc);
	return good;
}

static bool add_clock(struct messages *m, bt_self_component *self, const bt_clock_class *like)
{
	bt_clock_class *clock = bt_clock_class_create(self);
	const char *name = bt_clock_class_get_name(like);
	bt_uuid uuid = bt_clock_class_get_uuid(like);
	int64_t seconds;
	uint64_t cycles;
	bool good;

	if (!clock)
		return false;
	bt_clock_class_set_frequency(clock, bt_clock_class_get_frequency(like));
	bt_clock_class_get_offset(like, &seconds, &cycles);
	bt_clock_class_set_offset(clock, seconds, cycles);
	bt_clock_class_set_origin_is_unix_epoch(clock, bt_clock_class_origin_is_unix_epoch(like));
	if (uuid)
		bt_clock_class_set_uuid(clock, uuid);
	good = (!name || !bt_clock_class_set_name(clock, name)) &&
	       !bt_stream_class_set_default_clock_class(m->stream_class, clock);
	bt_clock_class_put_ref(clock);
	return good;
}

bool messages_begin(struct messages *m, bt_self_component *self, const bt_clock_class *clock, enum annotation level)
{
	bool good;

	*m = (struct messages){ .level = level, .trace_class = bt_trace_class_create(self) };
	m->stream_class = m->trace_class ? bt_stream_class_create(m->trace_class) : NULL;
	good = m->stream_class && add_clock(m, self, clock);
	for (unsigned e = 0; e <= PN_EV_MAX && good; e++)
		good = add_class(m, e);
	m->trace = good ? bt_trace_create(m->trace_class) : NULL;
	m->stream = m->trace ? bt_stream_create(m->stream_class, m->trace) : NULL;
	return m->stream;
}

bool messages_begun(const struct messages *m)
{
	return m->stream;
}

void messages_free(struct messages *m)
{
	for (unsigned e = 0; e <= PN_EV_MAX; e++)
		bt_event_class_put_ref(m->event_class[e]);
	bt_stream_put_ref(m->stream);
	bt_trace_put_ref(m->trace);
	bt_stream_class_put_ref(m->stream_class);
	bt_trace_class_put_ref(m->trace_class);
	*m = (struct messages){ 0 };
}

struct filling {
	bt_field *payload;
	uint64_t at;
	bool good;
};

static bt_field *next(struct filling *f)
{
	return bt_field_structure_borrow_member_field_by_index(f->payload, f->at++);
}

static void put(struct filling *f, uint64_t value)
{
	bt_field_integer_unsigned_set_value(next(f), value);
}

static void put_text(struct filling *f, const char *text)
{
	f->good = !bt_field_string_set_value(next(f), text) && f->good;
}

static void put_own(struct filling *f, const struct ta_record *r)
{
	const struct pn_record *rec = &r->rec;

	if (r->lost) {
		put(f, rec->event);
		put_text(f, pn_event_name(rec->event));
		put(f, rec->payload[0]);
		return;
	}
	put(f, rec->domain);
	put(f, rec->vcpu);
	put(f, rec->cost);
	put(f, rec->bytes);
	put(f, rec->seq);
	for (unsigned i = 0, n = event_fields(rec->event); i < n; i++) {
		if (event_field_format(rec->event, i) == 't')
			put_text(f, pn_trip_name(rec->payload[i]));
		else
			put(f, rec->payload[i]);
	}
}

bt_message *message_of(const struct messages *m, bt_self_message_iterator *self, const struct ta_record *r)
{
	const bt_event_class *ec = m->event_class[r->lost ? PN_EV_MAX : r->rec.event];
	bt_message *message = bt_message_event_create_with_default_clock_snapshot(self, ec, m->stream, r->rec.tsc);
	struct filling f = { .good = true };

	if (!message)
		return NULL;
	f.payload = bt_event_borrow_payload_field(bt_message_event_borrow_event(message));
	put_own(&f, r);
	put(&f, r->pcpu);
	put(&f, r->trip);
	if (ta_is_trip(r)) {
		put_text(&f, ta_fate_name(r->fate));
		put(&f, r->within);
	}
	if (m->level == ANNOTATED_operations) {
		put(&f, r->op);
		put_text(&f, ta_op_name(r->op_kind));
	}
	if (f.good)
		return message;
	bt_message_put_ref(message);
	return NULL;
}
