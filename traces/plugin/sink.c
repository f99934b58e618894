/* SPDX-License-Identifier: BSD-2-Clause */
/* Parameters in, records through a tally, tables out. */
#include "sink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decode.h"
#include "perfetto.h"
#include "trace_tables.h"
#include "trip_list.h"

struct sink {
	bt_self_component *self;
	bt_message_iterator *upstream;
	struct decoder decoder;
	struct ta_tally tally;
	bool summary, details, begun;
	char *format, *path;
	struct sink_host *host;
	FILE *out;
	uint64_t hz;
	struct ta_perfetto perfetto;
	struct ta_trip_list trips;
};

typedef bt_component_class_initialize_method_status init_status;
typedef bt_component_class_sink_consume_method_status consume_status;
#define INIT(status)    BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_##status
#define CONSUME(status) BT_COMPONENT_CLASS_SINK_CONSUME_METHOD_STATUS_##status

static void say_cause(const struct sink *s, const char *why)
{
	BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_COMPONENT(s->self, "%s", why);
}

static void free_all(struct sink *s)
{
	if (!s)
		return;
	if (s->out && s->path)
		fclose(s->out);
	bt_message_iterator_put_ref(s->upstream);
	ta_tally_free(&s->tally);
	ta_trip_list_free(&s->trips);
	free(s->format);
	free(s->path);
	free(s);
}

void sink_free(bt_self_component_sink *self)
{
	free_all(bt_self_component_get_data(bt_self_component_sink_as_self_component(self)));
}

/* ---- parameters ---- */

#define TEXTS(X) X(format) X(output) X(from) X(to) X(event) X(where)
enum {
#define X(id) TEXT_##id,
	TEXTS(X)
#undef X
		NR_TEXTS
};

static const char *const text_names[] = {
#define X(id) #id,
	TEXTS(X)
#undef X
};

struct given {
	const char *text[NR_TEXTS];
	bool details;
	char why[512];
};

/* A number is as good as its text: babeltrace2's command line makes one of `from=1000`. */
static bt_value_map_foreach_entry_const_func_status read_param(const char *key, const bt_value *value, void *data)
{
	struct given *g = data;

	for (unsigned i = 0; i < NR_TEXTS; i++)
		if (!strcmp(key, text_names[i])) {
			if (bt_value_is_string(value)) {
				g->text[i] = bt_value_string_get(value);
				return BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_OK;
			}
			snprintf(g->why, sizeof(g->why), "the parameter %s is a text: %s=\"...\"", key, key);
			return BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_INTERRUPT;
		}
	if (!strcmp(key, "details") && bt_value_is_bool(value)) {
		g->details = bt_value_bool_get(value);
		return BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_OK;
	}
	snprintf(g->why, sizeof(g->why),
		 "there is no parameter %s: it is one of format, output, from, to, event, where (texts), details (true or false)",
		 key);
	return BT_VALUE_MAP_FOREACH_ENTRY_CONST_FUNC_STATUS_INTERRUPT;
}

static bool is_format(const char *name)
{
	return !strcmp(name, "text") || !strcmp(name, "json") || !strcmp(name, "csv") || !strcmp(name, "perfetto") ||
	       !strcmp(name, "trips");
}

static bool take_params(struct sink *s, const bt_value *params)
{
	struct given g = { .text = { [TEXT_format] = "text" } };
	struct ta_choice choice;

	bt_value_map_foreach_entry_const(params, read_param, &g);
	if (!*g.why && !is_format(g.text[TEXT_format]))
		snprintf(g.why, sizeof(g.why), "format is " TA_FORMATS ", perfetto or trips, not \"%s\"", g.text[TEXT_format]);
	if (!*g.why)
		ta_choice_parse(&choice, g.text[TEXT_from], g.text[TEXT_to], g.text[TEXT_event], g.text[TEXT_where], g.why,
				sizeof(g.why));
	if (*g.why) {
		say_cause(s, g.why);
		return false;
	}
	s->details = g.details;
	s->format = strdup(g.text[TEXT_format]);
	s->path = g.text[TEXT_output] ? strdup(g.text[TEXT_output]) : NULL;
	return s->format && ta_tally_init(&s->tally, &choice);
}

static bool open_output(struct sink *s)
{
	char why[512];

	s->out = s->host && s->host->out ? s->host->out : s->path ? fopen(s->path, "w") : stdout;
	if (s->out)
		return true;
	snprintf(why, sizeof(why), "%s cannot be written: %s", s->path, strerror(errno));
	say_cause(s, why);
	return false;
}

static init_status init(bt_self_component_sink *self, const bt_value *params, void *host, bool summary)
{
	struct sink *s = calloc(1, sizeof(*s));

	if (!s)
		return INIT(MEMORY_ERROR);
	s->self = bt_self_component_sink_as_self_component(self);
	s->summary = summary;
	s->host = host;
	if (take_params(s, params) && open_output(s) && !bt_self_component_sink_add_input_port(self, "in", NULL, NULL)) {
		bt_self_component_set_data(s->self, s);
		return INIT(OK);
	}
	free_all(s);
	return INIT(ERROR);
}

init_status summary_init(bt_self_component_sink *self, bt_self_component_sink_configuration *config, const bt_value *params,
			 void *host)
{
	return init(self, params, host, true);
}

init_status report_init(bt_self_component_sink *self, bt_self_component_sink_configuration *config, const bt_value *params,
			void *host)
{
	return init(self, params, host, false);
}

bt_component_class_sink_graph_is_configured_method_status sink_configured(bt_self_component_sink *self)
{
	struct sink *s = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));

	return bt_message_iterator_create_from_sink_component(self, bt_self_component_sink_borrow_input_port_by_index(self, 0),
							      &s->upstream) ?
		       BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_ERROR :
		       BT_COMPONENT_CLASS_SINK_GRAPH_IS_CONFIGURED_METHOD_STATUS_OK;
}

/* ---- records ---- */

static bool is_perfetto(const struct sink *s)
{
	return !strcmp(s->format, "perfetto");
}

static bool is_trips(const struct sink *s)
{
	return !strcmp(s->format, "trips");
}

static void begin(struct sink *s, uint64_t hz)
{
	s->begun = true;
	s->hz = hz;
	if (is_perfetto(s))
		ta_perfetto_begin(&s->perfetto, s->out, s->hz, &s->tally);
	if (is_trips(s))
		s->tally.failed |= !ta_trip_list_begin(&s->trips, s->out, s->hz, &s->tally);
}

static consume_status take_event(struct sink *s, const bt_message *message)
{
	enum annotation annotated;
	struct ta_record r;

	if (!decode(&s->decoder, message, &r, &annotated)) {
		say_cause(s, s->decoder.why);
		return CONSUME(ERROR);
	}
	if (annotated != ANNOTATED_operations) {
		say_cause(s, "Penumbra's sinks need filter.penumbra.trips and filter.penumbra.guest-op before them");
		return CONSUME(ERROR);
	}
	if (!s->begun)
		begin(s, bt_clock_class_get_frequency(bt_message_event_borrow_stream_class_default_clock_class_const(message)));
	ta_tally_note(&s->tally, &r);
	if (s->trips.vcpu)
		ta_trip_list_note(&s->trips, &r);
	if (s->host)
		s->host->records++;
	return CONSUME(OK);
}

static bool show(struct sink *s)
{
	json_t *report = s->summary ? ta_summary(&s->tally, s->hz) : ta_report(&s->tally, s->hz);
	bool good = report && !s->tally.failed;

	if (good && s->details) {
		json_object_set_new(report, "operations", ta_operations_list(&s->tally));
		json_object_set_new(report, "points", ta_points_list(&s->tally));
	}
	good = good && ta_show(s->out, report, s->format);
	json_decref(report);
	return good;
}

/* "a, b" of the trace's regions, each once, as far as there is room. */
static void name_regions(const struct ta_tally *t, char *out, size_t len)
{
	size_t used = 0;

	*out = 0;
	for (unsigned i = 0; i < t->nr_regions && used < len; i++) {
		bool again = false;

		for (unsigned k = 0; k < i; k++)
			again |= !strcmp(t->region[i].name, t->region[k].name);
		if (!again)
			used += (size_t)snprintf(out + used, len - used, "%s%s", used ? ", " : "", t->region[i].name);
	}
}

/* False after a cause: a region that was named is not in the trace. */
static bool regions_came(const struct sink *s)
{
	const char *missed = ta_choice_missed(&s->tally.choice);
	char there[512], why[640];

	if (!missed)
		return true;
	name_regions(&s->tally, there, sizeof(there));
	snprintf(why, sizeof(why), "the trace has no region \"%s\": it has %s", missed, *there ? there : "none");
	say_cause(s, why);
	return false;
}

static consume_status finish(struct sink *s)
{
	bool good;

	if (!s->begun)
		begin(s, 0);
	good = ta_tally_end(&s->tally);
	if (!regions_came(s))
		return CONSUME(ERROR);
	if (good && is_perfetto(s))
		ta_perfetto_end(&s->perfetto);
	else if (good && is_trips(s))
		good = ta_trip_list_end(&s->trips);
	else if (good)
		good = show(s);
	if (good && !fflush(s->out) && !ferror(s->out))
		return CONSUME(END);
	say_cause(s, good ? "the report could not be written" : "there is not enough memory for the report");
	return CONSUME(ERROR);
}

consume_status sink_consume(bt_self_component_sink *self)
{
	struct sink *s = bt_self_component_get_data(bt_self_component_sink_as_self_component(self));
	bt_message_iterator_next_status upstream;
	consume_status status = CONSUME(OK);
	bt_message_array_const batch;
	uint64_t n;

	upstream = bt_message_iterator_next(s->upstream, &batch, &n);
	if (upstream == BT_MESSAGE_ITERATOR_NEXT_STATUS_END)
		return finish(s);
	if (upstream != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return (consume_status)upstream;
	for (uint64_t i = 0; i < n; i++) {
		if (status == CONSUME(OK) && bt_message_get_type(batch[i]) == BT_MESSAGE_TYPE_EVENT)
			status = take_event(s, batch[i]);
		bt_message_put_ref(batch[i]);
	}
	return status;
}
