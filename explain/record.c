/* SPDX-License-Identifier: BSD-2-Clause */
/* Steps, trips and events, written down. */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include "control_abi.h"
#include "machine.h"

static const struct {
	const char *name;
	const char *field[PN_RECORD_PAYLOAD];
} events[PN_EV_MAX] = {
#define FIELD(index, format, name, text) [index] = #format ":" #name,
#define EVENT(id, text, fields)          [PN_EV_##id] = { #id, { fields } },
#include "events.def"
#undef EVENT
#undef FIELD
};
static const char *const counters[] = {
#define X(id, text) #id,
	PN_COUNTERS(X)
#undef X
};
static const char *const trips[] = {
#define TRIP(id, text, paging) #id,
#include "trips.def"
#undef TRIP
};
static const char *const kinds[] = {
#define X(id, name) name,
	RECORD_KINDS(X)
#undef X
};

struct phase_size record_sizes[PHASES_MOST];
unsigned record_phases;

static struct {
	struct vcpu *v, *seen_by;     /* seen_by: whose TLB is in the last state written down */
	bool counting, apart, inside; /* inside: a measured region is open */
	u64 operation;                /* asked for; 0: the middle one */
	json_t *phases, *phase, *steps;
	u64 first, end, closing; /* top steps [first, end) are the operation's, [closing, ...) come after the last one */
	u64 top;                 /* top steps that have begun in this phase */
	u64 guest_step;          /* number of the next step within the operation */
	bool recording;
	gva_t focus, user_end;
	json_t *step, *trip;
	u64 counters[PN_CNT_MAX];
	u64 trips, bytes, kind[TRIP_MAX]; /* the phase's */
	u64 op_trips, op_bytes;
} r;

void record_begin(struct vcpu *v, u64 operation, bool counting, bool apart)
{
	r.v = v;
	r.operation = operation;
	r.counting = counting;
	r.apart = apart;
	record_phases = 0;
	r.phases = json_array();
}

json_t *record_end(void)
{
	return r.phases;
}

json_t *record_counters(void)
{
	json_t *all = json_object();

	for (u32 i = 0; i < PN_CNT_MAX; i++)
		if (r.v->domain->counter[i])
			json_object_set_new(all, counters[i], json_integer((json_int_t)r.v->domain->counter[i]));
	return all;
}

/* The operation's top steps are as many as the phase has for one, and where they do not come out even, what is left closes the phase. */
static void choose(const struct phase_size *size)
{
	const u64 ops = size->ops ? size->ops : 1, per = size->steps / ops ? size->steps / ops : 1, most = size->steps / per;
	u64 op = r.operation ? r.operation : most / 3 + 1;

	if (op > most)
		op = most;
	r.first = (op - 1) * per;
	r.end = op * per;
	r.closing = size->steps >= ops * per ? ops * per : size->steps;
	json_object_set_new(r.phase, "operation", json_integer((json_int_t)op));
	json_object_set_new(r.phase, "steps_each", json_integer((json_int_t)per));
}

void record_region_begin(const char *phase, gva_t user_end)
{
	r.inside = true;
	r.top = r.guest_step = r.trips = r.bytes = r.op_trips = r.op_bytes = r.focus = 0;
	r.user_end = user_end;
	memset(r.kind, 0, sizeof(r.kind));
	if (r.counting || record_phases == PHASES_MOST)
		return;
	r.steps = json_array();
	r.phase = json_pack("{s:s, s:I, s:o}", "phase", phase, "ops", (json_int_t)record_sizes[record_phases].ops, "steps",
			    r.steps);
	choose(&record_sizes[record_phases]);
}

static void finish_recording(void)
{
	if (!r.recording)
		return;
	r.recording = false;
	json_object_set_new(r.phase, "operation_trips", json_integer((json_int_t)r.op_trips));
	json_object_set_new(r.phase, "operation_bytes", json_integer((json_int_t)r.op_bytes));
}

void record_region_end(u64 ops)
{
	json_t *kind;

	r.inside = false;
	if (record_phases == PHASES_MOST)
		return;
	if (r.counting) {
		record_sizes[record_phases++] = (struct phase_size){ r.top, ops };
		return;
	}
	finish_recording();
	kind = json_object();
	for (u32 i = 0; i < TRIP_MAX; i++)
		if (r.kind[i])
			json_object_set_new(kind, trips[i], json_integer((json_int_t)r.kind[i]));
	json_object_set_new(r.phase, "ops",
			    json_integer((json_int_t)ops)); /* where nothing was counted before, it is known by now */
	json_object_set_new(r.phase, "trips", json_integer((json_int_t)r.trips));
	json_object_set_new(r.phase, "bytes", json_integer((json_int_t)r.bytes));
	json_object_set_new(r.phase, "kinds", kind);
	json_array_append_new(r.phases, r.phase);
	record_phases++;
}

void record_cpu(struct vcpu *v)
{
	r.v = v;
}

/* ---- steps ---- */

/* Where a write goes, if that is a table of the loaded root, and so which address this is all about. */
static void aim(json_t *o, const struct record_step *s, u32 depth)
{
	gva_t maps;
	gpa_t gpa;
	json_t *table = NULL;

	if (s->kind != GUEST_WRITE && s->kind != GUEST_READ && s->kind != GUEST_AND && s->kind != GUEST_INVLPG)
		return;
	if (s->va < r.user_end) {
		if (!depth && (s->kind == GUEST_INVLPG || !state_is_kernels(r.v, s->va)))
			r.focus = s->va & PAGE_MASK;
		return;
	}
	if (s->kind != GUEST_INVLPG && state_translate(r.v, s->va, &gpa))
		table = state_table_at(r.v, gpa, r.user_end, &maps);
	if (!table)
		return;
	json_object_set_new(o, "entry", table);
	if (!depth)
		r.focus = maps & PAGE_MASK;
}

static const char *text_of(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

static json_int_t number_of(const json_t *o, const char *key, json_int_t otherwise)
{
	const json_t *v = json_object_get(o, key);

	return v ? json_integer_value(v) : otherwise;
}

static json_t *last_step(void)
{
	return json_array_get(r.steps, json_array_size(r.steps) - 1);
}

/* Does the step do the same as the one before it, to the next address, and as long after it as that one after the one before? */
static bool goes_on(const struct record_step *s, const char *by)
{
	const json_t *last = last_step();
	const json_int_t n = (json_int_t)r.guest_step, first = number_of(last, "n", 0), end = number_of(last, "end", first + 1);
	const json_int_t stride = number_of(last, "stride", n + 1 - end);
	const gva_t va = last ? strtoull(text_of(last, json_object_get(last, "last") ? "last" : "va"), NULL, 16) : 0;

	return last && !r.apart && !s->again && s->kind < GUEST_CR3 && (s->va == va + s->bytes || s->va == va + PAGE_SIZE) &&
	       number_of(last, "cpu", 0) == r.v->id && !strcmp(text_of(last, "do"), kinds[s->kind]) &&
	       !strcmp(text_of(last, "by"), by) && !json_object_get(last, "again") && !json_object_get(last, "fault") &&
	       n + 1 - end == stride;
}

static bool same_events(const json_t *a, const json_t *b)
{
	size_t i;
	json_t *event;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach((json_t *)(uintptr_t)a, i, event) {
		if (strcmp(text_of(event, "event"), text_of(json_array_get(b, i), "event")))
			return false;
	}
	return true;
}

/* The same kinds of trips, for the same reasons, with the same events and bytes: one stands for the other. */
static bool same_trips(const json_t *a, const json_t *b)
{
	size_t i;
	json_t *trip;

	if (json_array_size(a) != json_array_size(b))
		return false;
	json_array_foreach((json_t *)(uintptr_t)a, i, trip) {
		const json_t *other = json_array_get(b, i);

		if (strcmp(text_of(trip, "kind"), text_of(other, "kind")) ||
		    strcmp(text_of(trip, "why"), text_of(other, "why")) ||
		    number_of(trip, "bytes", 0) != number_of(other, "bytes", 0) ||
		    !same_events(json_object_get(trip, "events"), json_object_get(other, "events")))
			return false;
	}
	return true;
}

static void begin_step(const struct record_step *s, u32 depth)
{
	const bool kernel = s->va >= r.user_end || s->kind >= GUEST_INVLPG || state_is_kernels(r.v, s->va);
	const char *by = depth ? "handler" : kernel ? "kernel" : "program";
	const gva_t focus = r.focus;
	json_t *o = json_pack("{s:I, s:s, s:s, s:o}", "n", (json_int_t)r.guest_step, "do", kinds[s->kind], "by", by, "va",
			      state_hex(s->va));

	if (s->kind == GUEST_WRITE || s->kind == GUEST_AND || s->kind >= GUEST_CR3)
		json_object_set_new(o, "value", state_hex(s->value));
	if (s->again)
		json_object_set_new(o, "again", json_true());
	if (r.v->domain->nr_vcpus > 1)
		json_object_set_new(o, "cpu", json_integer(r.v->id));
	aim(o, s, depth);
	if (r.focus && (r.focus != focus || !json_array_size(r.steps) || r.v != r.seen_by))
		json_object_set_new(o, "before", state_of(r.v, r.focus));
	r.seen_by = r.v;
	json_object_set_new(o, "trips", json_array());
	if (goes_on(s, by))
		json_object_set_new(o, "joins", json_true());
	r.step = o;
}

void record_step(const struct record_step *s, u32 depth)
{
	if (!r.inside)
		return;
	if (!depth && !s->again) {
		const u64 top = r.top++;

		if (r.counting)
			return;
		if (top == r.end)
			finish_recording();
		if (top == r.first) {
			r.recording = true;
			json_object_set_new(r.phase, "trips_before", json_integer((json_int_t)r.trips));
		}
	}
	if (!r.recording)
		return;
	begin_step(s, depth);
	r.guest_step++;
}

static void join(json_t *last, json_t *o)
{
	const json_int_t n = number_of(o, "n", 0), end = number_of(last, "end", number_of(last, "n", 0) + 1);

	json_object_set_new(last, "count", json_integer(number_of(last, "count", 1) + 1));
	json_object_set_new(last, "stride", json_integer(n + 1 - end));
	json_object_set_new(last, "end", json_integer(n + 1));
	json_object_set(last, "last", json_object_get(o, "va"));
	if (json_object_get(o, "after"))
		json_object_set(last, "after", json_object_get(o, "after"));
	json_decref(o);
}

/* Kernels look at their tables again and again: that is left out where it makes no trip. */
static bool is_a_look(const json_t *o)
{
	return !json_object_get(o, "fault") && !json_array_size(json_object_get(o, "trips")) &&
	       !strcmp(text_of(o, "do"), "read") && strcmp(text_of(o, "by"), "program");
}

void record_step_end(bool faulted, u32 pfec)
{
	json_t *o = r.step, *last = last_step();

	if (!r.recording || !o)
		return;
	r.step = NULL;
	if (faulted)
		json_object_set_new(o, "fault", state_hex(pfec));
	if (is_a_look(o)) {
		if (json_object_get(o, "before")) /* the next one is to have it */
			r.focus = 0;
		json_decref(o);
		return;
	}
	if (r.focus)
		json_object_set_new(o, "after", state_of(r.v, r.focus));
	if (json_object_get(o, "joins") && !faulted && same_trips(json_object_get(last, "trips"), json_object_get(o, "trips"))) {
		join(last, o);
		return;
	}
	json_object_del(o, "joins");
	json_array_append_new(r.steps, o);
}

/* ---- trips ---- */

void record_exit(gva_t va, u32 pfec, const char *why)
{
	if (!r.recording || !r.step)
		return;
	memcpy(r.counters, r.v->domain->counter, sizeof(r.counters));
	r.trip = json_pack("{s:s, s:o, s:o, s:o, s:o}", "why", why, "va", state_hex(va), "pfec", state_hex(pfec), "look",
			   state_look(r.v, va), "events", json_array());
}

void record_event(enum pn_event ev, const u64 payload[4])
{
	json_t *o;

	if (!r.recording || !r.trip)
		return;
	o = json_pack("{s:s}", "event", events[ev].name);
	for (u32 i = 0; i < 4; i++) {
		const char *field = events[ev].field[i];

		if (!field)
			continue;
		if (!strncmp(field, "dec:", 4))
			json_object_set_new(o, field + 4, json_integer((json_int_t)payload[i]));
		else
			json_object_set_new(o, strchr(field, ':') + 1, state_hex(payload[i]));
	}
	json_array_append_new(json_object_get(r.trip, "events"), o);
}

void record_entry(enum trip kind)
{
	json_t *changed;

	if (!r.inside)
		return;
	r.trips++;
	r.bytes += r.v->bytes;
	r.kind[kind]++;
	if (!r.recording || !r.trip || !r.step)
		return;
	r.op_trips++;
	r.op_bytes += r.v->bytes;
	changed = json_object();
	for (u32 i = 0; i < PN_CNT_MAX; i++)
		if (r.v->domain->counter[i] != r.counters[i])
			json_object_set_new(changed, counters[i],
					    json_integer((json_int_t)(r.v->domain->counter[i] - r.counters[i])));
	json_object_set_new(r.trip, "kind", json_string(trips[kind]));
	json_object_set_new(r.trip, "bytes", json_integer((json_int_t)r.v->bytes));
	json_object_set_new(r.trip, "counters", changed);
	if (r.focus)
		json_object_set_new(r.trip, "after", state_of(r.v, r.focus));
	json_array_append_new(json_object_get(r.step, "trips"), r.trip);
	r.trip = NULL;
}
