/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What both filters are: messages in, records through a pairing or a grouping, messages out. The output's stream begins with the
 * first event, since its clock is like the input's.
 */
#include "filter.h"

#include <stdlib.h>

#include "grouping.h"
#include "message.h"
#include "pairing.h"

struct filter {
	bt_self_message_iterator *self;
	bt_self_component *component;
	bt_message_iterator *upstream;
	struct decoder decoder;
	struct messages out;
	enum annotation needs;
	struct ta_pairing *pairing; /* of trips; of guest-op: a queue, since its records are annotated */
	struct ta_grouping *grouping;
	struct ta_record *queue; /* of guest-op: what a batch of the input gave */
	size_t first, next, room;
	bool begun, ended, closed; /* the output has begun; the input has ended; the output has */
};

typedef bt_message_iterator_class_next_method_status next_status;
#define NEXT(status) BT_MESSAGE_ITERATOR_CLASS_NEXT_METHOD_STATUS_##status

bt_component_class_initialize_method_status
filter_init(bt_self_component_filter *self, bt_self_component_filter_configuration *config, const bt_value *params, void *data)
{
	if (bt_self_component_filter_add_input_port(self, "in", NULL, NULL) ||
	    bt_self_component_filter_add_output_port(self, "out", NULL, NULL))
		return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_ERROR;
	return BT_COMPONENT_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

static void filter_free(struct filter *f)
{
	if (!f)
		return;
	bt_message_iterator_put_ref(f->upstream);
	messages_free(&f->out);
	ta_pairing_free(f->pairing);
	ta_grouping_free(f->grouping);
	free(f->queue);
	free(f);
}

void filter_end(bt_self_message_iterator *self)
{
	filter_free(bt_self_message_iterator_get_data(self));
}

static bt_message_iterator_class_initialize_method_status begin(bt_self_message_iterator *self, bool operations)
{
	struct filter *f = calloc(1, sizeof(*f));
	bt_self_component_filter *component;

	if (!f)
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	f->self = self;
	f->component = bt_self_message_iterator_borrow_component(self);
	f->needs = operations ? ANNOTATED_trips : ANNOTATED_not;
	if (operations)
		f->grouping = ta_grouping_new();
	else
		f->pairing = ta_pairing_new();
	/* Babeltrace2's own cast of a component to its kind. */
	component = (bt_self_component_filter *)f->component;
	if ((!f->grouping && !f->pairing) ||
	    bt_message_iterator_create_from_message_iterator(
		    self, bt_self_component_filter_borrow_input_port_by_index(component, 0), &f->upstream)) {
		filter_free(f);
		return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_MEMORY_ERROR;
	}
	bt_self_message_iterator_set_data(self, f);
	return BT_MESSAGE_ITERATOR_CLASS_INITIALIZE_METHOD_STATUS_OK;
}

bt_message_iterator_class_initialize_method_status
trips_begin(bt_self_message_iterator *self, bt_self_message_iterator_configuration *config, bt_self_component_port_output *port)
{
	return begin(self, false);
}

bt_message_iterator_class_initialize_method_status guest_op_begin(bt_self_message_iterator *self,
								  bt_self_message_iterator_configuration *config,
								  bt_self_component_port_output *port)
{
	return begin(self, true);
}

/* ---- records in between ---- */

static bool queue_push(struct filter *f, const struct ta_record *r)
{
	if (f->next == f->room) {
		size_t room = f->room ? 2 * f->room : 64;
		struct ta_record *more = realloc(f->queue, room * sizeof(*more));

		if (!more)
			return false;
		f->queue = more;
		f->room = room;
	}
	f->queue[f->next++] = *r;
	return true;
}

static bool push(struct filter *f, struct ta_record *r)
{
	if (f->pairing)
		return ta_pairing_push(f->pairing, r);
	ta_grouping_note(f->grouping, r);
	return queue_push(f, r);
}

static bool pop(struct filter *f, struct ta_record *r)
{
	if (f->pairing)
		return ta_pairing_pop(f->pairing, r, f->ended);
	if (f->first == f->next) {
		f->first = f->next = 0;
		return false;
	}
	*r = f->queue[f->first++];
	return true;
}

static const bt_clock_class *clock_of(const bt_message *message)
{
	return bt_message_event_borrow_stream_class_default_clock_class_const(message);
}

static next_status wrong(const struct filter *f, const char *why)
{
	BT_CURRENT_THREAD_ERROR_APPEND_CAUSE_FROM_MESSAGE_ITERATOR(f->self, "%s", why);
	return NEXT(ERROR);
}

/* An event into the queue. */
static next_status take_event(struct filter *f, const bt_message *message)
{
	enum annotation annotated;
	struct ta_record r;

	if (!decode(&f->decoder, message, &r, &annotated))
		return wrong(f, f->decoder.why);
	if (annotated != f->needs)
		return wrong(f, f->needs ? "filter.penumbra.guest-op needs filter.penumbra.trips right before it" :
					   "filter.penumbra.trips has been through this trace already");
	if (!messages_begun(&f->out) && !messages_begin(&f->out, f->component, clock_of(message), f->needs + 1))
		return NEXT(MEMORY_ERROR);
	return push(f, &r) ? NEXT(OK) : NEXT(MEMORY_ERROR);
}

static next_status take_batch(struct filter *f)
{
	bt_message_array_const batch;
	next_status status = NEXT(OK);
	uint64_t n;
	bt_message_iterator_next_status upstream = bt_message_iterator_next(f->upstream, &batch, &n);

	if (upstream == BT_MESSAGE_ITERATOR_NEXT_STATUS_END)
		f->ended = true;
	if (upstream != BT_MESSAGE_ITERATOR_NEXT_STATUS_OK)
		return f->ended ? NEXT(OK) : (next_status)upstream;
	for (uint64_t i = 0; i < n; i++) {
		if (status == NEXT(OK) && bt_message_get_type(batch[i]) == BT_MESSAGE_TYPE_EVENT)
			status = take_event(f, batch[i]);
		bt_message_put_ref(batch[i]);
	}
	return status;
}

/* The next message of the output, if there is one now. */
static bt_message *give(struct filter *f, bool *failed)
{
	bt_message *message;
	struct ta_record r;

	*failed = false;
	if (!messages_begun(&f->out))
		return NULL;
	if (!f->begun) {
		message = bt_message_stream_beginning_create(f->self, f->out.stream);
		f->begun = true;
	} else if (pop(f, &r)) {
		message = message_of(&f->out, f->self, &r);
	} else if (f->ended && !f->closed) {
		message = bt_message_stream_end_create(f->self, f->out.stream);
		f->closed = true;
	} else {
		return NULL;
	}
	*failed = !message;
	return message;
}

next_status filter_next(bt_self_message_iterator *self, bt_message_array_const messages, uint64_t capacity, uint64_t *count)
{
	struct filter *f = bt_self_message_iterator_get_data(self);
	next_status status = NEXT(OK);
	bool failed = false;

	for (*count = 0; *count < capacity && status == NEXT(OK);) {
		bt_message *message = give(f, &failed);

		if (failed)
			status = NEXT(MEMORY_ERROR);
		else if (message)
			messages[(*count)++] = message;
		else if (f->ended)
			break;
		else
			status = take_batch(f);
	}
	if (status == NEXT(AGAIN) && *count)
		return NEXT(OK);
	if (status == NEXT(OK))
		return *count ? NEXT(OK) : NEXT(END);
	while (*count)
		bt_message_put_ref(messages[--*count]);
	return status;
}
